"""What was deleted on Discord is deleted here, too: what members wrote, and what is kept of the bot's own answers.

Knows Discord's ids. Does not know what is kept of a message.
"""

import logging
from collections.abc import Collection

from bot.discord.asking.gate import channel_id, message_id
from bot.discord.hearing.members import MemberMessages
from bot.store.voices.feedback import Feedback
from huggingtweets.core.errors import PipelineError

log = logging.getLogger(__name__)


class Deletions:
    """Passes deletions on. `members` is None if the bot learns from nobody on Discord."""

    def __init__(self, feedback: Feedback, members: MemberMessages | None):
        self._feedback = feedback
        self._members = members

    async def of_messages(self, messages: Collection[int]) -> None:
        """Messages were deleted."""
        try:
            await self._feedback.withdrawn(*map(message_id, messages))
        except PipelineError:
            log.exception("what is kept of deleted answers could not be deleted")
        if self._members:
            await self._members.deleted(messages)

    async def of_channel(self, channel: int) -> None:
        """A channel or thread was deleted, with all that was written in it."""
        try:
            await self._feedback.channel_deleted(channel_id(channel))
        except PipelineError:
            log.exception("what is kept of the answers in a deleted channel could not be deleted")
        if self._members:
            await self._members.channel_deleted(channel)
