"""The HTTP below Bluesky's client: it follows no redirect, bounds answers, and counts the points that are left.

Bluesky counts what an account writes by points: 3 for a new record, 2 for a changed one, 5,000 an hour. Each answer to
a write says how many are left.

Knows HTTP. Does not know what is asked for. It is imported only where Bluesky is used.
"""

from collections.abc import AsyncIterator
from datetime import datetime

import httpx

from bot.posts.place import BLUESKY
from huggingtweets.remote.upstream import InDoubt, RateLimited, limit_end

MAX_ANSWER_BYTES = 8 << 20
POINTS_OF_A_POST = 3


class Transport(httpx.AsyncHTTPTransport):
    """A connection to one server, which is asked for plain answers."""

    def __init__(self) -> None:
        super().__init__()
        self._points_left: int | None = None
        self._points_until: datetime | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.has_redirect_location:
            # The password and the session are for one host alone.
            await response.aclose()
            raise InDoubt(BLUESKY, f"it sends us elsewhere, {response.status_code}")
        if request.method == "POST":
            self._note(response)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response

    def refuse_without_points(self, now: datetime) -> None:
        """Raises `RateLimited` if the points that are left do not pay for a post."""
        if self._points_left is None or self._points_left >= POINTS_OF_A_POST:
            return
        if self._points_until and self._points_until > now:
            raise RateLimited(BLUESKY, self._points_until)
        self._points_left = None

    def _note(self, response: httpx.Response) -> None:
        left, until = response.headers.get("ratelimit-remaining", ""), reset_of(response.headers)
        if left.isdecimal() and until:
            self._points_left, self._points_until = int(left), until


class _Bounded(httpx.AsyncByteStream):
    """The stream of an answer. It raises `InDoubt` before an answer without an end fills the memory."""

    def __init__(self, stream: httpx.AsyncByteStream):
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise InDoubt(BLUESKY, "its answer does not end")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def reset_of(headers: "httpx.Headers | dict[str, str]") -> datetime | None:
    """When a limit ends, by the headers of an answer; None if they do not say so."""
    return limit_end(headers.get("ratelimit-reset", ""))
