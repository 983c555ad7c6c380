"""Who may do what: strangers, visitors and admins, with passwords, with a token, and after signing out."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from bot.core.config import PlaygroundSettings
from bot.store import Store
from bot.web.entry.roles import Roles
from bot.web.entry.sessions import ENDED_FILE, SECONDS, Sessions, new_session
from bot.web.entry.users import Users, entry_of
from bot.web.entry.visitors import Role, Visitor
from bot.web.server import serving
from bot.web.sign_in import ALL_TRIES_A_MINUTE, TRIES_A_MINUTE
from huggingtweets.core.errors import Misconfigured
from huggingtweets.core.people.names import VoiceName
from tests.bot.conftest import UseCases
from tests.bot.databases import sqlite_in
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.web.conftest import ADDRESS, COOKIE, Page, drawn, page_of

TOKEN = "a long token that nobody guesses"
ADMIN, VISITOR = "a password of ann", "a password of bob"


@pytest.fixture(scope="module")
def users() -> Users:
    return Users.of(f"{entry_of('ann', 'admin', ADMIN)} {entry_of('bob', 'visitor', VISITOR)}", TOKEN)


@pytest.fixture(autouse=True)
def minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tries come in one minute, however slow the machine is."""
    monkeypatch.setattr("bot.people.limits.time", SimpleNamespace(monotonic=lambda: 0.0))


@pytest.fixture
async def guarded(use_cases: UseCases, parts: PostingParts, users: Users, tmp_path: Path) -> AsyncIterator[Page]:
    """A page with users that is no demo, as the settings have it by default."""
    async with Store(sqlite_in(use_cases.home.folder / "data")) as store:
        yield page_of(use_cases, parts, store, tmp_path, users)


async def signed_in(browser: httpx.AsyncClient, password: str, name: str = "", to: str = "/") -> httpx.Response:
    await browser.get("/signin")
    return await browser.post("/signin", data={"name": name, "password": password, "next": to})


async def test_a_stranger_may_only_sign_in(guarded: Page) -> None:
    async with guarded.browser("192.0.2.7") as stranger:
        page = await stranger.get("/")
        assert (page.status_code, page.headers["location"]) == (303, "/signin?next=%2F")
        for path in (
            "/make",
            "/queue",
            "/try/x",
            "/people/ann/picture",
            "/starts?voice=ann",
            "/voices/ann/v1/profile.png",
        ):
            answer = await stranger.get(path)
            assert answer.headers["location"].startswith("/signin?next="), path
        sign_in = (await stranger.get("/signin")).text
        assert "Make" not in sign_in
        assert "ann" not in sign_in
        answer = await stranger.post("/try", data={"voice": "ann", "count": "1"})
        assert (answer.status_code, answer.headers.get("location")) == (403, None)


async def test_a_visitor_may_try_and_nothing_else(guarded: Page) -> None:
    async with guarded.browser("192.0.2.7") as bob:
        assert (await signed_in(bob, VISITOR, "bob", "/?voice=ann")).headers["location"] == "/?voice=ann"
        assert "@ann" in (await bob.get("/")).text
        assert (await drawn(bob)).status_code == 200
        for path in ("/make", "/queue", "/trainings/1"):
            assert (await bob.get(path)).status_code == 403
        assert (await bob.post("/queue/pause")).status_code == 403


@pytest.mark.parametrize(("name", "password"), [("ann", ADMIN), ("", TOKEN)])
async def test_an_admin_signs_in_by_a_password_or_the_token_and_out_again(
    guarded: Page, name: str, password: str
) -> None:
    async with guarded.browser("192.0.2.7") as admin:
        await admin.get("/signin")
        before = admin.cookies["huggingtweets-7860"]
        assert (await signed_in(admin, password, name)).status_code == 303
        assert admin.cookies["huggingtweets-7860"] != before
        assert (await admin.get("/make")).status_code == 200
        inside = admin.cookies["huggingtweets-7860"]
        await admin.post("/signout")
        assert admin.cookies["huggingtweets-7860"] not in (before, inside)
        assert (await admin.get("/make")).status_code == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", VISITOR),
        ("ann", TOKEN),
        ("nobody", ADMIN),
        ("", "wrong"),
        ("", ADMIN),
        ("operator", TOKEN),
        ("ann", "x" * 199),
    ],
)
async def test_a_wrong_password_or_token_is_refused(guarded: Page, name: str, password: str) -> None:
    async with guarded.browser("192.0.2.7") as stranger:
        answer = await signed_in(stranger, password, name)
        assert answer.status_code == 403
        assert "is wrong." in answer.text
        assert (await stranger.get("/make")).status_code == 303


