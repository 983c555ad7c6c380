"""/schedule: what is retrained or posted by the clock; admins of the home server list, set, switch and remove it.

Knows the command's groups. Does not know when anything is due.
"""

from typing import Any, Literal

import discord
from discord import app_commands

from bot.discord.answering import Interaction, person, tell
from bot.discord.gate import Gate
from bot.discord.parts import Parts
from bot.discord.tweets import Choices, voices
from bot.schedule_entry import Schedule
from huggingtweets.errors import Usage
from huggingtweets.names import parse_name


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
        gate.refuse_others_than_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        lines = [_line(one, due) for one, due in await parts.timetable.listed()]
        await tell(interaction, "\n".join(lines) or "Nothing is scheduled; /schedule set begins.")

    @group.command(name="set", description="Retrain or post by the clock")
    @app_commands.describe(
        name="what the schedule is called; one of this name is replaced",
        action="what is done",
        voice="whose voice; may be left out for a post",
        cron="when, as five fields: minute hour day month weekday, as in 0 4 * * mon",
        every_hours="or every so many hours",
        time_zone="that the cron line is in, such as Europe/Paris",
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
            voice=parse_name(voice) if voice else "",
            cron=cron.strip(),
            every_seconds=every_hours * 3_600 if every_hours else None,
            time_zone=time_zone.strip(),
        )
        await tell(interaction, _line(made, await parts.timetable.put(made, person(interaction.user))))

    @put.autocomplete("voice")
    async def suggestions(interaction: Interaction, typed: str) -> Choices:
        return await voices(parts.tweeting, typed, interaction.guild_id)

    @group.command(name="switch", description="Switch a schedule on or off")
    async def switch(interaction: discord.Interaction[discord.Client], name: str, on: bool) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        await parts.timetable.switch(name, person(interaction.user), on=on)
        await tell(interaction, f"The schedule {name} is {'on' if on else 'off'}.")

    @group.command(name="remove", description="Remove a schedule; one of config.toml is switched off")
    async def remove(interaction: discord.Interaction[discord.Client], name: str) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        await parts.timetable.remove(name, person(interaction.user))
        await tell(interaction, f"The schedule {name} is no more.")

    async def names(_: Interaction, typed: str) -> Choices:
        known = [one.name for one, _ in await parts.timetable.listed() if typed.lower() in one.name.lower()]
        return [app_commands.Choice[Any](name=name, value=name) for name in known[:25]]

    switch.autocomplete("name")(names)
    remove.autocomplete("name")(names)
    return group


def _line(one: Schedule, due: Any) -> str:
    when = one.cron or f"every {(one.every_seconds or 0) // 60} min"
    what = f"{one.action} {one.voice}".strip()
    nxt = f"next {due:%Y-%m-%d %H:%M} UTC" if due else "off"
    return f"{one.name} · {what} · {when} {one.time_zone} · {nxt}"
