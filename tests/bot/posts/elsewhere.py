"""What tests of posting on Bluesky and Mastodon share: all parts that post at one place, without tasks of their own."""

from dataclasses import dataclass, field
from typing import Any

from bot.core.config import PostingSettings
from bot.posts.budget import FreeOfCharge
from bot.posts.mentions import AnsweredMentions
from bot.posts.outbox import Outbox
from bot.posts.place import Place
from bot.posts.posting import Posting
from bot.store import Store
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import QUICK, SECONDS, Drawing, Time, willing_beside

AT_ONCE: dict[str, Any] = {"dry_run": False, "quiet_hours": "", "minutes_between_posts": 0.0, "voice": "ann"}
AT_ONCE |= {"ai_label": "", "timeout_seconds": SECONDS}


async def voices() -> list[VoiceName]:
    return [VoiceName("ann"), VoiceName("bob")]


@dataclass
class Elsewhere:
    """A place, and the parts that post there as `account`."""

    place: Place
    settings: PostingSettings
    store: Store
    time: Time
    account: Any = field(kw_only=True)
    drawing: Drawing = field(
        default_factory=lambda: Drawing(("a fine day at the shore", "the fog came in early", "gulls over the pier")),
        kw_only=True,
    )

    def __post_init__(self) -> None:
        willing, notice = willing_beside(self.store), self.store.notices.add
        self.outbox = Outbox(
            store=self.store, place=self.place, destination=self.account, budget=FreeOfCharge(),
            settings=self.settings, willing=willing, notice=notice, clock=self.time, patience=QUICK,
        )  # fmt: skip
        self.posting = Posting(
            store=self.store, willing=willing, outbox=self.outbox, draw=self.drawing, budget=FreeOfCharge(),
            settings=self.settings, connected=True, notice=notice,
        )  # fmt: skip

    async def queued(self, *texts: str, **more: Any) -> None:
        for text in texts:
            key = f"{text} {self.place.account}"
            await self.store.posts.add(key, self.place.account, text, state="queued", due_at=self.time.now, **more)

    async def steps(self) -> None:
        """Take steps until there is nothing to do at once."""
        for _ in range(20):
            if await self.outbox.step() > 0:
                return

    async def states(self) -> dict[str, str]:
        every = ("proposed", "queued", "sending", "unknown", "sent", "failed", "rejected")
        return {post.text: post.state for post in await self.store.posts.latest(self.place.account, every)}

    async def notices(self) -> list[str]:
        return [notice.text for notice in await self.store.notices.untold()]

    async def mention_states(self, *ids: str) -> list[str | None]:
        return [await self.store.mentions.state(self.place.account, one) for one in ids]

    async def answer_mentions(self) -> None:
        """Let mentions and outbox take turns until nothing happens any more."""
        mentions = AnsweredMentions(
            store=self.store, account=self.account, posting=self.posting, voices=voices, settings=self.settings,
            clock=self.time, patience=QUICK,
        )  # fmt: skip
        for _ in range(40):
            wait = await mentions.step()
            await self.steps()
            if wait > 1:
                return
