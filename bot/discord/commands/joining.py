"""/join and /leave: members who let the bot learn from what they write, and who take that back.

Both ask first, and the question says what will be done. /leave works for everybody, also for people who are paused.

Knows the commands and their confirmations. Does not know what is kept, or how a voice is learned.
"""

import logging
from functools import partial

import discord
from discord import app_commands

from bot.core.errors import NotAllowed
from bot.discord.asking.acts import Shown, command, deferred
from bot.discord.asking.answering import NOTHING_DELETED, Interaction, only_shown, person, settle, show, tell
from bot.discord.asking.asks import Asks
from bot.discord.asking.clicks import OwnClicks
from bot.discord.asking.gate import Gate, server_id
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.hearing.past import PastReader
from bot.discord.look.rendering import as_written
from bot.discord.look.translating import Language, of_answer
from bot.people.listening import CHANNELS
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

QUESTION = partial(
    Phrase,
    "If you click, I keep the messages that you write from now on in these channels of this "
    "server: {channels}. A voice is learned from them. {heard} What you edit or delete, I "
    "edit or delete. /leave ends it and deletes messages, voice and models. Nobody else is "
    "read.",
)
PAST = partial(
    Phrase,
    "{reason} So I also read what you wrote in them before: {limits}. It takes a while, "
    "and I say how far I am. Nothing of other people is kept.",
)
PAST_IS_OFF = Phrase(
    "Reading what was written before is switched off; only whoever runs me can switch it on. "
    "Your own data package from Discord works without that: see User Settings, Data & Privacy, "
    "and give it to an admin or to whoever runs me."
)
HERE = Phrase(
    "Everybody on this server may ask for tweets in it. It is not heard on other servers, in "
    "direct messages or in posts."
)
EVERYWHERE = Phrase(
    "Everybody may ask for tweets in it: on every server where I am, in direct messages, on my "
    "owner's page and in posts. /join without `everywhere` takes that back."
)


class Joining(Family):
    """/join, which is there only where the bot may learn from members."""

    def __init__(self, parts: Parts, gate: Gate, asks: Asks, reader: PastReader):
        super().__init__(parts, gate)
        self._asks = asks
        self._reader = reader

    @command("join", "Let me learn from what you write on this server", on_servers_only=True)
    @app_commands.describe(
        everywhere="your voice is also heard outside of this server",
        past="I also read what you wrote here before; I ask first",
    )
    async def join(self, interaction: Interaction, everywhere: bool = False, past: bool = False) -> None:
        allowed = await self.parts.store.settings.get(server_id(interaction.guild_id), CHANNELS)
        channels = [f"<#{channel.rpartition(':')[2]}>" for channel in allowed or ()]
        text = QUESTION(
            channels=channels or Phrase("none yet; an admin allows them"), heard=EVERYWHERE if everywhere else HERE
        )
        if past:
            text = Phrase.joined("\n\n", [text, self._about_past()])
        view = JoinButtons(parts=self.parts, asks=self._asks, reader=self._reader).asking(
            of_answer(interaction, private=True), everywhere=everywhere, past=past
        )
        await show(interaction, text, view=view)

    def _about_past(self) -> Phrase:
        """Returns what the person agrees to. Raises `Usage` if that is off."""
        past = self.parts.past
        if not past.reason:
            log.info("/join past:True is refused: [discord] past_messages is off")
            raise Usage(PAST_IS_OFF)
        return PAST(reason=as_written(past.reason), limits=past.limits)


