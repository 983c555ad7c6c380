"""What a browser may do with the page: load only what comes from here, show it in no other page, keep its styles.

Knows ASGI and response headers. Does not know what is answered.
"""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(frames: Sequence[str] = ()) -> str:
    """The Content-Security-Policy. `frames` are the sites that may show the page inside their own."""
    rules = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        f"frame-ancestors {' '.join(frames) or chr(39) + 'none' + chr(39)}",
    )
    return "; ".join(rules)


class KeptFiles(StaticFiles):
    """Files that a browser keeps. It asks each time whether they have changed, which is shorter than sending them."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["cache-control"] = "no-cache"
        return response


class SafeHeaders:
    """ASGI middleware: adds these headers where an answer has none of its own."""

    def __init__(self, app: ASGIApp, frames: Sequence[str] = ()):
        self._app = app
        self._headers = {
            "content-security-policy": policy(frames),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, safe if scope["type"] == "http" else send)
