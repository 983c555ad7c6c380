"""The use case "tweet like": somebody names a voice and a start, and gets tweets.

Knows the registry, the writer, limits, consent and what is being learned. Does not know Discord, X or the page.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import BotError
from bot.people.consent import Consenting
from bot.people.limits import TWEETS, Limits
from bot.people.willing import NO_SERVER
from bot.trainings.training import Training
from bot.voices.patience import WaitingRoom
from bot.voices.server_words import ServerWords
from huggingtweets.core.errors import Busy, PipelineError, TooLittleData, UnknownModel, Usage
from huggingtweets.core.names import BlendName, VoiceName, comparable
from huggingtweets.core.near import did_you_mean
from huggingtweets.core.whole_text import whole
from huggingtweets.generation.checks import Check
from huggingtweets.generation.engine.preview_voice import Drawable, preview_voice
from huggingtweets.generation.writer import Tweets, Writer
from huggingtweets.pictures.render import PicturedPerson, predictions
from huggingtweets.registry.blend import find_voice
from huggingtweets.registry.versions import Registry, Version
from huggingtweets.sources.owners import Owned, texts_of
from huggingtweets.tweets.tweet_store import TweetStore

MAX_SUGGESTIONS = 25  # as many as Discord shows
MAX_PROMPT_CHARACTERS = 200
NAMES_IN_A_SENTENCE = 8


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for which tweets, and where. `person` is unique across platforms, such as `discord:80351110224678912`.

    The tweets begin with `prompt`, and answer `context` (see `huggingtweets.tweets.contexts`). `cost` is how many
    requests it counts as. `may_speak` says that the voice was just found among those that may speak
    on the server, so this is not asked again before the tweets are drawn. It is always asked afterwards.
    """

    person: str
    voice: BlendName
    prompt: str = ""
    count: int = 1
    server: str = ""
    cost: float = TWEETS
    may_speak: bool = False
    context: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", whole(self.prompt))


@dataclass(frozen=True, slots=True)
class Imitated:
    """A person who is imitated. `avatar_url` is the one in their archive."""

    handle: str
    display_name: str = ""
    avatar_url: str = ""