async def test_passwords_cannot_be_tried_without_end(guarded: Page) -> None:
    async with guarded.browser("192.0.2.7") as stranger:
        answers = [(await signed_in(stranger, "wrong")).status_code for _ in range(6)]
        assert answers == [403] * 5 + [429]
        assert (await signed_in(stranger, TOKEN)).status_code == 429
    async with guarded.browser("192.0.2.8") as another:
        assert (await signed_in(another, TOKEN)).status_code == 303


async def test_a_refused_sign_in_keeps_the_form_and_the_name(guarded: Page) -> None:
    async with guarded.browser("192.0.2.7") as stranger:
        name = 'ann" autofocus="<b>'
        for sentence in ("The name or the password is wrong.", *[""] * 4, "There were too many tries to sign in."):
            answer = await signed_in(stranger, "wrong", name, to="/voices")
            assert sentence in answer.text
            assert "<h1>Sign in</h1>" in answer.text
            assert 'value="ann&#34; autofocus=&#34;&lt;b&gt;"' in answer.text
            assert '<input type="hidden" name="next" value="/voices">' in answer.text
        assert answer.headers["retry-after"] == "60"


async def test_a_form_without_its_session_is_a_page_that_says_so(guarded: Page) -> None:
    for root in ("", "/voices"):
        transport = httpx.ASGITransport(guarded.app, root_path=root, client=("192.0.2.7", 1))
        headers = {"Accept": "text/html,*/*", "Origin": ADDRESS}
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as stranger:
            for path, back in (("/signin", "/signin"), ("/queue/pause", "/")):
                answer = await stranger.post(root + path, data={"password": TOKEN})
                assert answer.status_code == 403
                assert f'href="{root}{back}">Open the page' in answer.text
                assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_whoever_uses_up_the_tries_of_all_keeps_no_operator_out(guarded: Page) -> None:
    async with guarded.browser("192.0.2.8") as operator:
        assert (await signed_in(operator, TOKEN)).status_code == 303
    for number in range(ALL_TRIES_A_MINUTE // TRIES_A_MINUTE):
        async with guarded.browser(f"192.0.2.{number + 100}") as guesser:
            for _ in range(TRIES_A_MINUTE):
                assert (await signed_in(guesser, "wrong")).status_code in (403, 429)
    for address, status in (("192.0.2.9", 429), ("192.0.2.8", 303), ("127.0.0.1", 303)):
        async with guarded.browser(address) as somebody:
            assert (await signed_in(somebody, TOKEN)).status_code == status, address


async def test_one_network_of_ipv6_is_one_person(guarded: Page) -> None:
    for number in range(TRIES_A_MINUTE):
        async with guarded.browser(f"2001:db8:0:1::{number}") as guesser:
            assert (await signed_in(guesser, "wrong")).status_code == 403
    for address, status in (("2001:db8:0:1:ffff::", 429), ("2001:db8:0:2::", 403)):
        async with guarded.browser(address) as guesser:
            assert (await signed_in(guesser, "wrong")).status_code == status


async def test_figures_are_for_admins_and_for_programs_with_the_operators_token(guarded: Page) -> None:
    async def status(browser: httpx.AsyncClient, authorization: str = "") -> int:
        headers = {"Authorization": authorization} if authorization else {}
        return (await browser.get("/metrics", headers=headers)).status_code

    async with guarded.browser("192.0.2.7") as program:
        for _ in range(2 * TRIES_A_MINUTE):
            assert await status(program, f"Bearer {TOKEN}") == 200
        wrong = ["", "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer wrong", "Bearer wrong"]
        assert [await status(program, one) for one in wrong] == [401] * len(wrong)
        assert (await program.get("/metrics")).headers["www-authenticate"] == "Bearer"
        for _ in range(TRIES_A_MINUTE - 2):
            assert await status(program, "Bearer wrong") == 401
        assert await status(program, "Bearer wrong") == 429
        assert await status(program, f"Bearer {TOKEN}") == 429, "a token cannot be guessed here either"
    for name, password, told in (("ann", ADMIN, 200), ("bob", VISITOR, 401)):
        async with guarded.browser("192.0.2.8") as browser:
            assert await status(browser) == 401
            assert (await signed_in(browser, password, name)).status_code == 303
            assert await status(browser) == told


async def test_who_signs_in_gets_to_a_page_and_never_to_a_form(guarded: Page) -> None:
    async with guarded.browser("192.0.2.7") as stranger:
        await stranger.get("/signin")
        refused = await stranger.post("/try", data={"voice": "ann"})
        assert refused.status_code == 403
        assert 'href="/signin"' in refused.text
        assert "next=" not in refused.text
        assert 'href="/signin?next=%2Fnothing%26here"' in (await stranger.get("/nothing%26here")).text
        long = (await stranger.get(f"/try/{'x' * 600}")).headers["location"]
        assert (await stranger.get(long)).status_code == 200
        assert (await signed_in(stranger, TOKEN, to=f"/try/{'x' * 600}")).headers["location"] == "/"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\tevil", "javascript:x", ""]
)
async def test_signing_in_leads_nowhere_else(guarded: Page, to: str) -> None:
    async with guarded.browser("192.0.2.7") as admin:
        assert (await signed_in(admin, TOKEN, to=to)).headers["location"] == "/"
        assert "evil" not in (await admin.get("/signin", params={"next": to})).text


