"""Messages that show how far a training is. Each follows its training to the end, also after a restart of the bot.

For fifteen minutes the message is edited as the answer to the command. After that, and after a restart, it is edited as
a message of the bot. If that is not possible, the end of the training is told in a new message.

Knows messages and jobs. Does not know how a voice is learned, or what is said about it.
"""

import asyncio
import logging

import aiohttp
import discord

from bot.core.errors import BotError
from bot.discord.asking.gate import message_id
from bot.discord.asking.once import NOBODY, Interaction, new_nonce, send
from bot.discord.asking.parts import Parts
from bot.discord.look.rendering import sentence
from bot.discord.look.translating import Language, of_answer, of_server
from bot.store.jobs import Job
from bot.trainings.news import news, under_way
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

SECONDS_BETWEEN_EDITS = 1.0
SECONDS_TO_RETRY = 30.0
MAX_RETRIES = 20


class Following:
    """The messages that follow trainings now."""

    def __init__(self, client: discord.Client, parts: Parts):
        self._client = client
        self._parts = parts
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def begin(self, interaction: Interaction, job: Job) -> None:
        """Let the answer to `interaction`, which is deferred, follow `job`."""
        try:
            text = sentence(under_way(job), of_answer(interaction, private=False))
            number = (await send(interaction, private=False, content=text)).id
        except (discord.Forbidden, discord.NotFound) as error:
            log.info("job %d has no message: %s", job.id, error)
            number = 0  # the end is told in a new message
        await self._parts.store.jobs.shown_by(job.id, message_id(number))
        self._start(job.id, interaction)

    async def take_up(self) -> None:
        """Go on with the messages of a process before this one."""
        for job in await self._parts.store.jobs.shown():
            self._start(job.id)

    def stop(self) -> None:
        """Stop editing. The next start takes the messages up."""
        for task in self._tasks.values():
            task.cancel()

    def _start(self, job: int, interaction: Interaction | None = None) -> None:
        if job not in self._tasks:
            self._tasks[job] = asyncio.create_task(self._follow(job, interaction), name=f"job {job}")
            self._tasks[job].add_done_callback(lambda _: self._tasks.pop(job, None))

    async def _follow(self, job_id: int, interaction: Interaction | None) -> None:
        for attempt in range(MAX_RETRIES):
            try:
                job = await self._parts.store.jobs.get(job_id)
                if job is None or await self._to_the_end(job, interaction):
                    return
            except (BotError, PipelineError, discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.info("the message of job %d waits (%d): %s", job_id, attempt, type(error).__name__)
            await asyncio.sleep(SECONDS_TO_RETRY)
        log.warning("the message of job %d is given up", job_id)

    async def _to_the_end(self, job: Job, interaction: Interaction | None) -> bool:
        """Show `job` until it has ended. Returns True once its end is shown, or nobody can be shown it."""
        here = True
        async for now in self._parts.training.watch(job, SECONDS_BETWEEN_EDITS):
            if now.ended:
                await self._show_end(now, interaction)
                return True
            # A message that was deleted is not replaced before the training has ended.
            here = here and await self._edited(now, interaction, under_way(now))
        return False

    async def _show_end(self, job: Job, interaction: Interaction | None) -> None:
        quoting = await self._parts.consenting.willing.may_speak(job.name, job.options.get("server", ""))
        text = news(job, quoting=quoting)
        if not await self._edited(job, interaction, text):
            try:
                await self._channel(job).send(
                    sentence(text, self._language(job)), allowed_mentions=NOBODY, nonce=new_nonce()
                )
            except (discord.Forbidden, discord.NotFound) as error:
                log.warning("nobody is shown the end of job %d: %s", job.id, error)
        await self._parts.store.jobs.shown_by(job.id, "")

    async def _edited(self, job: Job, interaction: Interaction | None, text: Phrase) -> bool:
        """Returns False if the message is not there, or not the bot's to edit."""
        content = sentence(text, self._language(job))
        try:
            if interaction and not interaction.is_expired():
                await interaction.edit_original_response(content=content, allowed_mentions=NOBODY)
            else:
                message = self._channel(job).get_partial_message(int(job.message.rpartition(":")[2]))
                await message.edit(content=content, allowed_mentions=NOBODY)
        except (discord.Forbidden, discord.NotFound) as error:
            log.info("the message of job %d cannot be edited: %s", job.id, error)
            return False
        return True

    def _language(self, job: Job) -> Language:
        channel = self._client.get_channel(int(job.place.rpartition(":")[2]))
        return of_server(getattr(channel, "guild", None))

    def _channel(self, job: Job) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(job.place.rpartition(":")[2]))
