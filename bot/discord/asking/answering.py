"""How answers and failures reach a person. A failure is one sentence with an id, and private if Discord allows that.

A deferred interaction can be answered for 15 minutes. After that only a message in the channel is left. There is no
private answer to a message, so its failures are told in a reply. If Discord refuses the answer itself, the log says so.

What a person alone sees is in their language, and what stands in a channel is in that of the server.

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
from bot.discord.asking.once import NOBODY, acknowledge, is_acknowledged, is_thinking, new_nonce, repeated, send
from bot.discord.look.rendering import MAX_CONTENT, in_messages, sentence
from bot.discord.look.translating import Language, of_answer, of_message
from huggingtweets.core.errors import Busy, Usage, first_line
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

# Where somebody has brought the bot along, Discord takes five follow-ups an interaction. One is kept for a failure.
MAX_FOLLOW_UPS = 4
NOTHING = Phrase()
NOTHING_DELETED = Phrase("Nothing was deleted.")
NO_COMMAND_HERE = Phrase("You may not use this command here; ask an admin of this server, or whoever set me up.")


def person(user: discord.abc.User) -> str:
    """Returns the id of a person, in the form that the use cases use."""
    return f"discord:{user.id}"


def only_by_its_user(interaction: Interaction) -> bool:
    """Returns True if the person has brought the bot along to a place where it is not installed."""
    return interaction.is_user_integration() and not interaction.is_guild_integration()


def only_shown(view: discord.ui.View, language: Language) -> discord.ui.View:
    """Returns `view` for one message, in a language.

    discord.py does not keep it: its buttons are registered once, for ever.

    Each view that discord.py keeps takes memory. Also, a private message expires after 15 minutes, and then discord.py
    2.7 forgets the buttons of its view on all messages.
    """
    for child in view.children:
        item = child.item if isinstance(child, discord.ui.DynamicItem) else child
        if isinstance(item, discord.ui.Button) and item.label:
            item.label = language.say(Phrase(item.label))
        elif isinstance(item, discord.ui.Select) and item.placeholder:
            item.placeholder = language.say(Phrase(item.placeholder))
    view.stop()
    return view


async def answer(
    interaction: Interaction,
    embeds: Sequence[discord.Embed],
    *,
    ephemeral: bool = False,
    view: discord.ui.View | None = None,
    file: discord.File | None = None,
    note: Phrase = NOTHING,
) -> discord.Message | None:
    """Answer a deferred interaction. Returns the last message, which has the buttons, the file and the `note`."""
    message: discord.Message | None = None
    messages = in_messages(embeds)
    if only_by_its_user(interaction) and len(messages) > MAX_FOLLOW_UPS:
        messages = messages[:MAX_FOLLOW_UPS]
        note = Phrase.joined(" ", [note, Phrase("There is more than fits here.")])
    for number, together in enumerate(messages, start=1):
        extras: dict[str, Any] = {"embeds": together}
        if number == len(messages):
            extras |= {"content": sentence(note, of_answer(interaction, private=ephemeral))} if note else {}
            extras |= {"view": view} if view else {}
            extras |= {"file": file} if file else {}
        if not interaction.is_expired():
            message = await send(interaction, private=ephemeral, **extras)
        elif ephemeral:
            raise NotAllowed(
                Phrase("This took more than 15 minutes, and after that I cannot answer privately; ask me again.")
            )
        else:
            message = await _post(interaction, extras.pop("content", ""), **extras)
    return message


async def tell(interaction: Interaction, text: Phrase, *, view: discord.ui.View | None = None) -> None:
    """Answer an interaction, which may be deferred already, so that only the person who asked sees it."""
    await _told(interaction, sentence(text, of_answer(interaction, private=True)), view)


async def show(
    interaction: Interaction, text: Phrase, *, private: bool = True, view: discord.ui.View | None = None, **extras: Any
) -> discord.Message:
    """Answer a deferred interaction with words in Discord's Markdown. What people wrote in them is escaped already."""
    content = of_answer(interaction, private=private).say(text)[:MAX_CONTENT]
    extras |= {"view": view} if view else {}
    return await send(interaction, private=private, content=content, **extras)


async def settle(interaction: Interaction, text: Phrase) -> None:
    """Let the private message that was clicked say `text`, without its buttons."""
    content = sentence(text, of_answer(interaction, private=True))
    await acknowledge(interaction, interaction.response.edit_message(content=content, view=None))


