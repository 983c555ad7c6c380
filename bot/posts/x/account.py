"""The account on X that the keys belong to: what the outbox and mentions need of it. Each read is paid for.

Knows the client, and what kind of read each call is. Does not know queues or what is posted.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from bot.core.ai_label import says_ai
from bot.core.config import XSettings
from bot.core.errors import OverBudget
from bot.posts.budget import Budget, Kind
from bot.posts.outbox import OwnPost
from huggingtweets.remote.upstream import BadCredentials, Forbidden, Patience
from huggingtweets.remote.x import MIN_PAGE, PAGE, Charge, XClient
from huggingtweets.remote.x_records import XPost, XUser
from huggingtweets.remote.x_session import Credentials

MAX_PAGES = 10  # of one look; the rest comes with the next look
# A look at mentions mostly finds none or a few. While a page is read, the price of a whole one is set aside, which is
# 0.10 USD for a small page instead of 0.50.
MENTIONS_PAGE = 20
UNMARKED = (
    "Posts carry no mark that an AI wrote them, and the profile of @{handle} on X does not say so either; "
    "write it into the bio there, or set a label for posts, and then resume."
)
READING = Patience(attempts=4, first_seconds=1.0, longest_seconds=30.0)


def credentials(settings: XSettings) -> Credentials:
    """Returns the four keys of the settings."""
    keys = (settings.consumer_key, settings.consumer_secret, settings.access_token, settings.access_token_secret)
    return Credentials("", *(key.get_secret_value() if key else "" for key in keys))


class XAccount:
    """One account, asked through its client."""

    def __init__(self, client: XClient, budget: Budget, expected: str = "", *, ai_label: str = ""):
        self._client = client
        self._budget = budget
        self._expected = expected.lower()
        self._ai_label = ai_label
        self._me: XUser | None = None

    async def me(self) -> XUser:
        """Returns whose keys they are. Raises `BadCredentials` if the settings name another account."""
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
        """Check that the keys are of the right account, and that its posts are marked, before anything is posted.

        Raises `Forbidden` if neither the posts nor the account's profile say that an AI writes them.
        """
        me = await self.me()
        if not self._ai_label and not (me.is_parody or says_ai(me.name, me.description)):
            self._me = None  # so the profile is read again after it was changed
            unmarked = UNMARKED.format(handle=me.handle)
            raise Forbidden("X", unmarked, for_people=unmarked)

    async def post(self, text: str, in_reply_to: str) -> str:
        """Post a text. Returns its id. The outbox has noted its cost."""
        return await self._client.post(text, in_reply_to)

    async def own_posts(self, since_id: str) -> Sequence[OwnPost]:
        """Returns the posts after `since_id`, or the newest page if it is empty."""
        most = PAGE if not since_id else MAX_PAGES * PAGE
        posts = await self._read("own_read", self._client.timeline, since_id, most, PAGE)
        return [OwnPost(post.id, post.text, post.created_at) for post in posts]

    async def mentions(self, since_id: str, most: int = MAX_PAGES * PAGE) -> list[XPost]:
        """Returns the mentions after `since_id`, the oldest first. If the money ends, the oldest ones are missing."""
        return (await self._read("read", self._client.mentions, since_id, most, MENTIONS_PAGE))[::-1]

    async def _read(self, kind: Kind, read: "ReadPages", since_id: str, most: int, page: int) -> list[XPost]:
        """Returns what `read` gives, as far as the money goes. Each page is paid for before it is asked for."""
        me = await self.me()
        # X gives no less than a small page. If not even that can be paid for, `charge` refuses.
        page = max(MIN_PAGE, await self._budget.affordable(kind, min(page, most)))

        async def charge(count: int) -> None:
            await self._budget.charge(kind, count)

        posts: list[XPost] = []
        try:
            async for one_page in read(me.id, since_id=since_id or None, most=most, page=page, charge=charge):
                posts += one_page
        except OverBudget:
            # Mentions that were paid for are answered. The own timeline must be whole to say that a post is not there.
            if kind == "own_read" or not posts:
                raise
        return posts


class ReadPages(Protocol):
    """A method of the client that reads pages."""

    def __call__(
        self, user_id: str, *, since_id: str | None, most: int, page: int, charge: Charge
    ) -> AsyncIterator[list[XPost]]: ...
