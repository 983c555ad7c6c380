"""What goes wrong becomes a page with one sentence, or that sentence alone if a script asks.

Knows errors and status codes. Does not know who raised them.
"""

from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from bot.core.errors import BotError, JobRefused, NotAllowed, PostRefused, TooOften, explained
from bot.web.frame.asking import parts_of, root_of, visitor_of, wants_part
from bot.web.frame.failures import NOTED, note_failure
from bot.web.frame.rendering import page
from huggingtweets.core.errors import BadData, Busy, PipelineError, Unavailable, UnknownModel, Usage, for_people
from huggingtweets.core.text.quoted import quoted


class NotHere(Usage):
    """Somebody asks for what is not here, or not any more. The sentence says what that is."""


class TooLarge(Usage):
    """The files of a form are larger than may be sent."""


class TooSlow(Usage):
    """The files of a form take longer than they may."""


# The first that fits.
STATUS: tuple[tuple[type[Exception], int], ...] = (
    (TooOften, 429),
    (NotAllowed, 403),
    (JobRefused, 409),
    (PostRefused, 409),
    (Busy, 503),
    (NotHere, 404),
    (UnknownModel, 404),
    (TooLarge, 413),
    (TooSlow, 408),
    (Usage, 422),
    (BadData, 422),
    (Unavailable, 503),
)
NOTHING_HERE = "There is nothing here. The address is wrong, or what was here is gone."
WENT_WRONG = "That did not work. Try again, or ask whoever runs me."
NOT_OF_THE_PAGE = "My page does not ask this. Reload the page and try again."


def handle_refusals(app: FastAPI) -> None:
    """Make pages of errors."""
    app.add_exception_handler(BotError, _refused)
    app.add_exception_handler(PipelineError, _refused)
    app.add_exception_handler(HTTPException, _no_such_page)
    app.add_exception_handler(RequestValidationError, _not_of_the_page)
    app.add_exception_handler(Exception, _failed)


def status_of(error: Exception) -> int:
    """The status code for an error."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, NotAllowed) and must_sign_in(request):
        root, path = root_of(request), request.url.path
        return RedirectResponse(f"{root}/signin?{urlencode({'next': path.removeprefix(root)})}", status_code=303)
    sentence, failure_id = explained(error)
    answer = refusal(request, sentence, status_of(error), failure_id)
    if isinstance(error, TooOften | Busy):
        answer.headers["retry-after"] = str(round(error.retry_after_seconds) or 1)
    return answer


async def _no_such_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return refusal(request, NOTHING_HERE if status == 404 else NOT_OF_THE_PAGE, status)


async def _not_of_the_page(request: Request, error: Exception) -> Response:
    return refusal(request, NOT_OF_THE_PAGE, 422)


async def _failed(request: Request, error: Exception) -> Response:
    failure_id = note_failure(f"{request.method} {quoted(request.url.path)}", error)
    setattr(request.state, NOTED, True)
    said = for_people(error)
    return refusal(request, WENT_WRONG if said == PipelineError.PEOPLE else said, 500, failure_id)


def how_made(request: Request) -> str:
    """A sentence that says how a voice which is not here comes to be, for whoever asks."""
    if visitor_of(request).is_admin:
        return "Make, above, learns a new voice from tweets."
    return "Whoever runs this page can make a new voice."


def must_sign_in(request: Request) -> bool:
    """Returns True if a browser shows a page to somebody who could sign in to see it."""
    visitor, can_sign_in = visitor_of(request), bool(parts_of(request).users)
    return request.method == "GET" and not wants_part(request) and not visitor.user and can_sign_in


def refusal(request: Request, sentence: str, status: int, failure_id: str = "") -> Response:
    """A page that says why not. `failure_id` is what whoever runs the bot looks for in the log."""
    if wants_part(request):
        return page(request, "_notice.html", status=status, sentence=sentence, failure_id=failure_id)
    # A form's address shows nothing, so whoever signs in after one was refused goes to the first page.
    after = {"next": request.url.path.removeprefix(root_of(request))} if request.method == "GET" else {}
    signin = f"/signin?{urlencode(after)}" if after else "/signin"
    return page(request, "refusal.html", status=status, sentence=sentence, failure_id=failure_id, signin=signin)
