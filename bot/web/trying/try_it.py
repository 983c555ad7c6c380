"""Try: choose a voice, say how a tweet begins or what it answers, or let voices talk; tweets come as they are ready.

Knows requests and what the page shows. Does not know how tweets are drawn.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from bot.core.errors import NotAllowed, explained
from bot.people.limits import PICTURE
from bot.voices.scene import LEAST_LINES, MOST_LINES, MOST_VOICES
from bot.voices.tweeting import MAX_PROMPT_CHARACTERS
from bot.web.entry.visitors import PLACE
from bot.web.frame.asking import RowNumber, parts_of, visitor_of, visitors, wants_part
from bot.web.frame.events import event, live
from bot.web.frame.faces import MEDIA_TYPES, picture_of
from bot.web.frame.refusals import NOTHING_HERE, how_made, refusal
from bot.web.frame.rendering import page, rendered
from bot.web.trying.answers import Answers, Card, Drawing, is_refusal, new_drawing
from bot.web.trying.wishes import MAX_VOICES, Filled, Kind, Wish
from bot.web.voices.voice_cards import VoiceCard, gallery_of
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName, comparable, parse_handle
from huggingtweets.core.people.near import did_you_mean
from huggingtweets.generation.drawing_options import HIGHEST_TEMPERATURE, LENGTHS, LOWEST_TEMPERATURE
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS

router = APIRouter(include_in_schema=False, dependencies=[Depends(visitors)])

MAX_TEXT = MAX_CHARACTERS  # of a post to answer


@router.get("/")
async def try_page(
    request: Request,
    voice: Annotated[str, Query(max_length=400)] = "",
    text: Annotated[str, Query(max_length=MAX_TEXT)] = "",
    kind: Annotated[Kind, Query()] = "start",
) -> HTMLResponse:
    return await _page(request, Wish(voice, (), kind, text))


@router.get("/try/{drawing_id}")
async def drawn_page(request: Request, drawing_id: str) -> HTMLResponse:
    drawing = await _answers(request).again(drawing_id, visitor_of(request).person)
    return await _page(request, drawing.wish, drawing)


@router.post("/try")
async def draw(request: Request, filled: Annotated[Filled, Form()]) -> Response:
    wish, id_ = filled.wish, new_drawing()
    cards, wanted = await _cards(request, wish, id_)
    if wants_part(request):
        return live(_streamed(request, cards, wish, wanted, id_))
    async for _ in cards:
        pass
    return RedirectResponse(request.scope.get("root_path", "") + f"/try/{id_}", status_code=303)


@router.post("/try/{drawing}/{number}/vote")
async def vote(request: Request, drawing: str, number: RowNumber, value: Annotated[int, Form(ge=-1, le=1)]) -> Response:
    await _answers(request).vote(drawing, number, visitor_of(request).person, 1 if value > 0 else -1)
    if wants_part(request):
        return HTMLResponse("Noted, thank you.")
    return RedirectResponse(request.scope.get("root_path", "") + f"/try/{drawing}", status_code=303)


@router.get("/try/{drawing_id}/{number}.png")
async def picture(request: Request, drawing_id: str, number: RowNumber) -> Response:
    parts, person = parts_of(request), visitor_of(request).person
    drawing = await _answers(request).again(drawing_id, person)
    await parts.tweeting.limits.count(person, PLACE, PICTURE)
    png = await _answers(request).picture(drawing, number)
    name = f"ai-parody-of-{drawing.cards[number].voice.voices[0]}.png"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(png, media_type="image/png", headers=headers)


@router.get("/starts")
async def starts(request: Request, voice: Annotated[str, Query(max_length=400)]) -> HTMLResponse:
    """How the person likes to begin, and the first tweets of their voice, as a part of the page."""
    parts = parts_of(request)
    name = VoiceName.parse(voice)
    version = await parts.tweeting.version(name, PLACE)
    gallery = gallery_of(request)
    suggestions = await asyncio.to_thread(gallery.openings, version)
    return page(request, "trying/_voice.html", suggestions=suggestions, card=gallery.card(version))


@router.get("/people/{handle}/picture")
async def face(request: Request, handle: str) -> Response:
    path = await asyncio.to_thread(picture_of, parse_handle(handle), parts_of(request).avatars)
    if path is None:
        return refusal(request, NOTHING_HERE, 404)
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers={"cache-control": "private, max-age=300"})


async def _page(request: Request, wish: Wish, drawing: Drawing | None = None) -> HTMLResponse:
    parts, gallery = parts_of(request), gallery_of(request)
    voices = await gallery.voices()
    selected = _selected(voices, wish.voice, parts.sample)
    suggestions: list[str] = []
    if selected and selected.version:
        suggestions = await asyncio.to_thread(gallery.openings, selected.version)
    return page(
        request,
        "trying/try.html",
        voices=voices,
        selected=selected,
        wish=wish,
        drawing=drawing,
        suggestions=suggestions,
        max_count=parts.tweeting.max_count,
        max_start=MAX_PROMPT_CHARACTERS,
        max_text=MAX_TEXT,
        max_others=MAX_VOICES - 1,
        lines=range(LEAST_LINES, MOST_LINES + 1),
        most_others_in_a_scene=MOST_VOICES - 1,
        lowest=LOWEST_TEMPERATURE,
        highest=HIGHEST_TEMPERATURE,
        lengths=LENGTHS,
    )


def _selected(voices: list[VoiceCard], wanted: str, sample: str) -> VoiceCard | None:
    """The voice that is wanted, else the sample account's, else the first one."""
    by_name: dict[str, VoiceCard] = {voice.name: voice for voice in voices}
    return by_name.get(comparable(wanted)) or by_name.get(sample) or next(iter(voices), None)


