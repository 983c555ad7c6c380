"""Whatever stands in a field of a form, or in an address, the page answers with a sentence and goes on.

Every route of the page is asked with every hostile value in each of its fields, by an admin, whom no door keeps out.
"""

import html
import re
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from bot.web.application import ROUTERS
from bot.web.frame.refusals import WENT_WRONG
from tests.bot.web.conftest import Page

HOSTILE = (
    "",
    "\0",
    "ann\0",
    "nan",
    "-1",
    "1e400",
    "9" * 400,
    "9" * 5_000,
    "²",
    "../../etc/passwd",
    "<b>'\"{{7*7}}%s",
    "\u202e\u2066\ufeff" * 20,
    "\U0010ffff",
    "x" * 60_000,
    "%ff%fe",  # what is no UTF-8
)
USUAL = {
    "voice": "ann", "count": "1", "name": "ann", "version": "v1", "number": "1", "one": "v1", "other": "v1",
    "who": "ann", "handle": "ann", "kind": "start", "action": "post", "act": "strike", "lines": "2", "value": "1",
    "on": "true",
}  # fmt: skip
LIVE = re.compile(r"/events$|^/metrics$")


def asked() -> Iterator[tuple[str, APIRoute, str]]:
    """A method, a route, and the name of a field of it."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and not LIVE.search(route.path):
                for name in fields_of(route):
                    yield next(iter(route.methods)), route, name


def fields_of(route: APIRoute) -> list[str]:
    """The names of all fields that a route takes, as a browser sends them."""
    names: list[str] = [param.alias for param in (*route.dependant.path_params, *route.dependant.query_params)]
    for param in route.dependant.body_params:
        model: Any = param.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            names += [field.alias or name for name, field in model.model_fields.items()]
        else:
            names.append(param.alias)
    return names


def written(value: str) -> str:
    return value if value.startswith("%") else quote(value, safe="")


async def ask(admin: httpx.AsyncClient, method: str, route: APIRoute, name: str, value: str) -> httpx.Response:
    """The answer to a request with `value` in the field `name`, and what is usual in all others."""
    path = re.sub(
        r"{(\w+)(:\w+)?}",
        lambda part: written(value) or "%20" if part[1] == name else written(USUAL.get(part[1], "1")),
        route.path,
    )
    others = urlencode({field: USUAL[field] for field in fields_of(route) if field in USUAL and field != name})
    sent = path if f"{{{name}" in route.path else "&".join(filter(None, (others, f"{name}={written(value)}")))
    if method == "GET":
        return await admin.get(path if sent == path else f"{path}?{sent}")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await admin.post(path, content=others if sent == path else sent, headers=headers)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_value_of_any_field_breaks_the_page(web: Page, admin: httpx.AsyncClient, method: str) -> None:
    web.parts.tweeting.limits.follow(
        web.parts.tweeting.limits._settings.model_copy(
            update={
                "requests_per_minute": 100_000,
                "server_requests_per_minute": 100_000,
                "total_requests_per_minute": 100_000,
            }
        )
    )
    broken = []
    for of, route, name in asked():
        if of != method or (of, route.path) == ("POST", "/signin"):
            continue
        for value in HOSTILE:
            answer = await ask(admin, of, route, name, value)
            if answer.status_code == 500 or WENT_WRONG in html.unescape(answer.text):
                broken.append(f"{of} {route.path} {name}={value[:20]!r}: {answer.status_code} {answer.text[-200:]}")
    assert broken == []


@pytest.mark.parametrize("share", ["10000000000000000", "9" * 400, "101"])
async def test_no_share_of_a_blend_is_more_than_the_slider_gives(
    web: Page, browser: httpx.AsyncClient, share: str
) -> None:
    shutil.copytree(web.registry.root / "ann", web.registry.root / "bob")
    answer = await browser.post(
        "/try", data={"voice": "ann", "count": "1", "with": "bob", "share": share}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert 'value="100" aria-valuetext="100 %"' in answer.text
    too_much = await browser.post("/try", data={"voice": "+".join(["4*ann"] * 50), "count": "1"})
    assert too_much.status_code == 422
    assert "is not a weight" in html.unescape(too_much.text)


@pytest.mark.parametrize("text", ["%00", "our+rover%00", "\0"])
async def test_what_no_database_can_keep_is_refused_before_anything_is_drawn(
    web: Page, browser: httpx.AsyncClient, text: str
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await browser.post("/try", content=f"voice=ann&count=1&text={text}", headers=headers)
    assert answer.status_code == 400
    assert answer.text.startswith("There is a character in this that no text has.")
    for address in ("/try/%00", "/?text=%00", "/voices/ann%00"):
        assert (await browser.get(address)).status_code == 400
    assert web.parts.tweeting.limits._person.asked("playground:192.0.2.7") == 0


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=x; charset=idna",
        "multipart/form-data; boundary=x; charset=unicode_escape",
        "application/x-www-form-urlencoded; charset=utf-7",
        f"application/x-www-form-urlencoded{';' * 60_000}",
        "text/plain",
        "",
    ],
)
async def test_a_form_comes_as_browsers_send_it(web: Page, browser: httpx.AsyncClient, kind: str) -> None:
    """Of 60 KB in parts, Python's codec `idna` kept the whole process busy for seconds, and others make NUL."""
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    fields = {"voice": "ann", "count": "1", "text": "\\x00" + "9a" * 20_000}
    body = "".join(f"--x\r\n{part.format(*field)}" for field in fields.items()) + "--x--\r\n"
    answer = await browser.post("/try", content=body, headers={"content-type": kind})
    assert answer.status_code == 415
    assert answer.text.startswith("This form came in a way that I cannot read.")
    assert web.parts.tweeting.limits._person.asked("playground:192.0.2.7") == 0


async def test_nobody_is_answered_who_has_left(web: Page, browser: httpx.AsyncClient) -> None:
    """Many who begin a form and leave would have a page made for each of them."""
    request = browser.build_request("POST", "/try", data={"voice": "ann"})
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/try",
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("192.0.2.7", 1),
    }
    messages = iter([{"type": "http.request", "body": b"voi", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    await web.app(scope, receive, send)
    assert sent == []


async def test_more_fields_of_one_name_are_no_more_work(web: Page, browser: httpx.AsyncClient) -> None:
    many = "&".join(["voice=ann", *(f"with=v{number}&share=50&cast=v{number}" for number in range(1_500))])
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for kind in ("start", "scene"):
        answer = await browser.post("/try", content=f"{many}&kind={kind}", headers=headers)
        assert answer.status_code in (400, 422)
