"""Voices: the gallery, and one page a voice with its versions. Everybody looks.

Knows requests. Does not know how a voice is learned or measured.
"""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from bot.trainings.news import standing
from bot.voices.versions import Kept
from bot.web.entry.visitors import PLACE
from bot.web.frame.asking import parts_of, visitor_of, visitors
from bot.web.frame.refusals import NotHere, how_made
from bot.web.frame.rendering import page
from bot.web.voices.version_pictures import pictures_of
from bot.web.voices.version_scores import score_of
from bot.web.voices.voice_cards import gallery_of
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.people.near import did_you_mean

router = APIRouter(include_in_schema=False, dependencies=[Depends(visitors)])


@router.get("/voices")
async def gallery_page(request: Request) -> HTMLResponse:
    parts, gallery = parts_of(request), gallery_of(request)
    voices = await gallery.voices()
    idle: list[VoiceName] = []
    if visitor_of(request).is_admin:
        names = await parts.consenting.willing.among(await parts.versions.names(), PLACE)
        idle = sorted(set(names) - {voice.name for voice in voices})
    return page(request, "voices/voices.html", voices=voices, idle=[gallery.without_version(name) for name in idle])


@router.get("/voices/{name}")
async def voice_page(request: Request, name: str) -> HTMLResponse:
    voice = VoiceName.parse(name)
    parts, visitor, gallery = parts_of(request), visitor_of(request), gallery_of(request)
    await parts.tweeting.refuse_unwilling(voice, PLACE)
    kept, job = await parts.versions.kept(voice), await parts.training.job(voice)
    versions = [version for version in kept.versions if visitor.is_admin or is_shown(kept, version.version)]
    if not versions and not job:
        raise await unknown(request, voice)
    shown = kept.current or (next(iter(versions), None) if visitor.is_admin else None)
    return page(
        request,
        "voices/voice.html",
        card=gallery.card(shown) if shown else gallery.without_version(voice),
        shown=shown.version if shown else "",
        kept=kept,
        scores=[await score_of(parts.store, version) for version in versions],
        comparable=[version.version for version in versions],
        rounds=await parts.store.rounds.score(voice),
        preferences=await parts.store.comparisons.preferences(voice),
        counts=shown.manifest.counts if shown else None,
        pictures=[(kind, words) for kind, words, _ in pictures_of(shown)] if shown else [],
        job=job,
        standing=standing(job) if job else "",
    )


def is_shown(kept: Kept, number: str) -> bool:
    """Returns True if visitors may see a version: it is in use, or it passed the gate."""
    version = kept.numbered(number)
    return version is not None and (number == kept.in_use or not version.rejected)


async def unknown(request: Request, voice: VoiceName) -> NotHere:
    """The error that says that there is no such voice, which one may be meant, and how one is made."""
    names = sorted(await parts_of(request).tweeting.voices(PLACE))
    sentences = (f"I know no voice called {voice}.", did_you_mean(voice, names), how_made(request))
    return NotHere(" ".join(filter(None, sentences)))