class Tweeting:
    """Answers requests with tweets.

    With `tweets` and the name of a base model, `preview_base`, there are previews of voices that are being learned.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        writer: Writer,
        training: Training,
        limits: Limits,
        consenting: Consenting,
        max_count: int,
        preview_base: str = "",
        tweets: TweetStore | None = None,
        waiting_room: WaitingRoom | None = None,
        server_words: ServerWords | None = None,
    ):
        self._registry = registry
        self._preview_base = preview_base
        self._tweets = tweets
        self._writer = writer
        self._training = training
        self._limits = limits
        self._waiting_room = waiting_room or WaitingRoom()
        self._willing = consenting.willing
        self._server_words = server_words
        self.max_count = max_count

    async def tweet_like(self, ask: Ask) -> Tweets:
        """Tweets in the voice of `ask.voice`. Raises `BotError` or `PipelineError` with a sentence for the person."""
        if not 1 <= ask.count <= self.max_count:
            raise Usage(f"I write 1 to {self.max_count} tweets at once, not {ask.count}.")
        if len(ask.prompt) > MAX_PROMPT_CHARACTERS:
            raise Usage(f"A start may have {MAX_PROMPT_CHARACTERS} characters, yours has {len(ask.prompt)}.")
        await self._limits.count(ask.person, ask.server, ask.cost)
        try:
            return await self._willingly(ask)
        except Busy:
            self._limits.give_back(ask.person, ask.server, ask.cost)
            raise
        except (BotError, PipelineError):
            self._limits.give_back_shared(ask.server, ask.cost)
            raise

    async def _willingly(self, ask: Ask) -> Tweets:
        if not ask.may_speak:
            await self._willing.refuse(ask.voice, ask.server)
        tweets = await self._waiting_room.patiently(lambda: self._drawn(ask))
        # Drawing takes a while. Meanwhile somebody may have withdrawn.
        await self._willing.refuse(ask.voice, ask.server)
        return tweets

    async def server_checks(self, server: str) -> tuple[Check, ...]:
        """The checks for words that the admins of `server` do not want."""
        return await self._server_words.checks(server) if self._server_words else ()

    async def unwanted(self, server: str) -> tuple[Check, ...]:
        """All checks for words that are shown nowhere on `server`."""
        return (*self._writer.unwanted, *await self.server_checks(server))

    async def version(self, voice: VoiceName, server: str = NO_SERVER) -> Version:
        """The version in use. Raises `NotAllowed` if it may not speak, and `Usage` with what else can be done."""
        await self._willing.refuse(voice, server)
        try:
            return await asyncio.to_thread(self._registry.current, voice)
        except UnknownModel:
            raise Usage(await self._what_instead(voice, server)) from None

    async def knows(self, voice: BlendName, server: str = NO_SERVER) -> bool:
        """Returns True if `voice` may be asked for on `server`."""
        try:
            for one in voice.voices:
                await self.version(one, server)
        except (PipelineError, BotError):
            return False
        return True

    async def voices(self, server: str) -> frozenset[VoiceName]:
        """The voices that can be asked for on `server`: those in use, and those that are being learned."""
        in_use = await asyncio.to_thread(self._registry.names)
        learning = [job.name for job in await self._training.jobs()]
        return frozenset(await self._willing.among([*in_use, *learning], server))

    async def together(self, voices: Sequence[VoiceName]) -> BlendName:
        """One voice of several people: the one that was learned from all of them, or else the blend of their voices."""
        learned = VoiceName.together(voices)
        if learned in await asyncio.to_thread(self._registry.names):
            return learned
        return BlendName.sum_of(voices)

    async def imitated(self, tweets: Tweets) -> list[Imitated]:
        """The people who are imitated in `tweets`, with what they call themselves where that is known."""
        people: dict[str, Imitated] = {}
        for name, number in zip(tweets.name.voices, tweets.version.split("+"), strict=True):
            for person in await asyncio.to_thread(self._accounts, name, number):
                people.setdefault(person.handle, person)
        return list(people.values())

    def _accounts(self, name: VoiceName, version: str) -> list[Imitated]:
        try:
            accounts = self._registry.version(name, version).manifest.accounts
        except PipelineError:
            accounts = ()  # a preview is no version
        by_handle = {account.handle.lower(): account for account in accounts}
        people = []
        for handle in name.handles:
            account = by_handle.get(handle)
            people.append(Imitated(handle, account.display_name, account.avatar_url) if account else Imitated(handle))
        return people

    async def picture(self, tweets: Tweets, prompt: str = "") -> bytes:
        """`tweets` as a PNG. Raises `Unavailable` where pictures cannot be made."""
        people = [PicturedPerson(person.handle, person.display_name) for person in await self.imitated(tweets)]
        return await asyncio.to_thread(predictions, people, prompt, tweets.texts)

    async def models(self, server: str = NO_SERVER) -> list[Version]:
        """The versions in use of the voices that may speak on `server`, sorted by name."""
        versions = await asyncio.to_thread(self._registry.in_use)
        willing = set(await self._willing.among([version.name for version in versions], server))
        return [version for version in versions if version.name in willing]

    async def suggestions(self, typed: str, server: str = NO_SERVER) -> list[VoiceName]:
        """Names that contain what was typed so far, the best first. `@` and case do not matter."""
        wanted = comparable(typed)
        fitting = [name for name in await self.names(server) if wanted in name]
        return sorted(fitting, key=lambda name: (not name.startswith(wanted), name))[:MAX_SUGGESTIONS]

    async def _drawn(self, ask: Ask) -> Tweets:
        try:
            voice = await asyncio.to_thread(find_voice, ask.voice, self._registry.current)
        except UnknownModel as error:
            if not isinstance(ask.voice, VoiceName):
                raise Usage(await self._what_instead(VoiceName(error.name), ask.server)) from None
            return await self._preview(ask.voice, ask)
        return await self._written(voice, ask)

    async def _written(self, voice: Drawable, ask: Ask) -> Tweets:
        unwanted = await self.server_checks(ask.server)
        return await self._writer.write(
            voice, ask.prompt, ask.count, person=ask.person, context=ask.context, unwanted=unwanted
        )

    async def _preview(self, name: VoiceName, ask: Ask) -> Tweets:
        """A preview while the voice `name` is being learned. Raises `Usage` with what else can be done."""
        job = await self._training.job(name)
        if job is None or not self._preview_base or self._tweets is None:
            raise Usage(await self._what_instead(name, ask.server))
        files = [Owned(Path(file)) for file in job.files]
        texts, _ = await asyncio.to_thread(texts_of, name, files, self._tweets)
        try:
            voice = preview_voice(name, texts, self._preview_base)
        except TooLittleData:
            raise Usage(await self._what_instead(name, ask.server)) from None
        return await self._written(voice, ask)

    async def _what_instead(self, name: VoiceName, server: str) -> str:
        if job := await self._training.job(name):
            return f"I am still learning {name} ({job.percent} %); try again in a moment."
        names = await self.names(server)
        if not names:
            return f"I know nobody yet, so not {name} either; an admin can train a voice with /train."
        listed = ", ".join(names[:NAMES_IN_A_SENTENCE]) + (", ..." if len(names) > NAMES_IN_A_SENTENCE else "")
        sentences = (
            f"I do not know {name} yet.",
            did_you_mean(name, names),
            f"I know {listed}; an admin can train others with /train.",
        )
        return " ".join(filter(None, sentences))

    async def names(self, server: str) -> list[VoiceName]:
        """The voices in use that may speak on `server`."""
        return await self._willing.among(await asyncio.to_thread(self._registry.names), server)
