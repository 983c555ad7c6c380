"""A DiscordBot in SimCord's model of Discord. Only the writer is a fake: it writes what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import discord
import pytest
from simcord import ChannelHandle, Env, MemberActor

from bot.background.saying import queue_remark
from bot.background.schedule import Timetable
from bot.core.clock.schedule_entry import Schedule
from bot.core.config import DiscordSettings, LimitsSettings
from bot.core.uploads import Uploads
from bot.discord.asking.parts import Parts, Reload
from bot.discord.client import DiscordBot, discord_bot
from bot.discord.speaking.welcome import HELLO
from bot.people import limits as permission
from bot.people.access import Access
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.listening import Listening
from bot.people.past import PastMessages
from bot.posts.outlets import Outlets
from bot.store import Store
from bot.trainings.training import Training
from bot.voices.chattering import Chattering
from bot.voices.server_words import ServerWords
from bot.voices.tweeting import Tweeting
from bot.voices.versions import Versions
from bot.voices.voting import Voting
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.generation.checks import Check
from huggingtweets.generation.drawing_options import AS_USUAL, DrawingOptions
from huggingtweets.generation.writer import Liked, Tweets, Writer
from huggingtweets.registry.blend import Voice
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.bot.databases import sqlite_in
from tests.bot.discord.virtual_time import virtual_time

MAX_COUNT = 5
STOP_SECONDS = 30.0
SETTINGS = DiscordSettings()


class ScriptedWriter(Writer):
    """Waits for `seconds`, then writes `texts`, or raises `error`."""

    unwanted: Sequence[Check] = ()

    def __init__(self) -> None:
        self.texts: tuple[str, ...] = tuple(f"Tweet number {number}" for number in range(1, MAX_COUNT + 1))
        self.seconds = 0.0
        self.error: Exception | None = None
        self.asked: list[tuple[str, str, int]] = []
        self.contexts: list[str] = []
        self.options: list[DrawingOptions] = []

    async def write(
        self,
        voice: Voice,
        prompt: str = "",
        count: int = 1,
        options: DrawingOptions = AS_USUAL,
        *,
        person: str = "",
        context: str = "",
        unwanted: Sequence[Check] = (),
        liked: Liked | None = None,
    ) -> Tweets:
        self.asked.append((voice.name, prompt, count))
        self.contexts.append(context)
        self.options.append(options)
        self.unwanted = unwanted
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        return Tweets(self.texts[:count], voice.name, voice.version, options.seed or 1, count)


def add_voice(registry: Registry, name: str, base: str = "gpt2") -> None:
    """A version in use, without weights."""
    with registry.staged(name) as staged:
        version = registry.add(name, staged, Manifest(base=base, created="2026-02-03T04:05:06+00:00"))
    registry.promote(name, version.version)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Knows @nasa."""
    registry = Registry(tmp_path / "models")
    add_voice(registry, "nasa")
    return registry


@pytest.fixture
def writer() -> ScriptedWriter:
    return ScriptedWriter()


@pytest.fixture
def commands_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "discord-commands.json"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(sqlite_in(tmp_path), discord.utils.utcnow) as store:
        yield store


@dataclass
class Jobs:
    """Counts how often the worker was woken up to train."""

    woken: int = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


MakeBot = Callable[..., DiscordBot]
LIMITS = LimitsSettings(requests_per_minute=10, strikes=5, strike_minutes=10.0, pause_minutes=30.0)


@pytest.fixture
def make_bot(registry: Registry, writer: ScriptedWriter, commands_file: Path, store: Store, jobs: Jobs) -> MakeBot:
    def make(
        *,
        writes: Writer = writer,
        knows: Registry = registry,
        max_count: int = MAX_COUNT,
        settings: DiscordSettings = SETTINGS,
        limits: LimitsSettings = LIMITS,
        posting: Outlets | None = None,
        reload: Reload | None = None,
    ) -> DiscordBot:
        parts = make_parts(
            store,
            writes,
            knows,
            commands_file.parent,
            jobs,
            max_count=max_count,
            limits=limits,
            posting=posting,
            settings=settings,
            reload=reload,
        )
        return discord_bot(
            settings=settings,
            parts=parts,
            commands_file=commands_file,
            stop_seconds=STOP_SECONDS,
            chain=limits.chain,
        )

    return make


