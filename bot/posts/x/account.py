"""The account on X that the keys belong to: a destination for posts, with its mentions. Each read is paid for.

Knows the client, and what kind of read each call is. Does not know queues or what is posted.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from bot.core.config import XSettings
from bot.core.errors import OverBudget
from bot.core.post_text.ai_label import says_ai
from bot.posts.budget import Budget, Kind
from bot.posts.mentions import Author, Mention
from bot.posts.timeline import OwnPost, made_on
from bot.posts.x.pictures import Pictures
from bot.store.posts.engagement import Counts
from bot.store.posts.outbox import Post
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import BadCredentials, Forbidden
from huggingtweets.remote.x import MIN_PAGE, PAGE, Charge, XClient
from huggingtweets.remote.x_records import XPost, XUser
from huggingtweets.remote.x_session import Credentials

FIRST_LOOK = 5  # mentions; the fewest that X gives
BEFORE_ALL = "1"  # the position where there was no mention yet
MAX_PAGES = 10  # of one look; the rest comes with the next look
# A look at mentions mostly finds none or a few. While a page is read, the price of a whole one is set aside, which is
# 0.10 USD for a small page instead of 0.50.
MENTIONS_PAGE = 20
UNMARKED = partial(
    Phrase,
    "Posts carry no mark that an AI wrote them, and the profile of @{handle} on X does not say so either; "
    "write it into the bio there, or set a label for posts, and then resume.",
)


def credentials(settings: XSettings) -> Credentials:
    """Returns the four keys of the settings."""
    keys = (settings.consumer_key, settings.consumer_secret, settings.access_token, settings.access_token_secret)
    return Credentials("", *(key.get_secret_value() if key else "" for key in keys))


class XAccount:
    """One account, asked through its client."""

    def __init__(
        self,
        client: XClient,
        budget: Budget,
        expected: str = "",
        *,
        ai_label: str = "",
        pictures: Pictures | None = None,
    ):
        self._client = client
        self._budget = budget
        self._expected = expected.lower()
        self._ai_label = ai_label
        self._pictures = pictures
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
                    for_people=Phrase(
                        "My keys for X are of @{handle} and not of @{expected}; whoever runs me has to set the "
                        "right ones.",
                        handle=me.handle,
                        expected=self._expected,
                    ),
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
            unmarked = UNMARKED(handle=me.handle)
            raise Forbidden("X", unmarked, for_people=unmarked)

    async def post(self, post: Post) -> str:
        """Make a post. Returns its id. The outbox has noted its cost."""
        picture = await self._pictures.of(post) if self._pictures else ""
        return await self._client.post(post.text, post.in_reply_to, picture)

    async def made(self, posts: Sequence[Post], since_id: str) -> Mapping[int, str]:
        """Look for posts on the timeline after `since_id`, or on its newest page if that is empty."""
        most = PAGE if not since_id else MAX_PAGES * PAGE
        own = await self._read("own_read", self._client.timeline, since_id, most, PAGE)
        return made_on([OwnPost(post.id, post.text, post.created_at) for post in own], posts)

    async def engagement(self, ids: Sequence[str]) -> Mapping[str, Counts]:
        """Read the figures of posts. Each costs an own read, of what the month's budget leaves after its reserve."""

        async def charge(count: int) -> None:
            await self._budget.charge_unreserved("own_read", count)

        looked = await self._client.look(ids, charge, figures=True)
        return {post.id: Counts(post.likes, post.reposts, post.replies) for post in looked.posts}

    async def newest_position(self) -> str:
        """The id of the newest mention."""
        newest = await self._read("read", self._client.mentions, "", FIRST_LOOK, MENTIONS_PAGE)
        return newest[0].id if newest else BEFORE_ALL

    async def mentions(self, position: str) -> list[Mention]:
        """Returns the mentions after `position`, the oldest first. If the money ends, the oldest ones are missing."""
        me = await self.me()
        posts = await self._read("read", self._client.mentions, position, MAX_PAGES * PAGE, MENTIONS_PAGE)
        return [_mention(post, me) for post in reversed(posts)]

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


def _mention(post: XPost, me: XUser) -> Mention:
    """A post that mentions us. X's API does not say who is a bot."""
    author, person = post.author, f"x:{post.author_id}"
    return Mention(
        id=post.id,
        position=post.id,
        person=person,
        author=Author(person, author.handle, author.name, author.description) if author else None,
        text=post.text,
        conversation=post.conversation_id or post.id,
        created_at=post.created_at,
        why_not="own" if post.author_id == me.id else "retweet" if "retweeted" in post.referenced else "",
    )


class ReadPages(Protocol):
    """A method of the client that reads pages."""

    def __call__(
        self, user_id: str, *, since_id: str | None, most: int, page: int, charge: Charge
    ) -> AsyncIterator[list[XPost]]: ...
