"""Attacks on the page over HTTP, as a stranger would make them: real requests to the real Gradio."""

import html
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from bot.playground.page import KEPT, LINE
from bot.playground.page_events import REFUSED
from huggingtweets.core.names import VoiceName
from tests.bot.playground.conftest import Page

SECRET = "a-token-that-nobody-may-see"
Open = Callable[[], Awaitable[Page]]


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture(autouse=True)
def nothing_secret_is_copied(tmp_path: Path) -> Iterator[None]:
    """After every attack no copy of the secret may lie where Gradio keeps files."""
    yield
    for path in (tmp_path / "page-uploads").rglob("*"):
        assert not path.is_file() or SECRET not in path.read_text(errors="replace")


def shapes(path: str) -> list[dict[str, Any]]:
    """The ways in which a message can name a file."""
    meta = {"meta": {"_type": "gradio.FileData"}}
    return [
        {"path": path, **meta},
        {"path": path},
        {"path": path, "url": f"http://127.0.0.1/gradio_api/file={path}", **meta},
        {"path": path, "is_stream": True, **meta},
        {"path": path, "orig_name": "tweets.csv", "mime_type": "text/csv", "size": 1, **meta},
    ]


def names(secret: Path, uploads: Path, uploaded: str) -> list[str]:
    """Paths that lead out of the uploads."""
    link = Path(uploaded).with_name("link.txt")
    link.symlink_to(secret)
    folder = Path(uploaded).with_name("folder")
    folder.symlink_to(secret.parent)
    return [
        str(secret),
        "/proc/self/environ",
        "/etc/passwd",
        f"{uploads}/../{secret.name}",
        f"{Path(uploaded).parent}/../../{secret.name}",
        os.path.relpath(secret),
        str(link),
        str(folder / secret.name),
        f"file://{secret}",
    ]


