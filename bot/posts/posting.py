"""The use case "post": tweets are drawn, checked and proposed. People approve, edit or reject them, or want another.

Knows the queue and its rules. Does not know networks, Discord or the page, or how a post is sent, which the outbox
does.
"""

import logging
import secrets
from collections.abc import Sequence

from bot.core.config import PostingSettings
from bot.core.errors import PostRefused
from bot.people.willing import Willing
from bot.posts.budget import MICRO, Spending
from bot.posts.candidates import Candidates, Draw
from bot.posts.outbox import BROKEN_OFF, WITHDRAWN, Outbox
from bot.posts.post_words import standing_of
from bot.posts.status import Status
from bot.store import Store
from bot.store.notices import SendNotice
from bot.store.posts.outbox import Post, PostState
from bot.voices.tastes import Tastes
from huggingtweets.core.people.names import NO_VOICE, BlendName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.checks import Check

log = logging.getLogger(__name__)

WAITING: tuple[PostState, ...] = ("proposed", "queued", "sending", "unknown")


class Posting:
    """The queue of one account. `draw`, `unwanted` and `tastes` are as in `Candidates`."""

    def __init__(
        self,
        *,
        store: Store,
        willing: Willing,
        outbox: Outbox,
        draw: Draw,
        budget: Spending,
        settings: PostingSettings,
        connected: bool,
        notice: SendNotice | None = None,
        unwanted: Sequence[Check] = (),
        tastes: Tastes | None = None,
    ):
        self._store = store
        self._willing = willing
        self._outbox = outbox
        self._budget = budget
        self._settings = settings
        self._connected = connected
        self._notice = notice
        self.place = outbox.place
        self._candidates = Candidates(
            posts=store.posts, place=self.place, draw=draw, settings=settings, unwanted=unwanted, tastes=tastes
        )
        self.account = outbox.account

    @property
    def has_a_voice(self) -> bool:
        """Returns True if the settings name a voice for posts here."""
        return bool(self._settings.voice)

    @property
    def is_set_up(self) -> bool:
        """Returns True if there is an account to post as, be it in a dry run."""
        return self._connected or (self._settings.dry_run and bool(self._settings.account))

    @property
    def is_dry_run(self) -> bool:
        """Returns True if nothing is sent."""
        return self._settings.dry_run

    async def objection_to(self, text: str) -> str:
        """Returns why `text` cannot be posted, in a word or two; empty if it can."""
        return (await self._candidates.looked_at(text))[1]

    async def propose(
        self,
        voice: BlendName = NO_VOICE,
        *,
        by: str,
        key: str = "",
        automatic: bool | None = None,
        like: Post | None = None,
    ) -> Post:
        """Draw candidates of `voice` and propose the one least like the last posts, or queue it if that is automatic.

        If `like` is a post of another place, its text is proposed here, too, where it passes the checks.

        Returns the post that is there if `key` was used before. Raises `PostRefused`, or what drawing raises.
        """
        voice = voice or self._settings.voice
        if not voice:
            raise PostRefused(Phrase("Whose voice shall it be? Name one; my settings name none for all posts."))
        key = key or f"proposed:{secrets.token_hex(8)}"
        if post := await self._store.posts.by_key(key):
            return post
        await self._refuse_when_full()
        is_automatic = self._settings.automatic if automatic is None else automatic
        state: PostState = "queued" if is_automatic else "proposed"
        if like and (text := await self._same_text(like)):
            return await self._add(key, text, like.voice, like.version, state, by)
        await self._refuse_unwanted(voice)
        text, tweets = await self._candidates.draw(voice)
        return await self._add(key, text, tweets.name, tweets.version, state, by)

    async def _same_text(self, other: Post) -> str:
        """Returns the text of a post of another place as it can be posted here; empty if it cannot be."""
        if other.state in ("rejected", "failed") or not await self._willing.may_speak(other.voice):
            return ""
        text, reason = await self._candidates.looked_at(other.text)
        return "" if reason else self._candidates.labelled(text)

    async def propose_by_clock(self, voice: BlendName, *, by: str, key: str, like: Post | None = None) -> Post:
        """The same for a schedule: nobody waits for the answer, so admins are told that a post waits for approval."""
        post = await self.propose(voice, by=by, key=key, like=like)
        if self._notice and post.state == "proposed":
            text = Phrase(
                "A post for {network} waits for approval: /queue, or the queue on the page.\n@{voice}: {text}",
                network=self.place.network,
                voice=post.voice,
                text=post.text,
            )
            await self._notice(f"proposed:{post.id}", text)
        return post

    async def offer(self, text: str, *, voice: BlendName, version: str, by: str, key: str = "") -> Post:
        """Queue a text that an admin picked, such as an answer in a chat. Picking it approves it.

        Returns the post that is there if `key` was used before.
        """
        if key and (post := await self._store.posts.by_key(key)):
            return post
        await self._refuse_when_full()
        await self._refuse_unwanted(voice)
        text = await self._candidates.checked(text)
        return await self._add(key or f"offered:{secrets.token_hex(8)}", text, voice, version, "queued", by)

    async def answer(self, voice: BlendName, *, in_reply_to: str, key: str, context: str = "") -> Post:
        """Draw and queue an answer to `context`, which somebody said. The same `key` is answered once."""
        await self._refuse_unwanted(voice)
        text, tweets = await self._candidates.draw(voice, context)
        await self._store.posts.add(
            key,
            self.account,
            text,
            state="queued",
            voice=tweets.name,
            version=tweets.version,
            in_reply_to=in_reply_to,
        )
        post = await self._store.posts.by_key(key)
        assert post
        self._outbox.wake()
        return post

    async def queue(self, limit: int = 50) -> list[Post]:
        """Returns the posts that wait for approval or are on their way, the next one first."""
        await self.sweep()
        return await self._store.posts.listed(self.account, WAITING, limit)

    async def sweep(self) -> int:
        """Reject posts in voices that may not speak any more, and delete their texts. Returns how many there were."""
        waiting = await self._store.posts.listed(self.account, ("proposed", "queued"), self._settings.max_queued)
        willing = await self._willing.among({post.voice for post in waiting})
        withdrawn = [post for post in waiting if post.voice not in willing]
        for post in withdrawn:
            await self._store.posts.move(post.id, post.state, "rejected", error=WITHDRAWN, text="")
        return len(withdrawn)

    async def recent(self, limit: int = 20) -> list[Post]:
        """Returns the posts that were sent, were rejected or failed, the newest first."""
        return await self._store.posts.latest(self.account, ("sent", "failed", "rejected"), limit)

    async def approve(self, post_id: int, by: str) -> Post:
        """Let a proposed post go out. Raises `PostRefused` if somebody decided before."""
        await self._refuse_unfit(await self._get(post_id))
        post = await self._moved(post_id, "proposed", "queued", by)
        self._outbox.wake()
        return post

    async def edit(self, post_id: int, text: str, by: str) -> Post:
        """Change the text of a post that is not on its way yet. The new text must pass the same checks."""
        old = await self._get(post_id)
        parts = 1 if await self._store.posts.is_in_thread(old) else self._settings.thread_parts
        text = await self._candidates.checked(text, but=old.text, parts=parts)
        post = await self._store.posts.edit(post_id, text, by)
        if not post:
            raise PostRefused(Phrase("Post {post_id} cannot be edited any more.", post_id=post_id))
        await self._noted(self.place.act("edit"), post, by)
        return post

    async def reject(self, post_id: int, by: str) -> Post:
        """Never send this post. Works until it is on its way."""
        old = await self._get(post_id)
        return await self._moved(post_id, "queued" if old.state == "queued" else "proposed", "rejected", by)

    async def again(self, post_id: int, by: str) -> Post:
        """Replace a post by another candidate of the same voice. A second call returns the same replacement."""
        old = await self._get(post_id)
        if old.state in ("proposed", "queued"):
            await self.reject(post_id, by)
        elif old.state != "rejected":
            raise PostRefused(Phrase("Post {post_id} cannot be replaced any more.", post_id=post_id))
        return await self.propose(old.voice, by=by, key=f"again:{post_id}", automatic=False)

    async def pause(self, by: str, reason: str = "") -> None:
        """Send nothing until somebody resumes, also after a restart."""
        await self._outbox.pause(Phrase.verbatim(reason.rstrip(".")) if reason else Phrase("somebody asked for it"), by)
        await self._store.audit.add(by, self.place.act("pause"), self._outbox.subject)

    async def pause_by_network(self, reason: Phrase) -> None:
        """Pause because the network does not let the account do what it must. Admins are told."""
        await self._outbox.pause(reason, by=self.place.network)

    async def resume(self, by: str) -> bool:
        """End a pause. Returns True if there was one."""
        ended = await self._store.pauses.resume(self._outbox.subject)
        if ended:
            await self._store.audit.add(by, self.place.act("resume"), self._outbox.subject)
            self._outbox.wake()
        return ended

    async def status(self) -> Status:
        """Returns how posting stands."""
        return Status(
            place=self.place,
            connected=self._connected,
            dry_run=self._settings.dry_run,
            automatic=self._settings.automatic,
            pause=await self._store.pauses.get(self._outbox.subject),
            quiet_until=self._outbox.quiet_until(),
            counts=await self._store.posts.counts(self.account),
            spent_usd=await self._budget.spent_usd(),
            budget_usd=self._budget.limit / MICRO,
        )

    async def taste_in_words(self, voice: BlendName) -> str:
        """Returns what is known of what people like of a voice, in a sentence; empty if that is nothing."""
        return await self._candidates.taste_in_words(voice)

    async def _refuse_unwanted(self, voice: BlendName) -> None:
        if not await self._willing.may_speak(voice):
            raise PostRefused(
                Phrase("{voice} does not want to be imitated, or was forgotten; choose another voice.", voice=voice)
            )

    async def _refuse_when_full(self) -> None:
        waiting = await self._store.posts.waiting(self.account, WAITING)
        if waiting >= self._settings.max_queued:
            raise PostRefused(
                Phrase("{waiting} posts are waiting already; approve or reject some first.", waiting=waiting)
            )

    async def _add(self, key: str, text: str, voice: BlendName, version: str, state: PostState, by: str) -> Post:
        post = await self._store.posts.add(key, self.account, text, state=state, voice=voice, version=version)
        if not post:
            post = await self._store.posts.by_key(key)
            assert post, "the key is taken, so its post is there"
            return post
        log.info("post %d is %s", post.id, state)
        await self._noted(self.place.act("queue" if state == "queued" else "propose"), post, by)
        if state == "queued":
            self._outbox.wake()
        return post

    async def _get(self, post_id: int) -> Post:
        """Returns a post of this account. Raises `PostRefused` if there is none of this number."""
        post = await self._store.posts.get(post_id)
        if not post or post.account != self.account:
            raise PostRefused(Phrase("There is no post {post_id}.", post_id=post_id))
        return post

    async def _refuse_unfit(self, post: Post) -> None:
        """Raises `PostRefused` if another post with the same words was sent since this one was proposed."""
        try:
            await self._candidates.checked(post.text)
        except PostRefused:
            now = await self._get(post.id)
            if now.state == "proposed":
                raise
            # Somebody else has approved it, so its own words are among the last ones.
            raise _decided(now) from None

    async def _moved(self, post_id: int, old: PostState, new: PostState, by: str) -> Post:
        post = await self._store.posts.move(post_id, old, new, decided_by=by)
        if not post:
            raise _decided(await self._get(post_id))
        if new == "rejected":
            await self._store.posts.end_thread(post.id, BROKEN_OFF)
        await self._noted(self.place.act("approve" if new == "queued" else "reject"), post, by)
        return post

    async def _noted(self, action: str, post: Post, by: str) -> None:
        await self._store.audit.add(by, action, f"post:{post.id}", voice=post.voice)


def _decided(post: Post) -> PostRefused:
    number, standing = post.id, standing_of(post)
    if not post.decided_by:
        return PostRefused(Phrase("Post {id} is decided already: it {standing}.", id=number, standing=standing))
    return PostRefused(
        Phrase(
            "Post {id} is decided already, by {person}: it {standing}.",
            id=number,
            person=post.decided_by,
            standing=standing,
        )
    )
