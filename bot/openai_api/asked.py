"""What programs ask for, in the form that OpenAI's clients send, with its bounds.

What OpenAI knows and a voice cannot follow is passed over where that does no harm (`PASSED_OVER`). Any other name that
is not known here is refused, so a slip of the pen is seen.

Knows pydantic and OpenAI's names. Does not know voices, or who asks.
"""

from collections.abc import Sequence, Set
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.voices.tweeting import MAX_PROMPT_CHARACTERS
from huggingtweets.generation.drawing_options import Length
from huggingtweets.tweets.learned.clean import as_typed_context
from huggingtweets.tweets.learned.contexts import MAX_POSTS

MAX_COUNT = 10  # choices of one answer
MAX_PROMPTS = 5  # of one request
MAX_STOPS = 4
MAX_STOP_CHARACTERS = 100
MAX_MODEL_CHARACTERS = 2_000  # a blend of 8 voices of 200 characters fits
READ_CHARACTERS = 2_000  # of a message; what is answered is shorter
LENGTH_OF: dict[str, Length] = {"low": "shorter", "medium": "usual", "high": "longer"}
PASSED_OVER = {
    *("best_of", "frequency_penalty", "function_call", "functions", "logit_bias", "metadata", "modalities"),
    *("parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_retention"),
    *("reasoning_effort", "safety_identifier", "service_tier", "store", "tool_choice", "tools", "top_logprobs"),
    *("user", "web_search_options"),
}
# What clients send back of an answer that they got.
PASSED_OVER_IN_MESSAGES = {"annotations", "audio", "function_call", "refusal", "tool_calls"}


def _whole(value: Any) -> Any:
    """`2.0` as `2`: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
TopP = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Tokens = Annotated[int, Field(ge=1, le=2**31 - 1), Whole]
Stop = Annotated[str, Field(min_length=1, max_length=MAX_STOP_CHARACTERS)]
Stops = Annotated[list[Stop], Field(max_length=MAX_STOPS)]
Prompt = Annotated[str, Field(max_length=MAX_PROMPT_CHARACTERS)]
Prompts = Annotated[list[Prompt], Field(min_length=1, max_length=MAX_PROMPTS)]


class Part(BaseModel):
    """A part of what is asked. Nothing is taken for what it is not: "2" is no number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _without(names: Set[str], data: Any) -> Any:
    return {name: value for name, value in data.items() if name not in names} if isinstance(data, dict) else data


class StreamOptions(Part):
    """`include_usage` adds an event with the counted tokens."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Asked(Part):
    """What both kinds of requests have.

    `model` is a voice, or a blend such as `nasa+0.5*dril`. `verbosity` is `low` for tweets that are shorter than half
    of the person's tweets, and `high` for longer ones.
    """

    model: Annotated[str, Field(max_length=MAX_MODEL_CHARACTERS)]
    n: Annotated[int, Field(ge=1, le=MAX_COUNT), Whole] | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    max_tokens: Tokens | None = None
    stop: Stop | Stops | None = None
    seed: Annotated[int, Whole] | None = (
        None  # of any size: a bound of 64 bits would be rounded in the description for programs
    )
    verbosity: Literal["low", "medium", "high"] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_passed_over(cls, data: Any) -> Any:
        return _without(PASSED_OVER, data)

    @property
    def count(self) -> int:
        """How many choices are wanted."""
        return self.n or 1

    @property
    def most_tokens(self) -> int | None:
        """How many tokens a choice may have."""
        return self.max_tokens

    @property
    def length(self) -> Length:
        """How long the tweets are to be."""
        return LENGTH_OF[self.verbosity or "medium"]

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts before which a choice ends."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def counts_tokens(self) -> bool:
        """Returns True if a stream is to end with the counted tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)


class CompletionAsked(Asked):
    """Tweets that begin with `prompt`. `echo` repeats it in the answer."""

    prompt: Prompt | Prompts | None = None
    echo: bool | None = None
    suffix: Literal[""] | None = None
    logprobs: None = None

    @property
    def prompts(self) -> list[str]:
        """Each gets `n` choices."""
        return self.prompt if isinstance(self.prompt, list) else [self.prompt or ""]


class TextPart(Part):
    """A text in a message that has parts."""

    type: Literal["text"]
    text: str


class Message(Part):
    """Something that was said. A message of the system is passed over: a voice follows no orders."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart] | None = None
    name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_passed_over(cls, data: Any) -> Any:
        return _without(PASSED_OVER_IN_MESSAGES, data)

    @property
    def text(self) -> str:
        """All of it, or its end if it is long."""
        content = self.content or ""
        text = content if isinstance(content, str) else "\n".join(part.text for part in content)
        return text[-READ_CHARACTERS:]


class TextFormat(Part):
    """The only form of an answer."""

    type: Literal["text"]


class ChatAsked(Asked):
    """Tweets that answer the last message of the user. A little of what was said before it is read, too."""

    messages: Annotated[list[Message], Field(min_length=1)]
    max_completion_tokens: Tokens | None = None
    logprobs: Literal[False] | None = None
    response_format: TextFormat | None = None

    @property
    def most_tokens(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def context(self) -> str:
        """What is answered, one line a message, the oldest first."""
        return said(self.messages)


def said(messages: Sequence[Message]) -> str:
    """What a voice reads of `messages`: the user's last one, and a few before it."""
    last = max((place for place, message in enumerate(messages) if message.role == "user"), default=-1)
    spoken = [message.text for message in messages[: last + 1] if message.role in ("user", "assistant")]
    return as_typed_context(spoken[-MAX_POSTS:])
