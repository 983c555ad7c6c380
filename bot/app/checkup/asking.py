"""One question to a far end over HTTP, and what its clock says.

Knows HTTP and JSON. Does not know what is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from huggingtweets.remote.upstream import InDoubt, NotReached

MOST_BYTES = 1 << 20


@dataclass
class Asking:
    """Asks, and notes by how many seconds the clocks of those who answer are ahead of ours."""

    session: aiohttp.ClientSession
    ahead_seconds: list[float] = field(default_factory=list)

    async def ask(
        self, service: str, url: str, headers: Mapping[str, str], send: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """The status and the object that `url` answers with. A refusal needs no object. `send` is posted as JSON.

        Raises `NotReached`, or `InDoubt` for an answer that makes no sense. A redirect is not followed, because the
        headers hold a token.
        """
        try:
            method = "POST" if send else "GET"
            async with self.session.request(method, url, headers=headers, json=send, allow_redirects=False) as response:
                self._note_clock(response.headers.get("Date", ""))
                body = b""
                while len(body) <= MOST_BYTES and (piece := await response.content.read(1 << 16)):
                    body += piece
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise NotReached(service, type(error).__name__) from error
        except aiohttp.ClientError as error:
            raise InDoubt(service, type(error).__name__) from error
        answer = _object(body)
        if response.status >= 500 or 300 <= response.status < 400:
            raise InDoubt(service, f"status {response.status}")
        if response.status == 200 and answer is None:
            raise InDoubt(service, "its answer cannot be read")
        return response.status, answer or {}

    def _note_clock(self, date: str) -> None:
        try:
            theirs = parsedate_to_datetime(date)
        except ValueError:
            return
        if theirs.tzinfo:
            self.ahead_seconds.append((theirs - datetime.now(UTC)).total_seconds())


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body) if len(body) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
