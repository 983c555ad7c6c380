"""The use case "post": tweets are drawn, checked and proposed. People approve, edit or reject them, or want another.

Knows the queue and its rules. Does not know X, Discord or the page, or how a post is sent, which the outbox does.
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
from bot.people.willing import Willing
from bot.posts.budget import Budget
from bot.posts.outbox import WITHDRAWN, Outbox
from bot.store import Store
from bot.store.notices import SendNotice
from bot.store.pauses import Pause
from bot.store.posts import Post, PostState
from huggingtweets.core.errors import NotEnoughDrafts
from huggingtweets.core.names import NO_VOICE, BlendName
from huggingtweets.generation.checks import Check
from huggingtweets.generation.writer import Tweets

WAITING: tuple[PostState, ...] = ("proposed", "queued", "sending", "unknown")
LAST_POSTS = 500  # a new post must repeat none of these
MAX_ROUNDS = 3  # of drawing; after these there is nothing to post
MAX_CHARACTERS = 2_000  # of an edited text; the rest is cut off before any check

Draw = Callable[[BlendName, int, str], Awaitable[Tweets]]


@dataclass(frozen=True, slots=True)
class Status:
    """How posting stands. `counts` are the posts in each state. Amounts are in US dollars, for this month."""

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
    """Returns how posting stands, in a sentence or two."""
    how = "a dry run, nothing is sent" if status.dry_run else f"as @{status.account}"
    if not status.dry_run and not status.connected:
        how = "not connected, the keys are not there"
    waiting = f"{status.counts.get('proposed', 0)} to approve, {status.counts.get('queued', 0)} approved"
    money = f"{status.spent_usd:.3f} of {status.budget_usd:.2f} USD spent this month"
    quiet = f" Quiet hours until {status.quiet_until:%Y-%m-%d %H:%M} UTC." if status.quiet_until else ""
    paused = f" Paused: {status.pause.reason.rstrip('.')}." if status.pause else ""
    return f"X: {how}; {waiting}; {money}.{quiet}{paused}"


class Posting:
    """The queue of one account. `draw(voice, count, context)` returns tweets that passed every check of the writer.

    `unwanted` are the checks for words that no answer may have. People can write them into a post, too.
    """

    def __init__(
        self,
        *,
        store: Store,
        willing: Willing,
        outbox: Outbox,
        draw: Draw,
        budget: Budget,
        settings: XSettings,
        connected: bool,
        notice: SendNotice | None = None,
        unwanted: Sequence[Check] = (),
    ):
        self._store = store
        self._willing = willing
        self._outbox = outbox
        self._draw = draw
        self._budget = budget
        self._settings = settings
        self._connected = connected
        self._notice = notice
        self._unwanted = unwanted
        self.account = outbox.account

    @property
    def is_set_up(self) -> bool:
        """Returns True if there is an account to post as, be it in a dry run."""
        return self._connected or (self._settings.dry_run and bool(self._settings.account))

    async def objection_to(self, text: str) -> str:
        """Returns why `text` cannot be posted, in a word or two; empty if it can."""
        return (await self._looked_at(text))[1]

    async def propose(
        self, voice: BlendName = NO_VOICE, *, by: str, key: str = "", automatic: bool | None = None
    ) -> Post:
        """Draw candidates of `voice` and propose the one least like the last posts, or queue it if that is automatic.

        Returns the post that is there if `key` was used before. Raises `PostRefused`, or what drawing raises.
        """
        voice = voice or self._settings.voice
        if not voice:
            raise PostRefused("Whose voice shall it be? Name one; my settings name none for all posts.")
        key = key or f"proposed:{secrets.token_hex(8)}"
        if post := await self._store.posts.by_key(key):
            return post
        await self._refuse_when_full()
        text, tweets = await self._candidate(voice)
        is_automatic = self._settings.automatic if automatic is None else automatic
        return await self._add(key, text, tweets.name, tweets.version, "queued" if is_automatic else "proposed", by)

    async def propose_by_clock(self, voice: BlendName, *, by: str, key: str) -> Post:
        """The same for a schedule: nobody waits for the answer, so admins are told that a post waits for approval."""
        post = await self.propose(voice, by=by, key=key)
        if self._notice and post.state == "proposed":
            text = f"A post for X waits for approval: /queue, or the queue on the page.\n@{post.voice}: {post.text}"
            await self._notice(f"proposed:{post.id}", text)
        return post

    async def offer(self, text: str, *, voice: BlendName, version: str, by: str, key: str = "") -> Post:
        """Queue a text that an admin picked, such as an answer in a chat. Picking it approves it."""
        await self._refuse_when_full()
        await self._refuse_unwanted(voice)
        text = await self._checked(text)
        return await self._add(key or f"offered:{secrets.token_hex(8)}", text, voice, version, "queued", by)

    async def answer(self, voice: BlendName, *, in_reply_to: str, key: str, context: str = "") -> Post:
        """Draw and queue an answer to `context`, which somebody said. The same `key` is answered once."""
        text, tweets = await self._candidate(voice, context)
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
        text = await self._checked(text, but=old.text)
        post = await self._store.posts.edit(post_id, text, by)
        if not post:
            raise PostRefused(f"Post {post_id} is {old.state} and cannot be edited any more.")
        await self._noted("x.edit", post, by)
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
            raise PostRefused(f"Post {post_id} is {old.state}: there is nothing to replace.")
        return await self.propose(old.voice, by=by, key=f"again:{post_id}", automatic=False)

    async def pause(self, by: str, reason: str = "") -> None:
        """Send nothing until somebody resumes, also after a restart."""
        await self._outbox.pause(reason or "somebody asked for it", by)
        await self._store.audit.add(by, "x.pause", self._outbox.subject)

    async def pause_by_x(self, reason: str) -> None:
        """Pause because X does not let the account do what it must. Admins are told."""
        await self._outbox.pause(reason, by="X")

    async def resume(self, by: str) -> bool:
        """End a pause. Returns True if there was one."""
        ended = await self._store.pauses.resume(self._outbox.subject)
        if ended:
            await self._store.audit.add(by, "x.resume", self._outbox.subject)
            self._outbox.wake()
        return ended

    async def status(self) -> Status:
        """Returns how posting stands."""
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

    async def _candidate(self, voice: BlendName, context: str = "") -> tuple[str, Tweets]:
        """Returns the candidate that is least like the last posts, with its label, and the tweets it is one of."""
        await self._refuse_unwanted(voice)
        last = await self._store.posts.last_texts(self.account, LAST_POSTS)
        proposed = [post.text for post in await self._store.posts.listed(self.account, ["proposed"], LAST_POSTS)]
        checks = self._checks([*last, *proposed])
        words_of_last = [words_of(without_label(text, self._settings.ai_label)) for text in last]
        refused: Counter[str] = Counter()
        for _ in range(MAX_ROUNDS):
            tweets = await self._draw(voice, self._settings.candidates, context)
            fit = []
            for text in map(as_post, tweets.texts):
                reason = objection(checks, text)
                if reason:
                    refused[reason] += 1
                else:
                    fit.append(text)
            if fit:
                return self._labelled(min(fit, key=lambda text: likeness(text, words_of_last))), tweets
        raise NotEnoughDrafts(voice, refused)

    async def _checked(self, text: str, but: str = "") -> str:
        """Returns `text` as it will be posted, with its label. Raises `PostRefused` with the reason if it cannot be."""
        text, reason = await self._looked_at(text, but)
        if reason:
            raise PostRefused(f"This cannot be posted ({reason}); change it and try again.")
        return self._labelled(text)

    async def _looked_at(self, text: str, but: str = "") -> tuple[str, str]:
        """Returns `text` as it would be posted, without its label, and why it cannot be (empty if it can)."""
        last = await self._store.posts.last_texts(self.account, LAST_POSTS)
        text = without_label(as_post(text[:MAX_CHARACTERS]), self._settings.ai_label)
        return text, objection(self._checks([other for other in last if other != but]), text) or ""

    def _checks(self, last_texts: Sequence[str]) -> tuple[Check, ...]:
        return checks_for(self._settings.blocked_words, last_texts, self._settings.ai_label, self._unwanted)

    def _labelled(self, text: str) -> str:
        return with_label(text, self._settings.ai_label)

    async def _refuse_unwanted(self, voice: BlendName) -> None:
        if not await self._willing.may_speak(voice):
            raise PostRefused(f"{voice} does not want to be imitated, or was forgotten; choose another voice.")

    async def _refuse_when_full(self) -> None:
        counts = await self._store.posts.counts(self.account)
        waiting = sum(counts.get(state, 0) for state in WAITING)
        if waiting >= self._settings.max_queued:
            raise PostRefused(f"{waiting} posts are waiting already; approve or reject some first.")

    async def _add(self, key: str, text: str, voice: BlendName, version: str, state: PostState, by: str) -> Post:
        post = await self._store.posts.add(key, self.account, text, state=state, voice=voice, version=version)
        if not post:
            post = await self._store.posts.by_key(key)
            assert post, "the key is taken, so its post is there"
            return post
        await self._noted("x.queue" if state == "queued" else "x.propose", post, by)
        if state == "queued":
            self._outbox.wake()
        return post

    async def _get(self, post_id: int) -> Post:
        """Returns a post of this account. Raises `PostRefused` if there is none of this number."""
        post = await self._store.posts.get(post_id)
        if not post or post.account != self.account:
            raise PostRefused(f"There is no post {post_id}.")
        return post

    async def _refuse_unfit(self, post: Post) -> None:
        """Raises `PostRefused` if another post with the same words was sent since this one was proposed."""
        try:
            await self._checked(post.text)
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
        await self._noted("x.approve" if new == "queued" else "x.reject", post, by)
        return post

    async def _noted(self, action: str, post: Post, by: str) -> None:
        await self._store.audit.add(by, action, f"post:{post.id}", voice=post.voice)


def _decided(post: Post) -> PostRefused:
    by = f", by {post.decided_by}" if post.decided_by else ""
    return PostRefused(f"Post {post.id} is {post.state} already{by}.")