async def _told(interaction: Interaction, content: str, view: discord.ui.View | None = None) -> None:
    extras: dict[str, Any] = {"view": view} if view else {}
    if is_acknowledged(interaction):
        await send(interaction, private=True, content=content, **extras)
    else:
        first = interaction.response.send_message(content, ephemeral=True, allowed_mentions=NOBODY, **extras)
        await acknowledge(interaction, first)


async def answer_failure(interaction: Interaction, error: Exception) -> None:
    """Tell the person who asked what went wrong. If that fails, say in the channel that there is no answer."""
    suggesting = interaction.type is discord.InteractionType.autocomplete
    try:
        if suggesting:
            await interaction.response.autocomplete([])
        else:
            await _tell(interaction, told(_cause(error)))
    except Exception as unanswered:  # noqa: BLE001  whatever it is, there is one way left to tell
        log.warning("no answer reached interaction %s: %s", interaction.id, first_line(unanswered))
        if not suggesting:
            await _tell_in_channel(interaction)


async def _tell_in_channel(interaction: Interaction) -> None:
    try:
        late = Phrase("Discord did not let me answer you in time; ask me again.")
        await _post(interaction, sentence(late, of_answer(interaction, private=False)))
    except Exception as unanswered:  # noqa: BLE001  there is no other way left to tell
        log.warning("nor was it told in the channel: %s", first_line(unanswered))


async def reply(
    message: discord.Message,
    content: str | None = None,
    *,
    embeds: Sequence[discord.Embed] = (),
    view: discord.ui.View | None = None,
    into: discord.Thread | None = None,
) -> discord.Message:
    """Send a reply, also if `message` was deleted meanwhile, or a message `into` its thread. Returns what was sent."""
    extras: dict[str, Any] = {"allowed_mentions": NOBODY, "nonce": new_nonce()}
    extras |= {"embeds": embeds} if embeds else {}
    extras |= {"view": view} if view else {}
    if not into:
        extras |= {"reference": message.to_reference(fail_if_not_exists=False)}
    return await repeated(lambda: (into or message.channel).send(content, **extras))


async def reply_failure(
    message: discord.Message, error: Exception, *, tell_pause: Callable[[str], Awaitable[bool]]
) -> None:
    """Tell the author of `message` what went wrong: privately if it concerns only them, and a pause only once."""
    try:
        if isinstance(error, Paused) and not await tell_pause(person(message.author)):
            return
        if not isinstance(error, TooOften | Busy | KeptOut) or not await _told_privately(message, error):
            await reply(message, sentence(told(error), of_message(message)))
    except Exception as unanswered:  # noqa: BLE001  there is no other way left to tell
        log.warning("no answer reached message %s: %s", message.id, first_line(unanswered))


async def _told_privately(message: discord.Message, error: Exception) -> bool:
    """Returns True if no answer in the channel is needed: a direct message was sent, or we are kept out there."""
    try:
        text = sentence(told(error), of_message(message))
        await message.author.send(text, allowed_mentions=NOBODY, nonce=new_nonce())
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
            log.info("typing is not shown: %s", first_line(error))
        yield


async def _tell(interaction: Interaction, text: Phrase) -> None:
    """Tell the person who asked, whatever was answered before."""
    if interaction.is_expired():
        await _post(interaction, sentence(text, of_answer(interaction, private=False)))
        return
    content = sentence(text, of_answer(interaction, private=True))
    if not is_thinking(interaction) or (await interaction.original_response()).flags.ephemeral:
        await _told(interaction, content)
        return
    # The first message would take the place of the public "is thinking", so that is ended first.
    await send(interaction, private=False, content="…")
    try:
        await _told(interaction, content)
    finally:
        # If this fails, a "…" is left. That is no reason to tell the person anything twice.
        with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            await interaction.delete_original_response()


async def _post(interaction: Interaction, text: str = "", **extras: Any) -> discord.Message:
    """Send a message to the channel, after the 15 minutes of an interaction. It names who asked, without a ping."""
    channel = interaction.channel
    assert isinstance(channel, discord.abc.Messageable)
    content = f"{interaction.user.mention} {text}".rstrip()
    return await channel.send(content, **{"allowed_mentions": NOBODY, "nonce": new_nonce(), **extras})


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
            return Usage(
                Phrase("I cannot make sense of {text}; choose what Discord suggests.", text=quoted(str(error.value)))
            )
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return Usage(Phrase("This command has changed; reload Discord and try again."))
        case _:
            return error
