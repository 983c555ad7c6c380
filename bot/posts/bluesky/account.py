"""The account on Bluesky that the app password belongs to: a destination for posts, with its mentions.

A post has a record key of its own before it is sent, so sending it twice makes one post, and whether it was made can be
asked by that key.

Knows the client. Does not know queues.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.core.config import BlueskySettings
from bot.core.post_text.ai_label import says_ai
from bot.posts.bluesky.client import BOT, BlueskyClient, Profile, Record, as_record
from bot.posts.bluesky.records import moment, record, record_key, reply_to
from bot.posts.mentions import Author, Mention
from bot.posts.place import BLUESKY
from bot.store.posts.engagement import Counts
from bot.store.posts.outbox import Post
from huggingtweets.core.text.dates import moment as parsed_moment
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import Forbidden, InDoubt, NotFound, NotReached, Refused

MAX_PAGES = 10  # of one look at the mentions; the rest comes with the next look
UNMARKED = partial(
    Phrase,
    "Posts carry no mark that an AI wrote them, and neither do the profile's label or texts of @{handle} on Bluesky; "
    'set the self-label "bot" or write it into the description there, or set a label for posts, and then resume.',
)


class BlueskyAccount:
    """One account, asked through its client."""

    def __init__(self, client: BlueskyClient, settings: BlueskySettings, clock: Callable[[], datetime]):
        self._client = client
        self._settings = settings
        self._clock = clock
        self._me: Profile | None = None

    async def me(self) -> Profile:
        """Returns whose password it is."""
        if not self._me:
            self._me = await self._client.profile()
        return self._me

    async def ready(self) -> None:
        """Check that the account can be used, and that it or its posts say that an AI writes them.

        Adds the self-label "bot" to the profile where the settings ask for that. Raises `Forbidden` if neither the
        posts nor the profile say it.
        """
        me = await self.me()
        if self._settings.label_account and not me.is_bot:
            await self._client.label_as_bot(me)
            self._me = me = await self._client.profile()
        if not self._settings.ai_label and not me.is_bot and not says_ai(*me.texts):
            self._me = None  # so the profile is read again after it was changed
            unmarked = UNMARKED(handle=self._settings.account)
            raise Forbidden(BLUESKY, unmarked, for_people=unmarked)

    async def post(self, post: Post) -> str:
        """Make a post. Returns its address."""
        try:
            reply = await self._reply_to(post.in_reply_to) if post.in_reply_to else None
        except InDoubt as error:
            # Nothing has been written yet.
            raise NotReached(BLUESKY, "the post that is answered cannot be looked up") from error
        return await self._client.put(record_key(post), record(post, post.sending_at or self._clock(), reply))

    async def made(self, posts: Sequence[Post], since_id: str) -> Mapping[int, str]:
        """Ask for each post by its key."""
        addresses = {post.id: await self._client.made(record_key(post)) for post in posts}
        return {post_id: uri for post_id, uri in addresses.items() if uri}

    async def engagement(self, ids: Sequence[str]) -> Mapping[str, Counts]:
        """Read the figures of posts, by their addresses."""
        rows = await self._client.posts(list(ids))
        return {str(row.get("uri")): _counts(row) for row in rows}

    async def newest_position(self) -> str:
        """The moment after the newest mention, or now if there is none."""
        rows, _ = await self._client.notifications()
        moments = [at for row in rows if (at := parsed_moment(row.get("indexedAt")))]
        return moment(max(moments) + timedelta(milliseconds=1) if moments else self._clock())

    async def mentions(self, position: str) -> list[Mention]:
        """Returns the mentions from `position` on, the oldest first. Those of that very moment come once more."""
        await self.me()
        mentions: list[Mention] = []
        cursor, since = "", parsed_moment(position)
        for _ in range(MAX_PAGES):
            rows, cursor = await self._client.notifications(cursor)
            page = [mention for row in rows if (mention := self._mention(row))]
            newer = [mention for mention in page if not since or not mention.created_at or mention.created_at >= since]
            mentions += newer
            if not cursor or len(newer) < len(page) or not page:
                break
        return mentions[::-1]

    async def _reply_to(self, uri: str) -> Record:
        """What a reply to the post at `uri` refers to. Raises `NotFound` if that post is gone."""
        did = (await self.me()).did
        if uri.startswith(f"at://{did}/"):
            # The AppView may not know a post that was made just now.
            return reply_to(await self._client.own_post(uri))
        for answered in await self._client.posts([uri]):
            try:
                return reply_to(answered)
            except (KeyError, TypeError, AttributeError) as error:
                raise Refused(BLUESKY, "The post that is answered cannot be read; leave it.") from error
        raise NotFound(BLUESKY, "Bluesky has the post that is answered no more; leave it.")

    def _mention(self, row: Record) -> Mention | None:
        """A notification as a mention; None if it cannot be read."""
        author, written = row.get("author"), row.get("record")
        uri, position = row.get("uri"), row.get("indexedAt")
        if not (isinstance(author, dict) and isinstance(written, dict)):
            return None
        if not (isinstance(uri, str) and isinstance(position, str) and isinstance(author.get("did"), str)):
            return None
        person = f"bluesky:{author['did']}"
        root = as_record(as_record(written.get("reply")).get("root")).get("uri")
        labels = author.get("labels")
        return Mention(
            id=uri,
            position=position,
            person=person,
            author=Author(
                person,
                str(author.get("handle") or ""),
                str(author.get("displayName") or ""),
                str(author.get("description") or ""),
                is_bot=isinstance(labels, list) and any(as_record(label).get("val") == BOT for label in labels),
            ),
            text=str(written.get("text") or ""),
            conversation=root if isinstance(root, str) else uri,
            created_at=parsed_moment(position),
            why_not="own" if self._me and author["did"] == self._me.did else "",
        )


def _counts(row: Record) -> Counts:
    """What people made of a post, as the AppView tells it."""
    likes, reposts, quotes, replies = (
        value if isinstance(value := row.get(f"{name}Count"), int) else 0
        for name in ("like", "repost", "quote", "reply")
    )
    return Counts(likes, reposts + quotes, replies)
