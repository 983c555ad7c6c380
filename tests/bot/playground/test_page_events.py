"""What is sent to Gradio's queue: the page's own events of the visitor's own page, and nothing else."""

import asyncio
import html
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from bot.playground.page_events import VALUES, NotOfThePage, own_page
from bot.playground.visitors import Visitor
from tests.bot.playground.conftest import Page

Open = Callable[[], Awaitable[Page]]
FLOOD = 40


async def join(page: Page, event: object) -> httpx.Response:
    return await page.browser.post("/gradio_api/queue/join", json=event)


def hello(page: Page, text: str = "/help", **changed: Any) -> dict[str, Any]:
    """An event as the page sends it, except for what is `changed`."""
    data = [{"text": text, "files": []}, None, 1]
    return {"data": data, "fn_index": page.function(3, 2), "session_hash": "a"} | changed


def not_of_the_page(page: Page) -> list[object]:
    line = {"text": "/help", "files": []}
    radio = page.only(outputs=["radio"], inputs=["radio"])
    return [
        *([], None, "text", {}, {"data": [0]}),
        *(hello(page, fn_index=one) for one in (99_999, -1, None, "0", [], {}, 1.5)),
        *(hello(page, session_hash=one) for one in (None, 0, "", "x" * 33, "../a", "a b", ["a"])),
        *(hello(page, data=one) for one in ([0], [], None, {}, 7, "abc", [line, None], [line, None, 1, 1])),
        *(hello(page, data=[one, None, 1]) for one in (None, 0, "text", {}, {"text": 0}, {"text": "x", "files": 7})),
        *(hello(page, data=[{"text": "x", "files": one}, None, 1]) for one in (["a"], [{}], [{"path": 7}], [None])),
        *(hello(page, data=[line, one, 1]) for one in ([], [{"role": "user", "content": "I"}], 0, "")),
        *(hello(page, data=[line, None, one]) for one in (None, "1", True, [1], 1e999)),
        *(hello(page, fn_index=radio, data=[one]) for one in ("1", 1.5, True, [1], {})),
    ]


async def test_what_the_page_never_sends_is_refused_without_a_line_in_the_log(
    page: Page, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """2,000 such posts once wrote 50,000 lines."""
    for event in not_of_the_page(page):
        content = json.dumps(event)
        answer = await page.browser.post("/gradio_api/queue/join", content=content)
        assert (content, answer.status_code) == (content, 422)
    for content in (b"{", b"[" * 60_000, b"\xff", b'{"data": [NaN', b"9" * 6_000):
        assert (await page.browser.post("/gradio_api/queue/join", content=content)).status_code == 422
    for query in ("", "?session_hash=", "?session_hash=a&session_hash=b", "?session_hash=../a", "?session=a"):
        assert (await page.browser.get(f"/gradio_api/queue/data{query}")).status_code == 422
    assert (await page.browser.get("/gradio_api/heartbeat/A%20B")).status_code == 422
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("bot", "uvicorn"))] == []
    assert capfd.readouterr().err == ""
    assert "/tweetlike" in html.unescape(await page.say({"text": "/help", "files": []}))


