"""Is the process well, and what does it do? For programs that watch it.

Everybody hears if it is well, because a program that watches has no token and may be anywhere. What is not well, and
the figures, are for whoever runs it: programs at this machine, admins, and whoever sends the operator's token.

Knows their questions and status codes. Does not know what is looked at.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from bot.core.process.measures import CONTENT_TYPE
from bot.core.process.readiness import READY
from bot.web.frame.asking import parts_of, visitor_of
from bot.web.sign_in import Tries

router = APIRouter(include_in_schema=False)

NOT_FOR_YOU = (
    "These figures are for whoever runs me. Ask at the machine that I run on, sign in as an admin, or send the "
    "operator's token: Authorization: Bearer TOKEN.\n"
)


@router.get("/healthz")
async def healthz(request: Request, response: Response) -> dict[str, str]:
    alive = parts_of(request).alive()
    response.status_code = 200 if alive else 503
    return {"status": "alive" if alive else "must be started again"}


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> dict[str, str]:
    state = await parts_of(request).readiness.status()
    response.status_code = 200 if state["status"] == READY else 503
    return state if is_operators(request) else {"status": state["status"]}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    if not is_operators(request):
        return PlainTextResponse(NOT_FOR_YOU, status_code=401, headers={"www-authenticate": "Bearer"})
    return Response(await parts_of(request).measures.text(), headers={"content-type": CONTENT_TYPE})


def is_operators(request: Request) -> bool:
    """Returns True if whoever runs the process asks. Raises `TooOften` if wrong tokens were sent too often."""
    visitor = visitor_of(request)
    if visitor.here or visitor.is_admin:
        return True
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return False
    tries: Tries = request.app.state.tries
    tries.refuse(visitor)
    if parts_of(request).users.is_token(token.strip()):
        return True
    tries.count(visitor)
    return False
