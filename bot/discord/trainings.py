"""/train, /retrain, /jobs, /cancel, /promote and /rollback: how voices come to be, for the admins of the home server.

Knows the commands, attachments and how progress is shown. Does not know how a voice is learned.
"""

import logging
import re
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot.discord.answering import NOBODY, Interaction, person, tell
from bot.discord.asks import Asks
from bot.discord.gate import Gate, channel_id, server_id
from bot.discord.parts import Parts
from bot.discord.rendering import sentence
from bot.discord.tweets import Choices
from bot.errors import BotError
from bot.store.jobs import Job
from huggingtweets.errors import PipelineError, Usage
from huggingtweets.names import parse_name

log = logging.getLogger(__name__)

Command = app_commands.Command[Any, ..., None]

SUFFIXES = (".zip", ".js", ".json", ".jsonl", ".csv", ".tsv", ".txt")
MAX_SHOWN = 20
SECONDS_BETWEEN_EDITS = 1.0
MEBIBYTE = 1 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
admins = app_commands.default_permissions(manage_guild=True)


class Progress:
    """One message that says how far a training is; past the 15 minutes of an interaction a new one in the channel."""

    def __init__(self, interaction: Interaction):
        self._interaction = interaction
        self._message: discord.Message | None = None

    async def show(self, text: str) -> None:
        shown = sentence(text)
        if self._message:
            await self._message.edit(content=shown, allowed_mentions=NOBODY)
        elif not self._interaction.is_expired():
            await self._interaction.edit_original_response(content=shown, allowed_mentions=NOBODY)
        else:
            assert isinstance(self._interaction.channel, discord.abc.Messageable)
            self._message = await self._interaction.channel.send(shown, allowed_mentions=NOBODY)


class Trainings:
    """The commands, and what they share."""

    def __init__(self, *, parts: Parts, gate: Gate, asks: Asks, upload_megabytes: int):
        self._parts = parts
        self._gate = gate
        self._asks = asks
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
            await self._follow(interaction, job)

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
            await self._follow(interaction, await self._start(interaction, name, []))

        retrain.autocomplete("name")(self._known_names)
        return retrain

    def _jobs(self) -> Command:
        @app_commands.command(name="jobs", description="What is being learned, what waits, and what there was")
        @admins
        @app_commands.guild_only()
        async def jobs(interaction: discord.Interaction[discord.Client]) -> None:
            self._gate.refuse_others_than_admins(interaction)
            await interaction.response.defer(ephemeral=True)
            active = await self._parts.training.jobs()
            ended = [job for job in await self._parts.store.jobs.recent(MAX_SHOWN) if job.ended]
            lines = [_line(job) for job in [*active, *ended][:MAX_SHOWN]]
            await tell(interaction, "\n".join(lines) or "There were no trainings yet; /train starts one.")

        return jobs

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
            await tell(interaction, f"Job {job}, {ended.name}, {done}.")

        @cancel.autocomplete("job")
        async def active(_: Interaction, typed: str) -> list[app_commands.Choice[int]]:
            found = await self._parts.training.jobs()
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

    async def _known_names(self, _: Interaction, typed: str) -> Choices:
        wanted = typed.strip().removeprefix("@").lower()
        names = [name for name in await self._parts.versions.names() if wanted in name and len(name) <= 100]
        return [app_commands.Choice(name=name, value=name) for name in names[:25]]

    def _refuse_unusable(self, file: discord.Attachment) -> None:
        if file.size > self._upload_megabytes * MEBIBYTE:
            raise Usage(
                f"{file.filename} has {file.size / MEBIBYTE:,.0f} MB and I take {self._upload_megabytes}; "
                "send the tweets.js of the archive instead, or train on the command line."
            )
        if not file.filename.lower().endswith(SUFFIXES):
            raise Usage(f"{file.filename} is of a kind I cannot read; send one of {', '.join(SUFFIXES)}.")

    async def _start(self, interaction: Interaction, name: str, files: list[Path]) -> Job:
        place = channel_id(interaction.channel_id)
        heard_on = {"server": server_id(interaction.guild_id)}
        job = await self._parts.training.start(person(interaction.user), name, files, place=place, options=heard_on)
        await self._parts.store.audit.add(person(interaction.user), "job.start", job.name, job=job.id, files=len(files))
        return job

    async def _follow(self, interaction: Interaction, job: Job) -> None:
        """Show how far `job` is until it has ended. Whoever stops the bot need not wait for that."""
        self._asks.need_not_be_waited_for()
        progress = Progress(interaction)
        try:
            async for now in self._parts.training.watch(job, SECONDS_BETWEEN_EDITS):
                await progress.show(_line(now))
        except (BotError, PipelineError) as stopped:
            await progress.show(str(stopped))
        except discord.HTTPException as error:
            # The message may be deleted; the training goes on, and its news come by themselves.
            log.info("the progress of job %s is not shown any more: %s", job.id, error)


def _line(job: Job) -> str:
    match job.state:
        case "waiting":
            how = "waits"
        case "running":
            how = f"{job.stage or 'starting'}, {job.percent} %"
        case "done":
            how = "done"
        case _:
            how = f"{job.state}: {job.error}" if job.error else job.state
    return f"{job.id} · {job.name} · {how}"
