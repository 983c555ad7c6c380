"""Questions to a server that answers in JSON: within a time and a size, and each failure as `upstream` draws it.

Knows HTTP. Does not know any network, or what an answer means. aiohttp is imported once a server is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from huggingtweets.remote.upstream import InDoubt, NotReached

if TYPE_CHECKING:
    import aiohttp

MAX_ANSWER_BYTES = 8 << 20
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class JSONAnswer:
    """An answer. `value` is None if the body is no JSON, or too long."""

    status: int
    headers: Mapping[str, str]
    value: object


class JSONServers:
    """Asks servers, which `service` names in sentences. An async context manager.

    With `only_public`, a server at a private address is not asked.
    """

    def __init__(self, service: str, *, timeout_seconds: float = 20.0, only_public: bool = False):
        self._service, self._timeout_seconds, self._only_public = service, timeout_seconds, only_public
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        import aiohttp

        from huggingtweets.sources.networks.public_addresses import PublicAddresses

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=PublicAddresses()) if self._only_public else None,
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._session
        await self._session.close()

    async def ask(self, address: str, parameters: Mapping[str, str]) -> JSONAnswer:
        """One question. No redirection is followed. Raises `NotReached` and `InDoubt`."""
        import aiohttp

        assert self._session, "used inside its context"
        try:
            async with self._session.get(address, params=parameters, allow_redirects=False) as response:
                body = b""
                while len(body) <= MAX_ANSWER_BYTES and (more := await response.content.read(_PIECE)):
                    body += more
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(self._service, type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise InDoubt(self._service, type(error).__name__) from error
        return JSONAnswer(response.status, response.headers, _parsed(body))

    def in_doubt(self, answer: JSONAnswer) -> InDoubt:
        """The failure of an answer that says neither yes nor no."""
        readable = answer.status != 200
        return InDoubt(self._service, f"status {answer.status}" if readable else "its answer cannot be read")


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body) if len(body) <= MAX_ANSWER_BYTES else None
    except (ValueError, RecursionError):
        return None