def make_parts(
    store: Store,
    writer: Writer,
    registry: Registry,
    data: Path,
    jobs: Jobs,
    *,
    max_count: int = MAX_COUNT,
    limits: LimitsSettings = LIMITS,
    posting: Outlets | None = None,
    settings: DiscordSettings = SETTINGS,
    reload: Reload | None = None,
) -> Parts:
    """Returns the use cases, put together as the process does it, on SimCord's clock."""
    of_pipeline = Settings(storage=StorageSettings(models=registry.root, data=data))
    tweets = TweetStore(of_pipeline.tweets)
    consenting = Consenting(store=store, settings=of_pipeline)
    training = Training(
        store=store,
        willing=consenting.willing,
        uploads=Uploads(data / "uploads"),
        leftovers=Leftovers(of_pipeline),
        wake=jobs.wake,
        max_waiting=3,
    )
    rate = permission.Limits(limits, store.pauses, discord.utils.utcnow)
    tweeting = Tweeting(
        registry=registry,
        writer=writer,
        training=training,
        limits=rate,
        consenting=consenting,
        max_count=max_count,
        tweets=tweets,
        server_words=ServerWords(store),
    )
    listening = Listening(store=store, registry=registry, tweets=tweets, consenting=consenting)
    return Parts(
        store=store,
        access=Access(store.settings),
        limits=rate,
        consenting=consenting,
        tweeting=tweeting,
        training=training,
        versions=Versions(store=store, registry=registry),
        voting=Voting(store=store, tweeting=tweeting, seconds=60.0, clock=discord.utils.utcnow),
        listening=listening,
        past=PastMessages(store=store, listening=listening, settings=settings, clock=discord.utils.utcnow),
        chattering=Chattering(store, clock=discord.utils.utcnow, draw=lambda: 0.0),
        timetable=Timetable(
            store=store,
            actions={"retrain": _enqueued, "post": _enqueued, "say": partial(queue_remark, store)},
            clock=discord.utils.utcnow,
        ),
        posting=posting,
        reload=reload,
    )


async def _enqueued(schedule: Schedule, due: datetime) -> str:
    return "enqueued"


@pytest.fixture
async def simcord_bot(make_bot: MakeBot) -> DiscordBot:
    return make_bot()  # in the loop, where buttons want to be made


@pytest.fixture
async def simcord_env(simcord_bot: DiscordBot) -> AsyncIterator[Env]:
    """In place of SimCord's own."""
    async with virtual_time(simcord_bot) as env:
        yield env


@dataclass(frozen=True)
class World:
    """A server with a channel, and Ann who is in it."""

    env: Env
    bot: DiscordBot
    channel: ChannelHandle
    ann: MemberActor

    @property
    def me(self) -> str:
        """The bot's mention."""
        assert self.bot.user
        return self.bot.user.mention

    def member(self, name: str, **rights: bool) -> MemberActor:
        """Returns somebody else on the server, with `rights` such as `manage_guild`."""
        guild = self.ann.guild
        roles = [guild.create_role(f"of {name}", permissions=discord.Permissions(**rights))] if rights else []
        return guild.add_member(self.env.create_user(name), roles=roles)

    def admin(self) -> MemberActor:
        return self.member("ada", manage_guild=True)

    def private(self, viewer: MemberActor) -> str:
        """Returns the last message that only `viewer` sees."""
        history = self.channel.history(viewer=viewer)
        return [one for one in history if one.flags.ephemeral][-1].content

    def said(self) -> list[discord.Message]:
        """Returns what the bot wrote into the channel for everybody after its hello, the oldest first."""
        return [one for one in self.shown() if not one.content.startswith(HELLO)]

    def shown(self) -> list[discord.Message]:
        """Returns everything that the bot wrote into the channel for everybody, the oldest first."""
        assert self.bot.user
        history = self.channel.history()
        return [one for one in history if one.author.id == self.bot.user.id and not one.flags.ephemeral]

    def errors(self) -> list[str]:
        """Returns the types of the errors of commands. SimCord does not raise them at the end if they were read."""
        return [type(getattr(error, "original", error)).__name__ for error in self.env.errors]


def world(env: Env) -> World:
    guild = env.create_guild()
    channel = guild.create_text_channel("general")
    assert isinstance(env.bot, DiscordBot)
    return World(env, env.bot, channel, guild.add_member(env.create_user("ann")))


@pytest.fixture
async def there(simcord_env: Env) -> World:
    there = world(simcord_env)
    await simcord_env.settle()  # otherwise the hello comes before or after the first answer, by chance
    return there
