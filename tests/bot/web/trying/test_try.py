"""Try: voices are shown, tweets are drawn, liked, saved and found again."""

import html
import io
import re
import shutil
from typing import Any

import httpx
import pytest
from PIL import Image

from bot.store.voices.feedback import Feedback
from huggingtweets.core.people.hues import CHROMA, LIGHTNESS, hue_of
from huggingtweets.pictures.render import TEMPLATES
from tests.bot.web.conftest import PART, Page, drawn, opts_out


def texts(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r'<p class="text" dir="auto">(.*?)</p>', page, re.DOTALL)]


async def test_the_page_shows_voices_to_choose(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/")).text
    assert '<input type="radio" name="voice" value="ann" checked>' in page
    assert re.search(r'class="badge (faint|fair)"', page)


async def test_nothing_on_the_page_comes_from_elsewhere(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")
    assert not re.findall(r'(?:src|href)="https?://[^"]*\.(?:js|css|woff2?|png|svg)"', answer.text)
    assert "<script>" not in answer.text
    assert "style=" not in answer.text
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
    for path in re.findall(r'(?:src|href)="(/static/[^"]*)"', answer.text):
        assert (await browser.get(path)).status_code == 200, path


async def test_a_form_draws_tweets_that_its_address_shows_again(browser: httpx.AsyncClient) -> None:
    answer = await drawn(browser, text="our rover")
    assert answer.status_code == 200
    assert len(texts(answer.text)) == 2
    assert all(text.startswith("our rover") for text in texts(answer.text))
    assert answer.text.count('<span class="ai">AI parody</span>') == 3, "both cards, and the line at the end"
    again = await browser.get(answer.url.path)
    assert texts(again.text) == texts(answer.text)
    assert ">our rover</textarea>" in again.text


async def test_a_script_gets_each_card_as_an_event_and_the_address_at_the_end(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/try", data={"voice": "ann", "count": "2"}, headers=PART)
    assert answer.headers["x-accel-buffering"] == "no", "nginx would keep them back"
    events = re.findall(r"^event: (\w+)$", answer.text, re.MULTILINE)
    assert events == ["card", "card", "done"]
    [address] = re.findall(r"event: done\ndata: (\S+)", answer.text)
    assert len(texts((await browser.get(address)).text)) == 2


async def test_a_drawing_is_shown_to_nobody_else(web: Page, browser: httpx.AsyncClient) -> None:
    path = (await drawn(browser)).url.path
    async with web.browser("192.0.2.8") as stranger:
        await stranger.get("/")
        for method, address in (("GET", path), ("GET", f"{path}/0.png"), ("POST", f"{path}/0/vote")):
            answer = await stranger.request(method, address, data={"value": "1"} if method == "POST" else None)
            assert answer.status_code == 422
            assert "drawn for somebody else" in answer.text


async def test_a_drawing_goes_with_its_voice(web: Page, browser: httpx.AsyncClient) -> None:
    answer = await drawn(browser)
    await opts_out(web, "ann")
    gone = await browser.get(answer.url.path)
    assert gone.status_code == 403
    assert not texts(gone.text)


async def test_a_vote_counts_for_the_voice_once(web: Page, browser: httpx.AsyncClient) -> None:
    path = (await drawn(browser)).url.path
    for value in ("1", "-1", "1"):
        answer = await browser.post(f"{path}/0/vote", data={"value": value}, headers=PART)
        assert answer.status_code == 200
    tally = await web.parts.store.feedback.tally("ann")
    assert (tally.up, tally.down) == (1, 0)
    assert (await browser.post(f"{path}/7/vote", data={"value": "1"})).status_code == 422


async def test_a_tweet_can_be_saved_as_a_picture(browser: httpx.AsyncClient) -> None:
    answer = await drawn(browser)
    picture = await browser.get(f"{answer.url.path}/1.png")
    assert Image.open(io.BytesIO(picture.content)).size == (1200, 630)
    assert picture.headers["content-disposition"] == 'attachment; filename="ai-parody-of-ann.png"'
    assert (await browser.get(f"{answer.url.path}/2.png")).status_code == 422


async def test_what_is_shared_says_that_an_ai_wrote_it(browser: httpx.AsyncClient) -> None:
    page = (await drawn(browser)).text
    addresses = re.findall(r'href="(https://(?:x\.com|bsky\.app)/[^"]*)"', page)
    assert len(addresses) == 4
    for address in addresses:
        assert httpx.URL(html.unescape(address)).params["text"].endswith("🤖 AI parody")


async def test_a_post_is_answered(browser: httpx.AsyncClient) -> None:
    answer = await drawn(browser, kind="answer", text="what do you see <up> there?")
    assert len(texts(answer.text)) == 2
    assert "what do you see &lt;up&gt; there?</textarea>" in answer.text
    assert '<input type="radio" name="kind" value="answer" checked>' in answer.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"voice": ""}, "Choose a voice first."),
        ({"voice": "nobody"}, "Choose one of the voices above. Whoever runs this page can make a new voice."),
        ({"voice": "anm"}, "I do not know anm. Did you mean ann?"),
        ({"kind": "answer", "text": " "}, "Write the post that the voice should answer"),
        ({"text": "x" * 201}, "A start may have 200 characters, yours has 201."),
        ({"kind": "answer", "text": "x" * 281}, "What I answer may have 280 characters, yours has 281."),
        ({"count": "6"}, "I write 1 to 5 tweets at once, not 6."),
        ({"count": "many"}, "My page does not ask this."),
        ({"with": "ann", "share": "many"}, "My page does not ask this."),
        ({"daring": "2"}, "A temperature is 0.5 (tame) to 1.5 (wild), not 2."),
        ({"daring": "nan"}, "A temperature is 0.5 (tame) to 1.5 (wild), not nan."),
        ({"length": "endless"}, "My page does not ask this."),
        ({"seed": "seven"}, "A seed is a whole number from 0 to 4294967295."),
        ({"seed": "4294967296"}, "A seed is a whole number from 0 to 4294967295, not 4294967296."),
        ({"kind": "scene"}, "A scene needs 2 to 4 different voices."),
        ({"kind": "scene", "cast": "ann"}, "A scene needs 2 to 4 different voices."),
        ({"kind": "scene", "cast": "bbb"}, "I do not know bbb."),
        ({"kind": "song"}, "My page does not ask this."),
    ],
)
async def test_what_cannot_be_drawn_is_answered_with_a_sentence(
    browser: httpx.AsyncClient, fields: dict[str, str], says: str
) -> None:
    for headers in ({}, PART):
        answer = await browser.post("/try", data={"voice": "ann", "count": "1", **fields}, headers=headers)
        said = html.unescape(answer.text)
        assert says in said
        assert "/train" not in said
        assert not re.search(r"\([0-9a-f]{6}\)", said), "an id explains nothing here"


