"""A version as a file that an admin saves: it is made in the background, its page shows how far it is, then it is sent.

Knows requests. Does not know how an export is made.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from bot.voices.exporting import Export
from bot.web.entry.visitors import PLACE
from bot.web.frame.asking import admins, parts_of, visitor_of
from bot.web.frame.events import event, live
from bot.web.frame.parts import Parts
from bot.web.frame.refusals import NotHere
from bot.web.frame.rendering import page, rendered
from bot.web.voices.voice_cards import card_of
from bot.web.voices.zipped import zipped
from huggingtweets.core.people.names import VoiceName
from huggingtweets.publishing import folders

router = APIRouter(include_in_schema=False, dependencies=[Depends(admins)])

LOOK_SECONDS = 0.5


@router.post("/voices/{name}/{number}/export")
async def begin(
    request: Request, name: str, number: str, form: Annotated[folders.Form, Form(alias="format")] = "transformers"
) -> RedirectResponse:
    parts, voice, person = parts_of(request), VoiceName.parse(name), visitor_of(request).person
    if not (await parts.versions.kept(voice)).numbered(number):
        raise NotHere(f"There is no version {number} of {voice} any more.")
    export = await parts.exporting.begin(voice, number, form, by=person, server=PLACE)
    return RedirectResponse(request.scope.get("root_path", "") + f"/exports/{export.id}", status_code=303)


@router.get("/exports/{id_}")
async def shown(request: Request, id_: str) -> HTMLResponse:
    export = _export(request, id_)
    card = await card_of(request, export.voice, export.version)
    return page(request, "voices/export.html", export=export, card=card)


@router.get("/exports/{id_}/events")
async def events(request: Request, id_: str) -> StreamingResponse:
    return live(_watched(request, _export(request, id_)))


@router.get("/exports/{id_}/file")
async def file(request: Request, id_: str) -> StreamingResponse:
    """The export as a zip, which is made while it is sent."""
    export = _export(request, id_)
    pieces = _zipped(parts_of(request), export)
    await anext(pieces)  # a refusal comes here, while it can still be a page
    ending = "" if export.form == "transformers" else f"-{export.form}"
    headers = {"content-disposition": f'attachment; filename="{export.voice}-{export.version}{ending}.zip"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


async def _watched(request: Request, export: Export) -> AsyncIterator[str]:
    """An event each time something has changed, and one at the end."""
    before = ""
    while not export.has_ended:
        now = rendered(request, "voices/_exporting.html", export=export)
        if now != before:
            yield event("progress", now)
        before = now
        await asyncio.sleep(LOOK_SECONDS)
    yield event("ended", "")


async def _zipped(parts: Parts, export: Export) -> AsyncGenerator[bytes]:
    """Nothing once it may be sent, then the pieces of the zip. Whoever leaves early ends it as well."""
    async with parts.exporting.reading(export, PLACE) as folder:
        yield b""
        async for piece in iterate_in_threadpool(zipped(folder, f"{export.voice}-{export.version}")):
            yield piece


def _export(request: Request, id_: str) -> Export:
    return parts_of(request).exporting.get(id_, visitor_of(request).person)
