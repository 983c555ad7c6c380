"""The desk: what needs an admin, trainings, the clock, people, and the log."""

import html
import logging
import re

import httpx
import pytest

from bot.core.clock.schedule_entry import Schedule
from bot.core.process.last_errors import LastErrors
from bot.core.request_ids import working_on
from bot.store import utc_now
from bot.web.desk import desk
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from tests.bot.web.conftest import Page, opts_out

PAGES = ("/desk", "/desk/clock", "/desk/people", "/desk/log")
ACTS = (
    ("/desk/schedules", {"name": "morning", "on": "false"}),
    ("/desk/schedules/new", {"action": "post", "voice": "ann"}),
    ("/desk/schedules/remove", {"name": "morning"}),
    ("/desk/pauses/end", {"subject": "discord:7"}),
    ("/desk/claims", {"server": "discord:server:1", "person": "discord:5", "voice": "ann", "confirmed": "true"}),
)


@pytest.fixture(autouse=True)
def nobody_takes_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker does not look for jobs again. On a busy machine it took this one before the page was asked."""
    monkeypatch.setattr("bot.trainings.worker.POLL_SECONDS", 86_400.0)


async def waiting_things(web: Page) -> None:
    """A schedule, a pause, a claim, a training and settings of a server."""
    store = web.parts.store
    await store.schedules.put(Schedule("morning", "post", VoiceName("ann"), cron="30 9 * * *"), "discord:1")
    await store.schedules.claim("morning", utc_now(), "here")
    [run] = await store.schedules.runs("morning")
    await store.schedules.settle("morning", run.due_at, "failed: no draft <passed>")
    await store.pauses.pause("discord:7", Phrase("asked too often"), "limits")
    await store.consent.claim("discord:server:1", "discord:5", "ann")
    await store.jobs.add("bob", "discord:1", max_waiting=5)
    await store.settings.put("discord:server:1", "threads", value=True, by="discord:1")
    await store.audit.add("discord:1", "version.promote", "ann", version="v1")


async def test_nobody_but_an_admin_is_at_the_desk(web: Page, browser: httpx.AsyncClient) -> None:
    await waiting_things(web)
    for path in (*PAGES, "/desk/events", "/queue"):
        assert (await browser.get(path)).status_code == 403, path
    for path, fields in ACTS:
        assert (await browser.post(path, data=fields)).status_code == 403, path
    assert 'href="/desk"' not in (await browser.get("/")).text


async def test_a_stranger_s_site_decides_nothing(web: Page, admin: httpx.AsyncClient) -> None:
    await waiting_things(web)
    for path, fields in ACTS:
        answer = await admin.post(path, data=fields, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403, path
    assert await web.parts.store.pauses.get("discord:7")


async def test_what_needs_somebody_comes_first(web: Page, admin: httpx.AsyncClient) -> None:
    assert "Nothing waits." in (await admin.get("/desk")).text
    await waiting_things(web)
    await admin.post("/queue/propose", data={"voice": "ann"})
    page = (await admin.get("/queue", follow_redirects=True)).text
    for words in ("1 post waits for approval", "1 claim of a voice waits", "The schedule morning failed"):
        assert words in page
    assert "waits for its turn" in page
    assert page.index("1 post waits") < page.index("a fine day at the shore")


async def test_a_training_is_cancelled_from_the_desk(web: Page, admin: httpx.AsyncClient) -> None:
    await waiting_things(web)
    assert 'action="/trainings/1/cancel"' in (await admin.get("/desk")).text
    await admin.post("/trainings/1/cancel")
    page = (await admin.get("/desk")).text
    assert "Nothing is being learned." in page
    assert "The training of bob was cancelled." in page
    assert (await admin.post("/trainings/1/cancel")).status_code in (303, 409)


async def test_the_clock_is_shown_and_switched(web: Page, admin: httpx.AsyncClient) -> None:
    await waiting_things(web)
    page = html.unescape((await admin.get("/desk/clock")).text)
    assert "It proposes a post in the voice of @ann every day at 09:30 (UTC)." in page
    assert re.search(r"Next: <strong>\d{4}-\d\d-\d\d 09:30 UTC", page)
    assert "failed: no draft <passed>" in page
    assert "of 5.00 USD are spent." in page
    for _ in range(2):
        off = await admin.post("/desk/schedules", data={"name": "morning", "on": "false"}, follow_redirects=True)
        assert "Switch on: morning" in off.text
    assert (await admin.post("/desk/schedules", data={"name": "evening", "on": "true"})).status_code == 422


async def test_a_pause_of_a_person_is_ended_once(web: Page, admin: httpx.AsyncClient) -> None:
    await waiting_things(web)
    assert "person 7 on Discord" in (await admin.get("/desk/clock")).text
    ended = await admin.post("/desk/pauses/end", data={"subject": "discord:7"}, follow_redirects=True)
    assert "I answer everybody." in ended.text
    twice = await admin.post("/desk/pauses/end", data={"subject": "discord:7"})
    assert twice.status_code == 422
    assert "has ended already" in twice.text


async def test_a_claim_is_confirmed_once_and_its_maker_hears_of_it(web: Page, admin: httpx.AsyncClient) -> None:
    await waiting_things(web)
    fields = dict(ACTS[-1][1])
    assert "says that the voice" in (await admin.get("/desk/people")).text
    confirmed = await admin.post("/desk/claims", data=fields, follow_redirects=True)
    assert "No claim waits." in confirmed.text
    assert "is person 5 on Discord" in confirmed.text
    [notice] = await web.parts.store.notices.untold()
    assert (notice.place, notice.text) == ("discord:user:5", "An admin confirmed that the voice ann is yours.")
    assert (await admin.post("/desk/claims", data=fields)).status_code == 422


async def test_a_voice_that_left_can_still_be_deleted(web: Page, admin: httpx.AsyncClient) -> None:
    await opts_out(web, "ann")
    assert 'href="/voices/ann/forget"' in (await admin.get("/desk/people")).text


async def test_an_error_is_found_by_the_id_that_somebody_was_told(web: Page, admin: httpx.AsyncClient) -> None:
    errors = LastErrors(most=3)
    admin_of_log = logging.getLogger("tests.desk")
    admin_of_log.addHandler(errors)
    try:
        for number in range(3):
            with working_on(f"abc00{number}"):
                admin_of_log.warning("job %d <failed>", number)
        admin_of_log.info("all is well")
    finally:
        admin_of_log.removeHandler(errors)
    object.__setattr__(web.parts, "last_errors", errors)
    every = (await admin.get("/desk/log")).text
    assert every.count("&lt;failed&gt;") == 3
    assert "all is well" not in every
    one = (await admin.get("/desk/log?id=(abc001)")).text
    assert "job 1 &lt;failed&gt;" in one
    assert one.count("&lt;failed&gt;") == 1
    assert "No line since the start has this id." in (await admin.get("/desk/log?id=nothing")).text
    assert "3 warnings in the log" in (await admin.get("/desk")).text


async def test_who_did_what_and_how_servers_are_set(web: Page, admin: httpx.AsyncClient) -> None:
    await waiting_things(web)
    for number in range(desk.ACTS):
        await web.parts.store.audit.add("playground:user:eve", "x.approve", f"post:{number}")
    await web.parts.store.audit.add("operator", "token new", "token:2")
    page = html.unescape((await admin.get("/desk/log")).text)
    assert "eve approved a post: post 39" in page
    assert "operator made a token for a program: token 2" in page
    assert "server 1 on Discord" in page
    assert "answers mentions in threads" in page
    [older] = re.findall(r'href="(/desk/log\?before=\d+)"', page)
    assert "person 1 on Discord put a version in use: ann" in html.unescape((await admin.get(older)).text)


async def test_changes_come_as_events(web: Page, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def proposed(_: float) -> None:
        """While the page looks away, a post is proposed."""
        if not await web.parts.posting.queue():
            await web.parts.posting.propose(VoiceName("ann"), by="discord:1")

    looks = iter([0.0, 0.0, 0.0])  # the beginning, and two looks
    monkeypatch.setattr(desk, "monotonic", lambda: next(looks, 1e9))
    monkeypatch.setattr(desk, "sleep", proposed)
    told = (await admin.get("/desk/events")).text
    assert re.findall(r"^event: (\w+)$", told, re.MULTILINE) == ["begun", "matters", "posts"]
    assert "a fine day at the shore" in told


async def test_a_tab_that_was_hidden_hears_all(admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([0.0, 0.0])
    monkeypatch.setattr(desk, "monotonic", lambda: next(looks, 1e9))
    monkeypatch.setattr(desk, "LOOK_SECONDS", 0.0)
    told = (await admin.get("/desk/events?all=true")).text
    assert re.findall(r"^event: (\w+)$", told, re.MULTILINE) == ["matters", "posts", "trainings", "begun"]
