"""Requests that fail unexpectedly: each gives one short line in the log, and its answer is ended.

Without this uvicorn writes a traceback for each wrong request, and a stranger can send many.

Knows ASGI and logging. Does not know what a request asks for.
"""

import logging
import traceback
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.core.request_ids import new_id, request_id
from huggingtweets.core.text.quoted import quoted

log = logging.getLogger(__name__)

NOTED = "failure_noted"  # in the state of a request whose failure is in the log already


class FailuresNoted:
    """ASGI middleware: logs a failed request as one line and ends its answer."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = ended = False

        async def watched(message: Message) -> None:
            nonlocal begun, ended
            begun = begun or message["type"] == "http.response.start"
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body", False))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001  uvicorn would log a traceback
            if not scope.get("state", {}).get(NOTED):
                note_failure(f"{scope['method']} {quoted(scope['path'])}", error)
            if not begun:
                await send({"type": "http.response.start", "status": 500, "headers": []})
            if not ended:
                await send({"type": "http.response.body", "body": b""})


def note_failure(what: str, error: Exception) -> str:
    """Log that `what` failed, and where in the code; not the error's text, which may hold what a visitor wrote.

    Returns an id, under which the line is in the log.
    """
    failure_id = request_id() or new_id()
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {Path(last[0].filename).name}, line {last[0].lineno}" if last else ""
    log.warning("%s failed on the page: %s%s (%s)", what, type(error).__name__, where, failure_id)
    log.debug("the failure in full", exc_info=error)
    return failure_id
