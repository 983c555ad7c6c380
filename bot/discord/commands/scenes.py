"""/scene: two to four voices talk with each other. Their lines appear in one message, one after the other.

Knows the command, and how its message grows. Does not know who may speak, or how a line is drawn.
"""

import logging
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

import discord
from discord import app_commands

from bot.core.errors import BotError, NotAllowed
from bot.discord.asking.acts import Shown, command
from bot.discord.asking.answering import Interaction, person
from bot.discord.asking.asks import Asks
from bot.discord.asking.buttons import TweetButtons
from bot.discord.asking.gate import server_id
from bot.discord.asking.naming import voice_named
from bot.discord.asking.once import NOBODY, answered, repeated
from bot.discord.commands.family import Family
from bot.discord.look.rendering import in_messages, tweet_embeds
from bot.discord.look.translating import of_answer
from bot.voices.scene import LEAST_LINES, MAX_TOPIC_CHARACTERS, MOST_LINES, USUAL_LINES, SceneAsk, Scenes
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.writer import Tweets

log = logging.getLogger(__name__)

TAKEN_BACK = Phrase("This scene is gone: somebody in it does not want to be imitated.")
BETWEEN_EDITS = timedelta(seconds=1)
Lines = app_commands.Range[int, LEAST_LINES, MOST_LINES]


class SceneCommand(Family):
    """The command."""

    def __init__(self, buttons: TweetButtons, asks: Asks):
        super().__init__(buttons.parts, buttons.gate)
        self._buttons = buttons
        self._asks = asks
        parts = buttons.parts
        self._scenes = Scenes(tweeting=parts.tweeting, limits=parts.limits, willing=parts.consenting.willing)

    @command("scene", "Two to four people talk with each other", shown=Shown.PUBLICLY, cost=None, everywhere=True)
    @app_commands.describe(
        a="who begins",
        b="who answers",
        c="a third voice",
        d="a fourth voice",
        topic="what they talk about",
        lines="how many lines",
    )
    async def scene(
        self,
        interaction: Interaction,
        a: str,
        b: str,
        c: str = "",
        d: str = "",
        topic: app_commands.Range[str, 0, MAX_TOPIC_CHARACTERS] = "",
        lines: Lines = USUAL_LINES,
    ) -> None:
        voices = [await voice_named(self.parts, name, interaction.guild_id) for name in (a, b, c, d) if name]
        here = server_id(interaction.guild_id)
        await self._play(interaction, SceneAsk(person(interaction.user), tuple(voices), topic, lines, here))

    scene.autocomplete("a")(Family.voices)
    scene.autocomplete("b")(Family.voices)
    scene.autocomplete("c")(Family.voices)
    scene.autocomplete("d")(Family.voices)

    async def _play(self, interaction: Interaction, ask: SceneAsk) -> None:
        showing = _Showing(interaction, ask)
        try:
            async with aclosing(self._scenes.play(ask)) as played:
                async for line in played:
                    embeds = tweet_embeds(line, await self.parts.tweeting.imitated(line), showing.language)
                    if not await showing.add(line, embeds) or self._asks.are_ending:
                        break
            await self._end(interaction, ask, showing)
        except discord.NotFound:
            log.info("a scene was deleted while it was played")
        except NotAllowed:
            await showing.take_back()
            raise
        except (BotError, PipelineError):
            if showing.texts:
                await self._end(interaction, ask, showing)
            raise

    async def _end(self, interaction: Interaction, ask: SceneAsk, showing: "_Showing") -> None:
        message = await showing.end(self._buttons.below_scene(showing.language))
        scene = Tweets(showing.texts, ask.everybody, "", 0, ask.lines)
        await self._buttons.remember(message, scene, "", interaction.user, interaction.guild_id, ask.topic)


class _Showing:
    """The message of one scene."""

    def __init__(self, interaction: Interaction, ask: SceneAsk):
        self._interaction = interaction
        self.language = of_answer(interaction, private=False)
        self._lines = ask.lines
        self._embeds: list[discord.Embed] = []
        self._edited_at: datetime | None = None
        self.texts: tuple[str, ...] = ()

    async def add(self, line: Tweets, embeds: Sequence[discord.Embed]) -> bool:
        """Show one more line. Returns False if the message has no room for it."""
        if len(in_messages([*self._embeds, *embeds])) > 1:
            return False
        self._embeds += embeds
        self.texts += line.texts
        now = discord.utils.utcnow()
        # Discord takes one edit a second. A line that comes sooner is shown with the next one.
        is_time = not self._edited_at or now - self._edited_at >= BETWEEN_EDITS
        if is_time and len(self.texts) < self._lines:
            self._edited_at = now
            await self._edit(Phrase("Line {line} of {lines} …", line=len(self.texts) + 1, lines=self._lines))
        return True

    async def end(self, view: discord.ui.View) -> discord.Message:
        """Show the scene as it is, with its buttons."""
        early = Phrase("The scene ends after {line} of {lines} lines.", line=len(self.texts), lines=self._lines)
        return await self._edit(early if len(self.texts) < self._lines else Phrase(), view)

    async def take_back(self) -> None:
        """Show nothing of it any more."""
        if self.texts:
            self._embeds = []
            await self._edit(TAKEN_BACK)

    async def _edit(self, text: Phrase, view: discord.ui.View | None = None) -> discord.Message:
        message = await repeated(
            lambda: self._interaction.edit_original_response(
                content=self.language.say(text), embeds=self._embeds, view=view, allowed_mentions=NOBODY
            )
        )
        answered(self._interaction)
        return message
