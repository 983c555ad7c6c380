"""/train, /retrain, /jobs and /cancel: how voices come to be, for home admins.

Knows the commands and attachments. Does not know how a voice is learned, or how its progress is shown.
"""

import re
from pathlib import Path

import discord
from discord import app_commands

from bot.discord.asking.acts import Shown, command, suggested_to
from bot.discord.asking.answering import Interaction, person, tell
from bot.discord.asking.gate import Gate, Who, channel_id, server_id
from bot.discord.asking.naming import MAX_CHOICE, MAX_CHOICES
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.look.translating import Language, of_answer
from bot.discord.speaking.following import Following
from bot.store.jobs import Job
from bot.trainings.news import news, outcome, progress_of, under_way
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase

SUFFIXES = (".zip", ".js", ".json", ".jsonl", ".csv", ".tsv", ".txt", ".car")
MAX_SHOWN = 15
MAX_OUTCOME = 110  # so that as many lines fit into a message
MAX_FILE_NAME = 80
MEBIBYTE = 1 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Trainings(Family):
    """Start trainings, show them and end them."""

    def __init__(self, parts: Parts, gate: Gate, *, following: Following, upload_megabytes: int):
        super().__init__(parts, gate)
        self._following = following
        self._upload_megabytes = upload_megabytes

    @command(
        "train",
        "Learn a voice from an X archive or a table of tweets",
        may=Who.HOME_ADMINS,
        shown=Shown.PUBLICLY,
        on_servers_only=True,
    )
    @app_commands.describe(
        name="what the voice is called: the handle",
        file="the archive (zip), its tweets.js, JSON lines, CSV, or text with a tweet a line",
        more="another file of the same person",
    )
    async def train(
        self,
        interaction: Interaction,
        name: str,
        file: discord.Attachment,
        more: discord.Attachment | None = None,
    ) -> None:
        voice = VoiceName.parse(name)
        attachments = [file, *([more] if more else [])]
        for attachment in attachments:
            self._refuse_unusable(attachment)
        with self.parts.training.arriving() as folder:
            files = [await _saved(attachment, folder / str(number)) for number, attachment in enumerate(attachments)]
            job = await self._start(interaction, voice, files)
        await self._following.begin(interaction, job)

    @command(
        "retrain",
        "Learn a voice again from what is kept and what is new",
        may=Who.HOME_ADMINS,
        shown=Shown.PUBLICLY,
        on_servers_only=True,
    )
    @app_commands.describe(name="which voice; type a part of it")
    async def retrain(self, interaction: Interaction, name: str) -> None:
        voice = VoiceName.parse(name)
        await self.parts.listening.collect(voice)
        await self._following.begin(interaction, await self._start(interaction, voice, []))

    retrain.autocomplete("name")(Family.all_voices)

    @command(
        "jobs",
        "What is being learned, what waits, and what became of the rest",
        may=Who.HOME_ADMINS,
        on_servers_only=True,
    )
    @app_commands.describe(job="one of them, with what it wrote and how to try it")
    async def jobs(self, interaction: Interaction, job: int | None = None) -> None:
        await tell(
            interaction, await (self._listed(of_answer(interaction, private=True)) if job is None else self._told(job))
        )

    @jobs.autocomplete("job")
    @suggested_to(Who.HOME_ADMINS)
    async def latest(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
        jobs = await self.parts.store.jobs.recent(MAX_SHOWN)
        say = of_answer(interaction, private=True).say
        return [app_commands.Choice(name=f"{job.id} · {say(outcome(job))}"[:MAX_CHOICE], value=job.id) for job in jobs]

    @command("cancel", "End a training that waits or runs", may=Who.HOME_ADMINS, on_servers_only=True)
    @app_commands.describe(job="its number, as /jobs shows it")
    async def cancel(self, interaction: Interaction, job: int) -> None:
        cancelled = await self.parts.training.cancel(job)
        await self.parts.store.audit.add(person(interaction.user), "job.cancel", cancelled.name, job=job)
        if cancelled.ended:
            text = Phrase("The training of {name} (number {job}) is cancelled.", name=cancelled.name, job=job)
        else:
            text = Phrase("The training of {name} (number {job}) ends in a moment.", name=cancelled.name, job=job)
        await tell(interaction, text)

    @cancel.autocomplete("job")
    @suggested_to(Who.HOME_ADMINS)
    async def active(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
        jobs = await self.parts.training.jobs()
        say = of_answer(interaction, private=True).say
        return [app_commands.Choice(name=say(_line(job))[:MAX_CHOICE], value=job.id) for job in jobs][:MAX_CHOICES]

    async def _listed(self, language: Language) -> Phrase:
        """Returns the active trainings, then the latest that have ended, and how to see more of one."""
        active = await self.parts.training.jobs()
        ended = [job for job in await self.parts.store.jobs.recent(MAX_SHOWN) if job.ended]
        outcomes = [(job.id, language.say(outcome(job))[:MAX_OUTCOME]) for job in [*active, *ended][:MAX_SHOWN]]
        lines = [Phrase("{id} · {outcome}", id=number, outcome=text) for number, text in outcomes]
        if not lines:
            return Phrase("There were no trainings yet; /train starts one.")
        example = (ended or active)[0].id
        more = Phrase("/jobs job:{number} shows what number {number} wrote, and how to try it.", number=example)
        return Phrase.joined("\n", [more, *lines])

    async def _told(self, number: int) -> Phrase:
        job = await self.parts.store.jobs.get(number)
        if not job:
            raise Usage(Phrase("There is no training number {number}; /jobs lists them.", number=number))
        if not job.ended:
            return under_way(job)
        may_speak = self.parts.consenting.willing.may_speak
        return news(job, quoting=await may_speak(job.name, job.options.get("server", "")))

    def _refuse_unusable(self, file: discord.Attachment) -> None:
        if file.size > self._upload_megabytes * MEBIBYTE:
            raise Usage(
                Phrase(
                    "{filename} has {size:,.0f} MB and I take {most}; send the tweets.js of the "
                    "archive instead, or ask whoever runs me to learn from the whole.",
                    filename=file.filename,
                    size=file.size / MEBIBYTE,
                    most=self._upload_megabytes,
                )
            )
        if not file.filename.lower().endswith(SUFFIXES):
            raise Usage(
                Phrase(
                    "{filename} is of a kind I cannot read; send one of {suffixes}.",
                    filename=file.filename,
                    suffixes=SUFFIXES,
                )
            )

    async def _start(self, interaction: Interaction, voice: VoiceName, files: list[Path]) -> Job:
        place = channel_id(interaction.channel_id)
        heard_on = {"server": server_id(interaction.guild_id)}
        job = await self.parts.training.start(person(interaction.user), voice, files, place=place, options=heard_on)
        await self.parts.store.audit.add(person(interaction.user), "job.start", job.name, job=job.id, files=len(files))
        return job


def _line(job: Job) -> Phrase:
    return Phrase("{id} · {name} · {progress}", id=job.id, name=job.name, progress=progress_of(job))


async def _saved(attachment: discord.Attachment, folder: Path) -> Path:
    """The file in a folder of its own, under a name that is safe there."""
    folder.mkdir()  # noqa: ASYNC240  on a disk of ours, and empty
    path = folder / (_UNSAFE.sub("_", attachment.filename)[-MAX_FILE_NAME:] or "file")
    await attachment.save(path)
    return path
