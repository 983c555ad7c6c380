"""The bot's side of Discord, put together: what it asks to hear, what it answers with, and how it ends.

    async with discord_bot(settings=..., parts=..., commands_file=..., stop_seconds=10) as bot:
        await stay_connected(bot, settings)

Knows its parts. Does not know what they say, or how tweets are made.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import discord

from bot.core.config import DiscordSettings
from bot.core.process.log import on_a_terminal
from bot.discord.asking.asks import Asks
from bot.discord.asking.buttons import Choice, TweetButtons
from bot.discord.asking.gate import Gate, server_id
from bot.discord.asking.once import NOBODY
from bot.discord.asking.parts import Parts
from bot.discord.commands import (
    allowing,
    continuing,
    game,
    joining,
    links,
    posting,
    privacy,
    queue,
    ruling,
    scenes,
    schedules,
    trainings,
    tweets,
    versions,
    voices,
)
from bot.discord.commands.administration import Administration
from bot.discord.commands.family import Declared
from bot.discord.commands.help import HelpCommand
from bot.discord.commands.home import HomeServers
from bot.discord.connection import use_endpoints
from bot.discord.hearing.deletions import Deletions
from bot.discord.hearing.members import MemberMessages
from bot.discord.hearing.mentions import DiscordMentions
from bot.discord.hearing.past import PastReader
from bot.discord.hearing.said import Near
from bot.discord.look.translating import CommandTranslator
from bot.discord.speaking.chatter import DiscordChatter
from bot.discord.speaking.following import Following
from bot.discord.speaking.notices import DiscordNotices
from bot.discord.speaking.personas import Personas
from bot.discord.speaking.stage import Stage
from bot.discord.speaking.welcome import Welcome
from bot.discord.tree import Tree
from bot.people.home import Home

log = logging.getLogger(__name__)


def intents(settings: DiscordSettings) -> discord.Intents:
    """Returns the events that the bot must hear. Only learning from members needs Discord's approval."""
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=settings.member_messages)


def discord_bot(*, settings: DiscordSettings, **options: Any) -> "DiscordBot":
    """Returns a bot with one connection, or with shards if the settings say so."""
    return (ShardedBot if settings.sharded else DiscordBot)(settings=settings, **options)