class JoinButtons(OwnClicks):
    """The click that it takes. Which button it is says where the voice is heard, and what is read."""

    def __init__(self, *, parts: Parts, asks: Asks, reader: PastReader):
        super().__init__(parts=parts, asks=asks)
        self._reader = reader

    def asking(self, language: Language, *, everywhere: bool, past: bool) -> discord.ui.View:
        """Returns the one button for what was asked."""
        wanted = {
            (False, False): self.here,
            (True, False): self.everywhere,
            (False, True): self.past,
            (True, True): self.past_everywhere,
        }[everywhere, past]
        for button in list(self.children):
            if button is not wanted:
                self.remove_item(button)
        return only_shown(self, language)

    @discord.ui.button(label=Phrase("Learn from what I write"), custom_id="join:yes", style=discord.ButtonStyle.primary)
    async def here(self, interaction: Interaction, _: discord.ui.Button["JoinButtons"]) -> None:
        await self._join(interaction, everywhere=False)

    @discord.ui.button(
        label=Phrase("Learn from what I write, heard everywhere"),
        custom_id="join:everywhere",
        style=discord.ButtonStyle.primary,
    )
    async def everywhere(self, interaction: Interaction, _: discord.ui.Button["JoinButtons"]) -> None:
        await self._join(interaction, everywhere=True)

    @discord.ui.button(
        label=Phrase("Learn from what I write and wrote"), custom_id="join:past", style=discord.ButtonStyle.primary
    )
    async def past(self, interaction: Interaction, _: discord.ui.Button["JoinButtons"]) -> None:
        await self._join(interaction, everywhere=False, past=True)

    @discord.ui.button(
        label=Phrase("Learn from what I write and wrote, heard everywhere"),
        custom_id="join:past_everywhere",
        style=discord.ButtonStyle.primary,
    )
    async def past_everywhere(self, interaction: Interaction, _: discord.ui.Button["JoinButtons"]) -> None:
        await self._join(interaction, everywhere=True, past=True)

    @deferred(Shown.PRIVATELY)
    async def _join(self, interaction: Interaction, *, everywhere: bool, past: bool = False) -> None:
        me = person(interaction.user)
        if await self.parts.consenting.opted_out(me):
            raise NotAllowed(Phrase("You have opted out; say /optin first if you have changed your mind."))
        server = server_id(interaction.guild_id)
        member = await self.parts.store.members.get(server, me)
        if not (past and member and member.everywhere == everywhere):
            voice = await self.parts.listening.join(server, me, interaction.user.name, everywhere=everywhere)
            if everywhere:
                thanks = Phrase("Thank you. Your voice is called {voice} and is heard everywhere.", voice=voice)
            else:
                thanks = Phrase(
                    "Thank you. Your voice is called {voice} and is heard on this server only.", voice=voice
                )
            teaches = Phrase() if member else Phrase("An admin teaches it with /retrain.")
            await tell(interaction, Phrase.joined(" ", [thanks, teaches]))
        if past:
            allowed = await self.parts.store.settings.get(server, CHANNELS) or ()
            await self._reader.begin(interaction, allowed)


class Leaving(Family):
    """/leave, which is always there."""

    def __init__(self, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(parts, gate)
        self._asks = asks

    @command(
        "leave",
        "Take /join back: your messages, voice and models are deleted",
        on_servers_only=True,
        always=True,
        cost=0.0,
    )
    async def leave(self, interaction: Interaction) -> None:
        here, me = server_id(interaction.guild_id), person(interaction.user)
        voice, count = await self.parts.listening.about_to_leave(here, me)
        text = Phrase(
            "This deletes {count:,} message of yours from this server, your voice {voice} and its models. "
            "It cannot be undone. Shall I?",
            plural="This deletes {count:,} messages of yours from this server, your voice {voice} and its models. "
            "It cannot be undone. Shall I?",
            count=count,
            voice=voice,
        )
        view = only_shown(LeaveButtons(parts=self.parts, asks=self._asks), of_answer(interaction, private=True))
        await tell(interaction, text, view=view)


class LeaveButtons(OwnClicks):
    """Shall I?"""

    @discord.ui.button(label=Phrase("Leave and delete"), custom_id="leave:yes", style=discord.ButtonStyle.danger)
    @deferred(Shown.PRIVATELY)
    async def yes(self, interaction: Interaction, _: discord.ui.Button["LeaveButtons"]) -> None:
        count = await self.parts.listening.leave(server_id(interaction.guild_id), person(interaction.user))
        deleted = Phrase(
            "{count:,} message and everything learned from it are deleted.",
            plural="{count:,} messages and everything learned from them are deleted.",
            count=count,
        )
        await tell(interaction, deleted)

    @discord.ui.button(label=Phrase("Stay"), custom_id="leave:no", style=discord.ButtonStyle.secondary)
    async def no(self, interaction: Interaction, _: discord.ui.Button["LeaveButtons"]) -> None:
        await settle(interaction, NOTHING_DELETED)
