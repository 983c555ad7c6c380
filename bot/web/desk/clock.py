"""The clock on the desk: what happens by it, what is paused, and what the month has cost.

Knows requests and the fields of a form. Does not know when anything is due, or what then happens.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from bot.background.saying import CHANNEL
from bot.core.clock.schedule_entry import Schedule
from bot.core.clock.schedule_words import how_often
from bot.core.servers import NO_SERVER
from bot.posts.outlets import NETWORKS
from bot.posts.place import parse_networks, written
from bot.store.schedules import Run
from bot.web.desk.desk_words import who
from bot.web.frame.asking import admins, parts_of, visitor_of
from bot.web.frame.parts import Parts
from bot.web.frame.rendering import page
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import NO_VOICE, VoiceName
from huggingtweets.core.people.near import did_you_mean
from huggingtweets.core.text.visible import typed

router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(admins)])

MAX_NAME = 60
MOST_HOURS = 8_760  # a year
DOES = {
    "retrain": "learns {} again",
    "post": "proposes a post in the voice of {}",
    "say": "speaks in the voice of {}",
}
CALLED = {"retrain": "learn {} again", "post": "posts of {}"}  # a schedule that nobody has named
DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule in words, when it is due next, and its last run."""

    schedule: Schedule
    what: str
    often: str
    due: datetime | None
    run: Run | None


class NewSchedule(BaseModel):
    """The form as a browser sends it."""

    action: Literal["retrain", "post"]
    voice: str = Field("", max_length=400)
    networks: Sequence[str] = ()
    often: Literal["day", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "hours"] = "day"
    at: str = Field("09:00", max_length=8)
    hours: str = Field("24", max_length=20)
    time_zone: str = Field("UTC", max_length=60)
    name: str = Field("", max_length=MAX_NAME)

    @property
    def cron(self) -> str:
        """The line of five fields; empty for so many hours. Raises `Usage` for what is no time of the day."""
        if self.often == "hours":
            return ""
        time = _TIME.fullmatch(self.at.strip()[:5])
        if not time:
            raise Usage("Write the time of the day as in 09:30.")
        return f"{int(time[2])} {int(time[1])} * * {'*' if self.often == 'day' else self.often}"

    @property
    def every_seconds(self) -> int | None:
        """The interval; None for a time of the day. Raises `Usage` for what is none."""
        if self.often != "hours":
            return None
        hours = typed(self.hours)
        if not (hours.isascii() and hours.isdecimal() and 1 <= int(hours) <= MOST_HOURS):
            raise Usage(f"Write how many hours lie between two times: 1 to {MOST_HOURS:,}.")
        return int(hours) * 3_600

    def schedule(self, voice: VoiceName, name: str, options: Mapping[str, Any]) -> Schedule:
        """What is asked for. Raises `Usage` for what is no time."""
        return Schedule(
            name,
            self.action,
            voice,
            self.cron,
            self.every_seconds,
            self.time_zone.strip(),
            options=options,
        )


@router.get("/clock")
async def clock(request: Request) -> HTMLResponse:
    parts = parts_of(request)
    statuses = await parts.posting.statuses()
    of_posting = {status.place.subject for status in statuses}
    pauses = [
        (pause, who(pause.subject)) for pause in await parts.store.pauses.all() if pause.subject not in of_posting
    ]
    return page(
        request,
        "desk/clock.html",
        schedules=await _scheduled(parts),
        pauses=pauses,
        statuses=statuses,
        networks=list(dict.fromkeys(status.place.network for status in statuses)),
        days=DAYS,
        most_hours=MOST_HOURS,
        max_name=MAX_NAME,
        has_a_voice=parts.posting.has_a_voice,
        voices=await parts.tweeting.names(NO_SERVER),
    )


@router.post("/schedules/new")
async def add(request: Request, filled: Annotated[NewSchedule, Form()]) -> RedirectResponse:
    """Add a schedule."""
    parts = parts_of(request)
    taken = [schedule.name for schedule, _ in await parts.timetable.listed()]
    name = typed(filled.name)
    if name in taken:
        raise Usage(f"There is a schedule called {name} already. Choose another name, or remove that one first.")
    voice = await _voice(parts, filled)
    whose = f"@{voice}" if voice else "the usual voice"
    schedule = filled.schedule(voice, name or _free(CALLED[filled.action].format(whose), taken), _options(filled))
    await parts.timetable.put(schedule, visitor_of(request).person)
    return _to_the_clock(request)


@router.post("/schedules")
async def switch(
    request: Request, name: Annotated[str, Form(max_length=200)], on: Annotated[bool, Form()]
) -> RedirectResponse:
    await parts_of(request).timetable.switch(name, visitor_of(request).person, on=on)
    return _to_the_clock(request)


@router.post("/schedules/remove")
async def remove(request: Request, name: Annotated[str, Form(max_length=200)]) -> RedirectResponse:
    await parts_of(request).timetable.remove(name, visitor_of(request).person)
    return _to_the_clock(request)


@router.post("/pauses/end")
async def end_pause(request: Request, subject: Annotated[str, Form(max_length=200)]) -> RedirectResponse:
    parts = parts_of(request)
    if not await parts.store.pauses.resume(subject):
        raise Usage("This pause has ended already.")
    await parts.store.audit.add(visitor_of(request).person, "pause.end", subject)
    return _to_the_clock(request)


async def _scheduled(parts: Parts) -> list[Scheduled]:
    rows = []
    for schedule, due in await parts.timetable.listed():
        runs = await parts.store.schedules.runs(schedule.name, 1)
        rows.append(Scheduled(schedule, _does(schedule), how_often(schedule), due, runs[0] if runs else None))
    return rows


def _does(schedule: Schedule) -> str:
    """What happens, and where: `proposes a post in the voice of @ann for Bluesky`."""
    what = DOES.get(schedule.action, schedule.action).format(
        f"@{schedule.voice}" if schedule.voice else "the usual voice"
    )
    if channel := schedule.options.get(CHANNEL):
        return f"{what} in {who(str(channel))}"
    if networks := schedule.options.get(NETWORKS):
        return f"{what} for {written(networks)}"
    return what


async def _voice(parts: Parts, filled: NewSchedule) -> VoiceName:
    """Whose voice it is. Raises `Usage` or `NotAllowed` if that cannot be."""
    if not filled.voice.strip():
        if filled.action == "post" and parts.posting.has_a_voice:
            return NO_VOICE
        raise Usage("Choose a voice first.")
    voice = VoiceName.parse(filled.voice)
    if filled.action == "post":
        await parts.tweeting.refuse_unwilling(voice)
        names = await parts.tweeting.names(NO_SERVER)
    else:
        await parts.consenting.willing.refuse_to_learn(voice)
        names = await parts.versions.names()
    if voice not in names:
        raise Usage(f"I know no voice called {voice}. {did_you_mean(voice, names) or 'Choose one of the list.'}")
    return voice


def _options(filled: NewSchedule) -> dict[str, Any]:
    """Where a post goes. Without any it goes everywhere."""
    networks = parse_networks(" ".join(filled.networks)) if filled.action == "post" else []
    return {NETWORKS: networks} if networks else {}


def _free(name: str, taken: Sequence[str]) -> str:
    """`name`, or the same with a number if there is one called so."""
    name = name[: MAX_NAME - 4]
    return next(one for one in (name, *(f"{name} {number}" for number in range(2, len(taken) + 3))) if one not in taken)


def _to_the_clock(request: Request) -> RedirectResponse:
    """The page again, so that a reload does not send the form a second time."""
    return RedirectResponse(request.scope.get("root_path", "") + "/desk/clock", status_code=303)
