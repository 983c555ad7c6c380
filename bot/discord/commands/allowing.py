"""/allow and /deny: where the bot answers, and whom.

Knows the commands, and how the lists are shown. Does not know what a list leads to.
"""

import re

import discord
from discord import app_commands

from bot.discord.asking.acts import command
from bot.discord.asking.answering import Interaction, person, show
from bot.discord.asking.gate import Gate, Who, channel_id, server_id
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.look.rendering import as_written
from bot.people.access import GLOBAL
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase

_SERVER = re.compile(r"\d{15,21}")

options = app_commands.describe(
    channel="a channel or a category, with all that is in it",
    role="everybody who has this role",
    member="a person",
    server="the id of a whole server: for my owner",
    remove="take it off the list again",
)


class ListCommands(Family):
    """The two lists of a server; and whole servers, for the owner."""

    def __init__(self, client: discord.Client, parts: Parts, gate: Gate):
        super().__init__(parts, gate)
        self._client = client

    @command(
        "allow",
        "Answer here, or these people, only; without options: show the lists",
        may=Who.ADMINS,
        on_servers_only=True,
    )
    @options
    async def allow(
        self,
        interaction: Interaction,
        channel: discord.abc.GuildChannel | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
        server: str = "",
        remove: bool = False,
    ) -> None:
        subjects = self._subjects(interaction, channel, role, member, server)
        await self._rule(interaction, subjects, allowed=True, remove=remove)

    @command(
        "deny",
        "Do not answer here, or these people; without options: show the lists",
        may=Who.ADMINS,
        on_servers_only=True,
    )
    @options
    async def deny(
        self,
        interaction: Interaction,
        channel: discord.abc.GuildChannel | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
        server: str = "",
        remove: bool = False,
    ) -> None:
        subjects = self._subjects(interaction, channel, role, member, server)
        await self._rule(interaction, subjects, allowed=False, remove=remove)

    def _subjects(
        self,
        interaction: Interaction,
        channel: discord.abc.GuildChannel | None,
        role: discord.Role | None,
        member: discord.Member | None,
        server: str,
    ) -> list[tuple[str, str]]:
        """Who or what is ruled about, each with the list it belongs to."""
        here = server_id(interaction.guild_id)
        subjects = [(here, channel_id(channel.id))] if channel else []
        subjects += [(here, f"discord:role:{role.id}")] if role else []
        subjects += [(here, f"discord:user:{member.id}")] if member else []
        if server:
            self.gate.refuse_others_than(Who.OWNERS, interaction)
            subjects.append((GLOBAL, _server(server)))
        return subjects

    async def _rule(
        self, interaction: Interaction, subjects: list[tuple[str, str]], *, allowed: bool, remove: bool
    ) -> None:
        settings, by = self.parts.store.settings, person(interaction.user)
        action = "rule.remove" if remove else "rule.allow" if allowed else "rule.deny"
        for scope, subject in subjects:
            if remove:
                await settings.remove_rule(scope, subject)
            else:
                await settings.rule(scope, subject, allowed=allowed, by=by)
            await self.parts.store.audit.add(by, action, subject, server=scope)
        await show(interaction, await self._lists(server_id(interaction.guild_id)))

    async def _lists(self, server: str) -> Phrase:
        rules_of = await self.parts.store.settings.rules([GLOBAL, server])
        rules = rules_of[server] | {
            subject: allowed for subject, allowed in rules_of[GLOBAL].items() if subject == server
        }
        names = {
            wanted: [self._shown(subject) for subject, allowed in sorted(rules.items()) if allowed is wanted]
            for wanted in (True, False)
        }
        allowed = Phrase("Allowed: {names}.", names=names[True]) if names[True] else Phrase()
        denied = Phrase("Denied: {names}.", names=names[False]) if names[False] else Phrase()
        return Phrase.joined(" ", [allowed, denied]) or Phrase(
            "Both lists are empty: I answer everybody everywhere on this server."
        )

    def _shown(self, subject: str) -> str:
        """A mention, which Discord shows as a name to whoever may see it; pings are off."""
        kind, _, number = subject.removeprefix("discord:").partition(":")
        match kind:
            case "channel":
                return f"<#{number}>"
            case "role":
                # The role of everybody has the server's number.
                return Phrase("everybody") if self._client.get_guild(int(number)) else f"<@&{number}>"
            case "user":
                return f"<@{number}>"
            case _:
                guild = self._client.get_guild(int(number))
                return Phrase("the server {name}", name=as_written(guild.name if guild else number))


def _server(text: str) -> str:
    if not _SERVER.fullmatch(text.strip()):
        raise Usage(
            Phrase("A server is named by its id, a number: right-click it with Developer Mode on, Copy Server ID.")
        )
    return server_id(int(text))
