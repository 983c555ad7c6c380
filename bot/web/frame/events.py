"""Server-sent events: how a page stays live.

Knows their form. Does not know what they say.
"""


def event(name: str, data: str) -> str:
    """One event."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines()) or "data:\n"
    return f"event: {name}\n{lines}\n"
