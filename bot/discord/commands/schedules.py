"""/schedule: what is retrained, posted or said by the clock. Home admins list, set, switch and remove it.

Knows the command's group. Does not know when anything is due.
"""

from datetime import datetime
from functools import partial
from typing import Any, Literal

import discord
from discord import app_commands

from bot.background.saying import CHANNEL
from bot.core.clock.schedule_entry import Schedule
from bot.core.clock.schedule_words import how_often
from bot.discord.asking.acts import IN_SERVERS, ON_SERVERS, command, suggested_to
from bot.discord.asking.answering import Interaction, person, show, tell
from bot.discord.asking.gate import Gate, Who, channel_id, server_id
from bot.discord.asking.naming import Choices, choices, voices
from bot.discord.asking.parts import Parts
from bot.discord.look.rendering import as_written
from bot.posts.outlets import NETWORKS
from bot.posts.place import parse_networks, written
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import NO_VOICE, VoiceName
from huggingtweets.core.people.near import did_you_mean
from huggingtweets.core.text.phrases import Phrase

WHAT = {
    "retrain": partial(Phrase, "learns {voice} again"),
    "post": partial(Phrase, "proposes a post in the voice of {voice}"),
    "say": partial(Phrase, "speaks in the voice of {voice}"),
}


class ScheduleCommands(
    app_commands.Group,
    name="schedule",
    description="What I do by the clock",
    default_permissions=discord.Permissions(manage_guild=True),
):
    """The group of commands."""

    def __init__(self, parts: Parts, gate: Gate):
        super().__init__(allowed_installs=ON_SERVERS, allowed_contexts=IN_SERVERS)
        self.gate = gate
        self._parts = parts
        self._timetable = parts.timetable

    async def voices(self, interaction: Interaction, typed: str) -> Choices:
        return await voices(self._parts, interaction, typed)

    @suggested_to(Who.HOME_ADMINS)
    async def names(self, interaction: Interaction, typed: str) -> Choices:
        return choices([schedule.name for schedule, _ in await self._timetable.listed()], typed)

    @command("list", "What I do by the clock, and when next", may=Who.HOME_ADMINS)
    async def listed(self, interaction: Interaction) -> None:
        lines = [_line(schedule, due) for schedule, due in await self._timetable.listed()]
        nothing = Phrase("Nothing is scheduled; `/schedule set` begins.")
        await show(interaction, Phrase.joined("\n", lines) or nothing)

    @command("set", "Retrain, post or speak by the clock", may=Who.HOME_ADMINS)
    @app_commands.describe(
        name="what the schedule is called; one of this name is replaced",
        action="what is done",
        voice="whose voice; may be left out for a post",
        channel="where something is said; this channel if left out",
        networks="where a post goes: x, bluesky or mastodon, or several; everywhere if left out",
        cron="when, as minute hour day month weekday: 0 4 * * mon is Mondays at 4:00, 30 9 * * * each day at 9:30",
        every_hours="or every so many hours",
        time_zone="whose clock that is, such as Europe/Paris",
    )
    async def put(
        self,
        interaction: Interaction,
        name: app_commands.Range[str, 1, 60],
        action: Literal["retrain", "post", "say"],
        voice: str = "",
        cron: str = "",
        every_hours: app_commands.Range[int, 1, 8_760] | None = None,
        time_zone: str = "UTC",
        channel: discord.TextChannel | discord.Thread | None = None,
        networks: str = "",
    ) -> None:
        if action != "post" and not voice:
            whose = (
                Phrase("Whose voice shall be retrained?")
                if action == "retrain"
                else Phrase("In whose voice shall I speak?")
            )
            raise Usage(Phrase.joined(" ", [whose, Phrase("Name it with the option voice.")]))
        if action != "post" and networks:
            raise Usage(Phrase("Only posts go to networks. Leave that option out, or choose the action post."))
        where = channel.id if channel else interaction.channel_id
        options: dict[str, Any] = {CHANNEL: channel_id(where)} if action == "say" else {}
        if wanted := self._networks(networks):
            options[NETWORKS] = wanted
        schedule = Schedule(
            name=name,
            action=action,
            voice=await self._voice(action, voice, server_id(interaction.guild_id)) if voice else NO_VOICE,
            cron=cron.strip(),
            every_seconds=every_hours * 3_600 if every_hours else None,
            time_zone=time_zone.strip(),
            options=options,
        )
        await show(interaction, _line(schedule, await self._timetable.put(schedule, person(interaction.user))))

    @command("switch", "Switch a schedule on or off", may=Who.HOME_ADMINS)
    async def switch(self, interaction: Interaction, name: str, on: bool) -> None:
        await self._timetable.switch(name, person(interaction.user), on=on)
        await tell(
            interaction,
            Phrase("The schedule {name} is on.", name=name) if on else Phrase("The schedule {name} is off.", name=name),
        )

    @command("remove", "Remove a schedule, or switch it off where my settings file names it", may=Who.HOME_ADMINS)
    async def remove(self, interaction: Interaction, name: str) -> None:
        await self._timetable.remove(name, person(interaction.user))
        await tell(interaction, Phrase("The schedule {name} is no more.", name=name))

    put.autocomplete("voice")(voices)
    switch.autocomplete("name")(names)
    remove.autocomplete("name")(names)

    def _networks(self, text: str) -> list[str]:
        """The networks that somebody has chosen. Raises `Usage` if the bot has no account on one of them."""
        wanted, posting = parse_networks(text), self._parts.posting
        if missing := [name for name in wanted if not posting or not posting.is_on(name)]:
            raise Usage(
                Phrase("I have no account on {networks}; whoever set me up can give me one.", networks=written(missing))
            )
        return wanted

    async def _voice(self, action: str, text: str, server: str) -> VoiceName:
        """The voice to retrain or to post with. Raises `Usage`, with what was meant perhaps, if there is none."""
        name = VoiceName.parse(text)
        if action != "retrain":
            return (await self._parts.tweeting.version(name, server)).name
        await self._parts.consenting.willing.refuse(name, server)
        names = await self._parts.versions.names()
        if name not in names:
            meant = did_you_mean(name, await self._parts.consenting.willing.among(names, server))
            unknown = Phrase("I know no voice called {name}.", name=name)
            raise Usage(Phrase.joined(" ", [unknown, meant, Phrase("/models lists those that I know.")]))
        return name


def _line(schedule: Schedule, due: datetime | None) -> Phrase:
    """A schedule in words. Discord shows the time in the reader's own zone."""
    voice = as_written(schedule.voice) if schedule.voice else Phrase("the usual voice")
    what = WHAT[schedule.action](voice=voice)
    where = str(schedule.options.get(CHANNEL, "")).rpartition(":")[2]
    networks = schedule.options.get(NETWORKS, ())
    if where:
        what = Phrase("{what} in {channel}", what=what, channel=f"<#{where}>")
    elif networks:
        what = Phrase("{what} for {networks}", what=what, networks=written(networks))
    when = Phrase("next {time}", time=discord.utils.format_dt(due, "f")) if due else Phrase("switched off")
    begin = f"**{as_written(schedule.name)}** "
    return Phrase.joined("", [begin, what, ", ", how_often(schedule), " · ", when])
