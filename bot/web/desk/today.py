"""The desk's first page: what waits for a decision, then the posts and the trainings.

Knows what an operator wants to see first. Does not know how anything is decided.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from bot.core.servers import NO_SERVER
from bot.posts.place import network_of
from bot.posts.post_words import standing_of
from bot.posts.status import standing
from bot.store import utc_now
from bot.store.jobs import Job
from bot.store.posts.outbox import Post
from bot.trainings.news import outcome
from bot.trainings.news import standing as standing_of_job
from bot.trainings.prospects import time_left
from bot.web.frame.asking import parts_of
from bot.web.frame.parts import Parts
from bot.web.frame.rendering import page

RECENT = 8
LATELY = timedelta(days=7)  # for what failed


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that an operator should look at, and where."""

    words: str
    path: str


async def today_page(request: Request, said: str = "") -> HTMLResponse:
    """The page. `said` is what has just been done."""
    parts = parts_of(request)
    posts = await posts_shown(parts)
    return page(
        request, "desk/desk.html", said=said, matters=await matters_of(parts), **posts, **await jobs_shown(parts)
    )


async def posts_shown(parts: Parts) -> dict[str, Any]:
    """What the section about posts shows."""
    statuses, waiting = await parts.posting.statuses(), await parts.posting.queue()
    return {
        "standings": [standing(status) for status in statuses],
        "paused": any(status.pause for status in statuses),
        "sending": any(not status.pause for status in statuses),
        "tastes": await parts.posting.tastes(waiting),
        "waiting": [_shown(post) for post in waiting],
        "recent": [_shown(post) for post in await parts.posting.recent(RECENT)],
        "has_a_voice": parts.posting.has_a_voice,
        "voices": await parts.tweeting.names(NO_SERVER),
    }


async def jobs_shown(parts: Parts) -> dict[str, Any]:
    """What the section about trainings shows."""
    active = await parts.training.jobs()
    ended = [job for job in await parts.store.jobs.recent(2 * RECENT) if job.ended]
    return {
        "active": [(job, standing_of_job(job), time_left(job, utc_now())) for job in active],
        "ended": [(job, outcome(job)) for job in ended[:RECENT]],
    }


async def matters_of(parts: Parts) -> list[Matter]:
    """What needs an admin, the most pressing first."""
    matters: list[Matter] = []
    waiting = [post for post in await parts.posting.queue() if post.state == "proposed"]
    if waiting:
        matters.append(Matter(f"{_some(len(waiting), 'post waits', 'posts wait')} for approval", "/desk#posts"))
    claims = [link for link in await parts.store.consent.links_of() if link.state == "pending"]
    if claims:
        matters.append(
            Matter(f"{_some(len(claims), 'claim of a voice waits', 'claims of voices wait')}", "/desk/people")
        )
    failed = [job for job in await parts.store.jobs.recent(2 * RECENT) if _failed_lately(job)]
    if failed:
        matters.append(Matter(f"{_some(len(failed), 'training', 'trainings')} failed in a week", "/desk#trainings"))
    for schedule, _ in await parts.timetable.listed():
        runs = await parts.store.schedules.runs(schedule.name, 1)
        if runs and runs[0].outcome.startswith("failed"):
            matters.append(Matter(f"The schedule {schedule.name} failed", "/desk/clock"))
    if errors := parts.last_errors.count():
        matters.append(Matter(f"{_some(errors, 'warning', 'warnings')} in the log since the start", "/desk/log"))
    return matters


def _failed_lately(job: Job) -> bool:
    return job.state in ("failed", "abandoned") and job.ended_at is not None and job.ended_at > utc_now() - LATELY


def _shown(post: Post) -> tuple[Post, str, str]:
    """A post, which network it is for, and how it stands."""
    return post, network_of(post.account), standing_of(post)


def _some(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
