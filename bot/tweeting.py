"""The use case "tweet like": a person, a name and a prompt in, tweets out.

Knows the registry, the writer, limits and what is in training. Does not know Discord, X or the page.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bot.permission import RateLimit
from bot.training import Training
from huggingtweets.errors import TooLittleData, UnknownModel, Usage
from huggingtweets.few_shot import Previews
from huggingtweets.generate import Tweets, Writer
from huggingtweets.names import parse_name
from huggingtweets.owners import Owned, texts_of
from huggingtweets.registry import Registry, Version
from huggingtweets.tweet_store import TweetStore

MAX_SUGGESTIONS = 25  # as many as Discord shows
MAX_PROMPT_CHARACTERS = 200
NAMES_IN_A_SENTENCE = 8


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what. `person` is unique across platforms, such as `discord:80351110224678912`."""

    person: str
    name: str
    prompt: str = ""
    count: int = 1


class Tweeting:
    """Answers asks with tweets."""

    def __init__(
        self,
        *,
        registry: Registry,
        writer: Writer,
        training: Training,
        limit: RateLimit,
        max_count: int,
        previews: Previews | None = None,
        tweets: TweetStore | None = None,
    ):
        self._registry = registry
        self._previews = previews
        self._tweets = tweets
        self._writer = writer
        self._training = training
        self._limit = limit
        self.max_count = max_count

    async def tweet_like(self, ask: Ask) -> Tweets:
        """Tweets in the voice of `ask.name`; raises `BotError` or `PipelineError` with a sentence for the person."""
        if not 1 <= ask.count <= self.max_count:
            raise Usage(f"I write 1 to {self.max_count} tweets at once, not {ask.count}.")
        if len(ask.prompt) > MAX_PROMPT_CHARACTERS:
            raise Usage(f"A start may have {MAX_PROMPT_CHARACTERS} characters, yours has {len(ask.prompt)}.")
        name = parse_name(ask.name)
        self._limit.count(ask.person)
        try:
            version = await asyncio.to_thread(self._registry.current, name)
        except UnknownModel:
            return await self._preview(name, ask)
        return await self._writer.write(version, ask.prompt, ask.count, person=ask.person)

    async def models(self) -> list[Version]:
        """The versions in use, by name."""
        return await asyncio.to_thread(self._registry.in_use)

    async def suggestions(self, typed: str) -> list[str]:
        """Names that fit what was typed so far, best first: `@` and case do not matter."""
        wanted = typed.strip().removeprefix("@").lower()
        names = await asyncio.to_thread(self._registry.names)
        fitting = [name for name in names if wanted in name]
        return sorted(fitting, key=lambda name: (not name.startswith(wanted), name))[:MAX_SUGGESTIONS]

    async def _preview(self, name: str, ask: Ask) -> Tweets:
        """A preview while the voice of `name` is being learned; raises `Usage` with what else can be done."""
        job = await self._training.job(name)
        if job is None or self._previews is None or self._tweets is None:
            raise Usage(await self._what_instead(name))
        files = [Owned(Path(file)) for file in job.files]
        texts = await asyncio.to_thread(texts_of, name, files, self._tweets)
        try:
            return await self._previews.write(name, texts, ask.prompt, ask.count)
        except TooLittleData:
            raise Usage(await self._what_instead(name)) from None

    async def _what_instead(self, name: str) -> str:
        if job := await self._training.job(name):
            return f"I am still learning {name} ({job.percent} %); try again in a moment."
        names = await asyncio.to_thread(self._registry.names)
        if not names:
            return f"I know nobody yet, so not {name} either; an admin can train a voice with /train."
        known = ", ".join(names[:NAMES_IN_A_SENTENCE]) + (", ..." if len(names) > NAMES_IN_A_SENTENCE else "")
        return f"I do not know {name} yet. I know {known}; an admin can train others with /train."