async def test_what_is_chosen_under_more_is_followed_and_shown_again(browser: httpx.AsyncClient) -> None:
    more = {"daring": "1.3", "length": "longer", "seed": "7"}
    first, second = await drawn(browser, **more), await drawn(browser, **more)
    assert sorted(texts(first.text)) == sorted(texts(second.text)), "the same seed"
    assert sorted(texts((await drawn(browser, **{**more, "seed": "8"})).text)) != sorted(texts(first.text))
    again = (await browser.get(first.url.path)).text
    assert re.search(r'<details class="more" open>', again)
    assert re.search(r'name="daring"[^>]* value="1.3" aria-valuetext="1.3, wilder"', again)
    assert "<option selected>longer</option>" in again
    assert re.search(r'name="seed"[^>]* value="7"', again)
    as_usual = (await browser.get("/")).text
    assert '<details class="more">' in as_usual
    assert 'value="1.0" aria-valuetext="usual"' in as_usual


async def test_a_scene_has_a_line_of_each_voice_in_turns_and_is_shown_again(
    web: Page, browser: httpx.AsyncClient
) -> None:
    assert 'value="scene"' not in (await browser.get("/")).text, "nobody talks alone"
    second_voice(web)
    fields = {"kind": "scene", "cast": "bob", "lines": "3", "text": "the moon"}
    answer = await drawn(browser, **fields)
    handles = re.findall(r'<span class="handle">(@\w+)</span> <span class="ai">', answer.text)
    assert handles == ["@ann", "@bob", "@ann"][: len(handles)]
    assert len(handles) >= 1
    again = (await browser.get(answer.url.path)).text
    assert texts(again) == texts(answer.text)
    assert '<input type="radio" name="kind" value="scene" checked>' in again
    assert '<option value="bob" selected>' in again
    assert ">the moon</textarea>" in again
    assert (await browser.get(f"{answer.url.path}/0.png")).headers["content-type"] == "image/png"
    await opts_out(web, "bob")
    if len(handles) > 1:
        assert (await browser.get(answer.url.path)).status_code == 403


