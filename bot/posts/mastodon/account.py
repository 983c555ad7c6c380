"""The account on a Mastodon server that the token belongs to: a destination for posts, with its mentions.

A post is sent with a key of its own, under which the server makes it once within an hour. After that, and in any case
before it is sent again, the account's own timeline decides.

Knows the client. Does not know queues.
"""

import contextlib
import hashlib
import time
from collections.abc import Mapping, Sequence
from functools import partial

from bot.core.config import MastodonSettings
from bot.core.post_text.ai_label import says_ai
from bot.core.post_text.room import RoomOnMastodon
from bot.posts.mastodon.client import MastodonClient, Notified, Person, Status
from bot.posts.mentions import Author, Mention
from bot.posts.place import MASTODON, Place
from bot.posts.timeline import OwnPost, made_on
from bot.store.posts.engagement import Counts
from bot.store.posts.outbox import Post
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import (
    BadCredentials,
    Forbidden,
    InDoubt,
    NotFound,
    NotReached,
    Refused,
    Upstream,
)

BEFORE_ALL = "0"  # the position where there was no mention yet
LIMIT_HOLDS_SECONDS = 3_600.0  # servers seldom change how long posts may be
WIDEST_FIRST = ("public", "unlisted", "private", "direct")
UNMARKED = partial(
    Phrase,
    "Posts carry no mark that an AI wrote them, and neither do the bot flag or the texts of @{handle} on Mastodon; "
    "turn on the flag for automated accounts in its profile, or set a label for posts, and then resume.",
)


class MastodonAccount:
    """One account, asked through its client. It tells `room` how long posts may be on its server."""

    def __init__(self, client: MastodonClient, settings: MastodonSettings, place: Place, room: RoomOnMastodon):
        self._client = client
        self._settings = settings
        self._place = place
        self._room = room
        self._me: Person | None = None
        self._asked_for_limit = -LIMIT_HOLDS_SECONDS

    async def me(self) -> Person:
        """Returns whose token it is. Raises `BadCredentials` if the settings name another account."""
        if not self._me:
            me, expected = await self._client.me(), self._settings.account
            if expected and me.handle.lower() != expected.lower():
                raise BadCredentials(
                    MASTODON,
                    f"The token is of @{me.handle} and not of [mastodon] account = {expected}; set the right one.",
                    for_people=Phrase(
                        "My token for Mastodon is of @{handle} and not of @{expected}; whoever runs me has to set "
                        "the right one.",
                        handle=me.handle,
                        expected=expected,
                    ),
                )
            await self._learn_limit()
            self._me = me
        return self._me

    async def _learn_limit(self) -> None:
        self._room.characters = await self._client.characters()
        self._asked_for_limit = time.monotonic()

    async def ready(self) -> None:
        """Check that it is the right account, and that it or its posts say that an AI writes them.

        Sets the bot flag where the settings ask for that. Raises `Forbidden` if neither the posts nor the account say
        it.
        """
        me = await self.me()
        if time.monotonic() - self._asked_for_limit >= LIMIT_HOLDS_SECONDS:
            await self._learn_limit()
        if self._settings.label_account and not me.is_bot:
            await self._client.label_as_bot()
            self._me = me = await self._client.me()
        if not self._settings.ai_label and not me.is_bot and not says_ai(me.name, me.description):
            self._me = None  # so the account is read again after it was changed
            unmarked = UNMARKED(handle=me.handle)
            raise Forbidden(MASTODON, unmarked, for_people=unmarked)

    async def post(self, post: Post) -> str:
        """Make a post. Returns its id.

        An answer names whom it answers, and no more people see it than the question. Raises `NotReached` if the post is
        too long because the server allows fewer characters than before.
        """
        text, visibility = post.text, str(self._settings.visibility)
        if post.in_reply_to:
            me, asked = await self.me(), await self._answered(post.in_reply_to)
            if asked.author.id != me.id:
                text = f"@{asked.author.handle} {text}"
            visibility = max(visibility, asked.visibility, key=_narrowness)
            visibility = visibility if visibility in WIDEST_FIRST else WIDEST_FIRST[-1]
        try:
            return await self._client.post(
                text,
                key=self._key(post),
                visibility=visibility,
                content_warning=self._settings.content_warning,
                in_reply_to=post.in_reply_to,
            )
        except Refused as error:
            if await self._is_too_long_now(post.text):
                raise NotReached(MASTODON, "it allows fewer characters than before") from error
            raise

    async def _is_too_long_now(self, text: str) -> bool:
        """Returns True if a text that had room has none any more."""
        had_room = self._room(text)
        with contextlib.suppress(Upstream):
            await self._learn_limit()
        return had_room and not self._room(text)

    async def made(self, posts: Sequence[Post], since_id: str) -> Mapping[int, str]:
        """Look for posts on the timeline after `since_id`."""
        own = await self._client.own((await self.me()).id, since_id)
        return made_on([OwnPost(status.id, status.text, status.created_at) for status in own], posts)

    async def engagement(self, ids: Sequence[str]) -> Mapping[str, Counts]:
        """Read the figures of posts."""
        counts: dict[str, Counts] = {}
        for status_id in ids:
            with contextlib.suppress(NotFound):
                status = await self._client.status(status_id)
                counts[status_id] = Counts(status.likes, status.reposts, status.replies)
        return counts

    async def newest_position(self) -> str:
        """The position of the newest mention."""
        newest = await self._client.mentions("", limit=1)
        return newest[-1].position if newest else BEFORE_ALL

    async def mentions(self, position: str) -> list[Mention]:
        """Returns the first mentions after `position`, the oldest first; the rest comes with the next look."""
        me = await self.me()
        return [await self._mention(one, me) for one in await self._client.mentions(position)]

    async def _answered(self, status_id: str) -> Status:
        """The post that is answered. Raises `NotFound` if it is gone."""
        try:
            return await self._client.status(status_id)
        except InDoubt as error:
            # Nothing has been posted yet.
            raise NotReached(MASTODON, "the post that is answered cannot be looked up") from error

    async def _mention(self, one: Notified, me: Person) -> Mention:
        status, author = one.status, one.status.author
        person = f"mastodon:{self._whole(author.handle)}"
        return Mention(
            id=status.id,
            position=one.position,
            person=person,
            author=Author(person, author.handle, author.name, author.description, author.is_bot),
            text=status.text,
            conversation=await self._client.root(status.id) if status.in_reply_to else status.id,
            created_at=status.created_at,
            why_not="own" if author.id == me.id else "",
        )

    def _whole(self, handle: str) -> str:
        """A handle with its server, which those of the account's own server lack."""
        server = self._place.account.rpartition("@")[2]
        return (handle if "@" in handle else f"{handle}@{server}").lower()

    def _key(self, post: Post) -> str:
        """The key under which the server makes a post once."""
        return hashlib.sha256(f"{post.account} {post.id} {post.key}".encode()).hexdigest()


def _narrowness(visibility: str) -> int:
    """How few people see a post; an unknown visibility counts as the narrowest."""
    return WIDEST_FIRST.index(visibility) if visibility in WIDEST_FIRST else len(WIDEST_FIRST)
