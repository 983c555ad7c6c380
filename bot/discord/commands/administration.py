"""/settings, /status and /sync: how the bot behaves on a server, and how it is.

Knows the commands. Does not know what a setting leads to.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Literal

import discord
from discord import app_commands

from bot.discord.acts import command
from bot.discord.answering import Interaction, person, tell
from bot.discord.commands import chatter_settings
from bot.discord.commands.family import Family
from bot.discord.gate import Gate, Who, channel_id, places, server_id
from bot.discord.parts import Parts
from bot.people.access import GLOBAL
from bot.people.listening import CHANNELS
from bot.posts.posting import Posting
from bot.voices.server_words import ServerWords
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import VoiceName

log = logging.getLogger(__name__)

Sync = Callable[[], Awaitable[object]]

VOICE = "voice"  # of a channel: who answers a mention that names nobody
THREADS = "threads"  # of a server: whether a mention is answered in a thread of its own
SHOWN_WORDS = 1_000  # characters of the words of a server that /settings shows
NOTICES = "notices"  # of all: the channel in which admins are told


class Administration(Family):
    """What admins decide for their server, and what they and the owner see of the bot."""

    def __init__(self, client: discord.Client, parts: Parts, gate: Gate, *, member_messages: bool, sync: Sync):
        super().__init__(parts, gate)
        self._client = client
        self._sync = sync
        self._member_messages = member_messages
        self._started = discord.utils.utcnow()
        self._server_words = ServerWords(parts.store)

    @command("settings", "How I behave here; without options: show it", may=Who.ADMINS, on_servers_only=True)
    @app_commands.describe(
        voice="who answers in this channel when a mention names nobody; - for nobody",
        threads="whether I answer mentions in a thread of their own",
        learning="whether I may learn here from members who said /join",
        notices="whether I tell the admins here about trainings and posts",
        chatter="whether I speak by myself in this channel, in the voice of its option voice",
        chatter_percent="after how many of 100 messages I say something",
        chatter_pause="minutes between two of these",
        chatter_a_day="at most so many of these in 24 hours",
        quiet="when I say nothing by myself, as in 23:00-07:00; - for never",
        time_zone="whose clock that is, such as Europe/Paris",
        words="words that no tweet here may have, with commas between them, * for any ending; - for none",
    )
    async def settings(
        self,
        interaction: Interaction,
        voice: str = "",
        threads: bool | None = None,
        learning: bool | None = None,
        notices: bool | None = None,
        chatter: Literal["on", "off"] | None = None,
        chatter_percent: app_commands.Range[int, 1, 100] | None = None,
        chatter_pause: app_commands.Range[int, 1, 1_440] | None = None,
        chatter_a_day: app_commands.Range[int, 1, 200] | None = None,
        quiet: str | None = None,
        time_zone: str | None = None,
        words: app_commands.Range[str, 1, 4_000] | None = None,
    ) -> None:
        if chatter == "off":
            # Whatever else fails, this holds.
            await self.parts.chattering.switch_off(channel_id(interaction.channel_id))
        await self._set(interaction, voice, threads, learning, notices)
        if words:
            await self._set_words(interaction, words)
        options = {"percent": chatter_percent, "pause_minutes": chatter_pause, "a_day": chatter_a_day}
        await self._set_chatter(interaction, chatter, options | {"quiet": quiet, "time_zone": time_zone})
        await tell(interaction, await self._shown_settings(interaction))

    settings.autocomplete("voice")(Family.voices)

    @command("status", "How I am", may=Who.ADMINS)
    async def status(self, interaction: Interaction) -> None:
        versions = await self.parts.tweeting.models(server_id(interaction.guild_id))
        jobs = await self.parts.training.jobs()
        minutes = (discord.utils.utcnow() - self._started).total_seconds() / 60
        up = f"I have been here for {_long(minutes)}, on {_some(len(self._client.guilds), 'server')}"
        lines = [
            f"{up}; Discord answers in {_milliseconds(self._client.latency)}.",
            f"Voices that can be asked for: {len(versions)}. Trainings that wait or run: {len(jobs)}.",
        ]
        if self.parts.posting:
            lines.append(await _posting_in_a_line(self.parts.posting))
        await tell(interaction, "\n".join(lines))

    @command("sync", "Register my commands with Discord again: for my owner", may=Who.OWNERS)
    async def sync(self, interaction: Interaction) -> None:
        await self._sync()
        await tell(interaction, "The commands are registered; reload Discord to see them.")

    async def _set(
        self, interaction: Interaction, voice: str, threads: bool | None, learning: bool | None, notices: bool | None
    ) -> None:
        by, here = person(interaction.user), channel_id(interaction.channel_id)
        server, memory = server_id(interaction.guild_id), self.parts.store.settings
        if voice == "-":
            await memory.remove(here, VOICE)
        elif voice:
            version = await self.parts.tweeting.version(VoiceName.parse(voice), server)
            await memory.put(here, VOICE, version.name, by)
        if threads is not None:
            await memory.put(server, THREADS, threads, by)
        if learning is not None:
            if learning and not self._member_messages:
                log.info("learning is refused: [discord] member_messages is off")
                raise Usage("Learning from members is switched off; only whoever runs me can switch it on.")
            await self.parts.listening.allow(server, here, allowed=learning, by=by)
        if notices is not None:
            self.gate.refuse_others_than(Who.HOME_ADMINS, interaction)
            await (memory.put(GLOBAL, NOTICES, here, by) if notices else memory.remove(GLOBAL, NOTICES))
        changed = bool(voice) or (threads, learning, notices) != (None, None, None)
        if changed:
            await self.parts.store.audit.add(by, "settings", here, server=server)

    async def _set_chatter(self, interaction: Interaction, wanted: str | None, options: dict[str, object]) -> None:
        by, here = person(interaction.user), channel_id(interaction.channel_id)
        has_voice = any([await self.parts.store.settings.get(place, VOICE) for place in places(interaction.channel)])
        chattering = self.parts.chattering
        if await chatter_settings.change(chattering, here, by, wanted, options, has_voice=has_voice):
            await self.parts.store.audit.add(by, "chatter", here, server=server_id(interaction.guild_id))

    async def _set_words(self, interaction: Interaction, words: str) -> None:
        by, server = person(interaction.user), server_id(interaction.guild_id)
        await self._server_words.put(server, words, by)
        await self.parts.store.audit.add(by, "settings", channel_id(interaction.channel_id), server=server)

    async def _shown_settings(self, interaction: Interaction) -> str:
        here, server = channel_id(interaction.channel_id), server_id(interaction.guild_id)
        memory = self.parts.store.settings
        voice = await memory.get(here, VOICE)
        learning = here in (await memory.get(server, CHANNELS) or ())
        lines = [
            f"A mention that names nobody is answered by: {voice or 'nobody'}.",
            f"Mentions are answered {'in threads' if await memory.get(server, THREADS) else 'where they are'}.",
            f"Learning from members who said /join, in this channel: {'on' if learning else 'off'}.",
            chatter_settings.in_words(await self.parts.chattering.of(here)),
            f"Notices come to this channel: {'yes' if await memory.get(GLOBAL, NOTICES) == here else 'no'}.",
        ]
        if words := await self._server_words.of(server):
            lines.append(f"No tweet here has one of these {len(words)} words: {', '.join(words)[:SHOWN_WORDS]}.")
        return "\n".join(lines)


async def _posting_in_a_line(posting: Posting) -> str:
    status = await posting.status()
    trying = "only trying it out, nothing is really posted"
    how = "paused" if status.pause else trying if status.dry_run else "on"
    waiting = sum(status.counts.get(state, 0) for state in ("proposed", "queued"))
    return (
        f"X as @{status.account}: {how}; {waiting} posts wait, "
        f"{status.spent_usd:.2f} of {status.budget_usd:.2f} USD are spent this month."
    )


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _long(minutes: float) -> str:
    """`5 minutes`, `3 hours` or `2 days`."""
    if minutes < 120:
        return _some(round(minutes), "minute")
    return _some(round(minutes / 60), "hour") if minutes < 2 * 1440 else _some(round(minutes / 1440), "day")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if 0 <= seconds < 1_000 else "an unknown time"
