"""/realornot: one real tweet and one of the bot's. People guess with buttons, and each voice has a score.

Knows the command, its buttons, and when a round ends, also after a restart. Does not know how tweets are chosen.
"""

import asyncio
import logging

import discord
from discord import app_commands

from bot.core.errors import BotError
from bot.discord.asking.acts import Shown, command, deferred
from bot.discord.asking.answering import Interaction, only_shown, person, tell
from bot.discord.asking.asks import Asks
from bot.discord.asking.clicks import Clicks
from bot.discord.asking.gate import Gate, channel_id, message_id, server_id
from bot.discord.asking.naming import voice_named
from bot.discord.asking.once import NOBODY, send
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.look.rendering import as_written, fools, guesses
from bot.discord.look.translating import Language, of_answer, of_server
from bot.store.voices.rounds import Round
from bot.voices.tweeting import Ask
from bot.voices.voting import Pair, Result, Withdrawn
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

FIRST_IS_REAL, SECOND_IS_REAL = Phrase("A is real"), Phrase("B is real")


class RoundButtons(Clicks):
    """Which one is real?"""

    def __init__(self, *, parts: Parts, gate: Gate, asks: Asks):
        super().__init__(parts=parts, gate=gate, asks=asks)

    def shown(self, language: Language) -> discord.ui.View:
        """Returns these buttons for one message."""
        return only_shown(RoundButtons(parts=self.parts, gate=self.gate, asks=self._asks), language)

    @discord.ui.button(label=FIRST_IS_REAL, custom_id="round:first", style=discord.ButtonStyle.primary)
    async def first(self, interaction: Interaction, _: discord.ui.Button["RoundButtons"]) -> None:
        await self._vote(interaction, chose_first=True)

    @discord.ui.button(label=SECOND_IS_REAL, custom_id="round:second", style=discord.ButtonStyle.primary)
    async def second(self, interaction: Interaction, _: discord.ui.Button["RoundButtons"]) -> None:
        await self._vote(interaction, chose_first=False)

    @deferred(Shown.PRIVATELY)
    async def _vote(self, interaction: Interaction, *, chose_first: bool) -> None:
        assert interaction.message
        message = message_id(interaction.message.id)
        if not await self.parts.voting.vote(message, person(interaction.user), chose_first=chose_first):
            raise Usage(Phrase("Your first guess counts, and none after the end."))
        await tell(interaction, Phrase("You say {letter}. Wait for the answer.", letter="A" if chose_first else "B"))


class Referee:
    """Ends each round when its time is up."""

    def __init__(self, client: discord.Client, *, parts: Parts, buttons: RoundButtons):
        self._client = client
        self._parts = parts
        self.buttons = buttons
        self._waiting: set[asyncio.Task[None]] = set()

    async def take_up(self) -> None:
        """Go on with the rounds that a process before this one left open."""
        for open_round, seconds in await self._parts.voting.open():
            self.start(open_round.message, int(open_round.channel.rpartition(":")[2]), seconds)

    def start(self, message: str, channel: int, seconds: float) -> None:
        """End a round in `seconds`."""
        task = asyncio.create_task(self._end(message, channel, seconds), name="round")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def stop(self) -> None:
        """Wait no more. The next start takes up the rounds that are open."""
        for task in self._waiting:
            task.cancel()

    async def _end(self, message: str, channel: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            result = await self._parts.voting.close(message)
            if not result:
                return
            place = self._client.get_partial_messageable(channel)
            language = of_server(getattr(self._client.get_channel(channel), "guild", None))
            shown = place.get_partial_message(int(message.rpartition(":")[2]))
            await shown.edit(embed=_answer(result, language), view=None, allowed_mentions=NOBODY)
        except (discord.DiscordException, PipelineError, BotError) as error:
            log.warning("the end of round %s is not shown: %s", message, error)


class GameCommand(Family):
    """The command."""

    def __init__(self, parts: Parts, gate: Gate, referee: Referee):
        super().__init__(parts, gate)
        self._referee = referee

    @command(
        "realornot",
        "One tweet is real, one is mine: can you tell?",
        shown=Shown.PUBLICLY,
        on_servers_only=True,
        cost=None,
    )
    @app_commands.describe(name="whose tweets; type a part of the name")
    async def real_or_not(self, interaction: Interaction, name: str) -> None:
        voting, here = self.parts.voting, server_id(interaction.guild_id)
        voice = await voice_named(self.parts, name, interaction.guild_id)
        pair = await voting.pair(Ask(person(interaction.user), voice, server=here))
        language = of_answer(interaction, private=False)
        question, view = _question(pair, voting.seconds, language), self._referee.buttons.shown(language)
        message = await send(interaction, private=False, embeds=[question], view=view)
        identity = message_id(message.id)
        await voting.begin(identity, pair, server=here, channel=channel_id(message.channel.id))
        self._referee.start(identity, message.channel.id, voting.seconds)

    real_or_not.autocomplete("name")(Family.voices)


def _question(pair: Pair, seconds: float, language: Language) -> discord.Embed:
    first, second = pair.texts
    embed = discord.Embed(
        title=language.say(Phrase("Real or AI? One of these is by @{voice}, one is an AI parody", voice=pair.voice))
    )
    embed.add_field(name="A", value=as_written(first), inline=False)
    embed.add_field(name="B", value=as_written(second), inline=False)
    embed.set_footer(text=language.say(Phrase("You have {seconds:.0f} seconds.", seconds=seconds)))
    return embed


def _answer(result: Result | Withdrawn, language: Language) -> discord.Embed:
    if isinstance(result, Withdrawn):
        gone = Phrase("This round was withdrawn: whose voice it is does not take part any more.")
        return discord.Embed(description=language.say(gone))
    ended: Round = result.round
    texts = (ended.real_text, ended.drawn_text) if ended.real_first else (ended.drawn_text, ended.real_text)
    real, ai = language.say(Phrase("real")), language.say(Phrase("AI"))
    marks = (real, ai) if ended.real_first else (ai, real)
    embed = discord.Embed(title=language.say(FIRST_IS_REAL if ended.real_first else SECOND_IS_REAL))
    for letter, text, mark in zip("AB", texts, marks, strict=True):
        embed.add_field(name=f"{letter}: {mark}", value=as_written(text), inline=False)
    overall = Phrase("In all, @{voice} {score}.", voice=ended.voice, score=fools(result.overall))
    said = [guesses(result.score), overall if result.overall.votes else ""]
    embed.set_footer(text=language.say(Phrase.joined(" ", said)))
    return embed
