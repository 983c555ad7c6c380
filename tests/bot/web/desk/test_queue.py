"""The queue on the page: every button does what it says, and tells the result."""

import html
import re

import httpx
import pytest

from tests.bot.web.conftest import Page


async def test_a_post_is_proposed_edited_approved_and_shown_as_sent(web: Page, admin: httpx.AsyncClient) -> None:
    assert "Post 1 waits for approval." in (await admin.post("/queue/propose", data={"voice": "@Ann "})).text
    page = (await admin.get("/desk")).text
    assert ">a fine day at the shore</textarea>" in page
    saved = await admin.post("/queue/1", data={"action": "save", "text": "a fine day, <b>really</b>"})
    assert "a fine day, &lt;b&gt;really&lt;/b&gt;</textarea>" in saved.text
    approved = await admin.post("/queue/1", data={"action": "approve", "text": "a fine day, really & truly"})
    assert "Post 1 is approved and waits for its time." in approved.text
    await web.posting.steps()
    assert web.posting.x.texts() == ["a fine day, really &amp; truly"]
    shown = html.unescape((await admin.get("/desk")).text)
    assert "a fine day, really & truly" in shown
    assert "X: as @thebot; 0 to approve, 0 approved; 0.016 of 5.00 USD spent this month." in shown
    assert "Nothing waits." in shown


async def test_rejecting_and_asking_again(web: Page, admin: httpx.AsyncClient) -> None:
    await admin.post("/queue/propose", data={"voice": "ann"})
    web.posting.drawing.texts = ["gulls over the pier"]
    assert "Post 2 waits for approval." in (await admin.post("/queue/1", data={"action": "again"})).text
    assert "Post 2 was rejected." in (await admin.post("/queue/2", data={"action": "reject"})).text
    refused = await admin.post("/queue/2", data={"action": "approve"})
    assert refused.status_code == 409
    assert "Post 2 is decided already" in refused.text
    assert '<a class="button quiet" href="/desk">Back to Desk</a>' in refused.text


@pytest.mark.parametrize(("x_settings", "choices"), [({}, ["", "ann"]), ({"voice": ""}, ["ann"])])
async def test_the_usual_voice_can_be_chosen_where_there_is_one(
    web: Page, admin: httpx.AsyncClient, choices: list[str]
) -> None:
    assert re.findall('<option value="(.*?)"', (await admin.get("/desk")).text) == choices


async def test_a_failure_is_an_answer(web: Page, admin: httpx.AsyncClient) -> None:
    assert "There is no post 7." in (await admin.post("/queue/7", data={"action": "reject"})).text
    web.posting.drawing.texts = ["see example.com"]
    refused = (await admin.post("/queue/propose", data={"voice": "ann"})).text
    assert "No draft of ann passed the checks" in refused
    assert "a link" in refused


async def test_pausing_is_shown(admin: httpx.AsyncClient) -> None:
    assert "Posting is paused." in (await admin.post("/queue/pause")).text
    assert "Paused: somebody asked for it" in (await admin.get("/desk")).text
    assert "Posting goes on." in (await admin.post("/queue/resume")).text
    assert "Posting was not paused." in (await admin.post("/queue/resume")).text


async def test_a_failed_post_says_why(web: Page, admin: httpx.AsyncClient) -> None:
    await web.posting.store.posts.add("k", "thebot", "x", state="queued")
    await web.posting.store.posts.move(1, "queued", "sending")
    await web.posting.store.posts.move(1, "sending", "failed", error="X refuses <it>")
    assert "X refuses &lt;it&gt;" in (await admin.get("/desk")).text
