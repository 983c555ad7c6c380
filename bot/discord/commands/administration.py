"""/allow, /deny, /settings, /status and /sync: how the bot behaves on a server, and how it is.

Knows the commands. Does not know what a list or setting leads to.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import NOBODY, Interaction, person, tell
from bot.discord.commands.tweets import Choices, voices
from bot.discord.gate import Gate, channel_id, server_id
from bot.discord.parts import Parts
from bot.discord.rendering import MAX_CONTENT, as_written
from bot.people.access import GLOBAL
from bot.people.listening import CHANNELS
from huggingtweets.core.errors import Usage

log = logging.getLogger(__name__)

Command = app_commands.Command[Any, ..., None]
Sync = Callable[[], Awaitable[object]]

VOICE = "voice"  # of a channel: who answers a mention that names nobody
THREADS = "threads"  # of a server: whether a mention is answered in a thread of its own
NOTICES = "notices"  # of all: the channel in which admins are told
_SERVER = re.compile(r"\d{15,21}")
admins = app_commands.default_permissions(manage_guild=True)


class House:
    """The commands, and what they share."""

    def __init__(self, client: discord.Client, *, parts: Parts, gate: Gate, member_messages: bool, sync: Sync):
        self._client = client
        self._sync = sync
        self._parts = parts
        self._gate = gate
        self._member_messages = member_messages
        self._started = discord.utils.utcnow()

    def commands(self) -> list[Command]:
        return [self._rule("allow"), self._rule("deny"), self._settings(), self._status(), self._sync_command()]

    def _rule(self, word: str) -> Command:
        allowed = word == "allow"
        description = "Answer here, or these people, only" if allowed else "Do not answer here, or these people"

        @app_commands.command(name=word, description=f"{description}; without options: show the lists")
        @app_commands.describe(
            channel="a channel or a category, with all that is in it",
            role="everybody who has this role",
            member="a person",
            server="the id of a whole server: for my owner",
            remove="take it off the list again",
        )
        @admins
        @app_commands.guild_only()
        async def command(
            interaction: discord.Interaction[discord.Client],
            channel: discord.abc.GuildChannel | None = None,
            role: discord.Role | None = None,
            member: discord.Member | None = None,
            server: str = "",
            remove: bool = False,
        ) -> None:
            self._gate.refuse_others_than_admins(interaction)
            await interaction.response.defer(ephemeral=True)
            here = server_id(interaction.guild_id)
            subjects = [channel_id(channel.id)] if channel else []
            subjects += [f"discord:role:{role.id}"] if role else []
            subjects += [f"discord:user:{member.id}"] if member else []
            chosen = [(here, subject) for subject in subjects]
            if server:
                self._gate.refuse_others_than_owners(interaction)
                chosen.append((GLOBAL, _server(server)))
            for scope, subject in chosen:
                await self._change(scope, subject, allowed=allowed, remove=remove, by=person(interaction.user))
            lists = (await self._lists(here))[:MAX_CONTENT]
            await interaction.followup.send(lists, ephemeral=True, allowed_mentions=NOBODY)

        return command

    async def _change(self, scope: str, subject: str, *, allowed: bool, remove: bool, by: str) -> None:
        if remove:
            await self._parts.store.settings.remove_rule(scope, subject)
        else:
            await self._parts.store.settings.rule(scope, subject, allowed=allowed, by=by)
        action = "rule.remove" if remove else "rule.allow" if allowed else "rule.deny"
        await self._parts.store.audit.add(by, action, subject, server=scope)

    async def _lists(self, server: str) -> str:
        found = await self._parts.store.settings.rules([GLOBAL, server])
        rules = found[server] | {subject: allowed for subject, allowed in found[GLOBAL].items() if subject == server}
        parts = [
            f"{title}: {', '.join(names)}."
            for title, wanted in (("Allowed", True), ("Denied", False))
            if (names := [self._shown(subject) for subject, allowed in sorted(rules.items()) if allowed is wanted])
        ]
        return " ".join(parts) or "Both lists are empty: I answer everybody everywhere on this server."

    def _shown(self, subject: str) -> str:
        """A mention, which Discord shows as a name to whoever may see it; pings are off."""
        kind, _, number = subject.removeprefix("discord:").partition(":")
        match kind:
            case "channel":
                return f"<#{number}>"
            case "role":
                guild = self._client.get_guild(int(number))
                return "everybody" if guild else f"<@&{number}>"  # the role of all has the server's number
            case "user":
                return f"<@{number}>"
            case _:
                guild = self._client.get_guild(int(number))
                return as_written(f"the server {guild.name if guild else number}")

    def _settings(self) -> Command:
        @app_commands.command(name="settings", description="How I behave here; without options: show it")
        @app_commands.describe(
            voice="who answers in this channel when a mention names nobody; - for nobody",
            threads="whether I answer mentions in a thread of their own",
            learning="whether I may learn here from members who said /join",
            notices="whether I tell the admins here about trainings and posts",
        )
        @admins
        @app_commands.guild_only()
        async def settings(
            interaction: discord.Interaction[discord.Client],
            voice: str = "",
            threads: bool | None = None,
            learning: bool | None = None,
            notices: bool | None = None,
        ) -> None:
            self._gate.refuse_others_than_admins(interaction)
            await interaction.response.defer(ephemeral=True)
            await self._set(interaction, voice, threads, learning, notices)
            await tell(interaction, await self._shown_settings(interaction))

        @settings.autocomplete("voice")
        async def suggestions(interaction: Interaction, typed: str) -> Choices:
            return await voices(self._parts.tweeting, typed, interaction.guild_id)

        return settings

    async def _set(
        self, interaction: Interaction, voice: str, threads: bool | None, learning: bool | None, notices: bool | None
    ) -> None:
        by, here = person(interaction.user), channel_id(interaction.channel_id)
        server, memory = server_id(interaction.guild_id), self._parts.store.settings
        if voice == "-":
            await memory.remove(here, VOICE)
        elif voice:
            await memory.put(here, VOICE, (await self._parts.tweeting.version(voice, server)).name, by)
        if threads is not None:
            await memory.put(server, THREADS, threads, by)
        if learning is not None:
            if learning and not self._member_messages:
                log.info("learning is refused: [discord] member_messages is off")
                raise Usage("Learning from members is switched off; only whoever runs me can switch it on.")
            await self._parts.listening.allow(server, here, allowed=learning, by=by)
        if notices is not None:
            self._gate.refuse_others_than_home_admins(interaction)
            await (memory.put(GLOBAL, NOTICES, here, by) if notices else memory.remove(GLOBAL, NOTICES))
        changed = bool(voice) or any(one is not None for one in (threads, learning, notices))
        if changed:
            await self._parts.store.audit.add(by, "settings", here, server=server)

    async def _shown_settings(self, interaction: Interaction) -> str:
        here, server = channel_id(interaction.channel_id), server_id(interaction.guild_id)
        memory = self._parts.store.settings
        voice = await memory.get(here, VOICE)
        learning = here in (await memory.get(server, CHANNELS) or ())
        lines = [
            f"A mention that names nobody is answered by: {voice or 'nobody'}.",
            f"Mentions are answered {'in threads' if await memory.get(server, THREADS) else 'where they are'}.",
            f"Learning from members who said /join, in this channel: {'on' if learning else 'off'}.",
            f"Notices come to this channel: {'yes' if await memory.get(GLOBAL, NOTICES) == here else 'no'}.",
        ]
        return "\n".join(lines)

    def _status(self) -> Command:
        @app_commands.command(name="status", description="How I am")
        @admins
        async def status(interaction: discord.Interaction[discord.Client]) -> None:
            self._gate.refuse_others_than_admins(interaction)
            await interaction.response.defer(ephemeral=True)
            versions = await self._parts.tweeting.models(server_id(interaction.guild_id))
            jobs = await self._parts.training.jobs()
            minutes = (discord.utils.utcnow() - self._started).total_seconds() / 60
            up = f"I have been here for {_long(minutes)}, on {_some(len(self._client.guilds), 'server')}"
            lines = [
                f"{up}; Discord answers in {_milliseconds(self._client.latency)}.",
                f"Voices that can be asked for: {len(versions)}. Trainings that wait or run: {len(jobs)}.",
            ]
            if self._parts.posting:
                posts = await self._parts.posting.status()
                trying = "only trying it out, nothing is really posted"
                how = "paused" if posts.pause else trying if posts.dry_run else "on"
                waiting = sum(posts.counts.get(state, 0) for state in ("proposed", "queued"))
                lines.append(
                    f"X as @{posts.account}: {how}; {waiting} posts wait, "
                    f"{posts.spent_usd:.2f} of {posts.budget_usd:.2f} USD are spent this month."
                )
            await tell(interaction, "\n".join(lines))

        return status

    def _sync_command(self) -> Command:
        @app_commands.command(name="sync", description="Register my commands with Discord again: for my owner")
        @admins
        async def sync(interaction: discord.Interaction[discord.Client]) -> None:
            self._gate.refuse_others_than_owners(interaction)
            await interaction.response.defer(ephemeral=True)
            await self._sync()
            await tell(interaction, "The commands are registered; reload Discord to see them.")

        return sync


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _long(minutes: float) -> str:
    """`5 minutes`, `3 hours` or `2 days`."""
    if minutes < 120:
        return _some(round(minutes), "minute")
    return _some(round(minutes / 60), "hour") if minutes < 2 * 1440 else _some(round(minutes / 1440), "day")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if 0 <= seconds < 1_000 else "an unknown time"


def _server(text: str) -> str:
    if not _SERVER.fullmatch(text.strip()):
        raise Usage("A server is named by its id, a number: right-click it with Developer Mode on, Copy Server ID.")
    return server_id(int(text))
