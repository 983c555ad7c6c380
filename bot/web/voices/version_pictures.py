"""Pictures of a version: what it predicts, and what makes the person recognisable.

Everybody may see those of the version in use, and admins those of all others.

Knows which files of a version are pictures. Does not know how they are drawn.
"""

from pathlib import Path

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from bot.web.entry.visitors import PLACE
from bot.web.frame.asking import parts_of, visitor_of, visitors
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.manifest import CARD
from huggingtweets.registry.version import Version

router = APIRouter(include_in_schema=False, dependencies=[Depends(visitors)])

WORDS = {"predictions": "The first predictions as a picture", "profile": "What makes this voice recognisable"}


@router.get("/voices/{name}/{number}/{kind}.png")
async def picture(request: Request, name: str, number: str, kind: str) -> FileResponse:
    parts, voice = parts_of(request), VoiceName.parse(name)
    await parts.tweeting.refuse_unwilling(voice, PLACE)
    kept = await parts.versions.kept(voice)
    if number != kept.in_use:
        visitor_of(request).refuse_unless_admin()
    version = kept.numbered(number)
    path = next((path for other, _, path in pictures_of(version) if other == kind), None) if version else None
    if path is None:
        raise Usage("There is no such picture.")
    return FileResponse(path, media_type="image/png", headers={"cache-control": "private, max-age=3600"})


def pictures_of(version: Version) -> list[tuple[str, str, Path]]:
    """The pictures that a version has: which one, what it shows, and its file."""
    files = {"predictions": version.folder / CARD / "predictions.png", "profile": version.profile_picture}
    return [(kind, WORDS[kind], path) for kind, path in files.items() if path.is_file()]
