"""Approved posts go out, each exactly once, whatever the far end answers and whenever the process dies.

Before the call the row says `sending`. After a doubtful answer, and after a start, the account's own timeline decides.
A post that is on it was sent. A post that is not on it `settle_seconds` after the try was not, and is sent again.
While a post is in doubt, no other post is sent. So any newer post with the same text must be the one in doubt.

Knows states, waits and pauses. Does not know X: it is given a `Destination`, whose failures are those of `upstream`.
"""

import asyncio
import html
import logging
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.ai_label import Fits, with_label
from bot.core.config import XSettings
from bot.core.errors import OverBudget, told
from bot.core.ongoing import Ongoing, woken
from bot.core.quiet import quiet_until
from bot.people.willing import Willing
from bot.posts.budget import Budget, Kind
from bot.store import Store
from bot.store.notices import SendNotice
from bot.store.pauses import Pause
from bot.store.posts import Post
from huggingtweets.core.errors import PipelineError
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
CLOCKS_DIFFER = timedelta(minutes=15)  # a post that is so much older than the try must be another one
WITHDRAWN = "the voice was withdrawn"
DUPLICATE = "X has this text already"
_LONGER_FOR_DUPLICATES = 3  # X says that it has the text, so the post gets more time to appear
_ANSWERED = re.compile(r"(?:@\w+ )+")  # X puts the names of those whom a reply answers before its text


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post on the account's own timeline."""

    id: str
    text: str
    created_at: datetime | None


class Destination(Protocol):
    """The far end that posts are sent to."""

    async def ready(self) -> None:
        """Check, once, that it is the right account. Raises the errors of `upstream`."""
        ...

    async def post(self, text: str, in_reply_to: str) -> str:
        """Post `text`. Returns its id. Raises `InDoubt` if it may have been posted all the same."""
        ...

    async def own_posts(self, since_id: str) -> Sequence[OwnPost]:
        """Returns the account's posts after `since_id`, or the newest ones if it is empty.

        Raises `OverBudget`, or the errors of `upstream`.
        """
        ...