async def test_at_this_machine_trying_works_and_nothing_else_until_the_operator_says_so(guarded: Page) -> None:
    async with guarded.browser() as somebody:
        assert (await somebody.get("/")).status_code == 200
        assert (await drawn(somebody)).status_code == 200
        for path, fields in (("/queue/pause", {}), ("/trainings/1/cancel", {}), ("/queue/propose", {"voice": "ann"})):
            assert (await somebody.post(path, data=fields)).status_code == 403
        answer = await somebody.post("/make/files", files={"files": ("a.csv", b"tweets")})
        assert answer.status_code == 403
    assert await guarded.parts.posting.queue() == []


ROLES: tuple[tuple[dict[str, bool], Visitor, Role], ...] = (
    ({}, Visitor("s"), Role.VISITOR),
    ({}, Visitor("s", "::1"), Role.VISITOR),
    ({}, Visitor("s", proxied=True), Role.STRANGER),
    ({}, Visitor("s", "192.0.2.7"), Role.STRANGER),
    ({"local_admin": True}, Visitor("s"), Role.ADMIN),
    ({"local_admin": True}, Visitor("s", proxied=True), Role.STRANGER),
    ({"local_admin": True}, Visitor("s", "192.0.2.7"), Role.STRANGER),
    ({"demo": True}, Visitor("s", "192.0.2.7"), Role.VISITOR),
    ({"demo": True}, Visitor("s", proxied=True), Role.VISITOR),
    ({"demo": True}, Visitor("s"), Role.VISITOR),
    ({}, Visitor("s", "192.0.2.7", user="ann"), Role.ADMIN),
    ({"demo": True}, Visitor("s", "192.0.2.7", user="bob"), Role.VISITOR),
    ({}, Visitor("s", "192.0.2.7", user="gone"), Role.STRANGER),
    ({}, Visitor("s", "192.0.2.7", user="operator"), Role.ADMIN),
)


@pytest.mark.parametrize(("settings", "visitor", "role"), ROLES)
def test_a_role_follows_from_where_somebody_is_and_who(
    users: Users, settings: dict[str, bool], visitor: Visitor, role: Role
) -> None:
    known = Roles(users, **settings).known(visitor)
    assert known.role is role
    assert known.user in ("", visitor.user)


async def test_a_copy_of_a_cookie_does_not_outlive_its_sign_out(guarded: Page) -> None:
    async def status(method: str, path: str, copy: str) -> int:
        async with guarded.browser("192.0.2.8", Cookie=f"{COOKIE}={copy}") as elsewhere:
            return (await elsewhere.request(method, path)).status_code

    async with guarded.browser("192.0.2.7") as admin:
        await signed_in(admin, ADMIN, "ann")
        first = admin.cookies[COOKIE]
        await signed_in(admin, TOKEN)
        second = admin.cookies[COOKIE]
        assert await status("GET", "/make", first) == 303, "who signs in as somebody else has signed out"
        assert await status("GET", "/make", second) == 200
        async with guarded.browser("192.0.2.9") as other:
            await signed_in(other, TOKEN)
            await admin.post("/signout")
            for copy in (first, second):
                assert await status("GET", "/make", copy) == 303
                assert await status("POST", "/queue/pause", copy) == 403
            assert (await other.get("/make")).status_code == 200, "another session of the same user goes on"


