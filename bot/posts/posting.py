"""The use case "post": candidates are drawn, checked and proposed; people approve, edit, reject or ask for another.

Knows the queue and its rules. Does not know X, Discord or the page, nor how a post is sent: that is the outbox's.
"""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.ai_label import with_label, without_label
from bot.core.config import XSettings
from bot.core.errors import PostRefused
from bot.core.post_checks import as_post, checks_for, likeness, objection, words_of
from bot.posts.budget import Budget
from bot.posts.outbox import WITHDRAWN, Outbox
from bot.store import Store
from bot.store.notices import SendNotice
from bot.store.pauses import Pause
from bot.store.posts import Post, PostState
from huggingtweets.core.errors import NotEnoughDrafts
from huggingtweets.generation.checks import Check
from huggingtweets.generation.writer import Tweets

WAITING: tuple[PostState, ...] = ("proposed", "queued", "sending", "unknown")
LAST_POSTS = 500  # that a new one must not repeat
MAX_ROUNDS = 3  # of drawing, before it is said that there is nothing to post
MAX_CHARACTERS = 2_000  # of an edited text before it is even looked at

Draw = Callable[[str, int], Awaitable[Tweets]]


@dataclass(frozen=True, slots=True)
class Status:
    """How posting stands. `counts` are the posts in each state; amounts are in US dollars and of this month."""

    account: str
    connected: bool
    dry_run: bool
    automatic: bool
    pause: Pause | None
    quiet_until: datetime | None
    counts: dict[str, int]
    spent_usd: float
    budget_usd: float


def standing(status: Status) -> str:
    """How posting stands, in a sentence or two."""
    how = "a dry run, nothing is sent" if status.dry_run else f"as @{status.account}"
    if not status.dry_run and not status.connected:
        how = "not connected, the keys are not there"
    waiting = f"{status.counts.get('proposed', 0)} to approve, {status.counts.get('queued', 0)} approved"
    money = f"{status.spent_usd:.3f} of {status.budget_usd:.2f} USD spent this month"
    quiet = f" Quiet hours until {status.quiet_until:%Y-%m-%d %H:%M} UTC." if status.quiet_until else ""
    paused = f" Paused: {status.pause.reason.rstrip('.')}." if status.pause else ""
    return f"X: {how}; {waiting}; {money}.{quiet}{paused}"


