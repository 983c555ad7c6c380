"""The HTTP session through which X is asked: it signs requests, bounds answers, and says what a refusal means.

It is an ordinary aiohttp session with a middleware, so tweepy can use it as its own.

Raises what `upstream` draws. Knows keys, HTTP and X's refusals. Does not know what is asked for.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from huggingtweets.remote.upstream import (
    BadCredentials,
    Duplicate,
    Forbidden,
    InDoubt,
    NotFound,
    OutOfCredit,
    RateLimited,
    Refused,
    Suspended,
    Upstream,
    limit_end,
)
from huggingtweets.remote.x_records import X, problems

if TYPE_CHECKING:
    import aiohttp

MAX_ANSWER_BYTES = 8 << 20  # 100 long posts with their expansions have some 3 MB
_DUPLICATE = "duplicate"
# Our own account, in one sentence. An author who has "blocked" us, or is suspended, is no trouble of our account.
_SUSPENDED = re.compile(
    r"\b(?:your|this) account\b[^.;]*\b(?:suspended|locked)\b|\b(?:suspended|locked) your account\b", re.IGNORECASE
)
_SHOWN = 200  # characters of X's own explanation


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys for X: an app's bearer token to read, or an account's four keys to read and post."""

    bearer_token: str = field(default="", repr=False)
    consumer_key: str = field(default="", repr=False)
    consumer_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_token_secret: str = field(default="", repr=False)

    @property
    def for_an_account(self) -> bool:
        return all((self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret))

    def without(self, text: str) -> str:
        """`text` without any of these keys. A far end may repeat what it was sent."""
        for secret in self._all():
            text = text.replace(secret, "…")
        return text

    def _all(self) -> list[str]:
        held = (
            self.bearer_token,
            self.consumer_key,
            self.consumer_secret,
            self.access_token,
            self.access_token_secret,
        )
        return [secret for secret in held if secret]


def opened(credentials: Credentials, api_url: str, timeout_seconds: float) -> "aiohttp.ClientSession":
    """A session whose requests all go to X at `api_url`. It raises what `upstream` draws for every refusal."""
    import aiohttp

    # At DEBUG, oauthlib logs what it signs, and that holds what our keys are called.
    oauthlib_log = logging.getLogger("oauthlib")
    oauthlib_log.setLevel(max(logging.INFO, oauthlib_log.level))
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, connect=timeout_seconds / 2),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_Door(credentials, api_url.rstrip("/")),),
    )


def explained(body: Mapping[str, Any], credentials: Credentials) -> str:
    """X's own words about what went wrong: on one line, cut short, and with nothing secret in them."""
    texts = [one.get("detail") or one.get("message") or one.get("title") for one in [body, *problems(body)]]
    words = "; ".join(dict.fromkeys(text for text in texts if isinstance(text, str)))
    plain = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    return credentials.without(plain)[:_SHOWN].rstrip(". ")


class _Door:
    """The middleware: it directs a request to our origin, signs it, reads the answer, and raises for a refusal."""

    def __init__(self, credentials: Credentials, origin: str):
        self._credentials = credentials
        self._origin = origin

    async def __call__(
        self, request: "aiohttp.ClientRequest", send: "aiohttp.ClientHandlerType"
    ) -> "aiohttp.ClientResponse":
        from yarl import URL

        query = urlencode(sorted(request.url.query.items()))
        url = f"{self._origin}{request.url.path}" + (f"?{query}" if query else "")
        # Encoded already: what is signed must be what is sent.
        request.url = URL(url, encoded=True)
        request.headers["Host"] = request.url.host_port_subcomponent or ""
        request.headers["Authorization"] = self._authorization(url, request.method)
        response = await send(request)
        try:
            response.content = _Bounded(response.content)  # type: ignore[assignment]
            body = await response.read()
            # A redirect is a refusal, too: keys are for one host alone.
            if not 200 <= response.status < 300:
                raise self._meaning(response.status, response.headers, _parsed_or_nothing(body))
        except BaseException:
            response.close()
            raise
        return response

    def _authorization(self, url: str, method: str) -> str:
        keys = self._credentials
        if not keys.for_an_account:
            return f"Bearer {keys.bearer_token}"
        from oauthlib.oauth1 import Client as OAuthSigner

        signer = OAuthSigner(keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret)
        _, headers, _ = signer.sign(url, "POST" if method == "POST" else "GET")
        return str(headers["Authorization"])

    def _meaning(self, status: int, headers: Mapping[str, str], body: object) -> Upstream:
        said = explained(body, self._credentials) if isinstance(body, dict) else ""
        match status:
            case 401:
                return BadCredentials(X, f"X refuses the keys and tokens ({said or '401'}); put valid ones in place.")
            case 402:
                return OutOfCredit(X, f"X wants credit first ({said or '402'}); buy some in the developer console.")
            case 403 if _DUPLICATE in said.lower():
                return Duplicate(X, f"X has this very text already ({said}); write another.")
            case 403 if _SUSPENDED.search(said):
                return Suspended(X, f"X has suspended or locked the account ({said}); see what X has mailed about it.")
            case 403:
                return Forbidden(X, f"X does not allow this ({said or '403'}); check the app's permissions.")
            case 404:
                return NotFound(X, f"X has no such thing ({said or '404'}); check the name or id.")
            case 429:
                return RateLimited(X, reset_of(headers))
            case _ if 400 <= status < 500:
                return Refused(X, f"X refuses the request ({said or status}); check what was asked.")
        return InDoubt(X, f"status {status}")


class _Bounded:
    """The stream of an answer. It raises `InDoubt` before an answer without an end fills the memory."""

    def __init__(self, stream: "aiohttp.StreamReader"):
        self._stream = stream

    async def read(self) -> bytes:
        """The whole answer; aiohttp reads it in this way."""
        body = bytearray()
        async for chunk in self._stream.iter_chunked(1 << 16):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise InDoubt(X, "its answer does not end")
        return bytes(body)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _parsed_or_nothing(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def reset_of(headers: Mapping[str, str]) -> datetime | None:
    """When the limit ends that was reached: the one of a quarter of an hour, or the one of a day."""
    resets = [
        headers.get(f"{limit}-reset")
        for limit in ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
        if limit == "x-rate-limit" or headers.get(f"{limit}-remaining") == "0"
    ]
    return max((end for reset in resets if (end := limit_end(reset))), default=None)
