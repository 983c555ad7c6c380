"""What programs get, in the form that OpenAI's clients read. `ai_generated` says that an AI wrote it.

Knows pydantic and OpenAI's names. Does not know voices, or how anything is sent.
"""

import time
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from huggingtweets.generation.writer import Tweets

OWNER = "huggingtweets"
Finish = Literal["stop", "length", "content_filter"]


def now() -> int:
    return int(time.time())


class Usage(BaseModel):
    """How many tokens were read, and how many were drawn for the choices."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0

    @classmethod
    def of(cls, answers: Sequence[Tweets]) -> "Usage":
        read = sum(tweets.read for tweets in answers)
        drawn = sum(written.tokens for tweets in answers for written in tweets.written)
        return cls(prompt_tokens=read, completion_tokens=drawn, total_tokens=read + drawn)


class Drawn(BaseModel):
    """What every answer with tweets has. `system_fingerprint` is the version of the voice.

    `notice` is a sentence about choices that are empty.
    """

    id: str
    created: int = Field(default_factory=now)
    model: str
    system_fingerprint: str
    ai_generated: Literal[True] = True
    notice: str | None = None


class Choice(BaseModel):
    """A text, without the prompt unless it was to be repeated. `content_filter` means that no draft was fit."""

    index: int
    text: str
    finish_reason: Finish | None
    logprobs: None = None


class Completion(Drawn):
    """The answer to a completion; also one event of a stream."""

    object: Literal["text_completion"] = "text_completion"
    choices: list[Choice]
    usage: Usage | None = None


class Said(BaseModel):
    """A tweet as a message."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChatChoice(BaseModel):
    """A message. `content_filter` means that no draft was fit."""

    index: int
    message: Said
    finish_reason: Finish
    logprobs: None = None


class ChatCompletion(Drawn):
    """The answer to a chat."""

    object: Literal["chat.completion"] = "chat.completion"
    choices: list[ChatChoice]
    usage: Usage


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

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = OWNER


class Models(BaseModel):
    """The voices that may be asked for."""

    object: Literal["list"] = "list"
    data: list[Model]


class Problem(BaseModel):
    """What went wrong, in a sentence."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class Failure(BaseModel):
    """The answer to a request that was refused, or failed."""

    error: Problem
