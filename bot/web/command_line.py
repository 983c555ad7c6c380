"""The route by which commands on this machine ask the running bot for tweets.

Whoever asks shows the token from the bot's note, which only its owner can read. No page can know it.

Knows HTTP. Does not know how tweets are drawn.
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bot.core.process.ongoing import end
from bot.voices.command_line import CommandLine
from bot.web.frame.asking import parts_of, visitor_of
from bot.web.frame.failures import note_failure
from huggingtweets.core.errors import PipelineError
from huggingtweets.generation.asking import BEAT_SECONDS, PATH, Answer, Question

FAILED = Answer(refused="The bot has failed at this; its log says why.", exit_code=PipelineError.exit_code)

router = APIRouter(include_in_schema=False)


@router.post(PATH)
async def tweets(request: Request) -> Response:
    command_line = parts_of(request).command_line
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or visitor_of(request).proxied or not (command_line and command_line.knows(token)):
        return PlainTextResponse("Only commands of whoever runs me may ask me this.", status_code=403)
    try:
        question = Question.model_validate_json(await request.body())
    except ValidationError:
        return PlainTextResponse("That command is of another release than I am.", status_code=422)
    if not command_line.draws_like(question):
        return PlainTextResponse("That command has other settings than I have.", status_code=409)
    return StreamingResponse(_lines(request, command_line, question), media_type="application/x-ndjson")


async def _lines(request: Request, command_line: CommandLine, question: Question) -> AsyncIterator[str]:
    """Empty lines while the answer is made, so that whoever waits sees a bot that hangs; then the answer."""
    task = asyncio.create_task(command_line.answer(question), name="command line")
    try:
        while not task.done():
            yield "\n"
            await asyncio.wait({task}, timeout=BEAT_SECONDS)
            if await request.is_disconnected():
                return
        yield _answer_of(task).model_dump_json() + "\n"
    finally:
        await end(task)


def _answer_of(task: "asyncio.Task[Answer]") -> Answer:
    try:
        return task.result()
    except Exception as error:  # noqa: BLE001  whoever asks must be told something
        note_failure(f"POST {PATH}", error)
        return FAILED
