"""Server-sent events: how a page stays live.

Knows their form. Does not know what they say.
"""

from collections.abc import AsyncIterable

from starlette.responses import StreamingResponse

# nginx keeps an answer back until it is whole, unless it is told not to.
AT_ONCE = {"x-accel-buffering": "no"}


def live(events: AsyncIterable[str]) -> StreamingResponse:
    """An answer that sends each event as soon as it happens."""
    return StreamingResponse(events, headers=AT_ONCE, media_type="text/event-stream")


def event(name: str, data: str) -> str:
    """One event."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines()) or "data:\n"
    return f"event: {name}\n{lines}\n"
