"""What answers an interaction, each thing once, although the network may lose what Discord says to it.

discord.py sends a request again after a server error, and the first one may have arrived.

- A message to a channel or a person has a number, by which Discord knows it again.
- That an answer will come, or a first answer: Discord takes one alone. A refusal of the second one says that it has the
  first.
- The first message after that takes the place of "is thinking". It is a change of that message, which is the same
  however often it is sent.
- Each further message is a new one, and Discord takes no number for it by which it would know it again. So it is sent
  in one try. Where the bot may read, it looks for a message in doubt, and sends it again if it is not there. Elsewhere
  it is not sent again.

Knows Discord's requests. Does not know what is said.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from copy import copy
from typing import Any, TypeVar, cast

import aiohttp
import discord

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]
T = TypeVar("T")

NOBODY = discord.AllowedMentions.none()
ALREADY_ACKNOWLEDGED = 40060
# In an interaction's extras.
ACKNOWLEDGED, THINKING, SENT = "acknowledged", "thinking", "sent"
MAX_SEARCHED = 50  # messages in which one in doubt is looked for
IN_DOUBT = (aiohttp.ClientError, OSError)  # a time-out is an OSError


def new_nonce() -> str:
    """Returns the number of a message that is sent to a channel or a person.

    discord.py sends the same number again after a server error, and Discord takes both for one message.
    """
    return secrets.token_hex(12)


async def repeated(request: Callable[[], Awaitable[T]]) -> T:
    """Do what is the same however often it is done. It is done again if the connection ends before Discord answers.

    discord.py repeats what Discord refuses with a server error, and not this.
    """
    try:
        return await request()
    except aiohttp.ClientConnectionError as error:
        log.info("Discord is asked again: %s", type(error).__name__)
        return await request()


def is_acknowledged(interaction: Interaction) -> bool:
    """Returns True if Discord has a first answer."""
    return interaction.response.is_done() or ACKNOWLEDGED in interaction.extras


def is_thinking(interaction: Interaction) -> bool:
    """Returns True while Discord shows that an answer will come."""
    return bool(interaction.extras.get(THINKING))


async def acknowledge(interaction: Interaction, first: Coroutine[Any, Any, object], *, thinking: bool = False) -> None:
    """Give Discord a `first` answer. `thinking` says that a message will take its place."""
    try:
        await first
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
        log.info("interaction %s had its first answer, of which nothing was heard", interaction.id)
    interaction.extras[ACKNOWLEDGED] = True
    interaction.extras[THINKING] = thinking


def answered(interaction: Interaction) -> None:
    """Note that a message has taken the place of "is thinking" already."""
    interaction.extras[THINKING] = False


async def send(
    interaction: Interaction, *, private: bool, file: discord.File | None = None, **message: Any
) -> discord.Message:
    """Send a message that answers an acknowledged interaction. Returns it. Raises what discord.py and aiohttp raise."""
    if is_thinking(interaction):
        try:
            answer = await repeated(lambda: _first_message(interaction, file, message))
        except discord.NotFound:
            log.info("somebody has deleted that interaction %s will be answered", interaction.id)
            if file:
                file.reset()
        else:
            answered(interaction)
            _note(interaction, answer)
            return answer
        answered(interaction)
    return await _further(interaction, private, message | ({"file": file} if file else {}))


async def _first_message(
    interaction: Interaction, file: discord.File | None, message: dict[str, Any]
) -> discord.Message:
    files: dict[str, Any] = {"attachments": [file]} if file else {}
    if file:
        file.reset()
    return await interaction.edit_original_response(**message, **files, allowed_mentions=NOBODY)


async def _further(interaction: Interaction, private: bool, message: dict[str, Any]) -> discord.Message:
    """Send a new message, or find it if nothing was heard of it."""
    try:
        sent = await _in_one_try(interaction, private, message)
    except (*IN_DOUBT, discord.DiscordServerError) as error:
        if private or not _may_look(interaction):
            raise
        log.info("a message to interaction %s is in doubt: %s", interaction.id, type(error).__name__)
        try:
            there = await _there(interaction, message)
        except discord.Forbidden:
            raise error from None
        sent = there or await _in_one_try(interaction, private, message)
    _note(interaction, sent)
    return sent


async def _in_one_try(interaction: Interaction, private: bool, message: dict[str, Any]) -> discord.Message:
    if file := message.get("file"):
        file.reset()
    followup = in_one_try(interaction.followup)
    return await followup.send(**message, ephemeral=private, wait=True, allowed_mentions=NOBODY)


def _note(interaction: Interaction, message: discord.Message) -> None:
    interaction.extras.setdefault(SENT, set()).add(message.id)


def _may_look(interaction: Interaction) -> bool:
    """Returns True where the bot is a member, and not only brought along by a person."""
    return bool(interaction.guild) and not (
        interaction.is_user_integration() and not interaction.is_guild_integration()
    )


async def _there(interaction: Interaction, message: dict[str, Any]) -> discord.Message | None:
    """Returns the message that says the same and came after the interaction, if there is one."""
    assert isinstance(interaction.channel, discord.abc.Messageable)
    wanted = _words(message.get("content") or "", message.get("embeds") or ())
    async for one in interaction.channel.history(limit=MAX_SEARCHED, after=interaction, oldest_first=False):
        of_another = one.interaction_metadata and one.interaction_metadata.id != interaction.id
        if one.author.id != interaction.client.user.id or of_another or one.id in interaction.extras.get(SENT, ()):
            continue
        if _words(one.content, one.embeds) == wanted:
            return one
    return None


def _words(content: str, embeds: Any) -> tuple[str, list[tuple[str | None, str | None]]]:
    return content, [(embed.title, embed.description) for embed in embeds]


def in_one_try(webhook: discord.Webhook) -> discord.Webhook:
    """Returns the same webhook. What it sends is not sent again after a server error."""
    once: Any = copy(webhook)
    once.session = _OneTry(webhook.session)
    return cast("discord.Webhook", once)


class _OneTry:
    """A session in which a server error is raised at once, before discord.py sees it."""

    def __init__(self, session: aiohttp.ClientSession):
        self._session = session

    def request(self, method: str, url: str, **options: Any) -> Any:
        return self._session.request(method, url, **options, raise_for_status=_end_on_server_error)


async def _end_on_server_error(response: aiohttp.ClientResponse) -> None:
    if response.status >= 500:
        response.raise_for_status()
