"""Two versions of a voice are compared blind: tweets of both side by side, a vote, and only then which is which.

Knows requests. Does not know how tweets are drawn or votes are counted.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.store.voices.comparisons import Comparison, Verdict
from bot.voices.comparing import Comparing
from bot.web.entry.visitors import PLACE
from bot.web.frame.asking import parts_of, visitor_of, visitors
from bot.web.frame.rendering import page
from bot.web.voices.gallery import is_shown
from bot.web.voices.voice_cards import card_of
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName

router = APIRouter(include_in_schema=False, dependencies=[Depends(visitors)])


@router.post("/voices/{name}/compare")
async def begin(
    request: Request,
    name: str,
    one: Annotated[str, Form(max_length=20)],
    other: Annotated[str, Form(max_length=20)],
    text: Annotated[str, Form(max_length=500)] = "",
) -> RedirectResponse:
    parts, visitor, voice = parts_of(request), visitor_of(request), VoiceName.parse(name)
    await parts.tweeting.refuse_unwilling(voice, PLACE)
    kept = await parts.versions.kept(voice)
    for number in (one, other):
        if not kept.numbered(number) or not (visitor.is_admin or is_shown(kept, number)):
            raise Usage("Choose two of the versions that the page shows.")
    made = await _comparing(request).begin(voice, one, other, person=visitor.person, server=PLACE, prompt=text.strip())
    return _to(request, made)


@router.get("/comparisons/{number}")
async def shown(request: Request, number: str) -> HTMLResponse:
    comparing = _comparing(request)
    made = await comparing.again(number, person=visitor_of(request).person, server=PLACE)
    return page(
        request,
        "voices/comparison.html",
        comparison=made,
        card=await card_of(request, made.voice, made.newer),
        preferences=await comparing.preferences(made.voice) if made.verdict else [],
    )


@router.post("/comparisons/{number}/vote")
async def vote(request: Request, number: str, verdict: Annotated[str, Form(max_length=20)]) -> RedirectResponse:
    made = await _comparing(request).again(number, person=visitor_of(request).person, server=PLACE)
    value = dict(zip(("first", "second", "neither"), _verdicts(made), strict=True)).get(verdict)
    if value is None:
        raise Usage("My page does not ask this. Reload the page and try again.")
    return _to(request, await _comparing(request).vote(number, value, person=made.person, server=PLACE))


def _verdicts(made: Comparison) -> tuple[Verdict, Verdict, Verdict]:
    """What a vote for the first side, the second side and neither means. The page itself does not say it."""
    return ("older", "newer", "neither") if made.older_first else ("newer", "older", "neither")


def _to(request: Request, made: Comparison) -> RedirectResponse:
    return RedirectResponse(request.scope.get("root_path", "") + f"/comparisons/{made.id}", status_code=303)


def _comparing(request: Request) -> Comparing:
    parts = parts_of(request)
    return Comparing(store=parts.store, tweeting=parts.tweeting)