def test_a_sign_out_outlives_a_restart_and_is_kept_no_longer_than_its_cookie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    ended, open_ = new_session().of("ann"), new_session().of("ann")
    sessions = Sessions.kept_in(tmp_path)
    cookies = [sessions.write(ended), sessions.write(open_)]
    assert [sessions.read(cookie) for cookie in cookies] == [ended, open_]
    sessions.end(ended)
    file = tmp_path / ENDED_FILE
    assert file.stat().st_mode & 0o077 == 0
    with file.open("a", encoding="ascii") as torn:
        torn.write("0123456789abcdef")  # the process died as it wrote
    for _ in range(2):
        sessions = Sessions.kept_in(tmp_path)
        assert [sessions.read(cookie) for cookie in cookies] == [None, open_]
    assert file.read_text(encoding="ascii").splitlines() == [f"{ended.id} {now:.0f}"]
    now += SECONDS + 1
    assert Sessions.kept_in(tmp_path).read(cookies[0]) is None
    assert file.read_text(encoding="ascii") == ""


def test_a_sign_out_that_cannot_be_written_down_holds_meanwhile(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sessions = Sessions.kept_in(tmp_path)
    (tmp_path / ENDED_FILE).mkdir()
    session = new_session().of("ann")
    sessions.end(session)
    assert sessions.read(sessions.write(session)) is None
    assert "holds until the bot starts again" in caplog.text


async def test_what_is_told_live_ends_with_the_session(
    use_cases: UseCases, parts: PostingParts, users: Users, tmp_path: Path
) -> None:
    async with Store(sqlite_in(use_cases.home.folder / "data")) as store:
        made = page_of(use_cases, parts, store, tmp_path, users)
        async with (
            serving(PlaygroundSettings(port=0), made.parts, Sessions(b"key")) as address,
            httpx.AsyncClient(base_url=address, headers={"Origin": address}, timeout=60) as admin,
        ):
            await signed_in(admin, TOKEN)
            async with admin.stream("GET", "/desk/events?all=true") as events:
                lines = events.aiter_lines()
                assert await anext(lines) == "event: matters"
                await admin.post("/signout")
                await parts.posting.propose(VoiceName("ann"), by="discord:1")
                async for line in lines:
                    assert "<textarea" not in line


def test_a_role_does_not_outlive_its_user_or_password(users: Users) -> None:
    changed = Users.of(entry_of("ann", "admin", "another password"), TOKEN)
    assert changed.fingerprint != users.fingerprint
    cookie = Sessions(b"key" + users.fingerprint).write(new_session())
    assert Sessions(b"key" + changed.fingerprint).read(cookie) is None
    assert Roles(Users({})).known(Visitor("s", user="operator")).role is Role.VISITOR


def test_limits_count_for_whoever_somebody_is() -> None:
    assert Visitor("s").person == "playground:s"
    assert Visitor("s", "192.0.2.7").person == "playground:192.0.2.7"
    assert Visitor("s", proxied=True).person == "playground:127.0.0.1", "a new session is no new person"
    assert Visitor("s", "192.0.2.7", user="ann").person == "playground:user:ann"
    assert (
        Visitor("s", "2001:db8::1").person
        == Visitor("t", "2001:db8::2").person
        != Visitor("s", "2001:db8:0:1::").person
    )
    assert Visitor("s", "::ffff:192.0.2.7").person == "playground:192.0.2.7"
    assert Visitor("s", "somewhere").person == "playground:somewhere"


@pytest.fixture
def entry() -> str:
    return entry_of("ann", "admin", ADMIN)


def test_a_user_who_cannot_be_read_is_told_without_the_hash(entry: str) -> None:
    hash_ = entry.split(":")[2]
    for wrong in (
        f"ann:owner:{hash_}",
        f"ann:{hash_}",
        f"operator:admin:{hash_}",
        f"a/b:admin:{hash_}",
        "ann:admin:secret",
    ):
        with pytest.raises(Misconfigured) as refused:
            Users.of(f"{entry} {wrong}")
        assert "ser 2 of the page" in str(refused.value)
        assert hash_ not in str(refused.value)
        assert "secret" not in str(refused.value)
