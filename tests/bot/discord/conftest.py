"""A DiscordBot in SimCord's model of Discord. Only the writer is made up: it writes what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest
from simcord import ChannelHandle, Env, MemberActor

from bot.config import Discord
from bot.discord.client import DiscordBot
from bot.permission import RateLimit
from bot.store import Store
from bot.training import Training
from bot.tweeting import Tweeting
from bot.uploads import Uploads
from huggingtweets.blend import Voice
from huggingtweets.generate import Tweets, Writer
from huggingtweets.registry import Registry

MAX_COUNT = 5
STOP_SECONDS = 30.0


class ScriptedWriter(Writer):
    """Writes `texts`, after `seconds`, or raises `error`."""

    def __init__(self) -> None:
        self.texts: tuple[str, ...] = tuple(f"Tweet number {number}" for number in range(1, MAX_COUNT + 1))
        self.seconds = 0.0
        self.error: Exception | None = None
        self.asked: list[tuple[str, str, int]] = []

    async def write(
        self, voice: Voice, prompt: str = "", count: int = 1, seed: int | None = None, *, person: str = ""
    ) -> Tweets:
        self.asked.append((voice.name, prompt, count))
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        return Tweets(self.texts[:count], voice.name, voice.version, seed or 1)


def add_voice(registry: Registry, name: str, base: str = "gpt2") -> None:
    """A version in use, without weights."""
    with registry.staged(name) as staged:
        version = registry.add(name, staged, {"base": base, "created": "2026-02-03T04:05:06+00:00"})
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
    async with Store(f"sqlite:///{tmp_path}/bot.db") as store:
        yield store


MakeBot = Callable[..., DiscordBot]


@pytest.fixture
def make_bot(registry: Registry, writer: ScriptedWriter, commands_file: Path, store: Store) -> MakeBot:
    def make(
        *,
        writes: Writer = writer,
        knows: Registry = registry,
        max_count: int = MAX_COUNT,
        settings: Discord = Discord(),  # noqa: B008  frozen
    ) -> DiscordBot:
        tweeting = Tweeting(
            registry=knows,
            writer=writes,
            training=Training(store=store, uploads=Uploads(commands_file.parent / "uploads"), wake=lambda: None),
            limit=RateLimit(per_minute=10),
            max_count=max_count,
        )
        return DiscordBot(settings=settings, tweeting=tweeting, commands_file=commands_file, stop_seconds=STOP_SECONDS)

    return make


@pytest.fixture
def simcord_bot(make_bot: MakeBot) -> DiscordBot:
    return make_bot()


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

    def said(self) -> list[discord.Message]:
        """What the bot wrote into the channel for everybody, oldest first."""
        assert self.bot.user
        history = self.channel.history()
        return [one for one in history if one.author.id == self.bot.user.id and not one.flags.ephemeral]

    def errors(self) -> list[str]:
        """Types of what the commands raised, so that SimCord does not raise it again at the end."""
        return [type(getattr(error, "original", error)).__name__ for error in self.env.errors]


def world(env: Env) -> World:
    guild = env.create_guild()
    channel = guild.create_text_channel("general")
    assert isinstance(env.bot, DiscordBot)
    return World(env, env.bot, channel, guild.add_member(env.create_user("ann")))


@pytest.fixture
def there(simcord_env: Env) -> World:
    return world(simcord_env)
