"""The account on X that the keys are of: what the outbox and the mentions need of it, each read paid for.

Knows the client and prices by kind. Does not know queues or what is posted.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from bot.core.ai_label import says_ai
from bot.core.config import XSettings
from bot.core.errors import OverBudget
from bot.posts.budget import Budget, Kind
from bot.posts.outbox import OwnPost
from huggingtweets.remote.upstream import BadCredentials, Forbidden, Patience
from huggingtweets.remote.x import MIN_PAGE, PAGE, Charge, Credentials, XClient, XPost, XUser

MAX_PAGES = 10  # of one look, as if each were whole; the rest comes with the next
# A look at mentions mostly finds none or a few. What a page may cost is set aside while it is read: 0.10 USD, not 0.50.
MENTIONS_PAGE = 20
UNMARKED = (
    "Posts carry no mark that an AI wrote them, and the profile of @{handle} on X does not say so either; "
    "write it into the bio there, or set a label for posts, and then resume."
)
READING = Patience(attempts=4, first_seconds=1.0, longest_seconds=30.0)


def credentials(settings: XSettings) -> Credentials:
    """The four keys."""
    keys = (settings.consumer_key, settings.consumer_secret, settings.access_token, settings.access_token_secret)
    given = [key.get_secret_value() if key else "" for key in keys]
    return Credentials("", *given)


class XAccount:
    """One account, through its client."""

    def __init__(self, client: XClient, budget: Budget, expected: str = "", *, ai_label: str = ""):
        self._client = client
        self._budget = budget
        self._expected = expected.lower()
        self._ai_label = ai_label
        self._me: XUser | None = None

    async def me(self) -> XUser:
        """Whose keys they are; raises `BadCredentials` when they are not of the account in the settings."""
        if not self._me:
            await self._budget.charge("own_read", 1)
            me = await self._client.me()
            if self._expected and me.handle.lower() != self._expected:
                raise BadCredentials(
                    "X",
                    f"The keys are of @{me.handle} and not of [x] account = {self._expected}; set the right ones.",
                    for_people=f"My keys for X are of @{me.handle} and not of @{self._expected}; whoever runs me has "
                    "to set the right ones.",
                )
            self._me = me
        return self._me

    async def ready(self) -> None:
        """Make sure that the keys are of the right account, and that its posts are marked, before anything is posted.

        Raises `Forbidden` where neither their texts nor the account's profile say that an AI writes them.
        """
        me = await self.me()
        if not self._ai_label and not (me.is_parody or says_ai(me.name, me.description)):
            self._me = None  # so that the profile is read again once it was changed
            unmarked = UNMARKED.format(handle=me.handle)
            raise Forbidden("X", unmarked, for_people=unmarked)

    async def post(self, text: str, in_reply_to: str) -> str:
        """Post; its id. Its cost is the outbox's matter."""
        return await self._client.post(text, in_reply_to)

    async def own_posts(self, since_id: str) -> Sequence[OwnPost]:
        """The posts after `since_id`; the newest page of them without it."""
        most = PAGE if not since_id else MAX_PAGES * PAGE
        posts = await self._read("own_read", self._client.timeline, since_id, most, PAGE)
        return [OwnPost(post.id, post.text, post.created_at) for post in posts]

    async def mentions(self, since_id: str, most: int = MAX_PAGES * PAGE) -> list[XPost]:
        """Who has mentioned the account after `since_id`, the oldest first; only the newest where the money ends."""
        return (await self._read("read", self._client.mentions, since_id, most, MENTIONS_PAGE))[::-1]

    async def _read(self, kind: Kind, read: "ReadPages", since_id: str, most: int, page: int) -> list[XPost]:
        """What `read` gives, as far as there is money: each page is paid for before it is asked for."""
        me = await self.me()
        # X gives no fewer than a small page; where not even that is paid for, the charge refuses.
        page = max(MIN_PAGE, await self._budget.affordable(kind, min(page, most)))

        async def charge(posts: int) -> None:
            await self._budget.charge(kind, posts)

        found: list[XPost] = []
        try:
            async for posts in read(me.id, since_id=since_id or None, most=most, page=page, charge=charge):
                found += posts
        except OverBudget:
            # Mentions that were paid for are answered. The own timeline says nothing of a post unless it is whole.
            if kind == "own_read" or not found:
                raise
        return found


class ReadPages(Protocol):
    """One of the client's ways to read pages."""

    def __call__(
        self, user_id: str, *, since_id: str | None, most: int, page: int, charge: Charge
    ) -> AsyncIterator[list[XPost]]: ...
