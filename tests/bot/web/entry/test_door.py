"""Attacks on the page over HTTP, as a stranger would make them."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from bot.core.errors import StoreUnavailable
from bot.web.application import guarded, routes
from bot.web.entry.roles import Roles
from bot.web.entry.sessions import Session, Sessions
from bot.web.entry.users import Users
from tests.bot.web.conftest import ADDRESS, COOKIE, Page

CHANGES = (
    ("/try", {"voice": "ann", "count": "1"}),
    ("/make/files", {}),
    ("/trainings/1/cancel", {}),
    ("/queue/propose", {"voice": "ann"}),
    ("/queue/pause", {}),
    ("/queue/1", {"action": "approve"}),
)
ORIGINS = (
    "http://localhost:3000",
    "http://127.0.0.1:3000",
    "https://127.0.0.1:7860",
    "http://localhost:7860",
    "http://127.0.0.1",
    "http://127.0.0.1.evil.example:7860",
    "http://evil.example",
    "http://user@127.0.0.1:7860",
    "http://[",
    "null",
    "",
)


async def test_another_port_of_this_machine_is_another_site(admin: httpx.AsyncClient) -> None:
    for origin in ORIGINS:
        for method, path in (("GET", "/"), ("POST", "/try"), ("POST", "/queue/pause"), ("OPTIONS", "/")):
            answer = await admin.request(method, path, headers={"Origin": origin})
            assert answer.status_code == 403, (origin, method, path)
            assert "access-control-allow-origin" not in answer.headers


async def test_a_name_that_is_not_this_machine_is_refused(admin: httpx.AsyncClient) -> None:
    for host in ("rebound.example", "127.0.0.1@evil.example", "127.0.0.1:x", "", "127.0.0.1/x"):
        answer = await admin.get("/", headers={"Host": host, "Origin": f"http://{host}"})
        assert answer.status_code == 400, host


async def test_a_change_needs_the_session_of_the_page(web: Page) -> None:
    forged = Sessions(b"another key").write(Session("0" * 32, "ann"))
    for cookie in ("", f"{COOKIE}=1", f"{COOKIE}={'0' * 32}", f"{COOKIE}={forged}"):
        async with web.browser(Cookie=cookie) as stranger:
            for path, fields in CHANGES:
                assert (await stranger.post(path, data=fields)).status_code == 403, (cookie, path)
    assert await web.parts.posting.queue() == []
    assert await web.parts.training.jobs() == []


async def test_nobody_but_an_admin_sees_or_decides_anything(web: Page, browser: httpx.AsyncClient) -> None:
    for path, fields in CHANGES[1:]:
        files = {"files": ("a.csv", b"text\nhello")} if path == "/make/files" else None
        answer = await browser.post(path, data=fields, files=files)
        assert answer.status_code == 403, path
    for path in ("/make", "/queue", "/trainings/1", "/trainings/1/events"):
        answer = await browser.get(path)
        assert answer.status_code == 403, path
        assert "Only somebody who runs me may do this." in answer.text
    assert not list(web.parts.drafts.home.rglob("*"))
    assert not any(status.pause for status in await web.parts.posting.statuses())


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Via", "CF-Connecting-IP", "X_Forwarded_For", "True-Client-IP", "Forwarded"]
)
async def test_whoever_comes_through_a_proxy_is_not_at_this_machine(
    web: Page, admin: httpx.AsyncClient, header: str
) -> None:
    answer = await admin.post("/make/files", files={"files": ("a.csv", b"tweets")}, headers={header: "192.0.2.7"})
    assert answer.status_code == 403
    assert not list(web.parts.drafts.home.rglob("*"))


async def test_no_header_says_where_the_page_is(admin: httpx.AsyncClient) -> None:
    for header in ("X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "X-Original-Host", "X-Forwarded-Proto"):
        answer = await admin.get("/", headers={header: "evil.example"})
        assert "evil.example" not in answer.text


async def test_the_session_is_kept_from_scripts_and_from_other_sites(web: Page) -> None:
    async with web.browser() as fresh:
        cookie = (await fresh.get("/")).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "set-cookie" not in (await fresh.get("/")).headers, "one session a browser"
    async with web.browser() as fresh:
        for path in ("/healthz", "/readyz", "/static/page.css"):
            assert "set-cookie" not in (await fresh.get(path)).headers


async def test_a_page_inside_that_of_another_site_keeps_its_session(web: Page) -> None:
    """As a Space of Hugging Face is shown. Where a request comes from is checked all the same."""
    hosts, address = ["voices.example"], "https://voices.example"
    frames = ["https://huggingface.co"]
    users = Users({})
    app = guarded(
        routes(web.parts), hosts=hosts, cookie=COOKIE, sessions=Sessions(b"k"), known=Roles(users).known, frames=frames
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address) as framed:
        answer = await framed.get("/signin")
        assert "SameSite=None; Secure; Partitioned" in answer.headers["set-cookie"]
        assert "frame-ancestors https://huggingface.co" in answer.headers["content-security-policy"]
        for headers in ({"Origin": "https://huggingface.co"}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await framed.post("/signout", headers=headers)).status_code == 403
        own = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
        assert (await framed.post("/signout", headers=own)).status_code == 303


async def test_below_a_path_all_addresses_have_it(web: Page) -> None:
    transport = httpx.ASGITransport(web.app, root_path="/voices", client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as below:
        page = await below.get("/voices/")
        assert page.status_code == 200
        assert "Path=/voices;" in page.headers["set-cookie"]
        addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
        assert addresses
        assert [one for one in addresses if not one.startswith("/voices/")] == []
        assert (await below.get("/voices/static/page.css")).status_code == 200
        answer = await below.post("/voices/try", data={"voice": "ann", "count": "1"})
        assert answer.headers["location"].startswith("/voices/try/")


async def test_a_long_message_is_refused_before_it_is_read(admin: httpx.AsyncClient) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"[" * 1_000

    assert (await admin.post("/try", content=b"*" * 100_000)).status_code == 413
    assert (await admin.post("/try", content=in_pieces())).status_code == 413


async def test_no_path_serves_a_file_of_this_machine(admin: httpx.AsyncClient) -> None:
    for path in ("/etc/passwd", "../../../../../../etc/passwd", "../page.py", "../__init__.py", "..%2f..%2fserver.py"):
        for route in ("/static/", "/try/", "/people/", "/trainings/"):
            for escaped in (path, quote(path, safe="")):
                url = admin.base_url.copy_with(raw_path=(route + escaped).encode())
                answer = await admin.send(admin.build_request("GET", url))
                assert answer.status_code >= 400
                assert "root:" not in answer.text
                assert "import" not in answer.text


async def test_what_is_not_there_is_a_page_that_says_so(browser: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/redoc"), ("GET", "/nothing"), ("GET", "/docs/nothing"), ("POST", "/")):
        answer = await browser.request(method, path)
        assert answer.status_code in (404, 405)
        assert "<h1>" in answer.text


async def test_a_monitor_may_ask_with_head(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/static/page.css", "/nothing"):
        whole, head = await browser.get(path), await browser.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers["content-length"] == whole.headers["content-length"]


async def test_a_browser_keeps_styles_and_asks_whether_they_changed(browser: httpx.AsyncClient) -> None:
    sheet = await browser.get("/static/page.css")
    assert sheet.headers["cache-control"] == "no-cache"
    again = await browser.get("/static/page.css", headers={"If-None-Match": sheet.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await browser.get("/")).headers["cache-control"] == "no-store"


async def test_a_page_that_says_so_leads_to_the_first_page_also_below_static(web: Page) -> None:
    for root in ("", "/voices"):
        transport = httpx.ASGITransport(web.app, root_path=root, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as below:
            answer = await below.get(f"{root}/static/nothing")
            assert answer.status_code == 404
            assert f'href="{root}/static/page.css"' in answer.text
            assert f'href="{root}/">' in answer.text


async def test_a_bug_is_a_page_and_one_line_in_the_log(
    web: Page, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("what somebody wrote")

    monkeypatch.setattr(type(web.parts.tweeting), "models", broken)
    answer = await browser.get("/")
    assert answer.status_code == 500
    assert "That did not work." in answer.text
    [line] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith('GET "/" failed on the page: ZeroDivisionError in test_door.py')
    assert "somebody" not in answer.text + line
    assert re.findall(r"<code>(\w+)</code>", answer.text) == [line.rpartition("(")[2][:-1]]


async def test_health_is_told_to_whoever_asks(web: Page) -> None:
    async with web.browser("192.0.2.7") as watcher:
        for path, status in (("/healthz", "alive"), ("/readyz", "ready")):
            assert (await watcher.get(path)).json() == {"status": status}


async def test_what_is_not_well_is_told_to_the_operator_alone(web: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> None:
        raise StoreUnavailable("the server at 10.0.0.3 does not answer")

    monkeypatch.setattr(web.parts.readiness, "_checks", {"database": away})
    for address, state in (
        ("127.0.0.1", {"status": "not ready", "database": "cannot be used now"}),
        ("192.0.2.7", {"status": "not ready"}),
    ):
        async with web.browser(address) as watcher:
            answer = await watcher.get("/readyz")
            assert (answer.status_code, answer.json()) == (503, state)


async def test_figures_are_told_at_this_machine(web: Page) -> None:
    async with web.browser() as watcher:
        answer = await watcher.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert "huggingtweets_queue_requests 0.0" in answer.text
        refused = await watcher.get("/metrics", headers={"host": "elsewhere.example"})
        assert refused.status_code == 400
        assert (await watcher.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})).status_code == 401


async def test_a_browser_may_show_the_page_in_no_other_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert str(answer.url) == f"{ADDRESS}/"
