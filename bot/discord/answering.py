"""How an answer reaches a person, and how a failure does: in one sentence with an id, privately where Discord can.

An interaction is answered once deferred within 15 minutes; after that only a message in the channel is left. A message
has no private answer, so it gets the sentence as a reply. When Discord refuses the answer itself, the log says so.

Knows Discord's ways to answer. Does not know what was asked.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.discord.rendering import sentence
from bot.errors import NotAllowed, told
from huggingtweets.errors import Usage

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

NOBODY = discord.AllowedMentions.none()


def person(user: discord.abc.User) -> str:
    """Who asks, as the use cases know people."""
    return f"discord:{user.id}"


async def answer(interaction: Interaction, embeds: Sequence[discord.Embed], *, ephemeral: bool = False) -> None:
    """The answer to a deferred interaction, one message an embed."""
    for embed in embeds:
        if interaction.is_expired():
            await _post(interaction, embed=embed)
        else:
            await interaction.followup.send(embed=embed, ephemeral=ephemeral, allowed_mentions=NOBODY)


async def answer_failure(interaction: Interaction, error: Exception) -> None:
    """Tell who asked what went wrong."""
    try:
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await _tell(interaction, sentence(told(_cause(error))))
    except Exception as unanswered:  # noqa: BLE001  there is no other way left to tell
        log.warning("no answer reached interaction %s: %r", interaction.id, unanswered)


async def reply(message: discord.Message, content: str | None = None, *, embed: discord.Embed | None = None) -> None:
    """A reply that is sent even if `message` was deleted meanwhile."""
    reference = message.to_reference(fail_if_not_exists=False)
    if embed:
        await message.channel.send(embed=embed, reference=reference, allowed_mentions=NOBODY)
    else:
        await message.channel.send(content, reference=reference, allowed_mentions=NOBODY)


async def reply_failure(message: discord.Message, error: Exception) -> None:
    """Tell who wrote `message` what went wrong."""
    try:
        await reply(message, sentence(told(error)))
    except Exception as unanswered:  # noqa: BLE001  there is no other way left to tell
        log.warning("no answer reached message %s: %r", message.id, unanswered)


@asynccontextmanager
async def typing(channel: discord.abc.Messageable) -> AsyncIterator[None]:
    """Show that an answer is being written; not worth failing for."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(channel.typing())
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("typing is not shown: %r", error)
        yield


async def _tell(interaction: Interaction, text: str) -> None:
    """`text` for the eyes of who asked, whatever was answered before."""
    if interaction.is_expired():
        await _post(interaction, text)
    elif not interaction.response.is_done():
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NOBODY)
    else:
        original = await interaction.original_response()
        waiting_in_public = original.flags.loading and not original.flags.ephemeral
        if waiting_in_public:
            # The first follow-up would fill the public "is thinking" whatever it asks for: end that one first.
            await interaction.edit_original_response(content="…", allowed_mentions=NOBODY)
        await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY)
        if waiting_in_public:
            await interaction.delete_original_response()


async def _post(interaction: Interaction, text: str = "", *, embed: discord.Embed | None = None) -> None:
    """A message in the channel, because the interaction is past its 15 minutes; it names who asked without a ping."""
    channel = interaction.channel
    assert isinstance(channel, discord.abc.Messageable)
    content = f"{interaction.user.mention} {text}".rstrip()
    if embed:
        await channel.send(content, embed=embed, allowed_mentions=NOBODY)
    else:
        await channel.send(content, allowed_mentions=NOBODY)


def _cause(error: Exception) -> Exception:
    """What discord.py wraps, or its own errors as ours."""
    match error:
        case app_commands.CommandInvokeError():
            return error.original
        case app_commands.CheckFailure():
            return NotAllowed(str(error) or "You may not do this here.")
        case app_commands.TransformerError():
            return Usage(f"I cannot make sense of {str(error.value)[:60]!r}; choose what Discord suggests.")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return Usage("This command has changed; reload Discord and try again.")
        case _:
            return error
