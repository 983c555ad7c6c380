"""Approved posts go out, each exactly once, whatever the far end answers and whenever the process dies.

Before the call the row says `sending`. After a doubtful answer, and after a start, the far end is asked what was made.
A post that is there was sent. A post that is not there `settle_seconds` after the try was not, and is sent again.
While a post is in doubt, no other post is sent.

Knows states, waits and pauses. Does not know networks: it is given a `Destination`, whose failures are those of
`upstream`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.clock.quiet import quiet_until
from bot.core.config import PostingSettings
from bot.core.errors import OverBudget, told
from bot.core.post_text.ai_label import with_label, without_label
from bot.core.post_text.threads import FitsAThread, parts_of
from bot.core.process.ongoing import Ongoing, woken
from bot.core.request_ids import working_on
from bot.people.willing import Willing
from bot.posts.budget import Kind, Spending
from bot.posts.destination import Destination
from bot.posts.place import Place
from bot.store import Store
from bot.store.notices import SendNotice
from bot.store.people.pauses import Pause
from bot.store.posts.outbox import Post
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote.upstream import (
    BadCredentials,
    Duplicate,
    Forbidden,
    InDoubt,
    NotReached,
    OutOfCredit,
    Patience,
    RateLimited,
    Refused,
    Suspended,
    Upstream,
)

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
SETTLE_POLL_SECONDS = 5.0  # between looks at the timeline while a post is in doubt
WITHDRAWN = "the voice was withdrawn"
BROKEN_OFF = "the part before it was not posted"
HAS_IT_ALREADY = "has this text already"
_LONGER_FOR_DUPLICATES = 3  # the network says that it has the text, so the post gets more time to appear


class Outbox(Ongoing):
    """Sends the posts of one account. Without a destination only a dry run takes posts out of the queue."""

    def __init__(
        self,
        *,
        store: Store,
        place: Place,
        destination: Destination | None,
        budget: Spending,
        settings: PostingSettings,
        willing: Willing,
        notice: SendNotice,
        clock: Callable[[], datetime],
        patience: Patience = Patience(first_seconds=2.0, longest_seconds=300.0),  # noqa: B008  frozen
    ):
        self.place = place
        self.account = place.account
        self.subject = place.subject
        self._store = store
        self._destination = destination
        self._budget = budget
        self._settings = settings
        self._willing = willing
        self._notice = notice
        self._clock = clock
        self._patience = patience
        self._failures = 0
        self._refusals = 0
        self._held_until: datetime | None = None
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def _go_on(self) -> None:
        while True:
            self._wake.clear()
            try:
                wait = await self.step()
                self._failures = 0
            except (PipelineError, OverBudget, TimeoutError) as error:
                log.warning("posting as %s waits: %s", self.account, error)
                wait = self._patience.delay(self._failures)
                self._failures += 1
            if wait > 0:
                await woken(self._wake, wait)

    async def step(self) -> float:
        """Settle what is in doubt, or send one post. Returns the seconds until there may be more to do."""
        if pause := await self._store.pauses.get(self.subject):
            await self._tell(pause)
            return POLL_SECONDS
        if self._held_until and (wait := (self._held_until - self._clock()).total_seconds()) > 0:
            return min(wait, POLL_SECONDS)
        # A dry run does not speak to the network. So a post stays in doubt, and holds no other one up.
        doubtful = [] if self._settings.dry_run else await self._store.posts.in_doubt(self.account)
        if doubtful:
            with working_on(post=doubtful[0].id):
                return await self._settle(doubtful)
        wait = await self._wait_before_post()
        # An answer to somebody who asked for one goes out at any hour.
        post = await self._store.posts.due(self.account, only_replies=wait > 0)
        if post:
            with working_on(post=post.id):
                return await self._send(post)
        return min(wait, POLL_SECONDS) if wait > 0 else POLL_SECONDS

    def quiet_until(self) -> datetime | None:
        """Returns when the quiet hours end, or None outside of them."""
        return quiet_until(self._clock(), self._settings.quiet_hours, self._settings.time_zone)

    async def pause(self, reason: Phrase, by: str) -> None:
        """Send nothing until somebody resumes. Admins are told once, also if the process is killed in between."""
        await self._store.pauses.pause(self.subject, reason, by)
        pause = await self._store.pauses.get(self.subject)
        if pause:
            await self._tell(pause)

    async def _tell(self, pause: Pause) -> None:
        if pause.by != self.place.network:
            return
        key = f"{self.subject} paused {pause.since.isoformat()}"
        text = Phrase(
            "Posting on {network} as @{handle} is paused: {why}",
            network=self.place.network,
            handle=self.place.handle,
            why=pause.why,
        )
        await self._notice(key, text)

    async def _wait_before_post(self) -> float:
        """Returns the seconds until the quiet hours, and the pause after the last post, are over."""
        now = self._clock()
        until = [now]
        if quiet := self.quiet_until():
            until.append(quiet)
        if last := await self._store.posts.last_sent_at(self.account):
            until.append(last + timedelta(minutes=self._settings.minutes_between_posts))
        return (max(until) - now).total_seconds()

    async def _send(self, post: Post) -> float:
        posts, destination = self._store.posts, self._destination
        is_dry = self._settings.dry_run or post.dry_run
        if not is_dry and not (destination and await self._is_ready(destination)):
            return POLL_SECONDS
        if not await self._willing.may_speak(post.voice):
            await posts.move(post.id, "queued", "rejected", error=WITHDRAWN, text="")
            await posts.end_thread(post.id, BROKEN_OFF)
            return 0
        text = await self._fitting_text(post)
        if not text:
            return 0
        if is_dry or not destination:
            if await posts.move(post.id, "queued", "sending", was=post.text, dry_run=True):
                await posts.move(post.id, "sending", "sent", text=text)
            return 0
        kind: Kind = "reply" if post.in_reply_to and not post.follows else "post"
        try:
            sending = await posts.send(
                post.id,
                was=post.text,
                text=text,
                kind=kind,
                micro_usd=self._budget.price(kind),
                since=self._budget.since,
                budget=self._budget.for_posting,
            )
        except OverBudget as error:
            month = f"{self._budget.since:%Y-%m}"
            text = Phrase("Posting as @{handle} waits: {why}", handle=self.place.handle, why=error.for_people)
            await self._notice(f"{self.subject} budget {month}", text)
            return POLL_SECONDS
        return await self._call(sending, destination) if sending else 0

    async def _fitting_text(self, post: Post) -> str:
        """Returns the text as it is sent. Empty if the post was made a thread, or is too long and was rejected."""
        label, has_room = self._settings.ai_label, self.place.has_room
        bare = without_label(post.text, label)
        is_whole = bool(post.in_reply_to) or await self._store.posts.is_in_thread(post)  # an answer, or a part already
        parts = parts_of(bare, label, 1 if is_whole else self._settings.thread_parts, has_room)
        if len(parts) == 1:
            return with_label(bare, label)
        if parts:
            await self._store.posts.split(post, [with_label(part, label) for part in parts])
        else:
            # It was queued while there was no label, or a shorter one.
            reason = FitsAThread(label, 1, has_room)(bare) or "empty"
            mend = f"{reason}; shorten it and queue it again"
            if await self._store.posts.move(post.id, "queued", "rejected", was=post.text, error=mend):
                await self._store.posts.end_thread(post.id, BROKEN_OFF)
        return ""

    async def _is_ready(self, destination: Destination) -> bool:
        try:
            await destination.ready()
        except (BadCredentials, OutOfCredit, Forbidden) as error:
            await self.pause(told(error), by=self.place.network)
            return False
        return True

    async def _call(self, post: Post, destination: Destination) -> float:
        """Make the call, and note what its outcome means for the post."""
        try:
            external_id = await destination.post(post)
        except Duplicate as error:
            await self._store.posts.move(post.id, "sending", "unknown", error=self._has_it_already)
            log.info("post %s: %s", post.id, error)
            return 0
        except InDoubt as error:
            await self._store.posts.move(post.id, "sending", "unknown", error=error.for_people)
            log.info("post %s is in doubt: %s", post.id, error)
            return 0
        except (NotReached, RateLimited) as error:
            log.info("post %s waits: %s", post.id, error)
            await self._store.posts.move(post.id, "sending", "queued", error=error.for_people)
            return self._hold(error)
        except Refused as error:
            await self._refused(post, error)
            return 0
        self._refusals = 0
        await self._sent(post, external_id)
        return 0

    def _hold(self, error: Upstream) -> float:
        """Ask nothing before the limit is over, and for a time that grows with each refusal."""
        now, until = self._clock(), error.until if isinstance(error, RateLimited) else None
        # The far end's clock may be behind ours: a limit whose end seems past may still be there.
        self._held_until = max(until or now, now) + timedelta(seconds=self._patience.delay(self._refusals))
        self._refusals += 1
        return 0

    async def _refused(self, post: Post, error: Refused) -> None:
        """If the account may not post now, pause it and keep the post. If only this post is wrong, give it up."""
        of_the_account = isinstance(error, BadCredentials | OutOfCredit | Suspended)
        is_answer = post.in_reply_to and not post.follows
        if of_the_account or (isinstance(error, Forbidden) and not is_answer):
            # The pause comes first: if the process is killed in between, nothing is sent, and the post is in doubt.
            await self.pause(told(error), by=self.place.network)
            await self._store.posts.move(post.id, "sending", "queued", error=error.for_people)
            return
        await self._failed(post, told(error))

    async def _failed(self, post: Post, why: str) -> None:
        text = await self._unnamed_if_withdrawn(post)
        moved = await self._store.posts.move(post.id, post.state, "failed", error=why, cost_micro_usd=0, **text)
        if moved and post.cost_micro_usd:
            await self._store.posts.spend(self.account, "not made", -post.cost_micro_usd)
        await self._store.posts.end_thread(post.id, BROKEN_OFF)

    async def _sent(self, post: Post, external_id: str) -> None:
        text = await self._unnamed_if_withdrawn(post)
        await self._store.posts.move(post.id, post.state, "sent", external_id=external_id, error="", **text)
        log.info("post %s was sent", post.id)

    async def _unnamed_if_withdrawn(self, post: Post) -> dict[str, str]:
        """If the person was forgotten meanwhile, only the bare record stays, so that the post is not sent again."""
        return {} if await self._willing.may_speak(post.voice) else {"text": "", "voice": "", "version": ""}

    @property
    def _has_it_already(self) -> str:
        return f"{self.place.network} {HAS_IT_ALREADY}"

    async def _settle(self, doubtful: Sequence[Post]) -> float:
        """Ask the far end which of the posts in doubt were made."""
        if not self._destination:
            return POLL_SECONDS
        asked_at = self._clock()
        try:
            newest = await self._store.posts.newest_external_id(self.account)
            made = await self._destination.made(doubtful, newest)
        except RateLimited as error:
            return self._hold(error)
        except (BadCredentials, OutOfCredit, Forbidden) as error:
            await self.pause(told(error), by=self.place.network)
            return 0
        self._refusals = 0
        waits = [await self._decide(post, made, asked_at) for post in doubtful]
        return max(waits)

    async def _decide(self, post: Post, made: Mapping[int, str], asked_at: datetime) -> float:
        """Decide whether a post was made. Returns the seconds until that is known."""
        if post.id in made:
            await self._sent(post, made[post.id])
            return 0
        is_duplicate = post.error == self._has_it_already
        settle = self._settings.settle_seconds * (_LONGER_FOR_DUPLICATES if is_duplicate else 1)
        left = settle - (asked_at - (post.sending_at or post.changed_at)).total_seconds()
        if left > 0:
            if post.state == "sending":
                await self._store.posts.move(post.id, "sending", "unknown", error="the process ended while it was sent")
            return min(left, SETTLE_POLL_SECONDS, settle / 4)
        if is_duplicate:
            await self._failed(post, f"{self._has_it_already}, from before; write another.")
        else:
            await self._store.posts.move(post.id, post.state, "queued", error="it was not there")
        return 0
