"""/settings, /status and /sync: how the bot behaves on a server, and how it is.

Knows the commands. Does not know what a setting leads to.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Literal

import discord
from discord import app_commands

from bot.discord.asking.acts import command
from bot.discord.asking.answering import Interaction, person, tell
from bot.discord.asking.channel_settings import NOTICES, THREADS, VOICE, voice_of_place
from bot.discord.asking.gate import Gate, Who, channel_id, places, server_id
from bot.discord.asking.parts import Parts
from bot.discord.commands import chatter_settings
from bot.discord.commands.family import Family
from bot.people.access import GLOBAL
from bot.people.listening import CHANNELS
from bot.posts.status import Status
from bot.voices.server_words import ServerWords
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

Sync = Callable[[], Awaitable[object]]

ON, OFF = Phrase("on"), Phrase("off")
SHOWN_WORDS = 1_000  # characters of the words of a server that /settings shows


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
        reload="read the file of settings again, for my owner alone",
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
        reload: bool = False,
    ) -> None:
        if reload:
            await self._reload(interaction)
            return
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
        here = Phrase(
            "I have been here for {time}, on {count:,} server",
            plural="I have been here for {time}, on {count:,} servers",
            time=_long(minutes),
            count=len(self._client.guilds),
        )
        lines = [
            Phrase("{here}; Discord answers in {latency}.", here=here, latency=_milliseconds(self._client.latency)),
            Phrase(
                "Voices that can be asked for: {voices}. Trainings that wait or run: {trainings}.",
                voices=len(versions),
                trainings=len(jobs),
            ),
        ]
        if self.parts.posting:
            lines += [_posting_in_a_line(status) for status in await self.parts.posting.statuses()]
        await tell(interaction, Phrase.joined("\n", lines))

    @command("sync", "Register my commands with Discord again: for my owner", may=Who.OWNERS)
    async def sync(self, interaction: Interaction) -> None:
        await self._sync()
        await tell(interaction, Phrase("The commands are registered; reload Discord to see them."))

    async def _reload(self, interaction: Interaction) -> None:
        self.gate.refuse_others_than(Who.OWNERS, interaction)
        assert self.parts.reload
        found = await self.parts.reload()
        by, here = person(interaction.user), channel_id(interaction.channel_id)
        await self.parts.store.audit.add(by, "settings.reload", here, server=server_id(interaction.guild_id))
        said = Phrase(
            "I have read my settings again: {now} changes hold now, and {later} only after a restart. "
            "My log names them.",
            now=len(found.now),
            later=len(found.after_a_restart),
        )
        await tell(interaction, said)

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
                raise Usage(Phrase("Learning from members is switched off; only whoever runs me can switch it on."))
            await self.parts.listening.allow(server, here, allowed=learning, by=by)
        if notices is not None:
            self.gate.refuse_others_than(Who.HOME_ADMINS, interaction)
            await (memory.put(GLOBAL, NOTICES, here, by) if notices else memory.remove(GLOBAL, NOTICES))
        changed = bool(voice) or (threads, learning, notices) != (None, None, None)
        if changed:
            await self.parts.store.audit.add(by, "settings", here, server=server)

    async def _set_chatter(self, interaction: Interaction, wanted: str | None, options: dict[str, object]) -> None:
        by, here = person(interaction.user), channel_id(interaction.channel_id)
        has_voice = bool(await voice_of_place(self.parts.store.settings, places(interaction.channel)))
        chattering = self.parts.chattering
        if await chatter_settings.change(chattering, here, by, wanted, options, has_voice=has_voice):
            await self.parts.store.audit.add(by, "chatter", here, server=server_id(interaction.guild_id))

    async def _set_words(self, interaction: Interaction, words: str) -> None:
        by, server = person(interaction.user), server_id(interaction.guild_id)
        await self._server_words.put(server, words, by)
        await self.parts.store.audit.add(by, "settings", channel_id(interaction.channel_id), server=server)

    async def _shown_settings(self, interaction: Interaction) -> Phrase:
        here, server = channel_id(interaction.channel_id), server_id(interaction.guild_id)
        memory = self.parts.store.settings
        voice = await memory.get(here, VOICE)
        learning = here in (await memory.get(server, CHANNELS) or ())
        told_here = await memory.get(GLOBAL, NOTICES) == here
        lines = [
            Phrase("A mention that names nobody is answered by: {voice}.", voice=voice or Phrase("nobody")),
            Phrase("Mentions are answered in threads.")
            if await memory.get(server, THREADS)
            else Phrase("Mentions are answered where they are."),
            Phrase("Learning from members who said /join, in this channel: {state}.", state=ON if learning else OFF),
            chatter_settings.in_words(await self.parts.chattering.of(here)),
            Phrase("Notices come to this channel: {answer}.", answer=Phrase("yes") if told_here else Phrase("no")),
        ]
        if words := await self._server_words.of(server):
            listed = ", ".join(words)[:SHOWN_WORDS]
            lines.append(
                Phrase("No tweet here has one of these {count} words: {words}.", count=len(words), words=listed)
            )
        return Phrase.joined("\n", lines)


def _posting_in_a_line(status: Status) -> Phrase:
    trying = Phrase("only trying it out, nothing is really posted")
    how = Phrase("paused") if status.pause else trying if status.dry_run else ON
    waiting = sum(status.counts.get(state, 0) for state in ("proposed", "queued"))
    parts = [
        Phrase("{network} as @{handle}: {how}", network=status.place.network, handle=status.place.handle, how=how),
        Phrase("{count} post waits", plural="{count} posts wait", count=waiting),
    ]
    if status.budget_usd:
        spent, budget = status.spent_usd, status.budget_usd
        parts.append(Phrase("{spent:.2f} of {budget:.2f} USD are spent this month", spent=spent, budget=budget))
    return Phrase.joined("", [Phrase.joined("; ", parts), "."])


def _long(minutes: float) -> Phrase:
    """`5 minutes`, `3 hours` or `2 days`."""
    if minutes < 120:
        return Phrase("{count:,} minute", plural="{count:,} minutes", count=round(minutes))
    if minutes < 2 * 1440:
        return Phrase("{count:,} hour", plural="{count:,} hours", count=round(minutes / 60))
    return Phrase("{count:,} day", plural="{count:,} days", count=round(minutes / 1440))


def _milliseconds(seconds: float) -> Phrase:
    if 0 <= seconds < 1_000:
        return Phrase("{milliseconds} ms", milliseconds=round(seconds * 1000))
    return Phrase("an unknown time")