async def test_a_scene_that_is_withdrawn_says_so_to_the_script(
    web: Page, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_voice(web)
    keep = Feedback.answered

    async def kept(self: Feedback, message: str, **row: Any) -> None:
        await keep(self, message, **row)
        await opts_out(web, "bob")

    monkeypatch.setattr(Feedback, "answered", kept)
    fields = {"kind": "scene", "voice": "ann", "cast": "bob", "lines": "3"}
    answer = await browser.post("/try", data=fields, headers=PART)
    assert re.findall(r"^event: (\w+)$", answer.text, re.MULTILINE) == ["card", "withdrawn"]


def second_voice(web: Page) -> None:
    shutil.copytree(web.registry.root / "ann", web.registry.root / "bob")


async def test_voices_are_blended_by_their_shares(browser: httpx.AsyncClient) -> None:
    answer = await drawn(browser, **{"with": "ann", "share": "50"})
    assert len(texts(answer.text)) == 2, "1.5 times ann"


async def test_limits_hold_for_a_visitor_and_say_when_to_come_back(browser: httpx.AsyncClient) -> None:
    for _ in range(20):
        await browser.post("/try", data={"voice": "ann", "count": "9"})
    for _ in range(21):
        answer = await browser.get("/starts?voice=nobody")
    for _ in range(21):
        answer = await browser.post("/try", data={"voice": "ann", "count": "1", "text": "<|slander|>"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "a lot at once" in answer.text


async def test_half_a_character_costs_nobody_anything(browser: httpx.AsyncClient) -> None:
    body = b"voice=ann&count=1&text=%ED%A0%BD+she"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await browser.post("/try", content=body, headers=headers, follow_redirects=True)
    assert answer.status_code == 200 or "passed the checks" in answer.text


async def test_suggestions_are_openings_that_many_tweets_share(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/starts?voice=ann", headers=PART)
    assert answer.status_code == 200
    assert (await browser.get("/starts?voice=nobody", headers=PART)).status_code == 422


async def test_a_voice_that_left_is_not_shown(web: Page, browser: httpx.AsyncClient) -> None:
    await opts_out(web, "ann")
    page = (await browser.get("/")).text
    assert "ann" not in re.sub(r"<(link|img|a)[^>]*>", "", page).replace("announce", "")
    assert "There is no voice here yet." in page


async def test_a_picture_of_a_person_is_shown_where_there_is_one(web: Page, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/people/ann/picture")).status_code == 404
    web.parts.avatars.mkdir()
    (web.parts.avatars / "ann.png").write_bytes(b"a picture")
    (web.parts.avatars.parent / "secret.png").write_bytes(b"a secret")
    assert (await browser.get("/people/ann/picture")).content == b"a picture"
    assert 'src="/people/ann/picture"' in (await browser.get("/")).text
    for name in ("..%2Fsecret", "../secret", "%2e%2e%2fsecret"):
        assert b"a secret" not in (await browser.get(f"/people/{name}/picture")).content


async def test_somebody_without_a_picture_has_the_colour_of_the_pictures(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/")).text
    assert f'fill="oklch({LIGHTNESS} {CHROMA} {hue_of("Ann")})"' in page
    style = (TEMPLATES / "style.typ").read_text()
    assert f"{LIGHTNESS:.0%} }}, {CHROMA}, person.hue * 1deg" in style
