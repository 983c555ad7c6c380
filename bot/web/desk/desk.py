"""The desk, at which admins work: today, people, and the log.

Knows requests. Does not know what follows from a decision.
"""

from asyncio import sleep
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from bot.web.desk.desk_words import Scope, act_in_words, scopes_in_words, who
from bot.web.desk.today import jobs_shown, matters_of, posts_shown, today_page
from bot.web.frame.asking import admins, parts_of, visitor_of
from bot.web.frame.events import event, live
from bot.web.frame.parts import Parts
from bot.web.frame.rendering import page, rendered
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName

router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(admins)])

LOOK_SECONDS = 2.0  # between two looks at what is going on
LIVE_SECONDS = 600.0  # then the browser asks again
ACTS = 40  # on one page


@router.get("")
async def desk(request: Request) -> HTMLResponse:
    return await today_page(request)


@router.get("/events")
async def events(request: Request, everything: Annotated[bool, Query(alias="all")] = False) -> StreamingResponse:
    return live(_changes(request, everything=everything))


@router.get("/people")
async def people(request: Request) -> HTMLResponse:
    """Who claims which voice, who takes part, and who does not want to."""
    parts = parts_of(request)
    links = await parts.store.consent.links_of()
    return page(
        request,
        "desk/people.html",
        claims=[(link, who(link.person), who(link.server)) for link in links if link.state == "pending"],
        links=[(link, who(link.person), who(link.decided_by)) for link in links if link.state == "confirmed"],
        members=[(member, who(member.person), who(member.server)) for member in await parts.store.members.all()],
        silent=await _silent(parts),
        kept=set(await parts.versions.names()),
    )


@router.post("/claims")
async def decide(
    request: Request,
    server: Annotated[str, Form(max_length=60)],
    person: Annotated[str, Form(max_length=60)],
    voice: Annotated[str, Form(max_length=200)],
    confirmed: Annotated[bool, Form()],
) -> RedirectResponse:
    """Confirm or refuse a claim; the one who made it hears of it."""
    consenting, name = parts_of(request).consenting, VoiceName.parse(voice)
    if not await consenting.decide(server, person, name, by=visitor_of(request).person, confirmed=confirmed):
        raise Usage("There is no such claim any more.")
    await consenting.tell_claimant(server, person, name, confirmed=confirmed)
    return _to(request, "/desk/people")


@router.get("/log")
async def log_page(
    request: Request,
    wanted: Annotated[str, Query(alias="id", max_length=40)] = "",
    before: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> HTMLResponse:
    """The last errors, who did what, and how servers have set the bot."""
    parts = parts_of(request)
    wanted = wanted.strip().strip("()")
    acts = await parts.store.audit.recent(ACTS, before=before)
    return page(
        request,
        "desk/log.html",
        wanted=wanted,
        lines=parts.last_errors.lines(wanted),
        acts=[
            (act, who(act.person), act_in_words(act.action), who(act.subject) if act.subject else "") for act in acts
        ],
        older=acts[-1].id if len(acts) == ACTS else 0,
        scopes=await _scopes(parts),
    )


async def _changes(request: Request, *, everything: bool) -> AsyncIterator[str]:
    """An event with what needs somebody, the posts or the trainings, whenever these change.

    With `everything` there is one of each at the beginning, too.
    """
    parts, ends_at = parts_of(request), monotonic() + LIVE_SECONDS
    shown: dict[str, str] = {}
    while monotonic() < ends_at:
        now = {
            "matters": rendered(request, "desk/_matters.html", matters=await matters_of(parts)),
            "posts": rendered(request, "desk/_posts.html", **await posts_shown(parts)),
            "trainings": rendered(request, "desk/_trainings.html", **await jobs_shown(parts)),
        }
        for name, part in now.items():
            if (shown and part != shown[name]) or (everything and not shown):
                yield event(name, part)
        if not shown:
            yield event("begun", "")
        shown = now
        await sleep(LOOK_SECONDS)


async def _silent(parts: Parts) -> list[str]:
    """Everybody who opted out or was forgotten."""
    return sorted(await parts.consenting.willing.unwanted())


async def _scopes(parts: Parts) -> list[Scope]:
    return scopes_in_words(await parts.store.settings.everything(), await parts.store.settings.all_rules())


def _to(request: Request, path: str) -> RedirectResponse:
    """The page again, so that a reload does not send the form a second time."""
    return RedirectResponse(request.scope.get("root_path", "") + path, status_code=303)
