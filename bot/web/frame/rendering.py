"""Templates become pages.

Knows Jinja2, and what every page shows: the header and who has signed in. Does not know what pages are about.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.web.entry.visitors import Role, Visitor
from bot.web.frame.asking import parts_of, root_of, visitor_of
from bot.web.frame.sharing import on_bluesky, on_x, shared_text
from huggingtweets.core.text.whole_text import whole


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A page in the header. `admins_only` hides it from visitors. Pages below `folders` belong to it."""

    path: str
    title: str
    admins_only: bool = False
    folders: tuple[str, ...] = ()

    def is_open(self, path: str) -> bool:
        """Returns True if `path` is this page, or belongs to it."""
        return path == self.path or path.startswith(tuple(f"{folder}/" for folder in self.folders))

    def is_shown_to(self, visitor: Visitor) -> bool:
        """Returns True if the header has it for `visitor`."""
        return visitor.is_admin if self.admins_only else visitor.role is not Role.STRANGER


NAVIGATION = (
    NavigationItem("/", "Try", folders=("/try",)),
    NavigationItem("/make", "Make", folders=("/make", "/trainings")),
    NavigationItem("/voices", "Voices", folders=("/voices", "/comparisons", "/exports")),
    NavigationItem("/desk", "Desk", admins_only=True, folders=("/desk", "/queue")),
)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page."""
    return HTMLResponse(rendered(request, template, **context), status_code=status)


def rendered(request: Request, template: str, **context: Any) -> str:
    """A template as text. Nothing that a model or a person wrote is markup in it."""
    root, visitor = root_of(request), visitor_of(request)
    return (
        environment()
        .get_template(template)
        .render(
            visitor=visitor,
            here=request.url.path.removeprefix(root) or "/",
            here_without_rights=visitor.here and not visitor.is_admin and not visitor.user,
            can_sign_in=bool(parts_of(request).users),
            has_api=parts_of(request).api.enabled,
            navigation=[item for item in NAVIGATION if item.is_shown_to(visitor)],
            link=lambda path: f"{root}{path}",
            **context,
        )
    )


@cache
def environment() -> Environment:
    """The templates. They are compiled once."""
    made = Environment(
        loader=PackageLoader("bot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Half a surrogate pair out of somebody's tweets cannot be sent.
        finalize=lambda value: whole(value) if type(value) is str else value,
    )
    made.filters |= {
        "on_x": on_x,
        "on_bluesky": on_bluesky,
        "shared_text": shared_text,
        "moment": moment,
        "day": day,
        "daring": daring,
        "ticked": ticked,
    }
    return made


def moment(at: datetime) -> str:
    """A moment as people read it: `2026-03-01 09:30 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    """The day of a moment, `1 March 2026`."""
    return f"{at.day} {at:%B %Y}"


def daring(temperature: float) -> str:
    """A temperature in words: `usual`, `0.7, tamer`, `1.3, wilder`."""
    if temperature == 1:
        return "usual"
    return f"{temperature:g}, {'tamer' if temperature < 1 else 'wilder'}"


def ticked(text: str) -> list[tuple[str, bool]]:
    """The parts of `text`, and which of them stand between backticks."""
    return [(part, number % 2 == 1) for number, part in enumerate(text.split("`")) if part]
