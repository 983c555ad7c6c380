"""What admins decide about posts: they propose, approve, edit, reject and replace them, and pause the sending.

Knows requests. Does not know when or how a post is sent.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.posts.post_words import standing_of, told_of
from bot.web.desk.today import today_page
from bot.web.frame.asking import RowNumber, admins, parts_of, visitor_of
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import NO_VOICE, VoiceName
from huggingtweets.core.text.whole_text import whole

router = APIRouter(include_in_schema=False, dependencies=[Depends(admins)])


@router.get("/queue")
async def queue_page(request: Request) -> RedirectResponse:
    """The queue is on the desk."""
    return RedirectResponse(request.scope.get("root_path", "") + "/desk", status_code=303)


@router.post("/queue/propose")
async def propose(request: Request, voice: Annotated[str, Form()] = "") -> HTMLResponse:
    """Draw and propose a post."""
    named = VoiceName.parse(voice) if voice.strip() else NO_VOICE
    posts = await parts_of(request).posting.propose(named, by=visitor_of(request).person)
    return await today_page(request, told_of(posts))


@router.post("/queue/pause")
async def pause(request: Request) -> HTMLResponse:
    await parts_of(request).posting.pause(visitor_of(request).person)
    return await today_page(request, "Posting is paused.")


@router.post("/queue/resume")
async def resume(request: Request) -> HTMLResponse:
    ended = await parts_of(request).posting.resume(visitor_of(request).person)
    return await today_page(request, "Posting goes on." if ended else "Posting was not paused.")


@router.post("/queue/{number}")
async def decide(
    request: Request,
    number: RowNumber,
    action: Annotated[str, Form()],
    text: Annotated[str, Form(max_length=2_000)] = "",
) -> HTMLResponse:
    """Approve, save, reject, or ask for another one. Whoever approves approves the text in the box."""
    posting, person, text = parts_of(request).posting, visitor_of(request).person, whole(text)
    match action:
        case "approve":
            before = next((post.text for post in await posting.queue() if post.id == number), text)
            if text.strip() and text != before:
                await posting.edit(number, text, person)
            post = await posting.approve(number, person)
        case "save":
            post = await posting.edit(number, text, person)
        case "reject":
            post = await posting.reject(number, person)
        case "again":
            post = await posting.again(number, person)
        case _:
            raise Usage("My page does not ask this. Reload the page and try again.")
    return await today_page(request, f"Post {post.id} {standing_of(post)}.")
