"""The use case "scene": two to four voices talk in turns, and each line answers what was said before.

A scene counts once, before it begins, as several requests. It ends early if its time is up, or if there is no fit draft
of the next line. Nobody who is in it may have withdrawn: that is asked before and after each line, of all of them.

Knows turns and bounds. Does not know how a line is drawn, platforms, or how a scene is shown.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from bot.people.limits import Limits
from bot.people.willing import Willing
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core.errors import Busy, NotEnoughDrafts, NotNow, Usage
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import typed
from huggingtweets.generation.writer import Tweets
from huggingtweets.tweets.learned.clean import as_typed_context
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS, MAX_POSTS
from huggingtweets.tweets.texts.copies import ZERO_WIDTH_SPACE

LEAST_VOICES, MOST_VOICES = 2, 4
LEAST_LINES, USUAL_LINES, MOST_LINES = 2, 6, 10
MAX_TOPIC_CHARACTERS = 100
SECONDS = 180.0  # in which all lines are drawn
LINE = 0.5  # a line counts as so many requests


@dataclass(frozen=True, slots=True)
class SceneAsk:
    """Who wants to see which voices talk, about what, and where. Raises `Usage` for what is out of bounds."""

    person: str
    voices: tuple[VoiceName, ...]
    topic: str = ""
    lines: int = USUAL_LINES
    server: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "topic", typed(self.topic))
        if not LEAST_VOICES <= len(set(self.voices)) <= MOST_VOICES or len(set(self.voices)) < len(self.voices):
            raise Usage(
                Phrase("A scene needs {least} to {most} different voices.", least=LEAST_VOICES, most=MOST_VOICES)
            )
        if not LEAST_LINES <= self.lines <= MOST_LINES:
            raise Usage(
                Phrase(
                    "A scene has {least} to {most} lines, not {lines}.",
                    least=LEAST_LINES,
                    most=MOST_LINES,
                    lines=self.lines,
                )
            )
        if len(self.topic) > MAX_TOPIC_CHARACTERS:
            raise Usage(
                Phrase(
                    "A topic may have {most} characters, yours has {count}.",
                    most=MAX_TOPIC_CHARACTERS,
                    count=len(self.topic),
                )
            )

    @property
    def everybody(self) -> BlendName:
        """All voices in it, as one name."""
        return BlendName.sum_of(self.voices)

    def speaker(self, number: int) -> VoiceName:
        """Whose turn it is to say line `number`, counted from 0."""
        return self.voices[number % len(self.voices)]


class Scenes:
    """Plays scenes. Each takes `seconds` at most."""

    def __init__(self, *, tweeting: Tweeting, limits: Limits, willing: Willing, seconds: float = SECONDS):
        self._tweeting = tweeting
        self._limits = limits
        self._willing = willing
        self._seconds = seconds

    async def play(self, ask: SceneAsk) -> AsyncGenerator[Tweets, None]:
        """The lines, one after the other, as soon as each is drawn. If they are fewer than asked for, it ended early.

        Raises what `Tweeting.tweet_like` raises if there is not a single line, and `NotAllowed` whenever somebody in
        the scene has withdrawn: then nothing of it may be shown any longer.
        """
        end = asyncio.get_running_loop().time() + self._seconds
        cost = LINE * ask.lines
        await self._limits.count(ask.person, ask.server, cost)
        texts: list[str] = []
        while len(texts) < ask.lines:
            try:
                async with asyncio.timeout_at(end):
                    line = await self._line(ask, texts)
            except (TimeoutError, Busy, NotNow, NotEnoughDrafts) as error:
                if texts:
                    return
                self._give_back(ask, cost, error)
                if isinstance(error, TimeoutError):
                    raise NotNow(Phrase("The first line took too long; try again in a moment.")) from error
                raise
            except Exception as error:
                if not texts:
                    self._give_back(ask, cost, error)
                raise
            texts.append(line.texts[0])
            yield line

    async def _line(self, ask: SceneAsk, texts: Sequence[str]) -> Tweets:
        await self._willing.refuse(ask.everybody, ask.server)
        unlike = [text for text in (ask.topic, *texts) if text]
        line = Ask(
            ask.person,
            ask.speaker(len(texts)),
            server=ask.server,
            context=told(ask.topic, texts),
            unlike=unlike,
        )
        tweets = await self._tweeting.tweet_more(line)
        await self._willing.refuse(ask.everybody, ask.server)
        return tweets

    def _give_back(self, ask: SceneAsk, cost: float, error: Exception) -> None:
        if isinstance(error, Busy):
            self._limits.give_back(ask.person, ask.server, cost)
        else:
            self._limits.give_back_shared(ask.server, cost)


def told(topic: str, texts: Sequence[str]) -> str:
    """What a voice reads before it says the next line: the topic, and the last of the lines so far.

    There are at most as many posts as in any context. The topic is kept if a line has to make room.
    """
    lines = [text.replace(ZERO_WIDTH_SPACE, "") for text in texts]
    if not topic:
        return as_typed_context(lines[-MAX_POSTS:])
    last = lines[1 - MAX_POSTS :]
    while len(last) > 1 and len("\n".join([topic, *last])) > MAX_CHARACTERS:
        del last[0]
    return as_typed_context([topic, *last])
