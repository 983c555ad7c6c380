"""The page's application as the bot makes it, asked over HTTP without a socket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from bot.background.schedule import Timetable
from bot.core.clock.schedule_entry import Schedule
from bot.core.config import Config
from bot.core.process.readiness import Readiness
from bot.people.consent import Consenting
from bot.people.willing import Willing
from bot.store import Store
from bot.trainings.drafts import Drafts
from bot.trainings.prepared import Preparing
from bot.voices.exporting import Exporting
from bot.voices.versions import Versions
from bot.web.application import guarded, routes
from bot.web.entry.roles import Roles
from bot.web.entry.sessions import Sessions
from bot.web.entry.users import Users
from bot.web.frame.parts import Parts
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.bot.conftest import UseCases, settings_of
from tests.bot.posting_parts import Parts as PostingParts

ADDRESS = "http://127.0.0.1:7860"
COOKIE = "huggingtweets-7860"
MEBIBYTE = 1 << 20
PART = {"x-part": "1"}  # as the page's scripts ask


@dataclass
class Page:
    """The application, and the parts behind it that tests look at."""

    app: ASGIApp
    parts: Parts
    posting: PostingParts
    registry: Registry

    def browser(self, address: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
        """A browser that has not opened the page yet."""
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        return httpx.AsyncClient(
            transport=transport, base_url=ADDRESS, headers={"Origin": ADDRESS, **headers}, timeout=300
        )


@pytest.fixture
async def web(use_cases: UseCases, parts: PostingParts, tmp_path: Path) -> Page:
    """The page of the voice `ann`, which everybody may try. People at this machine are admins."""
    return page_of(use_cases, parts, use_cases.store, tmp_path, local_admin=True, demo=True)


def page_of(
    use_cases: UseCases,
    posting: PostingParts,
    store: Store,
    folder: Path,
    users: Users | None = None,
    **roles: bool,
) -> Page:
    """The page with these users. `roles` are the settings that say who may what."""
    users = users or Users({})
    readiness = Readiness()
    readiness.started()
    made = Parts(
        store=store,
        tweeting=use_cases.tweeting,
        training=use_cases.training,
        versions=Versions(store=store, registry=use_cases.home.registry),
        consenting=Consenting(store=store, settings=settings_of(use_cases.home)),
        exporting=exporting_in(use_cases, store),
        timetable=Timetable(store=store, actions={"retrain": nothing_to_do, "post": nothing_to_do}),
        posting=posting.outlets,
        drafts=Drafts(folder / "page-uploads", 4 * MEBIBYTE),
        users=users,
        readiness=readiness,
        alive=lambda: True,
        preparing=Preparing(settings_of(use_cases.home), use_cases.training),
        models=use_cases.home.registry.root,
        base="models/base",
        tweets=TweetStore(settings_of(use_cases.home).tweets),
        avatars=folder / "avatars",
        sample="keeper_brindle",
    )
    hosts = ["localhost", "127.0.0.1"]
    app = guarded(
        routes(made), hosts=hosts, cookie=COOKIE, sessions=Sessions(b"a key"), known=Roles(users, **roles).known
    )
    return Page(app, made, posting, use_cases.home.registry)


async def nothing_to_do(schedule: Schedule, due: datetime) -> str:
    """What is done by the clock. The pages show schedules, and no test lets one of them run."""
    return "nothing new"


def exporting_in(use_cases: UseCases, store: Store) -> Exporting:
    """Exports, as the bot makes them by its settings."""
    config = Config.load(use_cases.home.config_file, {})
    willing = Willing(store, settings_of(use_cases.home))
    return Exporting(store=store, willing=willing, config=config, config_file=use_cases.home.config_file)


@pytest.fixture
async def browser(web: Page) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor from another machine who has opened the page."""
    async with web.browser("192.0.2.7") as opened:
        assert (await opened.get("/")).status_code == 200
        yield opened


@pytest.fixture
async def admin(web: Page) -> AsyncIterator[httpx.AsyncClient]:
    """An admin who has opened the page."""
    async with web.browser() as opened:
        assert (await opened.get("/")).status_code == 200
        yield opened


async def drawn(browser: httpx.AsyncClient, **fields: str) -> httpx.Response:
    """The page after the form of Try was sent without a script."""
    return await browser.post("/try", data={"voice": "ann", "count": "2", **fields}, follow_redirects=True)


async def opts_out(web: Page, voice: str) -> None:
    """The person behind a voice does not want to be imitated any more."""
    consent = web.parts.store.consent
    await consent.claim("s1", "discord:1", voice)
    await consent.confirm("s1", "discord:1", voice, "admin")
    await consent.opt_out("discord:1", "imitation")
