"""/train, /retrain, /jobs, /cancel, /promote and /rollback: how voices come to be, for the admins of the home server.

Knows the commands and attachments. Does not know how a voice is learned, or how its progress is shown.
"""

import logging
import re
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import NOBODY, Interaction, person, tell
from bot.discord.commands.tweets import Choices
from bot.discord.following import Following
from bot.discord.gate import Gate, channel_id, server_id
from bot.discord.parts import Parts
from bot.discord.rendering import sentence
from bot.store.jobs import Job
from bot.trainings.news import news, outcome, standing
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import parse_name

log = logging.getLogger(__name__)

Command = app_commands.Command[Any, ..., None]

SUFFIXES = (".zip", ".js", ".json", ".jsonl", ".csv", ".tsv", ".txt")
MAX_SHOWN = 15
MAX_OUTCOME = 110  # so that as many lines fit into a message
MEBIBYTE = 1 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
admins = app_commands.default_permissions(manage_guild=True)


class Trainings:
    """The commands, and what they share."""

    def __init__(self, *, parts: Parts, gate: Gate, following: Following, upload_megabytes: int):
        self._parts = parts
        self._gate = gate
        self._following = following
        self._upload_megabytes = upload_megabytes

    def commands(self) -> list[Command]:
        return [self._train(), self._retrain(), self._jobs(), self._cancel(), self._promote(), self._rollback()]

    def _train(self) -> Command:
        @app_commands.command(name="train", description="Learn a voice from an X archive or a table of tweets")
        @app_commands.describe(
            name="what the voice is called: the handle",
            file="the archive (zip), its tweets.js, JSON lines, CSV, or text with a tweet a line",
            more="another file of the same person",
        )
        @admins
        @app_commands.guild_only()
        async def train(
            interaction: discord.Interaction[discord.Client],
            name: str,
            file: discord.Attachment,
            more: discord.Attachment | None = None,
        ) -> None:
            self._gate.refuse_others_than_home_admins(interaction)
            await interaction.response.defer()
            parse_name(name)
            files = [file, *([more] if more else [])]
            for one in files:
                self._refuse_unusable(one)
            with self._parts.training.arriving() as folder:
                paths = []
                for number, one in enumerate(files):
                    path = folder / str(number) / (_UNSAFE.sub("_", one.filename)[-80:] or "file")
                    path.parent.mkdir()
                    await one.save(path)
                    paths.append(path)
                job = await self._start(interaction, name, paths)
            await self._following.begin(interaction, job)

        return train

    def _retrain(self) -> Command:
        @app_commands.command(name="retrain", description="Learn a voice again from what is kept and what is new")
        @app_commands.describe(name="which voice; type a part of it")
        @admins
        @app_commands.guild_only()
        async def retrain(interaction: discord.Interaction[discord.Client], name: str) -> None:
            self._gate.refuse_others_than_home_admins(interaction)
            await interaction.response.defer()
            await self._parts.listening.collect(parse_name(name))
            await self._following.begin(interaction, await self._start(interaction, name, []))

        retrain.autocomplete("name")(self._known_names)
        return retrain

    def _jobs(self) -> Command:
        @app_commands.command(name="jobs", description="What is being learned, what waits, and what became of the rest")
        @app_commands.describe(job="one of them, with what it wrote and how to try it")
        @admins
        @app_commands.guild_only()
        async def jobs(interaction: discord.Interaction[discord.Client], job: int | None = None) -> None:
            self._gate.refuse_others_than_home_admins(interaction)
            await interaction.response.defer(ephemeral=True)
            await tell(interaction, await (self._listed() if job is None else self._told(job)))

        @jobs.autocomplete("job")
        async def latest(interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
            if not self._gate.is_home_admin(interaction):
                return []
            return [
                app_commands.Choice(name=f"{one.id} · {outcome(one)}"[:100], value=one.id)
                for one in await self._parts.store.jobs.recent(MAX_SHOWN)
            ]

        return jobs

    async def _listed(self) -> str:
        """Those that go on, then the latest of those that have ended; and how to see more of one."""
        active = await self._parts.training.jobs()
        ended = [job for job in await self._parts.store.jobs.recent(MAX_SHOWN) if job.ended]
        lines = [f"{job.id} · {outcome(job)[:MAX_OUTCOME]}" for job in [*active, *ended][:MAX_SHOWN]]
        if not lines:
            return "There were no trainings yet; /train starts one."
        example = (ended or active)[0].id
        return "\n".join([f"/jobs job:{example} shows what number {example} wrote, and how to try it.", *lines])

    async def _told(self, number: int) -> str:
        job = await self._parts.store.jobs.get(number)
        if not job:
            raise Usage(f"There is no training number {number}; /jobs lists them.")
        if not job.ended:
            return outcome(job)
        may_speak = self._parts.consenting.willing.may_speak
        return news(job, quoting=await may_speak(job.name, job.options.get("server", "")))

    def _cancel(self) -> Command:
        @app_commands.command(name="cancel", description="End a training that waits or runs")
        @app_commands.describe(job="its number, as /jobs shows it")
        @admins
        @app_commands.guild_only()
        async def cancel(interaction: discord.Interaction[discord.Client], job: int) -> None:
            self._gate.refuse_others_than_home_admins(interaction)
            await interaction.response.defer(ephemeral=True)
            ended = await self._parts.training.cancel(job)
            await self._parts.store.audit.add(person(interaction.user), "job.cancel", ended.name, job=job)
            done = "is cancelled" if ended.ended else "ends in a moment"
            await tell(interaction, f"The training of {ended.name} (number {job}) {done}.")

        @cancel.autocomplete("job")
        async def active(interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
            found = await self._parts.training.jobs() if self._gate.is_home_admin(interaction) else []
            return [app_commands.Choice(name=_line(job)[:100], value=job.id) for job in found][:25]

        return cancel

    def _promote(self) -> Command:
        @app_commands.command(name="promote", description="Put another version of a voice in use")
        @app_commands.describe(name="which voice", version="which version, such as v3")
        @admins
        @app_commands.guild_only()
        async def promote(interaction: discord.Interaction[discord.Client], name: str, version: str) -> None:
            self._gate.refuse_others_than_home_admins(interaction)
            await interaction.response.defer()
            found = await self._parts.versions.promote(name, version, person(interaction.user))
            await interaction.followup.send(
                sentence(f"{found.name} {found.version} is in use."), allowed_mentions=NOBODY
            )

        @promote.autocomplete("version")
        async def versions(interaction: Interaction, typed: str) -> Choices:
            if not self._gate.is_home_admin(interaction):
                return []
            found = await self._parts.versions.of(str(interaction.namespace.name or "-"))
            fitting = [version for version in found if typed.lower() in version]
            return [app_commands.Choice(name=version, value=version) for version in fitting[:25]]

        promote.autocomplete("name")(self._known_names)
        return promote

    def _rollback(self) -> Command:
        @app_commands.command(name="rollback", description="Go back to the version that was in use before")
        @app_commands.describe(name="which voice")
        @admins
        @app_commands.guild_only()
        async def rollback(interaction: discord.Interaction[discord.Client], name: str) -> None:
            self._gate.refuse_others_than_home_admins(interaction)
            await interaction.response.defer()
            found = await self._parts.versions.rollback(name, person(interaction.user))
            await interaction.followup.send(
                sentence(f"{found.name} {found.version} is in use again."), allowed_mentions=NOBODY
            )

        rollback.autocomplete("name")(self._known_names)
        return rollback

    async def _known_names(self, interaction: Interaction, typed: str) -> Choices:
        if not self._gate.is_home_admin(interaction):
            return []
        wanted = typed.strip().removeprefix("@").lower()
        names = [name for name in await self._parts.versions.names() if wanted in name and len(name) <= 100]
        return [app_commands.Choice(name=name, value=name) for name in names[:25]]

    def _refuse_unusable(self, file: discord.Attachment) -> None:
        if file.size > self._upload_megabytes * MEBIBYTE:
            raise Usage(
                f"{file.filename} has {file.size / MEBIBYTE:,.0f} MB and I take {self._upload_megabytes}; "
                "send the tweets.js of the archive instead, or ask whoever runs me to learn from the whole."
            )
        if not file.filename.lower().endswith(SUFFIXES):
            raise Usage(f"{file.filename} is of a kind I cannot read; send one of {', '.join(SUFFIXES)}.")

    async def _start(self, interaction: Interaction, name: str, files: list[Path]) -> Job:
        place = channel_id(interaction.channel_id)
        heard_on = {"server": server_id(interaction.guild_id)}
        job = await self._parts.training.start(person(interaction.user), name, files, place=place, options=heard_on)
        await self._parts.store.audit.add(person(interaction.user), "job.start", job.name, job=job.id, files=len(files))
        return job


def _line(job: Job) -> str:
    return f"{job.id} · {job.name} · {standing(job)}"
