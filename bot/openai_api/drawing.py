"""From what a program asks for to what it gets. The same use case draws that people use on every platform.

Knows the use case, the token's limits, and the forms of requests and answers. Does not know HTTP.
"""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime

from bot.core.errors import UnknownVoice
from bot.openai_api.answered import (
    ChatChoice,
    ChatCompletion,
    Choice,
    Completion,
    Finish,
    Model,
    Models,
    Said,
    Usage,
)
from bot.openai_api.asked import Asked, ChatAsked, CompletionAsked
from bot.people.tokens import TokenLimits
from bot.store.api_tokens import ApiToken
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core import errors
from huggingtweets.core.people.names import BlendName
from huggingtweets.core.text.visible import typed
from huggingtweets.generation.drawing_options import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, MAX_SEED, DrawingOptions
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.version import Version
from huggingtweets.tweets.texts.copies import ZERO_WIDTH_SPACE

LEAST_TOP_P = 0.01  # the likeliest token is always left


class Drawing:
    """Answers requests of tokens."""

    def __init__(self, tweeting: Tweeting, limits: TokenLimits):
        self._tweeting, self._limits = tweeting, limits

    async def models(self) -> Models:
        """The voices that may be asked for."""
        return Models(data=[_model(version.name, [version]) for version in await self._tweeting.models()])

    async def model(self, name: str) -> Model:
        """One voice, or a blend of several. Raises `UnknownVoice`, or `NotAllowed`."""
        blend = blend_of(name)
        return _model(blend, [await self._tweeting.version(voice) for voice in blend.voices])

    async def completion(self, token: ApiToken, asked: CompletionAsked) -> Completion:
        """Tweets that begin with each prompt."""
        voice, options = blend_of(asked.model), options_of(asked)
        asks = [Ask(_person(token), voice, prompt, asked.count, options=options) for prompt in asked.prompts]
        answers = await self._drawn(token, asks)
        choices: list[Choice] = []
        for prompt, tweets in zip(asked.prompts, answers, strict=True):
            for text, finish in choices_of(tweets, asked.count):
                shown = text if asked.echo or not text else continuation(text, prompt)
                choices.append(Choice(index=len(choices), text=shown, finish_reason=finish))
        return Completion(
            id=f"cmpl-{secrets.token_hex(12)}",
            model=voice,
            system_fingerprint=answers[0].version,
            choices=choices,
            usage=Usage.of(answers),
            notice=notice_of(answers),
        )

    async def chat(self, token: ApiToken, asked: ChatAsked) -> ChatCompletion:
        """Tweets that answer the user's last message."""
        voice, options = blend_of(asked.model), options_of(asked)
        context = await asyncio.to_thread(lambda: asked.context)
        [tweets] = await self._drawn(
            token, [Ask(_person(token), voice, "", asked.count, context=context, options=options)]
        )
        return ChatCompletion(
            id=f"chatcmpl-{secrets.token_hex(12)}",
            model=voice,
            system_fingerprint=tweets.version,
            choices=[
                ChatChoice(index=index, message=Said(content=text), finish_reason=finish)
                for index, (text, finish) in enumerate(choices_of(tweets, asked.count))
            ],
            usage=Usage.of([tweets]),
            notice=notice_of([tweets]),
        )

    async def _drawn(self, token: ApiToken, asks: Sequence[Ask]) -> list[Tweets]:
        """The answers to `asks`. Tweets that there are not are given back to the token, unless it went away itself."""
        wanted = sum(ask.count for ask in asks)
        await self._limits.take(token, wanted)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._fit(ask)) for ask in asks]
        except* Exception as failed:  # noqa: BLE001  it is raised again
            await self._limits.give_back(token, wanted)
            raise _first(failed) from None
        answers = [task.result() for task in tasks]
        await self._limits.give_back(token, wanted - sum(len(tweets.texts) for tweets in answers))
        return answers

    async def _fit(self, ask: Ask) -> Tweets:
        """The tweets of one request; none if not a single draft was fit."""
        try:
            return await self._tweeting.tweet_more(ask)
        except errors.NotEnoughDrafts:
            return Tweets((), ask.voice, "", 0, ask.count)


def notice_of(answers: Sequence[Tweets]) -> str | None:
    """A sentence about choices that are empty."""
    return next((tweets.shortfall for tweets in answers if tweets.shortfall), None)


def blend_of(model: str) -> BlendName:
    """The voice or blend that a program names. Raises `UnknownVoice` for what is no name."""
    try:
        return BlendName.parse(model)
    except errors.Usage as error:
        raise UnknownVoice(str(error)) from None


def options_of(asked: Asked) -> DrawingOptions:
    """How to draw. What lies beyond our bounds counts as the nearest that does not."""
    temperature = asked.temperature
    return DrawingOptions(
        temperature=None if temperature is None else min(max(temperature, LOWEST_TEMPERATURE), HIGHEST_TEMPERATURE),
        length=asked.length,
        seed=None if asked.seed is None else asked.seed % (MAX_SEED + 1),
        top_p=None if asked.top_p is None else max(asked.top_p, LEAST_TOP_P),
        max_tokens=asked.most_tokens,
        stops=asked.stops,
    )


def choices_of(tweets: Tweets, count: int) -> list[tuple[str, Finish]]:
    """`count` texts with why each ended. Those for which no draft was fit are empty."""
    choices: list[tuple[str, Finish]] = [
        (written.text, "length" if written.is_cut else "stop") for written in tweets.written
    ]
    return choices + [("", "content_filter")] * (count - len(choices))


def continuation(tweet: str, prompt: str) -> str:
    """What follows `prompt` in `tweet`, or all of it if it begins otherwise.

    The tweet may have blanks in it that nobody sees. A blank at the end of `prompt` is not repeated.
    """
    place = 0
    for character in typed(prompt):
        while tweet[place : place + 1] == ZERO_WIDTH_SPACE:
            place += 1
        if tweet[place : place + 1] != character:
            return tweet
        place += 1
    return tweet[place:].lstrip(" ") if prompt[-1:].isspace() else tweet[place:]


def _person(token: ApiToken) -> str:
    return f"token:{token.id}"


def _model(name: BlendName, versions: Sequence[Version]) -> Model:
    return Model(id=name, created=max(_seconds(version.manifest.created) for version in versions))


def _seconds(moment: str) -> int:
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except ValueError:
        return 0  # a manifest of another program


def _first(failed: BaseExceptionGroup[Exception]) -> Exception:
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
