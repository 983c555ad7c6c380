"""What routes ask of a request: the use cases, who asks, and how the answer should look.

Knows requests. Does not know pages.
"""

from typing import Annotated

from fastapi import Path, Request

from bot.web.entry.visitors import Visitor
from bot.web.frame.parts import Parts

RowNumber = Annotated[int, Path(ge=0, le=2**63 - 1)]  # of a row in the database, in an address


def parts_of(request: Request) -> Parts:
    """The use cases behind the page."""
    parts: Parts = request.app.state.parts
    return parts


def visitor_of(request: Request) -> Visitor:
    """Who asks; the door has noted it."""
    visitor: Visitor = request.state.visitor
    return visitor


def visitors(request: Request) -> None:
    """A dependency of routes that strangers may not use. Raises `NotAllowed`."""
    visitor_of(request).refuse_strangers()


def admins(request: Request) -> None:
    """A dependency of routes that only admins may use. Raises `NotAllowed`."""
    visitor_of(request).refuse_unless_admin()


def root_of(request: Request) -> str:
    """The path below which the page is, without a slash at the end. That of a mounted application does not count."""
    root: str = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return root.rstrip("/")


def wants_part(request: Request) -> bool:
    """Returns True if a script asks, which puts the answer into the page that is open."""
    return request.headers.get("x-part") == "1"
