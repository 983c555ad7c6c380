"""/tweetlike: tweets in somebody's voice.

Knows the command's options. Does not know limits, models, or how a failure is told.
"""

from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import Interaction, answer, person
from bot.discord.rendering import tweet_pages
from bot.tweeting import MAX_PROMPT_CHARACTERS, MAX_SUGGESTIONS, Ask, Tweeting

MAX_CHOICE = 100  # characters of a suggestion


def tweetlike(tweeting: Tweeting) -> app_commands.Command[Any, ..., None]:
    """The command; it is made here because its largest count is a setting."""

    @app_commands.command(name="tweetlike", description="Tweets like somebody whose voice I have learned")
    @app_commands.describe(
        user="whose voice; type a part of the name",
        prompt="how the tweets begin",
        count="how many tweets",
    )
    async def command(
        interaction: discord.Interaction[discord.Client],
        user: str,
        prompt: app_commands.Range[str, 0, MAX_PROMPT_CHARACTERS] = "",
        count: app_commands.Range[int, 1, tweeting.max_count] = 1,
    ) -> None:
        await interaction.response.defer()
        tweets = await tweeting.tweet_like(Ask(person(interaction.user), user, prompt, count))
        await answer(interaction, tweet_pages(tweets))

    @command.autocomplete("user")
    async def suggestions(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = await tweeting.suggestions(typed)
        fitting = [name for name in names if len(name) <= MAX_CHOICE]
        return [app_commands.Choice(name=name, value=name) for name in fitting[:MAX_SUGGESTIONS]]

    return command
