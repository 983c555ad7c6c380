"""What a request passes before any route: the door, the limits of bodies, and the headers of answers. Knows ASGI."""
