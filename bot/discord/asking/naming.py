"""How people name a voice on Discord: they type a part of it and choose, or mention a member who has linked theirs.

Knows suggestions and mentions. Does not know which voices there are.
"""

import re
from collections.abc import Iterable

from discord import app_commands

from bot.discord.asking.answering import Interaction
from bot.discord.asking.gate import server_id
from bot.discord.asking.parts import Parts
from huggingtweets.core.people.names import BlendName, VoiceName, comparable

MAX_CHOICE = 100  # characters of a suggestion
MAX_CHOICES = 25  # that Discord shows
_MENTION = re.compile(r"\s*<@!?(\d+)>\s*")
Choices = list[app_commands.Choice[str]]


def choices(names: Iterable[str], typed: str = "") -> Choices:
    """The suggestions among `names` for what was `typed`, as many as Discord shows."""
    fitting = [name for name in names if typed.lower() in name.lower() and len(name) <= MAX_CHOICE]
    return [app_commands.Choice(name=name, value=name) for name in fitting[:MAX_CHOICES]]


async def voices(parts: Parts, interaction: Interaction, typed: str) -> Choices:
    """The voices that can be asked for, where the person is."""
    names = await parts.tweeting.suggestions(typed, server_id(interaction.guild_id))
    return choices(names)


async def all_voices(parts: Parts, typed: str) -> Choices:
    """All voices, also those that nobody can ask for: for admins."""
    return choices(await parts.versions.names(), comparable(typed))


async def voice_named(parts: Parts, text: str, guild: int | None) -> VoiceName:
    """The one voice that was typed. Raises `Usage` for a blend, and like `blend_named`."""
    return (await blend_named(parts, text, guild)).single


async def blend_named(parts: Parts, text: str, guild: int | None) -> BlendName:
    """What was typed: a name, an @handle, a blend of them, or a member of the server who has linked their voice.

    Raises `Usage` where it is none of these.
    """
    mention = _MENTION.fullmatch(text)
    if mention:
        return await parts.consenting.voice_of(server_id(guild), f"discord:{mention[1]}")
    return text if isinstance(text, BlendName) else BlendName.parse(text)
