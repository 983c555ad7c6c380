"""How an answer reaches a person, and how a failure does: in one sentence with an id, privately where Discord can.

An interaction is answered once deferred within 15 minutes; after that only a message in the channel is left. A message
has no private answer, so it gets the sentence as a reply. When Discord refuses the answer itself, the log says so.

Knows Discord's ways to answer. Does not know what was asked.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.core.errors import KeptOut, NotAllowed, Paused, TooOften, told
from bot.discord.rendering import in_messages, sentence
from huggingtweets.core.errors import Busy, Usage

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

NOBODY = discord.AllowedMentions.none()
NO_COMMAND_HERE = "You may not use this command here; ask an admin of this server, or whoever set me up."


def person(user: discord.abc.User) -> str:
    """Who asks, as the use cases know people."""
    return f"discord:{user.id}"


def only_shown(view: discord.ui.View) -> discord.ui.View:
    """`view` for one message, without discord.py keeping it: what its clicks do is registered once, for ever.

    A view that is kept takes memory for each message. And one that is sent privately expires after 15 minutes, with
    which discord.py 2.7 forgets its buttons on all messages.
    """
    view.stop()
    return view


async def answer(
    interaction: Interaction,
    embeds: Sequence[discord.Embed],
    *,
    ephemeral: bool = False,
    view: discord.ui.View | None = None,
    file: discord.File | None = None,
    note: str = "",
) -> discord.Message | None:
    """Answer a deferred interaction. Returns the last message, which has the buttons, the file and the `note`."""
    message: discord.Message | None = None
    messages = in_messages(embeds)
    for number, together in enumerate(messages, start=1):
        extras: dict[str, Any] = {"embeds": together, "allowed_mentions": NOBODY}
        if number == len(messages):
            extras |= {"content": sentence(note)} if note else {}
            extras |= {"view": view} if view else {}
            extras |= {"file": file} if file else {}
        if not interaction.is_expired():
            message = await interaction.followup.send(ephemeral=ephemeral, wait=True, **extras)
        elif ephemeral:
            raise NotAllowed("This took more than 15 minutes, and after that I cannot answer privately; ask me again.")
        else:
            message = await _post(interaction, extras.pop("content", ""), **extras)
    return message


async def tell(interaction: Interaction, text: str, *, view: discord.ui.View | None = None) -> None:
    """`text` for the eyes of who asked, as the answer to an interaction that may be deferred already."""
    extras: dict[str, Any] = {"view": view} if view else {}
    if interaction.response.is_done():
        await interaction.followup.send(sentence(text), ephemeral=True, allowed_mentions=NOBODY, **extras)
    else:
        await interaction.response.send_message(sentence(text), ephemeral=True, allowed_mentions=NOBODY, **extras)


async def answer_failure(interaction: Interaction, error: Exception) -> None:
    """Tell who asked what went wrong; in the channel, without saying more, where Discord takes no private answer."""
    suggesting = interaction.type is discord.InteractionType.autocomplete
    try:
        if suggesting:
            await interaction.response.autocomplete([])
        else:
            await _tell(interaction, sentence(told(_cause(error))))
    except Exception as unanswered:  # noqa: BLE001  whatever it is, there is one way left to tell
        log.warning("no answer reached interaction %s: %r", interaction.id, unanswered)
        if not suggesting:
            await _tell_in_channel(interaction)


async def _tell_in_channel(interaction: Interaction) -> None:
    try:
        await _post(interaction, "Discord did not let me answer you in time; ask me again.")
    except Exception as unanswered:  # noqa: BLE001  there is no other way left to tell
        log.warning("nor was it told in the channel: %r", unanswered)


async def reply(
    message: discord.Message,
    content: str | None = None,
    *,
    embeds: Sequence[discord.Embed] = (),
    view: discord.ui.View | None = None,
    into: discord.Thread | None = None,
) -> discord.Message:
    """A reply that is sent even if `message` was deleted meanwhile; or a message `into` its thread."""
    extras: dict[str, Any] = {"allowed_mentions": NOBODY}
    extras |= {"embeds": embeds} if embeds else {}
    extras |= {"view": view} if view else {}
    if into:
        return await into.send(content, **extras)
    return await message.channel.send(content, reference=message.to_reference(fail_if_not_exists=False), **extras)


async def reply_failure(
    message: discord.Message, error: Exception, *, tell_pause: Callable[[str], Awaitable[bool]]
) -> None:
    """Tell who wrote `message` what went wrong; privately where it only concerns them, and of a pause only once."""
    try:
        if isinstance(error, Paused) and not await tell_pause(person(message.author)):
            return
        if not isinstance(error, TooOften | Busy | KeptOut) or not await _told_privately(message.author, error):
            await reply(message, sentence(told(error)))
    except Exception as unanswered:  # noqa: BLE001  there is no other way left to tell
        log.warning("no answer reached message %s: %r", message.id, unanswered)


async def _told_privately(user: discord.abc.User, error: Exception) -> bool:
    """Whether the person needs no answer in the channel any more: a direct message reached them, or they want none."""
    try:
        assert isinstance(user, discord.abc.Messageable)
        await user.send(sentence(told(error)), allowed_mentions=NOBODY)
    except discord.Forbidden:
        # Where we are kept out we say nothing; a limit is told in the channel.
        return isinstance(error, KeptOut)
    return True


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
        try:
            await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY)
        finally:
            if waiting_in_public:
                # If this fails, a "…" is left, which is no reason to tell the person anything twice.
                with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
                    await interaction.delete_original_response()


async def _post(interaction: Interaction, text: str = "", **extras: Any) -> discord.Message:
    """A message in the channel, because the interaction is past its 15 minutes; it names who asked without a ping."""
    channel = interaction.channel
    assert isinstance(channel, discord.abc.Messageable)
    content = f"{interaction.user.mention} {text}".rstrip()
    return await channel.send(content, **{"allowed_mentions": NOBODY, **extras})


def _cause(error: Exception) -> Exception:
    """What discord.py wraps, or its own errors as ours."""
    match error:
        case app_commands.CommandInvokeError():
            return error.original
        case app_commands.CheckFailure() if isinstance(error.__cause__, Exception):
            return error.__cause__
        case app_commands.CheckFailure():
            # The sentence is discord.py's own and speaks of its functions.
            return NotAllowed(f"{type(error).__name__}: {error}", for_people=NO_COMMAND_HERE)
        case app_commands.TransformerError():
            return Usage(f"I cannot make sense of {str(error.value)[:60]!r}; choose what Discord suggests.")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return Usage("This command has changed; reload Discord and try again.")
        case _:
            return error
