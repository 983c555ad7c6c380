"""What programs ask for, in the form that OpenAI's clients send, with its bounds.

What OpenAI knows and a voice cannot follow is passed over where that does no harm (`PASSED_OVER`). Any other name that
is not known here is refused, so a slip of the pen is seen.

Knows pydantic and OpenAI's names. Does not know voices, or who asks.
"""

from collections.abc import Sequence, Set
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.voices.tweeting import MAX_PROMPT_CHARACTERS
from huggingtweets.generation.drawing_options import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, Length
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


EXAMPLE_VOICE = "keeper_brindle"


class StreamOptions(Part):
    """What a stream has beside the tweets."""

    include_usage: bool | None = Field(default=None, description="Add an event with the counted tokens.")
    include_obfuscation: bool | None = Field(default=None, description="Passed over.")


class Asked(Part):
    """What both kinds of requests have."""

    model: Annotated[str, Field(max_length=MAX_MODEL_CHARACTERS)] = Field(
        description="A voice, or a blend such as `nasa+0.5*dril`."
    )
    n: Annotated[int, Field(ge=1, le=MAX_COUNT), Whole] | None = Field(
        default=None, description="How many tweets, for each prompt. Without it there is one."
    )
    temperature: Temperature | None = Field(
        default=None,
        description=f"How daring. A voice writes sense from {LOWEST_TEMPERATURE:g} to {HIGHEST_TEMPERATURE:g}; what "
        "lies beyond counts as the nearest of these.",
    )
    top_p: TopP | None = Field(
        default=None, description="Only the likeliest tokens are drawn, which have this probability together."
    )
    max_tokens: Tokens | None = Field(
        default=None, description="A tweet that is longer ends there, and its `finish_reason` is `length`."
    )
    stop: Stop | Stops | None = Field(default=None, description="A tweet ends before each of these texts.")
    # A seed is of any size: a bound of 64 bits would be rounded in the description for programs.
    seed: Annotated[int, Whole] | None = Field(
        default=None, description="The same seed gives the same tweets, as long as the voice learns nothing new."
    )
    verbosity: Literal["low", "medium", "high"] | None = Field(
        default=None,
        description="`low` for tweets that are shorter than half of the person's tweets, `high` for longer ones. "
        "`medium` is usual.",
    )
    stream: bool | None = Field(
        default=None,
        description="Send server-sent events that end with `[DONE]`. A tweet comes in one piece, after it has passed "
        "every check.",
    )
    stream_options: StreamOptions | None = Field(default=None, description="What a stream has beside the tweets.")

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
    """Tweets that begin with a prompt."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": EXAMPLE_VOICE, "prompt": "The sea", "n": 2}]})

    prompt: Prompt | Prompts | None = Field(
        default=None, description="How the tweets begin. The answer has what follows. Each prompt gets `n` tweets."
    )
    echo: bool | None = Field(default=None, description="Repeat the prompt in the answer.")
    suffix: Literal[""] | None = Field(
        default=None, description="A voice cannot write towards an end, so leave it out."
    )
    logprobs: None = Field(default=None, description="Probabilities are not told, so leave it out.")

    @property
    def prompts(self) -> list[str]:
        """Each gets `n` choices."""
        return self.prompt if isinstance(self.prompt, list) else [self.prompt or ""]


class TextPart(Part):
    """A text in a message that has parts."""

    type: Literal["text"] = Field(description="A voice reads text alone.")
    text: str = Field(description="What this part says.")


class Message(Part):
    """Something that was said. A message of the system is passed over: a voice follows no orders."""

    role: Literal["system", "developer", "user", "assistant"] = Field(description="Who said it.")
    content: str | list[TextPart] | None = Field(default=None, description="What was said.")
    name: str | None = Field(default=None, description="Passed over.")

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

    type: Literal["text"] = Field(description="A voice writes text alone.")


class ChatAsked(Asked):
    """Tweets that answer what somebody said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": EXAMPLE_VOICE, "messages": [{"role": "user", "content": "Is the fog thick today?"}], "n": 2}
            ]
        }
    )

    messages: Annotated[list[Message], Field(min_length=1)] = Field(
        description=f"What was said. The user's last message is answered. Up to {MAX_POSTS - 1} messages before it are "
        "read, too.",
    )
    max_completion_tokens: Tokens | None = Field(default=None, description="The same as `max_tokens`.")
    logprobs: Literal[False] | None = Field(default=None, description="Probabilities are not told, so leave it out.")
    response_format: TextFormat | None = Field(default=None, description="The form of an answer, which is text.")

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
