"""/tweetlike and /cyborg, and the same from the menu of members: tweets in somebody's voice.

Knows the commands' options. Does not know limits, models, or how a failure is told.
"""

from typing import Literal

import discord
from discord import app_commands

from bot.discord.asking.acts import Shown, command, deferred, menu
from bot.discord.asking.answering import Interaction, person
from bot.discord.asking.buttons import TweetButtons
from bot.discord.asking.gate import server_id
from bot.discord.asking.naming import blend_named, voice_named
from bot.discord.commands.family import Family
from bot.voices.tweeting import MAX_PROMPT_CHARACTERS
from huggingtweets.core.people.names import BlendName
from huggingtweets.generation.drawing_options import (
    HIGHEST_TEMPERATURE,
    LENGTH_MEANS,
    LOWEST_TEMPERATURE,
    MAX_SEED,
    SEED_MEANS,
    TEMPERATURE_MEANS,
    DrawingOptions,
)

Prompt = app_commands.Range[str, 0, MAX_PROMPT_CHARACTERS]


class TweetCommands(Family):
    """They answer with tweets, below which are buttons."""

    def __init__(self, buttons: TweetButtons):
        super().__init__(buttons.parts, buttons.gate)
        self.buttons = buttons

    def menus(self) -> list[app_commands.ContextMenu]:
        return [menu("Tweet like", self.tweet_like, on_servers_only=True, cost=None)]

    @command("cyborg", "A tweet by two or three people at once", shown=Shown.PUBLICLY, cost=None, everywhere=True)
    @app_commands.describe(a="the first voice", b="the second voice", c="a third voice", prompt="how the tweet begins")
    async def cyborg(self, interaction: Interaction, a: str, b: str, c: str = "", prompt: Prompt = "") -> None:
        voices = [await voice_named(self.parts, name, interaction.guild_id) for name in (a, b, c) if name]
        await self.buttons.write(interaction, await self.parts.tweeting.together(voices), prompt)

    cyborg.autocomplete("a")(Family.voices)
    cyborg.autocomplete("b")(Family.voices)
    cyborg.autocomplete("c")(Family.voices)

    @deferred(Shown.PUBLICLY)
    async def tweet_like(self, interaction: Interaction, member: discord.Member) -> None:
        voice = await self.parts.consenting.voice_of(server_id(interaction.guild_id), person(member))
        await self.buttons.write(interaction, voice)


def tweetlike(buttons: TweetButtons) -> Family:
    """The command. Its class is made here because the largest count that Discord lets people type is a setting."""

    class TweetLike(Family):
        @command(
            "tweetlike", "Tweets like somebody whose voice I have learned", shown=_as_asked, cost=None, everywhere=True
        )
        @app_commands.describe(
            user="whose voice: a name, an @handle, or a member of this server; type a part of it",
            prompt="how the tweets begin",
            count="how many tweets",
            blend="another voice to mix in, at half the strength with 0.5*name",
            private="show them only to me",
            picture="as a picture",
            temperature=TEMPERATURE_MEANS,
            length=LENGTH_MEANS,
            seed=SEED_MEANS,
        )
        async def tweetlike(
            self,
            interaction: Interaction,
            user: str,
            prompt: Prompt = "",
            count: app_commands.Range[int, 1, buttons.parts.tweeting.max_count] = 1,
            blend: str = "",
            private: bool = False,
            picture: bool = False,
            temperature: app_commands.Range[float, LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE] | None = None,
            length: Literal["shorter", "longer"] | None = None,
            seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
        ) -> None:
            options = DrawingOptions(temperature, length or "usual", seed)
            blends = [await blend_named(self.parts, name, interaction.guild_id) for name in (user, blend) if name]
            voice = BlendName.sum_of(blends)
            await buttons.write(
                interaction, voice, prompt, count=count, private=private, as_picture=picture, options=options
            )

        tweetlike.autocomplete("user")(Family.voices)
        tweetlike.autocomplete("blend")(Family.voices)

    return TweetLike(buttons.parts, buttons.gate)


def _as_asked(interaction: Interaction) -> Shown:
    return Shown.PRIVATELY if interaction.namespace.private else Shown.PUBLICLY