async def _cards(request: Request, wish: Wish, drawing: str) -> tuple[AsyncGenerator[Card], int]:
    """What is wished for as cards that come one after the other, and how many. Raises `Usage` with what to change."""
    answers, person = _answers(request), visitor_of(request).person
    if wish.kind == "scene":
        scene = wish.scene(person)
        await _refuse_unknown(request, scene.voices)
        return answers.play(scene, drawing), scene.lines
    ask = wish.ask(person)
    await _refuse_unknown(request, ask.voice.voices)
    return answers.draw(ask, drawing), ask.count


async def _refuse_unknown(request: Request, voices: Sequence[VoiceName]) -> None:
    """Raises `Usage` for a voice that is not here."""
    names = sorted(await parts_of(request).tweeting.voices(PLACE))
    for name in voices:
        if name not in names:
            hint = did_you_mean(name, names) or "Choose one of the voices above."
            raise Usage(f"I do not know {name}. {hint} {how_made(request)}")


async def _streamed(
    request: Request, cards: AsyncGenerator[Card], wish: Wish, wanted: int, drawing: str
) -> AsyncIterator[str]:
    """Events: each tweet as a card, at the end where to find them again, or a sentence about why there are none.

    "withdrawn" says that nothing of it may be shown any longer.
    """
    count = 0
    try:
        async with aclosing(cards):
            async for card in cards:
                count += 1
                yield event("card", rendered(request, "trying/_card.html", card=card, is_new=True))
    except Exception as error:
        if not is_refusal(error):
            raise
        sentence, failure_id = explained(error)
        name = "withdrawn" if isinstance(error, NotAllowed) else "refused"
        yield event(name, rendered(request, "_notice.html", sentence=sentence, failure_id=failure_id))
        return
    if count < wanted:
        if wish.kind == "scene":
            sentence = f"The scene ends after {count} of {wanted} lines."
        else:
            sentence = f"Only {count} of {wanted} this time: the other drafts did not pass my checks. Ask again."
        yield event("note", rendered(request, "_notice.html", sentence=sentence, failure_id=""))
    yield event("done", request.scope.get("root_path", "") + f"/try/{drawing}")


def _answers(request: Request) -> Answers:
    parts = parts_of(request)
    return Answers(parts.store, parts.tweeting, parts.consenting.willing, parts.avatars)
