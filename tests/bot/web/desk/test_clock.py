"""The form with which admins schedule something: what comes of it, and what it refuses."""

import html
import re

import httpx
import pytest

from bot.background.saying import CHANNEL
from bot.core.clock.schedule_entry import Schedule
from bot.store import utc_now
from bot.web.desk.clock import MAX_NAME
from huggingtweets.core.people.names import VoiceName
from tests.bot.web.conftest import Page, opts_out

ANN = VoiceName("ann")


async def add(admin: httpx.AsyncClient, **fields: str) -> httpx.Response:
    """The page after the form was sent."""
    return await admin.post("/desk/schedules/new", data={"action": "post", **fields}, follow_redirects=True)


async def stored(web: Page) -> list[Schedule]:
    return await web.parts.store.schedules.all()


async def test_a_schedule_is_made_shown_and_removed(web: Page, admin: httpx.AsyncClient) -> None:
    page = html.unescape((await add(admin, voice="ann", often="mon", at="07:30", time_zone="Europe/Paris")).text)
    assert "It proposes a post in the voice of @ann every Monday at 07:30 (Europe/Paris)." in page
    assert re.search(r"Next: <strong>\d{4}-\d\d-\d\d 0[56]:30 UTC", page)
    [schedule] = await stored(web)
    assert (schedule.name, schedule.action, schedule.voice, schedule.cron) == (
        "posts of @ann",
        "post",
        ANN,
        "30 7 * * mon",
    )
    [act, *_] = await web.parts.store.audit.recent(1)
    assert (act.action, act.subject) == ("schedule", "posts of @ann")
    removed = await admin.post("/desk/schedules/remove", data={"name": "posts of @ann"}, follow_redirects=True)
    assert "Nothing is scheduled." in removed.text
    assert (await admin.post("/desk/schedules/remove", data={"name": "posts of @ann"})).status_code == 422


async def test_it_is_due_by_hours_too(web: Page, admin: httpx.AsyncClient) -> None:
    page = await add(admin, action="retrain", voice="@Ann", often="hours", hours="36", name="  again  ")
    assert "It learns @ann again every 36 hours." in page.text
    [schedule] = await stored(web)
    assert (schedule.name, schedule.every_seconds, schedule.cron) == ("again", 36 * 3_600, "")


async def test_names_are_made_apart_and_none_is_replaced(web: Page, admin: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await add(admin, voice="ann")).status_code == 200
    assert [one.name for one in await stored(web)] == ["posts of @ann", "posts of @ann 2", "posts of @ann 3"]
    twice = await add(admin, voice="ann", name="posts of @ann 2", at="23:00")
    assert twice.status_code == 422
    assert "There is a schedule called posts of @ann 2 already." in twice.text
    assert {one.cron for one in await stored(web)} == {"0 9 * * *"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"action": "retrain", "voice": ""}, "Choose a voice first."),
        ({"voice": "anna"}, "Did you mean"),
        ({"action": "retrain", "voice": "anne"}, "Did you mean"),
        ({"voice": "ann", "at": "25:00"}, "Write the time of the day as in 09:30."),
        ({"voice": "ann", "at": "* * * *"}, "Write the time of the day as in 09:30."),
        ({"voice": "ann", "often": "hours", "hours": "0"}, "1 to 8,760"),
        ({"voice": "ann", "often": "hours", "hours": "9" * 20}, "1 to 8,760"),
        ({"voice": "ann", "often": "hours", "hours": "²"}, "1 to 8,760"),
        ({"voice": "ann", "time_zone": "Mars/Base"}, "There is no time zone"),
        ({"voice": "ann", "time_zone": "../../etc/passwd"}, "There is no time zone"),
        ({"voice": "ann", "networks": "facebook"}, "I know no network called"),
        ({"voice": "ann", "often": "0 0 * * *"}, "My page does not ask this."),
        ({"voice": "ann", "action": "say"}, "My page does not ask this."),
        ({"voice": "ann", "name": "n" * (MAX_NAME + 1)}, "My page does not ask this."),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(
    web: Page, admin: httpx.AsyncClient, fields: dict[str, str], says: str
) -> None:
    answer = await add(admin, **fields)
    assert answer.status_code in (404, 422)
    assert says in html.unescape(answer.text)
    assert await stored(web) == []


async def test_who_does_not_want_to_speak_is_not_scheduled(web: Page, admin: httpx.AsyncClient) -> None:
    await opts_out(web, "ann")
    for action in ("post", "retrain"):
        assert (await add(admin, action=action, voice="ann")).status_code == 403
    assert await stored(web) == []


async def test_one_of_the_settings_is_switched_and_not_removed(web: Page, admin: httpx.AsyncClient) -> None:
    await web.parts.store.schedules.seed([Schedule("morning", "post", ANN, cron="30 9 * * *", seed="1")])
    page = (await admin.get("/desk/clock")).text
    assert "Switch off: morning" in page
    assert "Remove: morning" not in page
    await admin.post("/desk/schedules/remove", data={"name": "morning"})
    assert [one.enabled for one in await stored(web)] == [False]


async def test_it_says_where_something_is_said_or_posted(web: Page, admin: httpx.AsyncClient) -> None:
    said = Schedule("noon", "say", ANN, cron="0 12 * * *", options={CHANNEL: "discord:channel:12"})
    await web.parts.store.schedules.put(said, "discord:1")
    await add(admin, voice="ann", networks="x")
    page = html.unescape((await admin.get("/desk/clock")).text)
    assert "It speaks in the voice of @ann in channel 12 on Discord every day at 12:00 (UTC)." in page
    assert "It proposes a post in the voice of @ann for X every day at 09:00 (UTC)." in page


async def test_the_last_run_is_told(web: Page, admin: httpx.AsyncClient) -> None:
    await add(admin, voice="ann", name="daily")
    due = utc_now()
    await web.parts.store.schedules.claim("daily", due, "here")
    assert "under way" in (await admin.get("/desk/clock")).text
    await web.parts.store.schedules.settle("daily", due, "post 3 is proposed")
    assert "post 3 is proposed" in (await admin.get("/desk/clock")).text
