"""/home, and what the bot does by itself about its home: it decides which server that is, and tells if it was removed.

Knows Discord's servers and the owner's command. Does not know how home is kept, or what its admins may do.
"""

import logging

import discord
from discord import app_commands

from bot.discord.asking.acts import command, suggested_to
from bot.discord.asking.answering import Interaction, person, tell
from bot.discord.asking.gate import Gate, Who, server_id
from bot.discord.asking.naming import MAX_CHOICE, MAX_CHOICES, Choices
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.speaking.notices import OWNER
from bot.people.home import Home
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

NONE_YET = Phrase(
    "No server is my home yet. Until you choose one, only you may teach me voices, change and delete them, and decide "
    "about posts."
)


class HomeServers(Family):
    """Decides about home when servers come and go, tells the owner, and lets the owner change it."""

    def __init__(self, client: discord.Client, parts: Parts, gate: Gate, home: Home):
        super().__init__(parts, gate)
        self._client = client
        self._home = home

    async def look(self) -> None:
        """Decide which server is home, as soon as that is clear, and tell the owner the outcome."""
        try:
            servers = {server_id(guild.id): guild.owner_id for guild in self._client.guilds}
            owned = [server for server, owner in servers.items() if owner in self.gate.owner_ids()]
            if await self._home.decide(servers, owned):
                await self._tell_decision()
            await self._tell_if_away()
        except PipelineError as error:
            log.warning("home is not decided: %s", error)

    async def removed(self, guild: discord.Guild) -> None:
        """The bot is no longer on `guild`."""
        if server_id(guild.id) in self._home.servers:
            try:
                await self._tell_if_away()
            except PipelineError as error:
                log.warning("the owner is not told that home is gone: %s", error)

    @command("home", "Which server is my home: for my owner", may=Who.OWNERS)
    @app_commands.describe(
        server="make this server my home; its admins may train, change and delete voices, and post",
        also="keep the other homes, too",
    )
    async def home(self, interaction: Interaction, server: str = "", also: bool = False) -> None:
        if server:
            await self._change(self._server(server), person(interaction.user), also=also)
        await tell(interaction, self._standing())

    @home.autocomplete("server")
    @suggested_to(Who.OWNERS)
    async def servers(self, interaction: Interaction, typed: str) -> Choices:
        servers = [guild for guild in self._client.guilds if typed.lower() in guild.name.lower()]
        return [app_commands.Choice(name=guild.name[:MAX_CHOICE], value=str(guild.id)) for guild in servers][
            :MAX_CHOICES
        ]

    async def _change(self, guild: discord.Guild, by: str, *, also: bool) -> None:
        if self._home.is_configured:
            raise Usage(Phrase("My home is written in the file with my settings, so it can only be changed there."))
        others = self._home.servers if also else frozenset()
        await self._home.change(others | {server_id(guild.id)}, by)
        await self.parts.store.audit.add(by, "home", server_id(guild.id))

    def _server(self, text: str) -> discord.Guild:
        for guild in self._client.guilds:
            if text.strip().lower() in (str(guild.id), guild.name.lower()):
                return guild
        raise Usage(Phrase("I am on no such server; choose one that Discord suggests."))

    def _standing(self) -> Phrase:
        names = self._names()
        if not names:
            return Phrase.joined(" ", [NONE_YET, Phrase("/home with the option server chooses it.")])
        return Phrase(
            "My home is {servers:and}. Who has the permission Manage Server there may teach me voices, change and "
            "delete them, and decide about posts.",
            servers=names,
        )

    def _names(self) -> list[str]:
        names = {server_id(guild.id): guild.name for guild in self._client.guilds}
        return [
            names.get(server, Phrase("a server that I am not on any more")) for server in sorted(self._home.servers)
        ]

    async def _tell_decision(self) -> None:
        servers = sorted(self._home.servers)
        log.info("home is %s", ", ".join(servers) or "not decided: the owner has to say it with /home")
        if servers:
            text = Phrase.joined(" ", [self._standing(), Phrase("If this is wrong, change it with /home.")])
        else:
            servers_here = Phrase(
                "I am on {count} server.", plural="I am on {count} servers.", count=len(self._client.guilds)
            )
            text = Phrase.joined(" ", [servers_here, self._standing()])
        await self.parts.store.notices.add("home:" + ",".join(servers), text, OWNER)

    async def _tell_if_away(self) -> None:
        """Tell the owner, once a day at most, that the bot is on no home server any more."""
        here = {server_id(guild.id) for guild in self._client.guilds}
        servers = sorted(self._home.servers)
        if not servers or here & self._home.servers:
            return
        log.warning(
            "not on any home server (%s): until /home names another one, the owner alone may", ", ".join(servers)
        )
        text = Phrase(
            "I am not on my home server any more. Until I am back there, or you choose another one with /home, "
            "only you may teach me voices, change and delete them, and decide about posts."
        )
        day = discord.utils.utcnow().date().isoformat()
        await self.parts.store.notices.add(f"home:away:{day}:{','.join(servers)}", text, OWNER)
