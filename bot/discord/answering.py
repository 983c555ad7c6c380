"""How answers and failures reach a person. A failure is one sentence with an id, and private if Discord allows that.

A deferred interaction can be answered for 15 minutes. After that only a message in the channel is left. There is no
private answer to a message, so its failures are told in a reply. If Discord refuses the answer itself, the log says so.

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
# Where somebody has brought the bot along, Discord takes five follow-ups an interaction. One is kept for a failure.
MAX_FOLLOW_UPS = 4
NO_COMMAND_HERE = "You may not use this command here; ask an admin of this server, or whoever set me up."


def person(user: discord.abc.User) -> str:
    """Returns the id of a person, in the form that the use cases use."""
    return f"discord:{user.id}"


def only_by_its_user(interaction: Interaction) -> bool:
    """Returns True if the person has brought the bot along to a place where it is not installed."""
    return interaction.is_user_integration() and not interaction.is_guild_integration()


def only_shown(view: discord.ui.View) -> discord.ui.View:
    """Returns `view` for one message, so that discord.py does not keep it: its buttons are registered once, for ever.

    Each view that discord.py keeps takes memory. Also, a private message expires after 15 minutes, and then discord.py
    2.7 forgets the buttons of its view on all messages.
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
    if only_by_its_user(interaction) and len(messages) > MAX_FOLLOW_UPS:
        messages, note = messages[:MAX_FOLLOW_UPS], f"{note} There is more than fits here.".lstrip()
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
    """Answer an interaction, which may be deferred already, so that only the person who asked sees it."""
    extras: dict[str, Any] = {"view": view} if view else {}
    if interaction.response.is_done():
        await interaction.followup.send(sentence(text), ephemeral=True, allowed_mentions=NOBODY, **extras)
    else:
        await interaction.response.send_message(sentence(text), ephemeral=True, allowed_mentions=NOBODY, **extras)


async def answer_failure(interaction: Interaction, error: Exception) -> None:
    """Tell the person who asked what went wrong. If that fails, say in the channel that there is no answer."""
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
    """Send a reply, also if `message` was deleted meanwhile, or a message `into` its thread. Returns what was sent."""
    extras: dict[str, Any] = {"allowed_mentions": NOBODY}
    extras |= {"embeds": embeds} if embeds else {}
    extras |= {"view": view} if view else {}
    if into:
        return await into.send(content, **extras)
    return await message.channel.send(content, reference=message.to_reference(fail_if_not_exists=False), **extras)


async def reply_failure(
    message: discord.Message, error: Exception, *, tell_pause: Callable[[str], Awaitable[bool]]
) -> None:
    """Tell the author of `message` what went wrong: privately if it concerns only them, and a pause only once."""
    try:
        if isinstance(error, Paused) and not await tell_pause(person(message.author)):
            return
        if not isinstance(error, TooOften | Busy | KeptOut) or not await _told_privately(message.author, error):
            await reply(message, sentence(told(error)))
    except Exception as unanswered:  # noqa: BLE001  there is no other way left to tell
        log.warning("no answer reached message %s: %r", message.id, unanswered)


async def _told_privately(user: discord.abc.User, error: Exception) -> bool:
    """Returns True if no answer in the channel is needed: a direct message was sent, or we are kept out there."""
    try:
        assert isinstance(user, discord.abc.Messageable)
        await user.send(sentence(told(error)), allowed_mentions=NOBODY)
    except discord.Forbidden:
        # Where we are kept out we say nothing. A limit is told in the channel.
        return isinstance(error, KeptOut)
    return True


@asynccontextmanager
async def typing(channel: discord.abc.Messageable) -> AsyncIterator[None]:
    """Show that an answer is being written. If that fails, the answer is written all the same."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(channel.typing())
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("typing is not shown: %r", error)
        yield


async def _tell(interaction: Interaction, text: str) -> None:
    """Tell the person who asked, whatever was answered before."""
    if interaction.is_expired():
        await _post(interaction, text)
    elif not interaction.response.is_done():
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NOBODY)
    else:
        original = await interaction.original_response()
        waiting_in_public = original.flags.loading and not original.flags.ephemeral
        if waiting_in_public:
            # The first follow-up would take the place of the public "is thinking", so that is ended first.
            await interaction.edit_original_response(content="…", allowed_mentions=NOBODY)
        try:
            await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY)
        finally:
            if waiting_in_public:
                # If this fails, a "…" is left. That is no reason to tell the person anything twice.
                with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
                    await interaction.delete_original_response()


async def _post(interaction: Interaction, text: str = "", **extras: Any) -> discord.Message:
    """Send a message to the channel, after the 15 minutes of an interaction. It names who asked, without a ping."""
    channel = interaction.channel
    assert isinstance(channel, discord.abc.Messageable)
    content = f"{interaction.user.mention} {text}".rstrip()
    return await channel.send(content, **{"allowed_mentions": NOBODY, **extras})


def _cause(error: Exception) -> Exception:
    """Returns the error that discord.py has wrapped, or an error of ours for one of its own."""
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
