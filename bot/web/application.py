"""The application: all routes, and everything that a request must pass before them.

Knows which routers there are. Does not know what they answer, or on which port.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fastapi import FastAPI
from starlette.types import ASGIApp

from bot.openai_api.app import add_api
from bot.people.tokens import TokenLimits, Tokens
from bot.web import api_reference, command_line, health, sign_in
from bot.web.desk import clock, desk, queue
from bot.web.entry.body_limits import BodyLimits
from bot.web.entry.door import Door, Known
from bot.web.entry.headers import KeptFiles, SafeHeaders
from bot.web.entry.heads import Heads
from bot.web.entry.pace import Pace
from bot.web.entry.sessions import Sessions
from bot.web.frame.failures import FailuresNoted
from bot.web.frame.parts import Parts
from bot.web.frame.refusals import handle_refusals
from bot.web.making import learning, make
from bot.web.trying import try_it
from bot.web.voices import changes, compare, exports, gallery, version_pictures
from bot.web.voices.voice_cards import Gallery

STATIC = Path(__file__).parent / "static"
ROUTERS = (
    health.router,
    sign_in.router,
    try_it.router,
    make.router,
    learning.router,
    version_pictures.router,
    gallery.router,
    changes.router,
    exports.router,
    compare.router,
    queue.router,
    desk.router,
    clock.router,
    command_line.router,
)
LONGER_BODIES: Mapping[str, int] = {}  # paths that take more than `body_limits.MAX_BYTES`, and how much


def routes(parts: Parts) -> FastAPI:
    """The routes alone."""
    app = FastAPI(title="huggingtweets", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.parts = parts
    app.state.tries = sign_in.Tries()
    app.state.gallery = Gallery(parts.tweeting, parts.training, parts.avatars, parts.sample)
    handle_refusals(app)
    for router in ROUTERS:
        # As they are: `include_router` would make each route anew when the first request comes, which takes 0.1 s.
        app.router.routes.extend(router.routes)
    if parts.api.enabled:
        app.state.token_limits = TokenLimits(parts.store, parts.api)
        app.state.api = add_api(app, parts.tweeting, Tokens(parts.store), app.state.token_limits)
        app.router.routes.extend(api_reference.router.routes)
    app.mount("/static", KeptFiles(directory=STATIC), name="static")
    return app


def guarded(
    app: ASGIApp, *, hosts: Iterable[str], cookie: str, sessions: Sessions, known: Known, frames: Sequence[str] = ()
) -> ASGIApp:
    """`app` behind the door."""
    behind = SafeHeaders(Pace(FailuresNoted(BodyLimits(Heads(app), LONGER_BODIES))), frames)
    return Door(behind, hosts=hosts, cookie=cookie, sessions=sessions, known=known, framed=bool(frames))
