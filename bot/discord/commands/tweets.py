"""/tweetlike and /cyborg, and the same from the menu of members: tweets in somebody's voice.

Knows the commands' options. Does not know limits, models, or how a failure is told.
"""

import re
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import Interaction, person
from bot.discord.buttons import TweetButtons
from bot.discord.gate import server_id
from bot.discord.parts import Parts
from bot.people.limits import PICTURE, TWEETS
from bot.voices.tweeting import MAX_PROMPT_CHARACTERS, MAX_SUGGESTIONS, Ask, Tweeting

MAX_CHOICE = 100  # characters of a suggestion
_MENTION = re.compile(r"\s*<@!?(\d+)>\s*")
Choices = list[app_commands.Choice[str]]


async def voice_named(parts: Parts, text: str, guild: int | None) -> str:
    """The voice that was typed: a name, an @handle, or a member of the server who has linked theirs."""
    mention = _MENTION.fullmatch(text)
    if mention:
        return await parts.consenting.voice_of(server_id(guild), f"discord:{mention[1]}")
    return text


async def voices(tweeting: Tweeting, typed: str, guild: int | None) -> Choices:
    """Voices for a name that is being typed on a server."""
    names = await tweeting.suggestions(typed, server_id(guild))
    fitting = [name for name in names if len(name) <= MAX_CHOICE]
    return [app_commands.Choice(name=name, value=name) for name in fitting[:MAX_SUGGESTIONS]]


def tweetlike(parts: Parts, buttons: TweetButtons) -> app_commands.Command[Any, ..., None]:
    """The command; it is made here because its largest count is a setting."""

    @app_commands.command(name="tweetlike", description="Tweets like somebody whose voice I have learned")
    @app_commands.describe(
        user="whose voice: a name, an @handle, or a member of this server; type a part of it",
        prompt="how the tweets begin",
        count="how many tweets",
        blend="another voice to mix in, at half the strength with 0.5*name",
        private="show them only to me",
        picture="as a picture",
    )
    async def command(
        interaction: discord.Interaction[discord.Client],
        user: str,
        prompt: app_commands.Range[str, 0, MAX_PROMPT_CHARACTERS] = "",
        count: app_commands.Range[int, 1, parts.tweeting.max_count] = 1,
        blend: str = "",
        private: bool = False,
        picture: bool = False,
    ) -> None:
        await interaction.response.defer(ephemeral=private)
        names = [await voice_named(parts, one, interaction.guild_id) for one in (user, blend) if one]
        here, cost = server_id(interaction.guild_id), PICTURE if picture else TWEETS
        ask = Ask(person(interaction.user), "+".join(names), prompt, count, here, cost)
        tweets = await parts.tweeting.tweet_like(ask)
        drawn = await parts.tweeting.picture(tweets, prompt) if picture else None
        await buttons.show(interaction, tweets, prompt, private=private, picture=drawn)

    @command.autocomplete("user")
    @command.autocomplete("blend")
    async def suggestions(interaction: Interaction, typed: str) -> Choices:
        return await voices(parts.tweeting, typed, interaction.guild_id)

    return command


def cyborg(parts: Parts, buttons: TweetButtons) -> app_commands.Command[Any, ..., None]:
    """Several people in one voice."""

    @app_commands.command(name="cyborg", description="A tweet by two or three people at once")
    @app_commands.describe(a="the first voice", b="the second voice", c="a third voice", prompt="how the tweet begins")
    async def command(
        interaction: discord.Interaction[discord.Client],
        a: str,
        b: str,
        c: str = "",
        prompt: app_commands.Range[str, 0, MAX_PROMPT_CHARACTERS] = "",
    ) -> None:
        await interaction.response.defer()
        names = [await voice_named(parts, one, interaction.guild_id) for one in (a, b, c) if one]
        name = await parts.tweeting.together(names)
        ask = Ask(person(interaction.user), name, prompt, 1, server_id(interaction.guild_id))
        await buttons.show(interaction, await parts.tweeting.tweet_like(ask), prompt)

    @command.autocomplete("a")
    @command.autocomplete("b")
    @command.autocomplete("c")
    async def suggestions(interaction: Interaction, typed: str) -> Choices:
        return await voices(parts.tweeting, typed, interaction.guild_id)

    return command


def like_member(parts: Parts, buttons: TweetButtons) -> app_commands.ContextMenu:
    """In the menu of a member."""

    async def tweet_like(interaction: discord.Interaction[discord.Client], member: discord.Member) -> None:
        await interaction.response.defer()
        name = await parts.consenting.voice_of(server_id(interaction.guild_id), person(member))
        ask = Ask(person(interaction.user), name, "", 1, server_id(interaction.guild_id))
        await buttons.show(interaction, await parts.tweeting.tweet_like(ask), "")

    menu = app_commands.ContextMenu(name="Tweet like", callback=tweet_like)
    menu.guild_only = True
    return menu
