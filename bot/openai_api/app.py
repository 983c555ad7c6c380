"""The paths below /v1, as an application of its own: whoever serves it mounts it there.

Knows FastAPI. Does not know how a request is let in, what is drawn, or how a failure is told.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from bot.core.errors import BotError
from bot.openai_api.answered import ChatCompletion, Completion, Failure, Model, Models
from bot.openai_api.asked import EXAMPLE_VOICE, Asked, ChatAsked, CompletionAsked
from bot.openai_api.drawing import Drawing
from bot.openai_api.events import events_of
from bot.openai_api.guard import Guard
from bot.openai_api.refusals import refusal_of
from bot.people.tokens import TokenLimits, Tokens
from bot.voices.tweeting import Tweeting
from huggingtweets import __version__
from huggingtweets.core.errors import PipelineError

PREFIX = "/v1"
MARK = {"X-AI-Generated": "true"}
STREAM = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
# One response names the model, and the others refer to it. A model costs time for each response of each path.
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
_REFUSALS = {
    400: "The request is wrong",
    401: "No valid token",
    404: "There is no such voice",
    408: "The request did not arrive in time",
    413: "The request is too long",
    429: "A limit of the token is reached; see Retry-After",
    500: "A fault of the bot",
    503: "Not now; see Retry-After",
}
REFUSED: dict[int | str, dict[str, Any]] = {
    **{status: {"description": what, "content": _FAILURE} for status, what in _REFUSALS.items()},
    "default": {"model": Failure, "description": "Any other failure"},
}
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "Tweets, also as a stream"}
}
DESCRIPTION = """\
Voices of people who let themselves be imitated, for other programs. Everything here is as OpenAI's clients know it.
Every answer was written by an AI: the header `X-AI-Generated` and the field `ai_generated` say so. Whoever shows the
texts to people has to say so, too.
"""


def add_api(app: FastAPI, tweeting: Tweeting, tokens: Tokens, limits: TokenLimits) -> FastAPI:
    """Add /v1, and its description for programs, to `app`. Returns the application that it describes."""
    described, guarded = openai_app(tweeting, tokens, limits)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        servers: list[dict[str, Any]] = [{"url": request.scope.get("root_path", "") + PREFIX}]
        # Made when it is first asked for, and kept by FastAPI: that takes 0.1 s.
        return JSONResponse({**described.openapi(), "servers": servers})

    app.mount(PREFIX, guarded)
    return described


def openai_app(tweeting: Tweeting, tokens: Tokens, limits: TokenLimits) -> tuple[FastAPI, ASGIApp]:
    """The application, for its description, and the same behind its guard, which is what is mounted."""
    drawing = Drawing(tweeting, limits)
    app = FastAPI(
        title="huggingtweets",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        responses=REFUSED,
        # The guard asks for the token. This only describes it.
        dependencies=[Security(HTTPBearer(auto_error=False, description="A token, which whoever runs this bot makes"))],
    )
    for kind in (RequestValidationError, HTTPException, BotError, PipelineError, Exception):
        app.add_exception_handler(kind, _refused)

    @app.get("/models", summary="The voices that may be asked for", response_description="The voices")
    async def models() -> Models:
        return await drawing.models()

    @app.get("/models/{model:path}", summary="One voice, or a blend", response_description="The voice")
    async def model(
        model: Annotated[
            str, Path(description="A voice, or a blend such as `nasa+0.5*dril`.", examples=[EXAMPLE_VOICE])
        ],
    ) -> Model:
        return await drawing.model(model)

    @app.post("/completions", response_model=Completion, responses=STREAMED, summary="Tweets that begin with a prompt")
    async def completions(asked: CompletionAsked, request: Request) -> Response:
        return _answer(await drawing.completion(request.state.token, asked), asked)

    @app.post(
        "/chat/completions", response_model=ChatCompletion, responses=STREAMED, summary="Tweets that answer a message"
    )
    async def chat_completions(asked: ChatAsked, request: Request) -> Response:
        return _answer(await drawing.chat(request.state.token, asked), asked)

    return app, Guard(app, tokens=tokens, limits=limits)


async def _refused(_: Request, error: Exception) -> Response:
    return refusal_of(error).response()


def _answer(answer: Completion | ChatCompletion, asked: Asked) -> Response:
    headers = {**MARK, "X-Request-Id": answer.id}
    if not asked.stream:
        return Response(answer.model_dump_json(), headers=headers, media_type="application/json")
    events: Iterator[str] = events_of(answer, counts_tokens=asked.counts_tokens)
    return StreamingResponse(_sent(events), headers={**headers, **STREAM}, media_type="text/event-stream")


async def _sent(events: Iterator[str]) -> AsyncIterator[str]:
    # Starlette would take a thread for each event of a plain iterator.
    for event in events:
        yield event
