"""A training on the page: how far it is, live, how long it still takes, and what became of it.

Knows jobs and what is told of them. Does not know how a voice is learned.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.core.errors import TrainingFailed
from bot.store.jobs import Job
from bot.trainings.measured import report_lines
from bot.trainings.news import CURVE, outcome, standing
from bot.trainings.prospects import foreseen, time_left
from bot.trainings.results import Learned, result_of
from bot.web.frame.asking import RowNumber, admins, parts_of, visitor_of
from bot.web.frame.events import event, live
from bot.web.frame.faces import face_of
from bot.web.frame.parts import Parts
from bot.web.frame.rendering import page, rendered
from bot.web.making.curves import curve_of
from bot.web.voices.version_pictures import pictures_of
from huggingtweets.core.errors import Usage
from huggingtweets.evaluation import verdict

router = APIRouter(include_in_schema=False, dependencies=[Depends(admins)])


@router.get("/trainings/{number}")
async def training_page(request: Request, number: RowNumber) -> HTMLResponse:
    return page(request, "making/training.html", **await _facts(request, await _job(request, number)))


@router.get("/trainings/{number}/events")
async def events(request: Request, number: RowNumber) -> Response:
    job = await _job(request, number)
    return live(_watched(request, job))


@router.post("/trainings/{number}/cancel")
async def cancel(request: Request, number: RowNumber) -> RedirectResponse:
    parts, visitor = parts_of(request), visitor_of(request)
    job = await parts.training.cancel(number)
    await parts.store.audit.add(visitor.person, "job.cancel", job.name, job=job.id)
    return RedirectResponse(request.scope.get("root_path", "") + f"/trainings/{number}", status_code=303)


async def _watched(request: Request, job: Job) -> AsyncIterator[str]:
    """An event at each change, and one at the end."""
    try:
        async for now in parts_of(request).training.watch(job):
            yield event("progress", rendered(request, "making/_progress.html", **await _facts(request, now)))
    except TrainingFailed:
        return  # this process stops; the page asks again
    yield event("ended", "")


async def _job(request: Request, number: RowNumber) -> Job:
    job = await parts_of(request).store.jobs.get(number)
    if not job:
        raise Usage(f"There is no training number {number}.")
    return job


async def _facts(request: Request, job: Job) -> dict[str, Any]:
    parts = parts_of(request)
    result = result_of(job) if job.state == "done" else None
    learned = result if isinstance(result, Learned) else None
    quoting = learned is not None and await parts.tweeting.is_willing(job.name)
    return {
        "job": job,
        "standing": standing(job),
        "foreseen": foreseen(job),
        "time_left": time_left(job, datetime.now(UTC)),
        "outcome": outcome(job),
        "learned": learned,
        "samples": learned.samples[:3] if learned and quoting else (),
        "verdict": verdict.in_words(learned.report, learned.kept) if learned else "",
        "measured": report_lines(learned.report) if learned and learned.report else [],
        "has_versions": bool(await parts.versions.of(job.name)),
        "curve": curve_of(job.options.get(CURVE, ()), whole=job.ended),
        **await _people(parts, job, learned),
    }


async def _people(parts: Parts, job: Job, learned: Learned | None) -> dict[str, Any]:
    """Whose voice it is, and the pictures of the version that was learned."""
    version = await parts.tweeting.version_of(job.name, learned.version) if learned else None
    accounts = version.manifest.accounts if version else ()
    names = {account.handle.lower(): account.display_name for account in accounts}
    faces = [face_of(handle, names.get(handle, ""), parts.avatars) for handle in job.name.handles]
    return {
        "faces_of_job": faces,
        "name": " & ".join(face.name for face in faces),
        "handles": " ".join(f"@{face.handle}" for face in faces),
        "pictures": [(kind, words) for kind, words, _ in pictures_of(version)] if version else [],
    }
