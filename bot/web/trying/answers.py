"""Tweets that were drawn for a visitor. They are kept, so that their address shows them again after a reload.

Each tweet is an answer of its own in the database, so that each can be liked, and all of them go when their voice is
forgotten. Knows the use case and how answers are stored. Does not know HTTP.
"""

import logging
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.core.errors import BotError
from bot.people.willing import Willing
from bot.store import Store
from bot.store.voices.feedback import Answer
from bot.voices.scene import SceneAsk, Scenes
from bot.voices.tweeting import Ask, Tweeting
from bot.web.entry.visitors import PLACE
from bot.web.frame.faces import Face, face_of
from bot.web.trying.wishes import Kind, Wish
from huggingtweets.core.errors import PipelineError, Usage
from huggingtweets.core.people.names import BlendName
from huggingtweets.generation.drawing_options import DrawingOptions
from huggingtweets.generation.writer import Tweets

log = logging.getLogger(__name__)

GONE = "These tweets are not there any more, or were drawn for somebody else. Draw new ones."
MAX_DRAWN = 10
LINES = "scene"  # in the options of an answer: it is a line of a scene, which was to have so many


@dataclass(frozen=True, slots=True)
class Card:
    """One drawn tweet as the page shows it. `drawing` and `number` are its address.

    `vote` is what the visitor thinks of it, 1 or -1, or 0 if they have not said.
    """

    drawing: str
    number: int
    text: str
    voice: BlendName
    version: str
    faces: tuple[Face, ...]
    at: datetime | None = None
    vote: int = 0

    @property
    def name(self) -> str:
        """What the imitated people call themselves."""
        return " & ".join(face.name for face in self.faces)

    @property
    def handles(self) -> str:
        return " ".join(f"@{face.handle}" for face in self.faces)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Several drawn tweets, and what was asked for. `prompt` is how all of them begin."""

    id: str
    wish: Wish
    cards: tuple[Card, ...]
    prompt: str = ""


class Answers:
    """Draws tweets, keeps them, and finds them again."""

    def __init__(self, store: Store, tweeting: Tweeting, willing: Willing, avatars: Path):
        self._store = store
        self._tweeting = tweeting
        self._scenes = Scenes(tweeting=tweeting, limits=tweeting.limits, willing=willing)
        self._avatars = avatars

    async def draw(self, ask: Ask, drawing: str) -> AsyncGenerator[Card]:
        """The tweets that `ask` asks for, each as soon as it is ready. Raises what `Tweeting.tweet_like` raises."""
        asked = {"person": ask.person, "prompt": ask.prompt, "context": ask.context, "options": ask.options.as_json}
        number = 0
        async for tweets in self._tweeting.as_ready(ask):
            yield await self._keep(drawing, number, tweets, **asked)
            number += 1

    async def play(self, ask: SceneAsk, drawing: str) -> AsyncGenerator[Card]:
        """The lines of a scene, each as soon as it is ready. Raises what `Scenes.play` raises."""
        asked = {"person": ask.person, "prompt": ask.topic, "options": {LINES: ask.lines}}
        number = 0
        async with aclosing(self._scenes.play(ask)) as lines:
            async for tweets in lines:
                yield await self._keep(drawing, number, tweets, **asked)
                number += 1

    async def again(self, drawing: str, person: str) -> Drawing:
        """A drawing that `person` asked for. Raises `Usage` if there is none.

        Raises `NotAllowed` for a voice that may not speak any more.
        """
        answers: list[Answer] = []
        while len(answers) < MAX_DRAWN:
            answer = await self._store.feedback.answer(message(drawing, len(answers)))
            if not answer or answer.person != person:
                break
            answers.append(answer)
        if not answers:
            raise Usage(GONE)
        for voice in dict.fromkeys(answer.voice for answer in answers):
            await self._tweeting.refuse_unwilling(voice, PLACE)
        votes = await self._store.feedback.votes_of(person, [answer.message for answer in answers])
        cards = tuple([await self._card(answer, drawing, number, votes) for number, answer in enumerate(answers)])
        first = answers[0]
        wish = wish_of(answers)
        return Drawing(drawing, wish, cards, "" if wish.kind == "scene" else first.prompt)

    async def vote(self, drawing: str, number: int, person: str, value: int) -> None:
        """Note what `person` thinks of a tweet that was drawn for them. Raises `Usage` if there is no such tweet."""
        answer = await self._store.feedback.answer(message(drawing, number))
        if not answer or answer.person != person or not await self._store.feedback.vote(answer.message, person, value):
            raise Usage(GONE)

    async def picture(self, ask_again: Drawing, number: int) -> bytes:
        """One tweet of a drawing as a PNG. Raises `Usage` if there is no such tweet."""
        if not 0 <= number < len(ask_again.cards):
            raise Usage(GONE)
        card = ask_again.cards[number]
        tweets = Tweets((card.text,), card.voice, card.version, 0)
        return await self._tweeting.picture(tweets, ask_again.prompt)

    async def _keep(self, drawing: str, number: int, tweets: Tweets, **asked: Any) -> Card:
        """Keep a tweet. If this fails it is shown all the same; a reload will not show it again."""
        try:
            await self._store.feedback.answered(
                message(drawing, number),
                voice=tweets.name,
                version=tweets.version,
                texts=tweets.texts,
                server=PLACE,
                **asked,
            )
        except PipelineError as error:
            log.warning("an answer on the page is not kept, so a reload will not show it: %s", error)
        return Card(drawing, number, tweets.texts[0], tweets.name, tweets.version, await self._faces(tweets))

    async def _card(self, answer: Answer, drawing: str, number: int, votes: Mapping[str, int]) -> Card:
        tweets = Tweets(tuple(answer.texts), answer.voice, answer.version, 0)
        return Card(
            drawing,
            number,
            answer.texts[0],
            answer.voice,
            answer.version,
            await self._faces(tweets),
            answer.at,
            votes.get(answer.message, 0),
        )

    async def _faces(self, tweets: Tweets) -> tuple[Face, ...]:
        people = await self._tweeting.imitated(tweets)
        return tuple(face_of(person.handle, person.display_name, self._avatars) for person in people)


def wish_of(answers: Sequence[Answer]) -> Wish:
    """What was asked for to get these answers, as the form shows it."""
    first, options = answers[0], DrawingOptions.from_json(answers[0].options)
    if LINES in first.options:
        cast = dict.fromkeys(answer.voice.voices[0] for answer in answers)
        voice, *others = cast
        return Wish(voice, (), "scene", first.prompt, cast=tuple(others), lines=first.options[LINES])
    mixed = tuple((name, round(weight * 100)) for weight, name in first.voice.parts[1:])
    kind: Kind = "answer" if first.context else "start"
    return Wish(first.voice.voices[0], mixed, kind, first.context or first.prompt, len(answers), options)


def new_drawing() -> str:
    """An id that nobody can guess."""
    return secrets.token_urlsafe(12)


def message(drawing: str, number: int) -> str:
    """How the database names a tweet of a drawing."""
    return f"{PLACE}:{drawing}:{number}"


def is_refusal(error: Exception) -> bool:
    """Returns True for an error that says why there is no tweet, rather than a bug."""
    return isinstance(error, BotError | PipelineError)
