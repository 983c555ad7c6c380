"""/schedule: what is retrained or posted by the clock; admins of the home server list, set, switch and remove it.

Knows the command's groups. Does not know when anything is due.
"""

from datetime import datetime
from typing import Any, Literal

import discord
from discord import app_commands

from bot.core.schedule_entry import Schedule
from bot.core.schedule_words import how_often
from bot.discord.answering import NOBODY, Interaction, person, tell
from bot.discord.commands.tweets import Choices, voices
from bot.discord.gate import Gate, server_id
from bot.discord.parts import Parts
from bot.discord.rendering import MAX_CONTENT, as_written
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import parse_name
from huggingtweets.core.near import did_you_mean

WHAT = {"retrain": "learns {voice} again", "post": "proposes a post in the voice of {voice}"}


async def _show(interaction: Interaction, text: str) -> None:
    """A private answer in which times are Discord's, and what people typed is escaped already."""
    await interaction.followup.send(text[:MAX_CONTENT], ephemeral=True, allowed_mentions=NOBODY)


def schedule(parts: Parts, gate: Gate) -> app_commands.Group:
    """The group of commands."""
    group = app_commands.Group(
        name="schedule",
        description="What I do by the clock",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    @group.command(name="list", description="What is retrained or posted, and when next")
    async def listed(interaction: discord.Interaction[discord.Client]) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        lines = [_line(one, due) for one, due in await parts.timetable.listed()]
        await _show(interaction, "\n".join(lines) or "Nothing is scheduled; `/schedule set` begins.")

    @group.command(name="set", description="Retrain or post by the clock")
    @app_commands.describe(
        name="what the schedule is called; one of this name is replaced",
        action="what is done",
        voice="whose voice; may be left out for a post",
        cron="when, as minute hour day month weekday: 0 4 * * mon is Mondays at 4:00, 30 9 * * * each day at 9:30",
        every_hours="or every so many hours",
        time_zone="whose clock that is, such as Europe/Paris",
    )
    async def put(
        interaction: discord.Interaction[discord.Client],
        name: app_commands.Range[str, 1, 60],
        action: Literal["retrain", "post"],
        voice: str = "",
        cron: str = "",
        every_hours: app_commands.Range[int, 1, 8_760] | None = None,
        time_zone: str = "UTC",
    ) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        if action == "retrain" and not voice:
            raise Usage("Whose voice shall be retrained? Name it with the option voice.")
        made = Schedule(
            name=name,
            action=action,
            voice=await _known(parts, action, voice, server_id(interaction.guild_id)) if voice else "",
            cron=cron.strip(),
            every_seconds=every_hours * 3_600 if every_hours else None,
            time_zone=time_zone.strip(),
        )
        await _show(interaction, _line(made, await parts.timetable.put(made, person(interaction.user))))

    @put.autocomplete("voice")
    async def suggestions(interaction: Interaction, typed: str) -> Choices:
        return await voices(parts.tweeting, typed, interaction.guild_id)

    @group.command(name="switch", description="Switch a schedule on or off")
    async def switch(interaction: discord.Interaction[discord.Client], name: str, on: bool) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        await parts.timetable.switch(name, person(interaction.user), on=on)
        await tell(interaction, f"The schedule {name} is {'on' if on else 'off'}.")

    @group.command(name="remove", description="Remove a schedule, or switch it off where my settings file names it")
    async def remove(interaction: discord.Interaction[discord.Client], name: str) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        await parts.timetable.remove(name, person(interaction.user))
        await tell(interaction, f"The schedule {name} is no more.")

    async def names(interaction: Interaction, typed: str) -> Choices:
        if not gate.is_home_admin(interaction):
            return []
        known = [one.name for one, _ in await parts.timetable.listed() if typed.lower() in one.name.lower()]
        return [app_commands.Choice[Any](name=name, value=name) for name in known[:25]]

    switch.autocomplete("name")(names)
    remove.autocomplete("name")(names)
    return group


async def _known(parts: Parts, action: str, voice: str, server: str) -> str:
    """The voice, if there is one to retrain or to post with; raises `Usage` with what was meant, perhaps."""
    name = parse_name(voice)
    if action == "post":
        return (await parts.tweeting.version(name, server)).name
    await parts.consenting.willing.refuse(name, server)
    known = await parts.versions.names()
    if name not in known:
        meant = did_you_mean(name, await parts.consenting.willing.among(known, server))
        raise Usage(f"I know no voice called {name}. {meant}".rstrip() + " /models lists those that I know.")
    return name


def _line(one: Schedule, due: datetime | None) -> str:
    """A schedule in words; Discord shows the time in the reader's own zone."""
    what = WHAT[one.action].format(voice=one.voice or "the usual voice")
    nxt = f"next {discord.utils.format_dt(due, 'f')}" if due else "switched off"
    return f"**{as_written(one.name)}** {as_written(what)}, {as_written(how_often(one))} · {nxt}"
