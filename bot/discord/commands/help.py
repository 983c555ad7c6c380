"""/help: what the person who asks may do where they are, and how the bot is invited.

Knows the command tree, and what each command says of itself. Does not know what any of them does.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import KeptOut, Paused
from bot.discord.asking.acts import ALWAYS, MAY, command
from bot.discord.asking.answering import Interaction, answer, only_by_its_user
from bot.discord.asking.gate import Gate, Who
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.look.rendering import as_written, pages
from bot.discord.look.translating import NAME, in_language_of, of_answer
from huggingtweets.core.text.phrases import Phrase

RIGHTS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    manage_webhooks=True,
)
TITLE, INVITE = Phrase("What you may do here"), Phrase("Invite me")
FOR_YOURSELF, TO_A_SERVER = Phrase("For yourself, everywhere"), Phrase("To a server")
PRIVATELY_INVITED = Phrase("Only whoever runs me can invite me to a server.")
LEFT = Phrase("This is left to you:")
OF_A_MESSAGE = partial(Phrase, "Right-click a message, Apps, **{entry}**")
OF_A_MEMBER = partial(Phrase, "Right-click a member, Apps, **{entry}**")
Leaf = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu


class HelpCommand(Family):
    """The command."""

    def __init__(self, client: discord.Client, parts: Parts, gate: Gate, tree: app_commands.CommandTree[Any]):
        super().__init__(parts, gate)
        self._client = client
        self._tree = tree

    @command("help", "What you may do here, and how to invite me", always=True, everywhere=True)
    async def help(self, interaction: Interaction) -> None:
        begin, only_always = Phrase(), False
        say = of_answer(interaction, private=True).say
        try:
            await self.gate.admit_interaction(interaction)
        except (KeptOut, Paused) as error:
            begin, only_always = Phrase.joined(" ", [error.for_people, LEFT]), True
        lines = [
            _line(interaction, leaf)
            for leaf in self._leaves()
            if self._may(interaction, leaf) and (leaf.extras[ALWAYS] or not only_always)
        ]
        embeds = [discord.Embed(title=say(TITLE), description=page) for page in pages(lines, "\n")]
        embeds[-1].add_field(name=say(INVITE), value=say(self._invitation()), inline=False)
        await answer(interaction, embeds, ephemeral=True, note=begin)

    def _leaves(self) -> Iterator[Leaf]:
        commands = self._tree.walk_commands(type=discord.AppCommandType.chat_input)
        leaves = [one for one in commands if isinstance(one, app_commands.Command)]
        yield from sorted(leaves, key=lambda one: one.qualified_name)
        yield from self._tree.get_commands(type=discord.AppCommandType.message)
        yield from self._tree.get_commands(type=discord.AppCommandType.user)

    def _may(self, interaction: Interaction, leaf: Leaf) -> bool:
        """Returns True if Discord offers the command here, and it is for this person."""
        root = leaf if isinstance(leaf, app_commands.ContextMenu) else leaf.root_parent or leaf
        contexts, installs = root.allowed_contexts, root.allowed_installs
        if not interaction.guild_id and (not contexts or not contexts.dm_channel):
            return False
        if only_by_its_user(interaction) and not (installs and installs.user):
            return False
        return self.gate.lets(Who[leaf.extras[MAY]], interaction)

    def _invitation(self) -> Phrase:
        number, application = self._client.application_id, self._client.application
        assert number
        for_people = discord.utils.oauth_url(number, scopes=("applications.commands",)) + "&integration_type=1"
        own = Phrase("[{text}]({link})", text=FOR_YOURSELF, link=for_people)
        if application and not application.bot_public:
            return Phrase.joined("", [own, ". ", PRIVATELY_INVITED])
        link = discord.utils.oauth_url(number, permissions=RIGHTS, scopes=("bot", "applications.commands"))
        return Phrase.joined(" · ", [Phrase("[{text}]({link})", text=TO_A_SERVER, link=link), own])


def _line(interaction: Interaction, leaf: Leaf) -> str:
    """Returns a command as the person finds it: Discord shows names in their language."""
    names = [in_language_of(interaction.locale, name, context=NAME) for name in _names(leaf)]
    if isinstance(leaf, app_commands.ContextMenu):
        of = OF_A_MESSAGE if leaf.type is discord.AppCommandType.message else OF_A_MEMBER
        return of_answer(interaction, private=True).say(of(entry=as_written(names[0])))
    return f"`/{' '.join(names)}` {as_written(in_language_of(interaction.locale, leaf.description))}"


def _names(leaf: Leaf) -> list[str]:
    return [leaf.name] if isinstance(leaf, app_commands.ContextMenu) else leaf.qualified_name.split()
