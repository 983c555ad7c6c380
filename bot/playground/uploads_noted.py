"""Which visitor has uploaded which files, read from Gradio's answers to uploads.

Gradio writes an upload into a temporary file, and leaves the file there if the upload is cut off or refused.

Knows Gradio's path for uploads, and that the answer lists the paths of the files. Does not know what the files are for.
"""

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.playground.attachments import Attachments

UPLOAD = "/gradio_api/upload"


class UploadsNoted:
    """ASGI middleware: tells `attachments` who uploaded which files, and lets it delete the rest of failed uploads."""

    def __init__(self, app: ASGIApp, attachments: Attachments):
        self._app = app
        self._attachments = attachments
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != UPLOAD:
            await self._app(scope, receive, send)
            return
        answer, session = bytearray(), scope["state"]["visitor"].session

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.body":
                answer.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._attachments.came(session, _paths(bytes(answer)))
            await send(message)

        self._under_way += 1
        try:
            await self._app(scope, receive, noted)
        finally:
            self._under_way -= 1
            if not self._under_way:
                await asyncio.to_thread(self._attachments.delete_unowned)


def _paths(answer: bytes) -> list[str]:
    """The paths in Gradio's answer to an upload. Empty if the answer is a refusal."""
    try:
        paths = json.loads(answer)
    except ValueError:
        return []
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