class DiscordBot(discord.Client):
    """Answers commands, clicks, mentions and replies with what the use cases in `parts` give.

    `commands_file` remembers which commands Discord knows. `chain` is the longest chain of replies. A close lets
    answers under way finish, for `stop_seconds` at most.
    """

    def __init__(
        self,
        *,
        settings: DiscordSettings,
        parts: Parts,
        commands_file: Path,
        stop_seconds: float,
        chain: int = 20,
        avatars: Path | None = None,
    ):
        use_endpoints(settings)
        super().__init__(intents=intents(settings), allowed_mentions=NOBODY, max_messages=None)
        self._asks = Asks()
        self._commands_file = commands_file
        self._stop_seconds = stop_seconds
        self._settings = settings
        self._home = Home(parts.store.settings, [server_id(server) for server in settings.home_servers])
        gate = Gate(self, access=parts.access, limits=parts.limits, settings=settings, home=self._home)
        self._servers = HomeServers(self, parts, gate, self._home)
        self._welcome = Welcome(self, settings=parts.store.settings, access=parts.access, home=self._home)
        # Items that are made anew for each click find everything here.
        self.buttons = TweetButtons(parts=parts, gate=gate, asks=self._asks)
        self._rounds = game.RoundButtons(parts=parts, gate=gate, asks=self._asks)
        self._referee = game.Referee(self, parts=parts, buttons=self._rounds)
        self._personas = Personas(self, parts, avatars)
        own = self._personas.ids
        self._near = Near()
        self._mentions = DiscordMentions(
            buttons=self.buttons, asks=self._asks, near=self._near, chain=chain, webhooks=own
        )
        self.stage = Stage(self, self.buttons, self._personas)
        self._chatter = DiscordChatter(
            parts, gate=gate, stage=self.stage, asks=self._asks, near=self._near, webhooks=own
        )
        self._members = MemberMessages(parts.listening, parts.past) if settings.member_messages else None
        self._deletions = Deletions(parts.store.feedback, self._members)
        self._past = PastReader(self, parts.past, parts.store)
        self._following = Following(self, parts)
        self.notices = DiscordNotices(self, parts.store.settings, gate.owner_ids)
        self.tree = Tree(self, asks=self._asks, gate=gate)
        for command in self._declared(parts, gate):
            self.tree.add_command(command)

    def _declared(self, parts: Parts, gate: Gate) -> Iterator[Declared]:
        """Every command, group and entry in a menu."""
        has_members, megabytes = self._members is not None, self._settings.upload_megabytes
        families = [
            tweets.tweetlike(self.buttons),
            tweets.TweetCommands(self.buttons),
            scenes.SceneCommand(self.buttons, self._asks),
            game.GameCommand(parts, gate, self._referee),
            continuing.Continuing(self.buttons, self._near),
            voices.VoiceCommands(parts, gate),
            privacy.PrivacyCommands(parts, gate, self._asks, member_messages=has_members),
            links.LinkCommands(parts, gate),
            joining.Leaving(parts, gate, self._asks),
            allowing.ListCommands(self, parts, gate),
            Administration(self, parts, gate, member_messages=has_members, sync=self._register_commands),
            trainings.Trainings(parts, gate, following=self._following, upload_megabytes=megabytes),
            versions.VersionCommands(parts, gate),
            ruling.RulingCommands(parts, gate),
            self._servers,
            HelpCommand(self, parts, gate, self.tree),
        ]
        if self._members:
            families.append(joining.Joining(parts, gate, self._asks, self._past))
        if parts.posting:
            families.append(queue.QueueCommand(parts, gate, parts.posting))
            yield posting.PostingCommands(parts.posting, gate)
        yield schedules.ScheduleCommands(parts, gate)
        for family in families:
            yield from family.declared()

    async def setup_hook(self) -> None:
        await self.tree.set_translator(CommandTranslator())
        parts = self.buttons.parts
        own = (privacy.ForgetButtons, joining.LeaveButtons)
        for view in (self.buttons, self._rounds, *(clicks(parts=parts, asks=self._asks) for clicks in own)):
            self.add_view(view)
        self.add_view(joining.JoinButtons(parts=parts, asks=self._asks, reader=self._past))
        self.add_dynamic_items(
            Choice,
            continuing.Continuation,
            continuing.Page,
            continuing.ByName,
            links.LinkVerdict,
            queue.Decision,
            ruling.Deletion,
        )
        try:
            await self.tree.sync_if_changed(self._commands_file)
        except discord.HTTPException as error:
            if error.status >= 500:
                raise  # Discord is ill: the next log-in tries again
            log.exception("the commands could not be registered; mentions work")
        await self._home.load()
        await parts.chattering.load()
        await self._personas.load()
        await self._referee.take_up()
        await self._following.take_up()
        await self._past.take_up()

    async def _register_commands(self) -> None:
        await self.tree.sync_if_changed(self._commands_file, anyway=True)

    async def on_ready(self) -> None:
        assert self.user
        servers = len(self.guilds)
        where = f"on {servers} server{'' if servers == 1 else 's'}" if servers else "on no server yet: invite it"
        shown = on_a_terminal(f"Discord: {self.user.name} is connected, {where}.")
        log.info("connected to Discord as %s (%s), in %d servers", self.user.name, self.user.id, servers, extra=shown)
        await self._servers.look()
        for guild in self.guilds:
            await self._welcome.greet(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        if self.is_ready():  # before that not all servers may be known
            await self._servers.look()
            await self._welcome.greet(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self.on_guild_join(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._servers.removed(guild)

    async def on_message(self, message: discord.Message) -> None:
        assert self.user
        if self._members:
            await self._members.written(message)
        self._near.seen(message)
        self._chatter.seen(message, self.user)
        await self._mentions.answer(message, self.user)
        await self._chatter.heard(message, self.user)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        if self._members and "content" in payload.data:
            await self._members.edited(payload.message_id, payload.data["content"])

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._deletions.of_messages([payload.message_id])

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._deletions.of_messages(payload.message_ids)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._deletions.of_channel(channel.id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self._deletions.of_channel(payload.thread_id)

    async def close(self) -> None:
        """Let answers under way finish, tell everybody else to come back, then close the connection."""
        await self._asks.finish(self._stop_seconds)
        self._referee.stop()
        self._following.stop()
        self._past.stop()
        await super().close()


class ShardedBot(DiscordBot, discord.AutoShardedClient):
    """The same bot with as many connections as Discord asks for.

    An event that discord.py cannot read would close its sharded client for good, so such events are skipped.
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        parsers = self._connection.parsers
        for event in [name for name in parsers if name not in ("READY", "RESUMED")]:
            parsers[event] = _forgiving(event, parsers[event])


def _forgiving(event: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def parse_if_possible(payload: Any) -> None:
        try:
            parse(payload)
        except Exception:
            log.exception("an event %s cannot be read", event)

    return parse_if_possible
