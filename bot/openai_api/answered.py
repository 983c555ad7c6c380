"""What programs get, in the form that OpenAI's clients read. `ai_generated` says that an AI wrote it.

Knows pydantic and OpenAI's names. Does not know voices, or how anything is sent.
"""

import time
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from huggingtweets.generation.writer import Tweets

OWNER = "huggingtweets"
Finish = Literal["stop", "length", "content_filter"]
VOICE_EXAMPLE: dict[str, JsonValue] = {
    "id": "keeper_brindle",
    "object": "model",
    "created": 1_790_000_000,
    "owned_by": OWNER,
}
# What fields of several objects are.
INDEX = "The first has 0."
FINISH = (
    "`stop` is the usual end, `length` says that the tweet was cut, `content_filter` that no draft was fit. Then it is "
    "empty, and does not count."
)
NO_PROBABILITIES = "Probabilities are not told."
OBJECT = "Which object this is, for OpenAI's clients."
CHOICES = "The tweets."
USAGE = "How many tokens there were."


def _example(row: dict[str, JsonValue]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [row]})


def now() -> int:
    return int(time.time())


class Usage(BaseModel):
    """How many tokens were read, and how many were drawn for the choices."""

    prompt_tokens: int = Field(default=0, description="Read, of the prompt or the messages.")
    completion_tokens: int = Field(default=0, description="Drawn, for the tweets that are answered.")
    total_tokens: int = Field(default=0, description="Both together.")

    @classmethod
    def of(cls, answers: Sequence[Tweets]) -> "Usage":
        read = sum(tweets.read for tweets in answers)
        drawn = sum(written.tokens for tweets in answers for written in tweets.written)
        return cls(prompt_tokens=read, completion_tokens=drawn, total_tokens=read + drawn)


class Drawn(BaseModel):
    """What every answer with tweets has."""

    id: str = Field(description="It is in the header `X-Request-Id`, too.")
    created: int = Field(default_factory=now, description="When, in seconds since 1970.")
    model: str = Field(description="The voice or blend.")
    system_fingerprint: str = Field(description="The version of the voice.")
    ai_generated: Literal[True] = Field(
        default=True, description="An AI wrote it. Whoever shows the texts has to say so."
    )
    notice: str | None = Field(default=None, description="A sentence about choices that are empty.")


class Choice(BaseModel):
    """A tweet, or what of it follows the prompt."""

    index: int = Field(description=INDEX)
    text: str = Field(description="Without the prompt, unless that was to be repeated.")
    finish_reason: Finish | None = Field(description=FINISH)
    logprobs: None = Field(default=None, description=NO_PROBABILITIES)


class Completion(Drawn):
    """The answer to a completion; also one event of a stream."""

    model_config = _example(
        {
            "id": "cmpl-4f1d2c",
            "object": "text_completion",
            "created": 1_790_000_000,
            "model": "keeper_brindle",
            "system_fingerprint": "v1",
            "ai_generated": True,
            "notice": None,
            "choices": [
                {"index": 0, "text": " was in a mood today", "finish_reason": "stop", "logprobs": None},
                {"index": 1, "text": " has opinions. I wrote them down", "finish_reason": "stop", "logprobs": None},
            ],
            "usage": {"prompt_tokens": 3, "completion_tokens": 15, "total_tokens": 18},
        }
    )

    object: Literal["text_completion"] = Field(default="text_completion", description=OBJECT)
    choices: list[Choice] = Field(description=CHOICES)
    usage: Usage | None = Field(default=None, description=USAGE)


class Said(BaseModel):
    """A tweet as a message."""

    role: Literal["assistant"] = Field(default="assistant", description="The voice said it.")
    content: str = Field(description="The tweet.")
    refusal: None = Field(default=None, description="A refused request is answered with an error.")


class ChatChoice(BaseModel):
    """One answer of the voice."""

    index: int = Field(description=INDEX)
    message: Said = Field(description="What the voice said.")
    finish_reason: Finish = Field(description=FINISH)
    logprobs: None = Field(default=None, description=NO_PROBABILITIES)


class ChatCompletion(Drawn):
    """The answer to a chat."""

    model_config = _example(
        {
            "id": "chatcmpl-9b07e1",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": "keeper_brindle",
            "system_fingerprint": "v1",
            "ai_generated": True,
            "notice": None,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Thick enough to lean on.", "refusal": None},
                    "finish_reason": "stop",
                    "logprobs": None,
                }
            ],
            "usage": {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16},
        }
    )

    object: Literal["chat.completion"] = Field(default="chat.completion", description=OBJECT)
    choices: list[ChatChoice] = Field(description=CHOICES)
    usage: Usage = Field(description=USAGE)


class Delta(BaseModel):
    """What is new of a message."""

    role: Literal["assistant"] | None = None
    content: str | None = None


class ChunkChoice(BaseModel):
    """What is new of a choice."""

    index: int
    delta: Delta
    finish_reason: Finish | None = None
    logprobs: None = None


class ChatChunk(Drawn):
    """One event of a streamed chat."""

    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    choices: list[ChunkChoice]
    usage: Usage | None = None


class Model(BaseModel):
    """A voice, or a blend of voices."""

    model_config = _example(VOICE_EXAMPLE)

    id: str = Field(description="What to ask for as `model`.")
    object: Literal["model"] = Field(default="model", description=OBJECT)
    created: int = Field(description="When its version in use was learned, in seconds since 1970.")
    owned_by: str = Field(default=OWNER, description="The same for all voices.")


class Models(BaseModel):
    """The voices that may be asked for."""

    model_config = _example({"object": "list", "data": [VOICE_EXAMPLE]})

    object: Literal["list"] = Field(default="list", description=OBJECT)
    data: list[Model] = Field(description="The voices, sorted by name.")


class Problem(BaseModel):
    """What went wrong, in a sentence."""

    message: str = Field(description="What happened, and what to do.")
    type: str = Field(description="Whose fault it is, in OpenAI's words.")
    param: str | None = Field(default=None, description="Which part of the request is wrong.")
    code: str | None = Field(default=None, description="The same for programs, such as `model_not_found`.")


class Failure(BaseModel):
    """The answer to a request that was refused, or failed."""

    model_config = _example(
        {
            "error": {
                "message": "I do not know keeper_brindel yet. Did you mean keeper_brindle?",
                "type": "invalid_request_error",
                "param": "model",
                "code": "model_not_found",
            }
        }
    )

    error: Problem = Field(description="What went wrong.")