class Outbox(Ongoing):
    """Sends the posts of one account. Without a network only a dry run takes posts out of the queue."""

    def __init__(
        self,
        *,
        store: Store,
        account: str,
        network: Destination | None,
        budget: Budget,
        settings: XSettings,
        willing: Willing,
        notice: SendNotice,
        clock: Callable[[], datetime],
        patience: Patience = Patience(first_seconds=2.0, longest_seconds=300.0),  # noqa: B008  frozen
    ):
        self.account = account
        self.subject = f"x:{account}"
        self._store = store
        self._network = network
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
        # A dry run does not speak to X. So a post stays in doubt, and holds no other one up.
        doubtful = [] if self._settings.dry_run else await self._store.posts.in_doubt(self.account)
        if doubtful:
            return await self._settle(doubtful)
        wait = await self._wait_before_post()
        # An answer to somebody who asked for one goes out at any hour.
        post = await self._store.posts.due(self.account, only_replies=wait > 0)
        if post:
            return await self._send(post)
        return min(wait, POLL_SECONDS) if wait > 0 else POLL_SECONDS

    def quiet_until(self) -> datetime | None:
        """Returns when the quiet hours end, or None outside of them."""
        return quiet_until(self._clock(), self._settings.quiet_hours, self._settings.time_zone)

    async def pause(self, reason: str, by: str) -> None:
        """Send nothing until somebody resumes. Admins are told once, also if the process is killed in between."""
        await self._store.pauses.pause(self.subject, reason, by)
        pause = await self._store.pauses.get(self.subject)
        if pause:
            await self._tell(pause)

    async def _tell(self, pause: Pause) -> None:
        if pause.by != "X":
            return
        key = f"{self.subject} paused {pause.since.isoformat()}"
        await self._notice(key, f"Posting on X as @{self.account} is paused: {pause.reason}")

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
        posts, network = self._store.posts, self._network
        is_dry = self._settings.dry_run or post.dry_run
        if not is_dry and not (network and await self._is_ready(network)):
            return POLL_SECONDS
        if not await self._willing.may_speak(post.voice):
            await posts.move(post.id, "queued", "rejected", error=WITHDRAWN, text="")
            return 0
        text = with_label(post.text, self._settings.ai_label)
        if reason := Fits(self._settings.ai_label)(text):
            # It was queued while there was no label, or a shorter one.
            await posts.move(post.id, "queued", "rejected", error=f"{reason}; shorten it and queue it again")
            return 0
        if is_dry or not network:
            if await posts.move(post.id, "queued", "sending", dry_run=True):
                await posts.move(post.id, "sending", "sent", text=text)
            return 0
        kind: Kind = "reply" if post.in_reply_to else "post"
        try:
            sending = await posts.send(
                post.id,
                text=text,
                kind=kind,
                micro_usd=self._budget.price(kind),
                since=self._budget.since,
                budget=self._budget.for_posting,
            )
        except OverBudget as error:
            month = f"{self._budget.since:%Y-%m}"
            await self._notice(
                f"{self.subject} budget {month}", f"Posting as @{self.account} waits: {error.for_people}"
            )
            return POLL_SECONDS
        return await self._call(sending, network) if sending else 0

    async def _is_ready(self, network: Destination) -> bool:
        try:
            await network.ready()
        except (BadCredentials, OutOfCredit, Forbidden) as error:
            await self.pause(told(error), by="X")
            return False
        return True

    async def _call(self, post: Post, network: Destination) -> float:
        """Make the call, and note what its outcome means for the post."""
        try:
            external_id = await network.post(post.text, post.in_reply_to)
        except Duplicate as error:
            await self._store.posts.move(post.id, "sending", "unknown", error=DUPLICATE)
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
        """Ask X nothing before its limit is over, and for a time that grows with each refusal."""
        now, until = self._clock(), error.until if isinstance(error, RateLimited) else None
        # X's clock may be behind ours: a limit whose end seems past may still be there.
        self._held_until = max(until or now, now) + timedelta(seconds=self._patience.delay(self._refusals))
        self._refusals += 1
        return 0

    async def _refused(self, post: Post, error: Refused) -> None:
        """If the account may not post now, pause it and keep the post. If only this post is wrong, give it up."""
        of_the_account = isinstance(error, BadCredentials | OutOfCredit | Suspended)
        if of_the_account or (isinstance(error, Forbidden) and not post.in_reply_to):
            # The pause comes first: if the process is killed in between, nothing is sent, and the post is in doubt.
            await self.pause(told(error), by="X")
            await self._store.posts.move(post.id, "sending", "queued", error=error.for_people)
            return
        await self._failed(post, told(error))

    async def _failed(self, post: Post, why: str) -> None:
        moved = await self._store.posts.move(post.id, post.state, "failed", error=why, cost_micro_usd=0)
        if moved and post.cost_micro_usd:
            await self._store.posts.spend(self.account, "not made", -post.cost_micro_usd)

    async def _sent(self, post: Post, external_id: str) -> None:
        # If the person was forgotten meanwhile, only the bare record stays, so that the post is not sent again.
        text = {"text": "", "voice": "", "version": ""} if not await self._willing.may_speak(post.voice) else {}
        await self._store.posts.move(post.id, post.state, "sent", external_id=external_id, error="", **text)

    async def _settle(self, doubtful: Sequence[Post]) -> float:
        """Look for the posts in doubt on the account's own timeline."""
        if not self._network:
            return POLL_SECONDS
        asked_at = self._clock()
        try:
            own_posts = await self._network.own_posts(await self._store.posts.newest_external_id(self.account))
        except RateLimited as error:
            return self._hold(error)
        except (BadCredentials, OutOfCredit, Forbidden) as error:
            await self.pause(told(error), by="X")
            return 0
        self._refusals = 0
        waits = [await self._decide(post, own_posts, asked_at) for post in doubtful]
        return max(waits)

    async def _decide(self, post: Post, own_posts: Sequence[OwnPost], asked_at: datetime) -> float:
        """Decide whether a post was made. Returns the seconds until that is known."""
        tried_at = post.sending_at or post.changed_at
        earliest = tried_at - CLOCKS_DIFFER
        same = [own for own in own_posts if is_text_of(post, own.text) and (own.created_at or tried_at) >= earliest]
        if same:
            await self._sent(post, same[0].id)
            return 0
        settle = self._settings.settle_seconds * (_LONGER_FOR_DUPLICATES if post.error == DUPLICATE else 1)
        left = settle - (asked_at - tried_at).total_seconds()
        if left > 0:
            if post.state == "sending":
                await self._store.posts.move(post.id, "sending", "unknown", error="the process ended while it was sent")
            return min(left, SETTLE_POLL_SECONDS, settle / 4)
        if post.error == DUPLICATE:
            await self._failed(post, f"{DUPLICATE}, from before; write another.")
        else:
            await self._store.posts.move(post.id, post.state, "queued", error="it was not on the timeline")
        return 0


def is_text_of(post: Post, given: str) -> bool:
    """Returns True if `given` is how X shows the text of `post`: in a reply, names of people come first."""
    wanted, shown = in_one_form(post.text), in_one_form(given)
    if not post.in_reply_to or not shown.endswith(wanted):
        return shown == wanted
    before = shown.removesuffix(wanted)
    return not before or bool(_ANSWERED.fullmatch(before))


def in_one_form(text: str) -> str:
    """Returns a text in one form, because X may change it: unescaped, in NFC, with single blanks."""
    return unicodedata.normalize("NFC", " ".join(html.unescape(text).split()))
