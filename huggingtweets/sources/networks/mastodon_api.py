"""The public posts of a Mastodon account, asked of its own server, without a key.

A name is `ann@server`. The server of the name may not be the one that has the account: then its WebFinger says which
one it is. Made after Mastodon's methods accounts/lookup and accounts/:id/statuses, and RFC 7033. Programs with the same
methods (Pleroma, Akkoma) are read, too. Raises what `upstream` draws. Does not know where tweets are kept.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from huggingtweets.core.errors import Usage
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted
from huggingtweets.remote.upstream import InDoubt, NoAccount, Patience, RateLimited, Refused, Upstream
from huggingtweets.sources.archives import mastodon
from huggingtweets.sources.networks.handles import (
    ASK_ITS_OWNER,
    CHOOSE_WHO_HAS_POSTED,
    HOST,
    ONLY_FROM_ITS_OWNER,
    SUSPENDED,
    UNKNOWN,
    bare_handle,
    half_a_handle,
    whole_address,
)
from huggingtweets.sources.networks.json_answers import JSONAnswer, JSONServers
from huggingtweets.sources.reading.addresses import parts_of

MASTODON = "Mastodon"
PAGE = 40
_USER = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,98}[a-z0-9_])?", re.ASCII)
_PROFILE = re.compile(r"/(?:@|users/)([^/@]+)(?:@([^/@]+))?/?")
_LONGEST_HOST = 253
_REDIRECTIONS = 3
_LONGEST_LIMIT = timedelta(days=1)
_SHOWN = 200  # characters of the server's own explanation


def parse_handle(text: str) -> str:
    """`@Ann@Server.example` as `ann@server.example`. Raises `Usage`, with a sentence for each kind of mistake."""
    if "/" in text:
        raise whole_address(text, _meant(text))
    user, at, host = bare_handle(text, "mastodon", ()).lower().partition("@")
    if not at or not host:
        raise half_a_handle(text, MASTODON, f"@{user[:60]}@mastodon.social")
    if not _USER.fullmatch(user) or not _is_host(host):
        raise Usage(
            Phrase("{handle} is no handle of Mastodon; they look like @ann@mastodon.social.", handle=quoted(text))
        )
    return f"{user}@{host}"


def _meant(address: str) -> str:
    parts = parts_of(address.strip() if "://" in address else f"//{address.strip()}")
    profile = _PROFILE.fullmatch(parts.path)
    return f"mastodon:@{profile[1][:60]}@{(profile[2] or parts.hostname or '')[:60]}" if profile else ""


def _is_host(text: str) -> bool:
    return len(text) <= _LONGEST_HOST and HOST.fullmatch(text) is not None


def servers_at(url: str) -> JSONServers:
    """What asks the server at `url`. Without one it asks any server whose name somebody types, if that is public."""
    return JSONServers(MASTODON, only_public=not url)


class MastodonServers:
    """Asks the server of an account, or always the one at `url` if there is one."""

    def __init__(self, servers: JSONServers, url: str, patience: Patience):
        self._servers, self._url, self._patience = servers, url.rstrip("/"), patience

    async def read(self, handle: str, *, most: int) -> Collected:
        """The newest `most` posts of `handle`. Raises `NoAccount` if there are none to read."""
        host, profile = await self._find(handle)
        id_ = str(profile["id"])
        tweets: dict[str, Tweet] = {}
        account: Account | None = None
        oldest = ""
        while len(tweets) < most:
            parameters = {"limit": str(PAGE)} | ({"max_id": oldest} if oldest else {})
            page = await self._get(host, f"/api/v1/accounts/{id_}/statuses", parameters, handle)
            statuses = [one for one in page if isinstance(one, dict)] if isinstance(page, list) else []
            ids = [str(status.get("id")) for status in statuses]
            for post in map(mastodon.post_of, statuses):
                if post and post.is_public:
                    tweets.setdefault(post.tweet.id, post.tweet)
                    account = account or post.account
            # If a page came again, this would never end.
            if not ids or ids[-1] == oldest:
                break
            oldest = ids[-1]
        if not tweets:
            raise NoAccount(MASTODON, handle, Phrase("has no public posts"), CHOOSE_WHO_HAS_POSTED, gone=False)
        return Collected(account, tuple(tweets.values())[:most])

    async def _find(self, handle: str) -> tuple[str, Mapping[str, Any]]:
        """The server of the account, and the account as that server describes it."""
        user, _, host = handle.partition("@")
        try:
            return host, await self._profile(host, user, handle)
        except (Refused, NoAccount, InDoubt):
            # The part of a name after the @ may be a server of another kind, which knows where the accounts are.
            other = await self._by_webfinger(user, host)
            if other in ("", host):
                raise
        return other, await self._profile(other, user, handle)

    async def _profile(self, host: str, user: str, handle: str) -> Mapping[str, Any]:
        profile = await self._get(host, "/api/v1/accounts/lookup", {"acct": user}, handle)
        if not isinstance(profile, dict) or not isinstance(profile.get("id"), str | int):
            raise InDoubt(MASTODON, "its answer cannot be read")
        if profile.get("suspended") is True:
            raise NoAccount(MASTODON, handle, SUSPENDED, ONLY_FROM_ITS_OWNER)
        return profile

    async def _get(self, host: str, path: str, parameters: Mapping[str, str], handle: str) -> object:
        async def asked() -> object:
            answer = await self._servers.ask(f"{self._url or f'https://{host}'}{path}", parameters)
            if answer.status == 200 and answer.value is not None:
                return answer.value
            raise self._meaning(answer, handle)

        return await self._patience.insist(asked)

    def _meaning(self, answer: JSONAnswer, handle: str) -> Upstream:
        said = answer.value.get("error") if isinstance(answer.value, dict) else None
        if answer.status == 429:
            return RateLimited(MASTODON, _reset(answer.headers))
        if answer.status in (401, 403):
            why = Phrase("is on a server that shows posts only to people who are signed in")
            return NoAccount(MASTODON, handle, why, ASK_ITS_OWNER, gone=False)
        # A page in HTML does not say that an account is gone: it comes from a server of another kind.
        if answer.status in (404, 410) and isinstance(said, str):
            mend = Phrase("check how the handle is written, or whether the account has moved")
            return NoAccount(MASTODON, handle, UNKNOWN, mend)
        if 300 <= answer.status < 500:
            explanation = " ".join(str(said or answer.status).split())[:_SHOWN].rstrip(". ")
            return Refused(MASTODON, f"The Mastodon server refuses the request ({explanation}); check what was asked.")
        return self._servers.in_doubt(answer)

    async def _by_webfinger(self, user: str, host: str) -> str:
        """The server that has the account, as the server `host` of its name says; empty if that does not say it."""
        address = f"{self._url or f'https://{host}'}/.well-known/webfinger"
        parameters = {"resource": f"acct:{user}@{host}"}
        for _ in range(_REDIRECTIONS):
            try:
                answer = await self._servers.ask(address, parameters)
            except Upstream:
                return ""
            if not 300 <= answer.status < 400:
                return _host_in(answer.value)
            to = parts_of(answer.headers.get("Location", ""))
            if to.scheme != "https" or not _is_host(to.hostname or ""):
                return ""
            address, parameters = to.geturl(), {} if to.query else parameters
        return ""


def _host_in(value: object) -> str:
    """The server of the account that an answer of WebFinger describes."""
    links = value.get("links") if isinstance(value, dict) else None
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "self":
            host = (parts_of(link.get("href")).hostname or "").lower()
            return host if _is_host(host) else ""
    return ""


def _reset(headers: Mapping[str, str]) -> datetime | None:
    until = dates.moment(headers.get("X-RateLimit-Reset", ""))
    return until if until and until < datetime.now(UTC) + _LONGEST_LIMIT else None
