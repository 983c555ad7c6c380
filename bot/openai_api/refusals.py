"""Every failure in the form that OpenAI's clients know: a status, a sentence, a type and a code.

Knows the errors of this software, FastAPI's, and OpenAI's names for them. Does not know what was asked for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.core.errors import NotAllowed, TooOften, UnknownVoice, UsedUp, told
from bot.openai_api.answered import Failure, Problem
from huggingtweets.core.errors import Busy, EngineDead, Unavailable, Usage, for_people

RETRY_SECONDS = 5.0  # when nothing is known of how long something lasts
SHOWN = 80  # characters of a name that was sent
INVALID, SERVER = "invalid_request_error", "server_error"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered. `kind` is OpenAI's `type`."""

    status: int
    message: str
    kind: str = INVALID
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        problem = Problem(message=self.message, type=self.kind, code=self.code, param=self.param)
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        return Response(Failure(error=problem).model_dump_json(), self.status, headers, media_type="application/json")


NO_TOKEN = Refusal(
    401,
    "There is no token in this request. Send it as a header, Authorization: Bearer TOKEN. Whoever runs this bot gives "
    "you one.",
    code="invalid_api_key",
    headers={"WWW-Authenticate": "Bearer"},
)
WRONG_TOKEN = Refusal(
    401,
    "This token is not valid: it was mistyped, or revoked. Whoever runs this bot can give you another.",
    code="invalid_api_key",
    headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
)
TOO_LONG = Refusal(413, "This request is too long. Send fewer messages.", code="request_too_large")
TOO_SLOW = Refusal(408, "This request did not arrive in time. Send it again.", code="timeout")
TOOK_TOO_LONG = Refusal(
    503, "This took too long. Try again in a moment.", SERVER, code="timeout", retry_after=RETRY_SECONDS
)


def refusal_of(error: Exception) -> Refusal:
    """What is answered when `error` was raised. What is not the program's own fault is logged, with an id."""
    match error:
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _http(error)
        case UsedUp():
            return Refusal(
                429,
                for_people(error),
                "insufficient_quota",
                "insufficient_quota",
                retry_after=error.retry_after_seconds,
            )
        case TooOften():
            return Refusal(
                429,
                for_people(error),
                "rate_limit_error",
                "rate_limit_exceeded",
                retry_after=error.retry_after_seconds,
            )
        case UnknownVoice() | NotAllowed():
            return Refusal(404, for_people(error), code="model_not_found", param="model")
        case Usage():
            return Refusal(400, for_people(error))
        case Busy():
            return Refusal(503, told(error), SERVER, "overloaded", retry_after=error.retry_after_seconds)
        case Unavailable():
            wait = 60.0 if isinstance(error, EngineDead) else RETRY_SECONDS
            return Refusal(503, told(error), SERVER, "unavailable", retry_after=wait)
        case _:
            return Refusal(500, told(error), SERVER)


def _http(error: HTTPException) -> Refusal:
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            return Refusal(404, "There is nothing at this address.", code="unknown_url", headers=headers)
        case 405:
            return Refusal(405, "This address does not take this method.", code="method_not_supported", headers=headers)
        case _:
            return Refusal(400, "The body of this request cannot be read as JSON.", headers=headers)


def _invalid(error: RequestValidationError) -> Refusal:
    """Names the first part that is wrong, in OpenAI's words."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:] if not _is_a_kind(part))[:SHOWN]
    match first["type"]:
        case "json_invalid" | "model_attributes_type" if not where or first["type"] == "json_invalid":
            return Refusal(400, "The body of this request cannot be read as JSON.")
        case "extra_forbidden":
            sentence, code = f"Unrecognized request argument supplied: {where}", "unknown_parameter"
        case "missing" if where:
            sentence, code = f"Missing required parameter: '{where}'.", "missing_required_parameter"
        case "missing":
            return Refusal(400, "This request has no body, or a body that is not said to be JSON.")
        case "none_required":
            sentence, code = f"Invalid value for '{where}': this is not supported here, leave it out.", "invalid_value"
        case _:
            sentence, code = f"Invalid value for '{where}': {first['msg']}.", "invalid_value"
    return Refusal(400, sentence, code=code, param=where)


def _is_a_kind(part: int | str) -> bool:
    """Returns True for what pydantic names after one of several types, such as `constrained-str`."""
    return isinstance(part, str) and (part in ("str", "list") or not part.isidentifier() or not part.islower())
