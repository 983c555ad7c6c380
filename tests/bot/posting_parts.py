"""What tests of posting share: a database, a clock that they move, X on loopback, and the parts in between.

conftest.py makes the fixtures known.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.config import XSettings
from bot.people.willing import Willing
from bot.posts.budget import Budget
from bot.posts.opening import Surroundings
from bot.posts.outbox import Outbox
from bot.posts.outlets import Outlets
from bot.posts.place import on_x
from bot.posts.posting import Posting
from bot.posts.x.account import XAccount, credentials
from bot.store import Store
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.generation.unwanted import ListedWords
from huggingtweets.generation.writer import Tweets
from huggingtweets.remote.upstream import Patience
from huggingtweets.remote.x import XClient
from tests.bot.databases import sqlite_in
from tests.fakes.x_server import KEYS, XServer

SECONDS = 3.0  # for an answer: far more than one takes, also on a busy machine
QUICK = Patience(attempts=2, first_seconds=0.001, longest_seconds=0.01)


class Time:
    """A clock that the test moves. It starts at the real time, since X has its own."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


def willing_beside(store: Store) -> Willing:
    """Decides who may speak by the files beside the database. There are none, unless a test puts them there."""
    assert store.database.url.database
    folder = Path(store.database.url.database).parent
    return Willing(store, Settings(storage=StorageSettings(models=folder / "models", data=folder / "data")))


@dataclass
class Drawing:
    """Stands in for the engine. It returns the texts that a test has prepared."""

    texts: Sequence[str] = ()
    asked: list[tuple[str, int]] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)

    async def __call__(self, voice: str, count: int, context: str) -> Tweets:
        self.asked.append((voice, count))
        self.contexts.append(context)
        return Tweets(tuple(self.texts[:count]), voice, "v1", 0)


@dataclass
class Parts:
    """Everything that posts, without a task that runs by itself."""

    x: XServer
    store: Store
    time: Time
    settings: XSettings
    budget: Budget
    account: XAccount
    outbox: Outbox
    posting: Posting
    drawing: Drawing
    database: Path

    @property
    def outlets(self) -> Outlets:
        """The queue of this one place."""
        return Outlets(self.store, [self.posting])

    def around(self, **more: Any) -> Surroundings:
        """What a place is given."""
        given = {"store": self.store, "willing": willing_beside(self.store), "draw": self.drawing}
        return Surroundings(**given | {"notice": self.store.notices.add} | more)

    async def steps(self, most: int = 20) -> None:
        """Take steps until there is nothing to do at once."""
        for _ in range(most):
            if await self.outbox.step() > 0:
                return

    async def states(self) -> dict[str, str]:
        """Returns the state of each text."""
        every = ("proposed", "queued", "sending", "unknown", "sent", "failed", "rejected")
        return {post.text: post.state for post in await self.store.posts.latest("thebot", every)}

    async def spent(self) -> int:
        """Returns all costs, without that of asking once whose keys they are."""
        asked = self.x.requests.count("GET /2/users/me") and self.budget.price("own_read")
        return await self.store.posts.spent("thebot", self.budget.since) - asked

    async def notices(self) -> list[str]:
        return [notice.text for notice in await self.store.notices.untold()]


@pytest.fixture
def x_settings() -> dict[str, Any]:
    """Settings, which a module or a test replaces by a fixture of the same name."""
    return {}


@pytest.fixture
async def parts(tmp_path: Path, x_settings: dict[str, Any]) -> AsyncIterator[Parts]:
    async with parts_in(tmp_path, x_settings) as made:
        yield made


@asynccontextmanager
async def parts_in(folder: Path, x_settings: dict[str, Any]) -> AsyncIterator[Parts]:
    """All parts, with a database in `folder`."""
    time, drawing = Time(), Drawing(("a fine day at the shore", "the fog came in early"))
    keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    given: dict[str, Any] = {key: SecretStr(getattr(KEYS, key)) for key in keys}
    given |= {"account": "thebot", "dry_run": False, "quiet_hours": "", "minutes_between_posts": 0.0, "voice": "ann"}
    given |= {"ai_label": ""}  # test_ai_label.py looks at posts with one
    async with XServer() as x, Store(sqlite_in(folder), time) as store:
        settings = XSettings(**(given | {"api_url": x.url, "timeout_seconds": SECONDS} | x_settings))
        budget = Budget(store.posts, "thebot", settings, time)
        async with XClient(credentials(settings), api_url=x.url, timeout_seconds=SECONDS, patience=QUICK) as client:
            account = XAccount(client, budget, settings.account, ai_label=settings.ai_label)
            outbox = Outbox(
                store=store,
                place=on_x("thebot"),
                destination=account,
                budget=budget,
                settings=settings,
                willing=willing_beside(store),
                notice=store.notices.add,
                clock=time,
                patience=QUICK,
            )
            posting = Posting(
                store=store,
                willing=willing_beside(store),
                outbox=outbox,
                draw=drawing,
                budget=budget,
                settings=settings,
                connected=True,
                notice=store.notices.add,
                unwanted=[ListedWords(["slander"])],
            )
            yield Parts(x, store, time, settings, budget, account, outbox, posting, drawing, folder / "bot.db")