class Posting:
    """The queue of one account. `draw(voice, count)` gives tweets of a voice that pass every check of the engine's."""

    def __init__(
        self,
        *,
        store: Store,
        outbox: Outbox,
        draw: Draw,
        budget: Budget,
        settings: XSettings,
        connected: bool,
        notice: SendNotice | None = None,
    ):
        self._store = store
        self._outbox = outbox
        self._draw = draw
        self._budget = budget
        self._settings = settings
        self._connected = connected
        self._notice = notice
        self.account = outbox.account

    @property
    def is_set_up(self) -> bool:
        """Returns True if there is an account to post as, be it in a dry run."""
        return self._connected or (self._settings.dry_run and bool(self._settings.account))

    async def objection_to(self, text: str) -> str:
        """Why `text` cannot be posted, in a word or two; empty when it can."""
        return (await self._looked_at(text))[1]

    async def propose(self, voice: str = "", *, by: str, key: str = "", automatic: bool | None = None) -> Post:
        """Draw candidates of `voice` and propose the one least like the last posts; queue it where that is automatic.

        The same `key` proposes once, and gives the post that is there. Raises `PostRefused`, or what drawing raises.
        """
        chosen = voice or self._settings.voice
        if not chosen:
            raise PostRefused("Whose voice shall it be? Name one; my settings name none for all posts.")
        key = key or f"proposed:{secrets.token_hex(8)}"
        if known := await self._store.posts.by_key(key):
            return known
        await self._refuse_when_full()
        text, tweets = await self._candidate(chosen)
        is_automatic = self._settings.automatic if automatic is None else automatic
        return await self._add(key, text, tweets.name, tweets.version, "queued" if is_automatic else "proposed", by)

    async def propose_by_clock(self, voice: str, *, by: str, key: str) -> Post:
        """The same when nobody is there who waits for it: the admins are told of what waits for their approval."""
        post = await self.propose(voice, by=by, key=key)
        if self._notice and post.state == "proposed":
            text = f"A post for X waits for approval: /queue, or the queue on the page.\n@{post.voice}: {post.text}"
            await self._notice(f"proposed:{post.id}", text)
        return post

    async def offer(self, text: str, *, voice: str, version: str, by: str, key: str = "") -> Post:
        """Queue a text that an admin has picked, as from an answer in a chat; it is approved by that."""
        await self._refuse_when_full()
        await self._refuse_unwanted(voice)
        text = await self._checked(text)
        return await self._add(key or f"offered:{secrets.token_hex(8)}", text, voice, version, "queued", by)

    async def answer(self, voice: str, *, in_reply_to: str, key: str) -> Post:
        """Draw and queue an answer to somebody who asked for one; the same `key` once."""
        text, tweets = await self._candidate(voice)
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
        """What waits for approval or is on its way, by when it is due."""
        await self.sweep()
        return await self._store.posts.listed(self.account, WAITING, limit)

    async def sweep(self) -> int:
        """Reject what waits in a voice of somebody who was forgotten or wants no imitation, and delete its text."""
        waiting = await self._store.posts.listed(self.account, ("proposed", "queued"), self._settings.max_queued)
        unwanted = [voice for voice in {post.voice for post in waiting} if await self._outbox.is_unwanted(voice)]
        gone = [post for post in waiting if post.voice in unwanted]
        for post in gone:
            await self._store.posts.move(post.id, post.state, "rejected", error=WITHDRAWN, text="")
        return len(gone)

    async def recent(self, limit: int = 20) -> list[Post]:
        """What was sent, rejected or failed, the newest first."""
        return await self._store.posts.latest(self.account, ("sent", "failed", "rejected"), limit)

    async def approve(self, post_id: int, by: str) -> Post:
        """Let a proposed post go out; raises `PostRefused` when it was decided already."""
        await self._refuse_unfit(await self._known(post_id))
        post = await self._moved(post_id, "proposed", "queued", by)
        self._outbox.wake()
        return post

    async def edit(self, post_id: int, text: str, by: str) -> Post:
        """Give a post that is not on its way yet another text, which passes the same checks."""
        old = await self._known(post_id)
        text = await self._checked(text, but=old.text)
        post = await self._store.posts.edit(post_id, text, by)
        if not post:
            raise PostRefused(f"Post {post_id} is {old.state} and cannot be edited any more.")
        await self._noted("x.edit", post, by)
        return post

    async def reject(self, post_id: int, by: str) -> Post:
        """Never post this; works until it is on its way."""
        old = await self._known(post_id)
        return await self._moved(post_id, "queued" if old.state == "queued" else "proposed", "rejected", by)

    async def again(self, post_id: int, by: str) -> Post:
        """Another candidate of the same voice in place of this one. Asked twice, it gives the same other one."""
        old = await self._known(post_id)
        if old.state in ("proposed", "queued"):
            await self.reject(post_id, by)
        elif old.state != "rejected":
            raise PostRefused(f"Post {post_id} is {old.state}: there is nothing to replace.")
        return await self.propose(old.voice, by=by, key=f"again:{post_id}", automatic=False)

    async def pause(self, by: str, reason: str = "") -> None:
        """Send nothing until somebody resumes, also after a restart."""
        await self._outbox.pause(reason or "somebody asked for it", by)
        await self._store.audit.add(by, "x.pause", self._outbox.subject)

    async def pause_by_x(self, reason: str) -> None:
        """X does not let the account do what it must; the admins are told."""
        await self._outbox.pause(reason, by="X")

    async def resume(self, by: str) -> bool:
        """Go on; whether there was a pause."""
        ended = await self._store.pauses.resume(self._outbox.subject)
        if ended:
            await self._store.audit.add(by, "x.resume", self._outbox.subject)
            self._outbox.wake()
        return ended

    async def status(self) -> Status:
        """How posting stands."""
        return Status(
            account=self.account,
            connected=self._connected,
            dry_run=self._settings.dry_run,
            automatic=self._settings.automatic,
            pause=await self._store.pauses.get(self._outbox.subject),
            quiet_until=self._outbox.quiet_until(),
            counts=await self._store.posts.counts(self.account),
            spent_usd=await self._budget.spent_usd(),
            budget_usd=self._settings.monthly_budget_usd,
        )

    async def _candidate(self, voice: str) -> tuple[str, Tweets]:
        """The candidate that is least like what was posted before."""
        await self._refuse_unwanted(voice)
        last = await self._store.posts.last_texts(self.account, LAST_POSTS)
        proposed = [post.text for post in await self._store.posts.listed(self.account, ["proposed"], LAST_POSTS)]
        checks = self._checks([*last, *proposed])
        known = [words_of(without_label(text, self._settings.ai_label)) for text in last]
        refused: Counter[str] = Counter()
        for _ in range(MAX_ROUNDS):
            tweets = await self._draw(voice, self._settings.candidates)
            fit = []
            for text in map(as_post, tweets.texts):
                reason = objection(checks, text)
                if reason:
                    refused[reason] += 1
                else:
                    fit.append(text)
            if fit:
                return self._labelled(min(fit, key=lambda text: likeness(text, known))), tweets
        raise NotEnoughDrafts(voice, refused)

    async def _checked(self, text: str, but: str = "") -> str:
        """`text` as it will be posted, with its label; raises `PostRefused` with the check that it does not pass."""
        text, reason = await self._looked_at(text, but)
        if reason:
            raise PostRefused(f"This cannot be posted ({reason}); change it and try again.")
        return self._labelled(text)

    async def _looked_at(self, text: str, but: str = "") -> tuple[str, str]:
        """`text` as it will be posted, without its label, and why it cannot be."""
        last = await self._store.posts.last_texts(self.account, LAST_POSTS)
        text = without_label(as_post(text[:MAX_CHARACTERS]), self._settings.ai_label)
        return text, objection(self._checks([known for known in last if known != but]), text) or ""

    def _checks(self, last_texts: Sequence[str]) -> tuple[Check, ...]:
        return checks_for(self._settings.blocked_words, last_texts, self._settings.ai_label)

    def _labelled(self, text: str) -> str:
        return with_label(text, self._settings.ai_label)

    async def _refuse_unwanted(self, voice: str) -> None:
        if await self._outbox.is_unwanted(voice):
            raise PostRefused(f"{voice} does not want to be imitated, or was forgotten; choose another voice.")

    async def _refuse_when_full(self) -> None:
        counts = await self._store.posts.counts(self.account)
        waiting = sum(counts.get(state, 0) for state in WAITING)
        if waiting >= self._settings.max_queued:
            raise PostRefused(f"{waiting} posts are waiting already; approve or reject some first.")

    async def _add(self, key: str, text: str, voice: str, version: str, state: PostState, by: str) -> Post:
        post = await self._store.posts.add(key, self.account, text, state=state, voice=voice, version=version)
        if not post:
            known = await self._store.posts.by_key(key)
            assert known, "a key that is taken is there"
            return known
        await self._noted("x.queue" if state == "queued" else "x.propose", post, by)
        if state == "queued":
            self._outbox.wake()
        return post

    async def _known(self, post_id: int) -> Post:
        post = await self._store.posts.get(post_id)
        if not post or post.account != self.account:
            raise PostRefused(f"There is no post {post_id}.")
        return post

    async def _refuse_unfit(self, post: Post) -> None:
        """It may have been proposed before another one with the same words was sent."""
        try:
            await self._checked(post.text)
        except PostRefused:
            now = await self._known(post.id)
            if now.state == "proposed":
                raise
            # Its own words are among the last ones since somebody else has approved it.
            raise _decided(now) from None

    async def _moved(self, post_id: int, old: PostState, new: PostState, by: str) -> Post:
        post = await self._store.posts.move(post_id, old, new, decided_by=by)
        if not post:
            raise _decided(await self._known(post_id))
        await self._noted("x.approve" if new == "queued" else "x.reject", post, by)
        return post

    async def _noted(self, action: str, post: Post, by: str) -> None:
        await self._store.audit.add(by, action, f"post:{post.id}", voice=post.voice)


def _decided(post: Post) -> PostRefused:
    by = f", by {post.decided_by}" if post.decided_by else ""
    return PostRefused(f"Post {post.id} is {post.state} already{by}.")
