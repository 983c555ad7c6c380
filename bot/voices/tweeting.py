"""The use case "tweet like": somebody names a voice and a start, and gets tweets.

Knows the registry, the writer, limits, consent and what is being learned. Does not know Discord, X or the page.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core.errors import BotError, UnknownVoice
from bot.core.process.ongoing import end
from bot.core.servers import NO_SERVER, PAGE
from bot.people.consent import Consenting
from bot.people.limits import TWEETS, Limits
from bot.trainings.training import AUTHORS, OWNERS, Training
from bot.voices.patience import WaitingRoom
from bot.voices.server_words import ServerWords
from bot.voices.tastes import Tastes
from huggingtweets.core.errors import Busy, PipelineError, TooLittleData, UnknownModel, Usage
from huggingtweets.core.people.names import BlendName, VoiceName, comparable
from huggingtweets.core.people.near import did_you_mean
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.whole_text import whole
from huggingtweets.generation.checks import Check, CopyCheck
from huggingtweets.generation.drawing_options import AS_USUAL, MAX_SEED, DrawingOptions
from huggingtweets.generation.engine.preview_voice import Drawable, preview_voice
from huggingtweets.generation.writer import Liked, Tweets, Writer
from huggingtweets.pictures.render import PicturedPerson, predictions
from huggingtweets.registry.blend import find_voice
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.sources.owners import Owned, texts_of
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.texts.copies import normalised

MAX_SUGGESTIONS = 25  # as many as Discord shows
MAX_PROMPT_CHARACTERS = 200
NAMES_IN_A_SENTENCE = 8
SEEDS_APART = 1_000  # of tweets that are drawn one by one; each round of drafts takes the next seed


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for which tweets, and where. `person` is unique across platforms, such as `discord:80351110224678912`.

    The tweets begin with `prompt`, and answer `context` (see `huggingtweets.tweets.learned.contexts`). They repeat none
    of the texts in `unlike`. `version` is the one to draw from; if it is empty, that is the one in use. `cost` is how
    many requests it counts as. `may_speak` says that the voice was just found among those that may speak on the server,
    so this is not asked again before the tweets are drawn. It is always asked afterwards.
    """

    person: str
    voice: BlendName
    prompt: str = ""
    count: int = 1
    server: str = ""
    cost: float = TWEETS
    may_speak: bool = False
    context: str = ""
    options: DrawingOptions = AS_USUAL
    unlike: Sequence[str] = ()
    version: str = ""

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
    With `tastes`, what people like of a voice is likelier to be answered.
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
        tastes: Tastes | None = None,
        measured: Callable[[], AbstractContextManager[None]] = nullcontext,
    ):
        self._registry = registry
        self._preview_base = preview_base
        self._tweets = tweets
        self._writer = writer
        self._training = training
        self.limits = limits
        self._waiting_room = waiting_room or WaitingRoom()
        self._willing = consenting.willing
        self._server_words = server_words
        self._tastes = tastes
        self._measured = measured
        self.max_count = max_count

    async def tweet_like(self, ask: Ask) -> Tweets:
        """Tweets in the voice of `ask.voice`. Raises `BotError` or `PipelineError` with a sentence for the person."""
        with self._measured():
            self._refuse_out_of_bounds(ask)
            await self.limits.count(ask.person, ask.server, ask.cost)
            try:
                return await self._willingly(ask)
            except (BotError, PipelineError) as error:
                self._give_back(ask, error)
                raise

    async def as_ready(self, ask: Ask) -> AsyncIterator[Tweets]:
        """The same one tweet at a time, each as soon as it is ready. None repeats another one.

        There are fewer than were asked for if some fail. Raises like `tweet_like` if all do.
        """
        with self._measured():
            async for tweets in self._one_by_one(ask):
                yield tweets

    async def _one_by_one(self, ask: Ask) -> AsyncIterator[Tweets]:
        self._refuse_out_of_bounds(ask)
        await self.limits.count(ask.person, ask.server, ask.cost)
        drawing = [asyncio.create_task(self._willingly(_one_of(ask, number))) for number in range(ask.count)]
        texts: set[str] = set()
        first_error: BotError | PipelineError | None = None
        try:
            for drawn in asyncio.as_completed(drawing):
                try:
                    tweets = await drawn
                except (BotError, PipelineError) as error:
                    first_error = first_error or error
                    continue
                if normalised(tweets.texts[0]) not in texts:
                    texts.add(normalised(tweets.texts[0]))
                    yield tweets
        finally:
            await end(*drawing)
        if first_error and not texts:
            self._give_back(ask, first_error)
            raise first_error

    def _give_back(self, ask: Ask, error: Exception) -> None:
        """Uncount a request that was refused."""
        if isinstance(error, Busy):
            self.limits.give_back(ask.person, ask.server, ask.cost)
        else:
            self.limits.give_back_shared(ask.server, ask.cost)

    def _refuse_out_of_bounds(self, ask: Ask) -> None:
        if not 1 <= ask.count <= self.max_count:
            raise Usage(
                Phrase(
                    "I write 1 to {max_count} tweets at once, not {count}.", max_count=self.max_count, count=ask.count
                )
            )
        _refuse_long(ask.prompt)

    async def tweet_more(self, ask: Ask) -> Tweets:
        """The same for what was counted already: a part of something, or a request by the limits of a token."""
        _refuse_long(ask.prompt)
        return await self._willingly(ask)

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
        """The version in use. Raises `NotAllowed` if it may not speak, and `UnknownVoice` if there is none."""
        await self._willing.refuse(voice, server)
        try:
            return await asyncio.to_thread(self._registry.current, voice)
        except UnknownModel:
            raise UnknownVoice(await self._what_instead(voice, server)) from None

    async def version_of(self, voice: VoiceName, version: str) -> Version | None:
        """One version of a voice, in use or not. Returns None if it is not there, or damaged."""
        try:
            return await asyncio.to_thread(self._registry.version, voice, version)
        except PipelineError:
            return None

    async def refuse_unwilling(self, voice: BlendName, server: str = NO_SERVER) -> None:
        """Raises `NotAllowed` if `voice` may not speak on `server`."""
        await self._willing.refuse(voice, server)

    async def is_willing(self, voice: BlendName, server: str = NO_SERVER) -> bool:
        """Returns True if `voice` may speak on `server`."""
        return await self._willing.may_speak(voice, server)

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
        if ask.version:
            version = await asyncio.to_thread(self._registry.version, ask.voice.single, ask.version)
            return await self._written(version, ask)
        try:
            voice = await asyncio.to_thread(find_voice, ask.voice, self._registry.current)
        except UnknownModel as error:
            if not isinstance(ask.voice, VoiceName):
                raise UnknownVoice(await self._what_instead(VoiceName(error.name), ask.server)) from None
            return await self._preview(ask.voice, ask)
        return await self._written(voice, ask)

    async def _written(self, voice: Drawable, ask: Ask) -> Tweets:
        unwanted = await self.server_checks(ask.server)
        if ask.unlike:
            unwanted = (*unwanted, CopyCheck(ask.unlike))
        return await self._writer.write(
            voice,
            ask.prompt,
            ask.count,
            ask.options,
            person=ask.person,
            context=ask.context,
            unwanted=unwanted,
            liked=self._liked(ask),
        )

    def _liked(self, ask: Ask) -> Liked | None:
        """What says how much people like a text in this voice. None if it is not known, or must not matter."""
        # With a seed or a version of its own, the same tweets come again, and versions are compared as they are. There
        # is no end of blends, and hardly anybody judges one often.
        if not self._tastes or ask.version or ask.options.seed is not None or not isinstance(ask.voice, VoiceName):
            return None
        taste = self._tastes.at_hand(ask.voice)
        return taste.scores if taste and taste.is_better_than_chance else None

    async def _preview(self, name: VoiceName, ask: Ask) -> Tweets:
        """A preview while the voice `name` is being learned. Raises `UnknownVoice` with what else can be done."""
        job = await self._training.job(name)
        if job is None or not self._preview_base or self._tweets is None:
            raise UnknownVoice(await self._what_instead(name, ask.server))
        owners, authors = job.options.get(OWNERS, {}), job.options.get(AUTHORS, {})
        files = [
            Owned(Path(file), owners.get(file), author=authors.get(owners.get(file, name), "")) for file in job.files
        ]
        texts, _ = await asyncio.to_thread(texts_of, name, files, self._tweets)
        try:
            voice = preview_voice(name, texts, self._preview_base)
        except TooLittleData:
            raise UnknownVoice(await self._what_instead(name, ask.server)) from None
        return await self._written(voice, ask)

    async def _what_instead(self, name: VoiceName, server: str) -> Phrase:
        if job := await self._training.job(name):
            return Phrase(
                "I am still learning {name} ({percent} %); try again in a moment.", name=name, percent=job.percent
            )
        names = await self.names(server)
        has_commands = server != PAGE
        if not names:
            how = (
                Phrase("an admin can train a voice with /train")
                if has_commands
                else Phrase("an admin can make a voice on my page, under Make")
            )
            return Phrase("I know nobody yet, so not {name} either; {how}.", name=name, how=how)
        listed = ", ".join(names[:NAMES_IN_A_SENTENCE]) + (", ..." if len(names) > NAMES_IN_A_SENTENCE else "")
        sentences = (
            Phrase("I do not know {name} yet.", name=name),
            did_you_mean(name, names),
            Phrase("I know {listed}; an admin can train others with /train.", listed=listed)
            if has_commands
            else Phrase("I know {listed}.", listed=listed),
        )
        return Phrase.joined(" ", sentences)

    async def names(self, server: str) -> list[VoiceName]:
        """The voices in use that may speak on `server`."""
        return await self._willing.among(await asyncio.to_thread(self._registry.names), server)


def _one_of(ask: Ask, number: int) -> Ask:
    """The ask for tweet `number` alone. A seed gives each of them another one."""
    seed, options = ask.options.seed, ask.options
    if seed is not None:
        options = replace(options, seed=(seed + number * SEEDS_APART) % (MAX_SEED + 1))
    return replace(ask, count=1, options=options)


def _refuse_long(prompt: str) -> None:
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise Usage(
            Phrase(
                "A start may have {most} characters, yours has {count}.", most=MAX_PROMPT_CHARACTERS, count=len(prompt)
            )
        )