async def test_an_event_that_fails_is_one_line_in_the_log(
    page: Page, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    radio = page.only(outputs=["radio"], inputs=["radio"])
    for number in range(FLOOD):
        shown = await page.event(radio, [12_345], session=f"q{number}")
        assert '"success":false' in shown
    for number in range(FLOOD):
        answer = await page.browser.get(f"/gradio_api/queue/data?session_hash=unknown{number}")
        assert "session_not_found" in answer.text
    lines = [record for record in caplog.records if record.name == "bot.playground.failures" and record.levelno > 10]
    assert len(lines) == 2 * FLOOD
    assert all("\n" not in line.getMessage() and not line.exc_info for line in lines)
    assert all(len(line.getMessage()) < 200 for line in lines)
    assert [record for record in caplog.records if record.name.startswith("uvicorn") and record.levelno > 10] == []
    output = capfd.readouterr()
    assert output.err + output.out == ""


async def test_a_number_outside_its_range_is_told(page: Page) -> None:
    """A visitor can type one beside the slider."""
    shown = await page.say({"text": "/help", "files": []}, count=99)
    assert "99 is greater than maximum value 3" in shown


async def test_who_learns_what_a_page_is_called_hears_nothing_and_sends_nothing(open_page: Open) -> None:
    victim, attacker = await open_page(), await open_page()
    assert (await join(victim, hello(victim, "/models"))).status_code == 200
    listening = await attacker.browser.get("/gradio_api/queue/data?session_hash=a")
    assert "session_not_found" in listening.text
    await attacker.say({"text": "a stranger's words", "files": []}, session="a")
    async with victim.browser.stream("GET", "/gradio_api/queue/data?session_hash=a") as events:
        shown = "".join([line async for line in events.aiter_lines()])
    assert "@ann v1" in html.unescape(shown)
    assert "stranger" not in await victim.say({"text": "/help", "files": []}, session="a")


async def test_nobody_cancels_an_event(page: Page) -> None:
    event = (await join(page, hello(page))).json()["event_id"]
    for path in ("cancel", "reset"):
        body = {"session_hash": "a", "fn_index": page.function(3, 2), "event_id": event}
        assert (await page.browser.post(f"/gradio_api/{path}", json=body)).status_code == 404


async def test_lines_are_answered_side_by_side_while_a_voice_is_learned(page: Page, sample_file) -> None:
    """All events of a page come over one stream, as its scripts read it: two streams would divide them."""
    path = await page.upload("tweets.jsonl", sample_file.read_bytes())
    training = hello(page, data=[{"text": "/train bob", "files": [{"path": path}]}, None, 1])
    trained = (await join(page, training)).json()["event_id"]
    asked, ended, answers = "", [], {}
    async with asyncio.timeout(1_000), page.browser.stream("GET", "/gradio_api/queue/data?session_hash=a") as events:
        async for message in messages(events):
            event, shown = message.get("event_id"), html.unescape(json.dumps(message))
            answers[event] = answers.get(event, "") + shown
            if not asked and "Learning @bob" in shown:
                asked = (await join(page, hello(page, "/tweetlike @ann she"))).json()["event_id"]
            if message["msg"] == "process_completed":
                ended.append(event)
    assert ended == [asked, trained]
    assert "AI parody" in answers[asked]
    assert "I have learned bob (v1)" in answers[trained]


async def messages(events: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in events.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


@pytest.fixture
def few_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.playground.server.MAX_SESSIONS", 3)


@pytest.mark.usefixtures("few_sessions")
async def test_the_oldest_of_many_open_pages_is_forgotten(page: Page) -> None:
    """What a page shows is kept for it. Without a limit somebody could fill the memory."""
    for session in ("old", "b", "c"):
        await page.say({"text": f"hello from {session}", "files": []}, session=session)
    assert "hello from old" in await page.say({"text": "/help", "files": []}, session="old")
    for session in ("d", "e"):
        await page.say({"text": f"hello from {session}", "files": []}, session=session)
    assert "hello from old" in await page.say({"text": "/help", "files": []}, session="old"), "it was used last but two"
    assert "hello from b" not in await page.say({"text": "/help", "files": []}, session="b")


async def test_polled_events_say_that_the_database_cannot_be_read(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    databases = [page.parts.database, page.parts.database.with_name("data") / "bot.db"]
    gone = [path.rename(path.with_suffix(".away")) for path in databases]
    sentence = "I cannot get at my memory just now; try again in a minute, or ask whoever runs me."
    polled = [call["id"] for call in page.config["dependencies"] if call["backend_fn"] and len(call["inputs"]) == 0]
    shown = [html.unescape(await page.event(call, [], session=f"p{call}")) for call in polled]
    assert sum(sentence in one for one in shown) >= 2, shown
    assert await page.event(page.only(outputs=["radio"], inputs=["radio"]), [None])
    assert not any(str(page.parts.database.parent) in one for one in shown)
    for path in gone:
        path.rename(path.with_suffix(".db"))


def test_a_page_has_another_name_for_each_visitor() -> None:
    one, other = Visitor("1" * 32), Visitor("2" * 32)
    assert own_page(one, "a") == own_page(one, "a")
    assert len({own_page(one, "a"), own_page(other, "a"), own_page(one, "b")}) == 3


@pytest.mark.parametrize("kind", sorted(VALUES))
@pytest.mark.parametrize("value", [[], float("nan"), object(), {"text": None}])
def test_no_input_takes_a_value_of_another_kind(kind: str, value: object) -> None:
    with pytest.raises(NotOfThePage):
        VALUES[kind](value)
