"""The chat of the page: it runs what a visitor types, through the same use cases as the commands in Discord.

Knows the commands' words. Does not know Gradio, models or how an answer is drawn.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core.errors import told
from bot.people.limits import PICTURE
from bot.playground.attachments import Attachments
from bot.playground.visitors import PLACE, Visitor
from bot.store.jobs import Job
from bot.trainings.news import foreseen, standing
from bot.trainings.results import Learned
from bot.trainings.training import Training
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import BlendName, VoiceName
from huggingtweets.core.whole_text import whole
from huggingtweets.evaluation import verdict
from huggingtweets.registry.versions import Version

HELP = (
    "/tweetlike @name [start]: tweets in a voice I know\n"
    "/picture @name [start]: the same as a picture, to be shared\n"
    "/models: the voices I know\n"
    "/train name: learn a voice from files that you attach (an X archive, or a table of tweets)"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A plain sentence or list."""

    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """Tweets of a voice."""

    name: str
    version: str
    texts: tuple[str, ...]
    note: str = ""  # a sentence about them, for example that some are missing


@dataclass(frozen=True, slots=True)
class Learning:
    """The progress of a training."""

    name: str
    standing: str  # the progress in words
    percent: int
    foreseen: str = ""  # what can be expected of the voice


@dataclass(frozen=True, slots=True)
class Picture:
    """Tweets of a voice as a PNG. `description` is the text in it."""

    png: bytes
    description: str


Answer = Said | Drawn | Learning | Picture


class Chat:
    """Answers lines. A line can have several answers; each replaces the one before.

    A visitor can only use files of their own among `attachments`. They are deleted once their line is answered: a
    training keeps its own copies.
    """

    def __init__(self, *, tweeting: Tweeting, training: Training, attachments: Attachments):
        self._tweeting = tweeting
        self._training = training
        self._attachments = attachments

    async def answers(
        self, visitor: Visitor, line: str, files: Sequence[Path] = (), count: int = 1
    ) -> AsyncIterator[Answer]:
        """The answers to `line`. A failure is an answer, too."""
        command, _, rest = whole(line).strip().partition(" ")
        try:
            files = await asyncio.to_thread(self._attachments.taken, visitor.session, files)
            match command.lower():
                case "/tweetlike":
                    yield await self._tweet_like(visitor, rest, count)
                case "/picture":
                    yield await self._picture(visitor, rest, count)
                case "/models":
                    yield await self._models()
                case "/train":
                    async for answer in self._train(visitor, rest, files):
                        yield answer
                case "" if files:
                    raise Usage(
                        "Whose tweets are these? Attach the files and type /train and a name, for example /train me."
                    )
                case "" | "/help":
                    yield Said(HELP)
                case _:
                    raise Usage(f"I do not know the command {command[:40]}. These are my commands:\n{HELP}")
        except Exception as error:  # noqa: BLE001  the person gets an answer to any failure
            yield Said(told(error))
        finally:
            await asyncio.to_thread(self._attachments.delete, visitor.session, files)

    async def learning(self) -> Sequence[Learning | Said]:
        """The trainings that wait or run, or a sentence about why they cannot be listed."""
        try:
            return [_learning(job) for job in await self._training.jobs()]
        except Exception as error:  # noqa: BLE001  the page asks again in a moment
            return [Said(told(error))]

    async def _tweet_like(self, visitor: Visitor, rest: str, count: int) -> Drawn:
        tweets = await self._tweeting.tweet_like(_ask(visitor, rest, count))
        return Drawn(tweets.name, tweets.version, tweets.texts, tweets.shortfall)

    async def _picture(self, visitor: Visitor, rest: str, count: int) -> Picture:
        ask = replace(_ask(visitor, rest, count), cost=PICTURE)
        tweets = await self._tweeting.tweet_like(ask)
        return Picture(await self._tweeting.picture(tweets, ask.prompt), "AI parody: " + " / ".join(tweets.texts))

    async def _models(self) -> Said:
        models = await self._tweeting.models()
        # The base of a voice is not shown: it may be a path on this machine.
        return Said("\n".join(map(_model_line, models)) or "I know nobody yet.")

    async def _train(self, visitor: Visitor, rest: str, files: Sequence[Path]) -> AsyncIterator[Answer]:
        visitor.refuse_unless_here("to learn a voice")
        name = rest.strip()
        if not name:
            raise Usage("Whose tweets are these? Attach the files and type /train and a name, for example /train me.")
        job = await self._training.start(visitor.person, VoiceName.parse(name), files)
        await asyncio.to_thread(self._attachments.delete, visitor.session, files)
        async for state in self._training.watch(job):
            if not state.ended:
                yield _learning(state)
        result = await self._training.outcome(job)
        yield Said(_learned(result) if isinstance(result, Learned) else result.why)


def _ask(visitor: Visitor, rest: str, count: int) -> Ask:
    name, _, prompt = rest.strip().partition(" ")
    if not name:
        raise Usage("Whose voice? Type a name after the command, for example /tweetlike @nasa.")
    return Ask(visitor.person, BlendName.parse(name), prompt.strip(), count, server=PLACE)


def _learned(result: Learned) -> str:
    counts = (
        f"{result.downloaded:,} downloaded, {result.retweets:,} retweets, {result.short:,} short, {result.kept:,} kept"
    )
    # `why_not` says why a version is not in use.
    next_step = result.why_not or f"Try /tweetlike @{result.name}"
    how_good = verdict.in_words(result.report, result.kept)
    learned = f"I have learned {result.name} ({result.version}) in {result.seconds:.0f} s: {counts}."
    return " ".join(filter(None, (learned, how_good, next_step)))


def _model_line(model: Version) -> str:
    line = f"@{model.name} {model.version}, learned on {model.manifest.day}"
    return f"{line}. {how_good}" if (how_good := verdict.of(model.manifest)) else line


def _learning(job: Job) -> Learning:
    return Learning(job.name, standing(job), job.percent, foreseen(job))
