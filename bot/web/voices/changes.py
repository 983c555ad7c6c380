"""What admins change about a voice: which version is in use, and whether there is one at all.

Knows requests. Does not know how a voice is deleted.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.web.entry.visitors import PLACE
from bot.web.frame.asking import admins, parts_of, visitor_of
from bot.web.frame.refusals import NotHere
from bot.web.frame.rendering import page
from bot.web.voices.deletions import what_goes
from bot.web.voices.gallery import unknown
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName

router = APIRouter(include_in_schema=False, dependencies=[Depends(admins)])


@router.post("/voices/{name}/promote")
async def promote(request: Request, name: str, version: Annotated[str, Form(max_length=20)]) -> Response:
    parts, voice = parts_of(request), VoiceName.parse(name)
    await parts.tweeting.refuse_unwilling(voice, PLACE)
    if not (await parts.versions.kept(voice)).numbered(version):
        raise NotHere(f"There is no version {version} of {voice} any more.")
    await parts.versions.promote(voice, version, visitor_of(request).person)
    return _back(request, f"/voices/{voice}")


@router.post("/voices/{name}/rollback")
async def rollback(request: Request, name: str, instead_of: Annotated[str, Form(max_length=20)]) -> Response:
    parts, voice = parts_of(request), VoiceName.parse(name)
    await parts.tweeting.refuse_unwilling(voice, PLACE)
    if not (await parts.versions.kept(voice)).in_use:
        raise await unknown(request, voice)
    await parts.versions.rollback(voice, visitor_of(request).person, instead_of=instead_of)
    return _back(request, f"/voices/{voice}")


@router.get("/voices/{name}/forget")
async def forget_page(request: Request, name: str) -> HTMLResponse:
    """What would be deleted. A voice that may not speak any more can be deleted, too."""
    parts, voice = parts_of(request), VoiceName.parse(name)
    going = await what_goes(parts, voice)
    if not going.voices:
        raise await unknown(request, voice)
    return page(request, "voices/forget.html", voice=voice, going=going)


@router.post("/voices/{name}/forget")
async def forget(
    request: Request, name: str, sure: Annotated[bool, Form()] = False, for_good: Annotated[bool, Form()] = False
) -> HTMLResponse:
    """Delete a voice with all that goes with it. Unless it is `for_good`, it may be learned again."""
    parts, voice, person = parts_of(request), VoiceName.parse(name), visitor_of(request).person
    if not sure:
        raise Usage("Tick that you are sure, then I delete it.")
    names = await parts.consenting.deleted_with(voice)
    if not names:
        raise NotHere(f"{voice} is gone already.")
    if for_good:
        await parts.consenting.forget_voice(voice, by=person)
        await parts.store.audit.add(person, "voice.forget", person, voices=len(names))
        learnable = False
    else:
        learnable = (await parts.consenting.delete_voice(voice, by=person)).learnable
    return page(request, "voices/forgotten.html", names=names, learnable=learnable)


def _back(request: Request, path: str) -> RedirectResponse:
    """The page again, so that a reload does not send the form a second time."""
    return RedirectResponse(request.scope.get("root_path", "") + path, status_code=303)
