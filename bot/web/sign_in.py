"""Signing in and out.

Knows requests and users. Does not know what anybody may do.
"""

from collections import deque
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.core.errors import TooOften
from bot.people.limits import TWEETS, RateLimit
from bot.web.entry.users import MAX_PASSWORD
from bot.web.entry.visitors import Visitor
from bot.web.frame.asking import parts_of, visitor_of
from bot.web.frame.rendering import page

router = APIRouter(include_in_schema=False)

WRONG = "The name or the password is wrong."
WRONG_TOKEN = "The token is wrong."  # noqa: S105  a sentence
TOO_MANY = "There were too many tries to sign in. Try again in {seconds} s."
TRIES_A_MINUTE = 5  # of one address
ALL_TRIES_A_MINUTE = 60  # of everybody, because many addresses can guess together
MAX_PATH = 500  # of where somebody goes when they have signed in
REMEMBERED = 1_000  # addresses from which somebody has signed in


class Tries:
    """How often somebody may try to sign in.

    Strangers who use up the tries of everybody do not keep out who is at this machine, or who has signed in before from
    the same address.
    """

    def __init__(self) -> None:
        self._of_one = RateLimit(TRIES_A_MINUTE)
        self._of_all = RateLimit(ALL_TRIES_A_MINUTE)
        self._signed_in: deque[str] = deque(maxlen=REMEMBERED)

    def count(self, visitor: Visitor) -> None:
        """Count a try. Raises `TooOften`."""
        self.refuse(visitor)
        self._of_one.note(visitor.network, TWEETS)
        if self._counts_for_all(visitor):
            self._of_all.note("", TWEETS)

    def refuse(self, visitor: Visitor) -> None:
        """Raises `TooOften` if `count` would."""
        if wait := self._of_one.wait_seconds(visitor.network):
            raise TooOften(wait)
        if self._counts_for_all(visitor) and (wait := self._of_all.wait_seconds("")):
            raise TooOften(wait)

    def note_success(self, visitor: Visitor) -> None:
        """Note that `visitor` has signed in."""
        if visitor.network not in self._signed_in:
            self._signed_in.append(visitor.network)

    def _counts_for_all(self, visitor: Visitor) -> bool:
        return not visitor.here and visitor.network not in self._signed_in


@router.get("/signin")
async def sign_in_page(request: Request, to: Annotated[str, Query(alias="next")] = "/") -> HTMLResponse:
    return _page(request, to)


@router.post("/signin")
async def sign_in(
    request: Request,
    password: Annotated[str, Form(max_length=MAX_PASSWORD)],
    name: Annotated[str, Form(max_length=60)] = "",
    to: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    tries: Tries = request.app.state.tries
    name = name.strip()
    try:
        tries.count(visitor_of(request))
    except TooOften as error:
        seconds = max(1, round(error.retry_after_seconds))
        answer = _page(request, to, TOO_MANY.format(seconds=seconds), name=name, status=429)
        answer.headers["retry-after"] = str(seconds)
        return answer
    user = await parts_of(request).users.name_of(name, password)
    if user is None:
        return _page(request, to, WRONG if name else WRONG_TOKEN, name=name, status=403)
    tries.note_success(visitor_of(request))
    request.state.session = request.state.session.of(user)
    return RedirectResponse(request.scope.get("root_path", "") + _own(to), status_code=303)


@router.post("/signout")
async def sign_out(request: Request) -> RedirectResponse:
    request.state.session = request.state.session.of("")
    return RedirectResponse(request.scope.get("root_path", "") + "/", status_code=303)


def _page(request: Request, to: str, said: str = "", *, name: str = "", status: int = 200) -> HTMLResponse:
    users = parts_of(request).users
    return page(request, "sign_in.html", status=status, to=_own(to), said=said, name=name, users=users)


def _own(path: str) -> str:
    """`path` if it is one of this page, else the first page."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and not any(c in path for c in "\\\r\n\t")
    return path if is_own and len(path) <= MAX_PATH else "/"