async def test_no_message_hands_out_a_file(page: Page, secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", SECRET)
    uploaded = await page.upload("mine.csv", b"tweets")
    for number, path in enumerate(names(secret_file, page.attachments.home, uploaded)):
        for shape in shapes(path):
            shown = await page.say({"text": "/train x", "files": [shape]}, session=f"s{number}")
            assert SECRET not in shown
            assert "root:" not in shown
            assert "Learning @" not in html.unescape(shown)
    assert await page.parts.store.jobs.active() == []


async def test_no_history_hands_out_a_file(page: Page, secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said before is the server's own: a page that sends another history is refused."""
    monkeypatch.chdir(secret_file.parent)  # Gradio allows files below the working directory
    for shape in shapes(str(secret_file)):
        for content in (shape, [{"type": "file", "file": shape}], [shape], {"component": "file", "value": shape}):
            history = [{"role": "user", "content": content}, {"role": "assistant", "content": "I said so"}]
            assert await page.say({"text": "hello", "files": []}, history) == REFUSED
    shown = await page.say({"text": "hello", "files": []})
    assert "do not know the command hello" in shown
    assert "I said so" not in shown


async def test_no_path_serves_a_file(page: Page, secret_file: Path) -> None:
    uploaded = await page.upload("mine.csv", SECRET.encode())
    for path in (*names(secret_file, page.attachments.home, uploaded), uploaded):
        for route in (
            *(
                "/gradio_api/file=",
                "/gradio_api/file/",
                "/file=",
                "/file/",
                "/gradio_api/proxy=",
                "/static/",
                "/assets/",
            ),
            *(
                "/gradio_api/stream/",
                "/gradio_api/custom_component/x/client/x/",
                "/svelte/",
                "/gradio_api/deep_link?x=",
            ),
            *("/static/../../../../../../..", "/assets/..%2f..%2f..%2f..%2f..%2f..", "/gradio_api/../file="),
        ):
            for escaped in (path, quote(path, safe="")):
                answer = await raw(page, "GET", route + escaped)
                assert SECRET not in answer.text
                assert "root:" not in answer.text
    Path(uploaded).unlink()


async def test_a_session_cannot_use_what_another_one_attached(open_page: Open, sample_file: Path) -> None:
    victim, attacker = await open_page(), await open_page()
    path = await victim.upload("tweets.jsonl", sample_file.read_bytes())
    for shape in shapes(path)[:1]:
        shown = await attacker.say({"text": "/train x", "files": [shape]})
        assert "attach it again" in shown
    assert Path(path).exists()
    assert await attacker.parts.store.jobs.active() == []
    shown = await victim.say({"text": "/train bob", "files": shapes(path)[:1]})
    assert "I have learned bob" in shown


async def test_only_what_the_page_uses_is_open(page: Page) -> None:
    for method, path in (
        *(("POST", f"/gradio_api/{kind}/{name}") for kind in ("call", "call/v2", "run", "api") for name in NAMES),
        *(
            ("POST", f"/gradio_api/{path}")
            for path in ("component_server", "process_recording", "vibe-edit", "vibe-code")
        ),
        *(("GET", f"/gradio_api/{path}") for path in ("openapi.json", "runs", "deep_link?session_hash=a", "vibe-code")),
        *(("GET", path) for path in ("/docs", "/openapi.json", "/monitoring", "/monitoring/summary", "/login")),
        *(("PUT", "/"), ("DELETE", "/"), ("POST", "/"), ("PATCH", "/gradio_api/queue/join"), ("OPTIONS", "/")),
    ):
        body = {"data": ["ann", None], "session_hash": "a"}
        answer = await page.browser.request(method, path, **({"json": body} if method == "POST" else {}))
        assert answer.status_code == 404, path
    info = (await page.browser.get("/gradio_api/info")).json()
    assert info["named_endpoints"] == {}
    assert info["unnamed_endpoints"] == {}
    assert await page.parts.posting.queue() == []


NAMES = ("propose", "act", "pause", "resume", "respond", "lambda", "0", "1")


async def test_a_post_needs_the_session_of_the_page(page: Page) -> None:
    functions = [call["id"] for call in page.config["dependencies"]]
    body = {"data": ["ann", None], "session_hash": "b"}
    strangers = (
        {},
        {"Cookie": "huggingtweets=1"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
    )
    for headers in strangers:
        async with httpx.AsyncClient(base_url=page.address, headers=headers) as stranger:
            for function in functions:
                joined = await stranger.post("/gradio_api/queue/join", json={**body, "fn_index": function})
                assert joined.status_code == 403
    assert await page.parts.posting.queue() == []


ORIGINS = (
    "http://localhost:3000",
    "http://127.0.0.1:3000",
    "https://127.0.0.1:{port}",
    "http://localhost:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil.example",
    "http://user@127.0.0.1:{port}",
    "http://[",
    "null",
    "",
)


async def test_another_port_of_this_machine_is_another_site(page: Page) -> None:
    for origin in ORIGINS:
        headers = {"Origin": origin.format(port=page.browser.base_url.port)}
        for method, path in (
            ("GET", "/config"),
            ("GET", "/"),
            ("POST", "/gradio_api/queue/join"),
            ("OPTIONS", "/config"),
        ):
            answer = await page.browser.request(method, path, headers=headers)
            assert answer.status_code == 403, (origin, method, path)
            assert "access-control-allow-origin" not in answer.headers, (origin, method, path)


async def test_a_name_that_is_not_this_machine_is_refused(page: Page) -> None:
    for host in ("rebound.example", "127.0.0.1@evil.example", "127.0.0.1:x", "", "127.0.0.1/x"):
        answer = await page.browser.get("/", headers={"Host": host, "Origin": f"http://{host}"})
        assert answer.status_code == 400, host


async def test_no_header_says_where_the_page_is(page: Page) -> None:
    for header in ("X-Forwarded-Host", "X-Forwarded-Proto", "X-Gradio-Server", "Forwarded", "X-Original-Host"):
        value = "https" if header.endswith("Proto") else "http://evil.example/"
        for path in ("/", "/config"):
            shown = (await page.browser.get(path, headers={header: value})).text
            assert "evil.example" not in shown, header
        config = (await page.browser.get("/config", headers={header: value})).json()
        assert config["root"].rstrip("/") == page.address.rstrip("/"), header


async def test_the_session_is_kept_from_scripts_and_from_other_sites(page: Page) -> None:
    async with httpx.AsyncClient(base_url=page.address) as fresh:
        cookie = (await fresh.get("/")).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "set-cookie" not in (await fresh.get("/")).headers, "one session a browser"


async def raw(page: Page, method: str, path: str) -> httpx.Response:
    """A request whose path is sent unchanged, with `..` in it."""
    url = page.browser.base_url.copy_with(raw_path=path.encode())
    return await page.browser.send(page.browser.build_request(method, url))


@pytest.mark.parametrize("half", [0xD83D, 0xDE80, 0xDCE9])
async def test_half_a_character_costs_nobody_anything(page: Page, half: int) -> None:
    shown = await page.say({"text": f"/tweetlike @ann {chr(half)} she", "files": []})
    assert "AI parody" in shown or "passed the checks" in shown
    assert "process_completed" in await page.say({"text": f"/tweetlike {chr(half)}", "files": []}, session="b")
    # Gradio refuses a file that was not uploaded before our code sees it.
    refused = await page.say({"text": "/train x", "files": shapes(f"/tmp/{chr(half)}")[:1]}, session="c")
    assert '"success":false' in refused
    assert "AI parody" in await page.say({"text": "/tweetlike @ann she", "files": []}, session="d")


async def test_a_long_message_is_refused_before_it_is_read(page: Page) -> None:
    """One of 30 MB stopped the whole process for half a minute, and stayed in memory."""
    shown = await page.say({"text": "*" * 100_000, "files": []})
    assert "too long" in shown

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"[" * 1_000

    answer = await page.browser.post("/gradio_api/queue/join", content=in_pieces())
    assert answer.status_code == 413
    assert "AI parody" in await page.say({"text": "/tweetlike @ann she", "files": []}, session="b")


async def test_a_long_chat_stays_short(page: Page) -> None:
    """The whole chat is sent again with each answer."""
    for number in range(KEPT):
        await page.say({"text": f"/help {number} " + "*" * 5_000, "files": []})
    shown = await page.say({"text": "/models", "files": []})
    assert shown.count("/help".replace("/", "&#47;") + f" {KEPT - 1}") == 1
    assert len(shown) < KEPT * LINE * 8


async def test_files_are_taken_from_this_machine_alone(page: Page) -> None:
    """A visitor who may not have a voice learned could only fill the disk or the memory."""
    for header in ("X-Forwarded-For", "Via", "CF-Connecting-IP", "X_Forwarded_For", "True-Client-IP"):
        answer = await page.browser.post(
            "/gradio_api/upload", files={"files": ("a.csv", b"tweets")}, headers={header: "192.0.2.7"}
        )
        assert answer.status_code == 403, header
    assert not [path for path in page.attachments.home.rglob("*") if path.is_file()]
    await page.upload("a.csv", b"tweets")


async def test_health_is_told(page: Page) -> None:
    for path, status in (("/healthz", "alive"), ("/readyz", "ready")):
        assert (await page.browser.get(path)).json() == {"status": status}


async def test_what_the_page_asks_the_door_lets_in(page: Page) -> None:
    """Outside its queue Gradio uses `/gradio_api/run`, which is closed."""
    asked = [call for call in page.config["dependencies"] if call["backend_fn"]]
    assert asked
    assert [call["id"] for call in asked if not call["queue"]] == []


async def test_a_suggestion_fills_the_line(page: Page) -> None:
    shown = await page.event(page.only(outputs=["multimodaltextbox"]), [])
    assert '"text":"/models"' in shown


async def test_a_cleared_conversation_does_not_come_back(page: Page) -> None:
    await page.say({"text": "hello", "files": []})
    assert "do not know the command hello" in await page.say({"text": "/help", "files": []})
    await page.event(page.only(targets=["clear"]), [None])
    shown = await page.say({"text": "/help", "files": []})
    assert "/tweetlike" in html.unescape(shown)
    assert "hello" not in shown


async def test_the_page_sends_a_line_while_another_one_is_answered(page: Page) -> None:
    """Otherwise its scripts wait. test_page_events.py tests that both lines are answered."""
    [line] = [call for call in page.config["dependencies"] if call["id"] == page.function(3, 2)]
    assert line["trigger_mode"] == "multiple"


async def test_no_picture_is_offered_to_be_attached(page: Page) -> None:
    """Gradio would show it at a path that is closed."""
    [line] = [one for one in page.config["components"] if one["type"] == "multimodaltextbox"]
    assert ".csv" in line["props"]["file_types"]
    assert not {"image", "video", "audio", "file", ".png"} & set(line["props"]["file_types"])


async def test_a_look_at_the_queue_takes_back_no_choice(page: Page) -> None:
    """Otherwise a choice that the visitor makes in this moment is lost."""
    post = await page.parts.posting.propose(VoiceName("ann"), by="somebody")
    refresh = page.only(outputs=["radio"], inputs=["radio"])
    for chosen in (None, post.id):
        shown = await page.event(refresh, [chosen])
        assert "choices" in shown
        assert '"value":null' not in shown
