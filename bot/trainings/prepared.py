"""Voices before they are learned: whose tweets there are, what becomes of each, and what somebody decides about them.

What is decided goes with the job, and is noted beside the tweets when the training begins.

Knows files of tweets, the tweet store and jobs. Does not know platforms, or how a voice is learned.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.store.jobs import Job
from bot.trainings.training import AUTHORS, CHOICES, Training
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName, parse_handle
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.remote.upstream import Patience
from huggingtweets.sources import read_each
from huggingtweets.sources.remote_sources import Collector, parse_origin
from huggingtweets.tweets.kept.choices import NO_CHOICES, Choices
from huggingtweets.tweets.kept.tweet_store import TweetStore

MAX_PEOPLE = 6
MAX_TWEETS = 200_000  # of one person, which are held in memory while somebody looks at them
PATIENCE = Patience(attempts=2, first_seconds=1.0, longest_seconds=5.0)  # somebody waits for the answer
_AFTER_NAME = re.compile(r"[.@]")  # what follows says where the account is
_UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose tweets are to be learned. `tweets` are the newest first; `notes` say what could not be read.

    `author` is what they are called in files by several people.
    """

    handle: VoiceName
    account: Account
    tweets: tuple[Tweet, ...]
    files: tuple[Path, ...] = ()
    author: str = ""
    origin: str = ""
    choices: Choices = NO_CHOICES
    notes: tuple[str, ...] = ()

    def having(self, choices: Choices) -> "Person":
        """The same person with other choices."""
        return replace(self, choices=choices)


class Unnamed(Usage):
    """Nothing says whose tweets these are."""


class Preparing:
    """Reads tweets and begins trainings."""

    def __init__(self, settings: Settings, training: Training):
        self._settings = settings
        self._training = training
        self._store = TweetStore(settings.tweets)

    async def from_files(self, files: Sequence[Path], name: str = "", author: str = "") -> Person:
        """Whose tweets are in `files`. Without a `name`, the handle that the files say.

        In files by several people, `author` is the one to read; without it, the one whose name is like `name`.
        Raises `SeveralPeople` if that is nobody, `Unnamed` if the files say no handle, `BadSource`, and `Forgotten` or
        `OptedOut`.
        """
        return await asyncio.to_thread(self._read, files, name, author)

    async def from_network(self, origin: str, folder: Path, name: str = "") -> Person:
        """The posts of an account at a network, such as `@ann@mastodon.social`. They are read into `folder`.

        Raises `Usage`, and what a collection raises.
        """
        parsed = parse_origin(origin)
        if parsed is None:
            raise Usage("That is no account that I can read. Write it as in ann.bsky.social or @ann@mastodon.social.")
        handle = parse_handle(name or _AFTER_NAME.split(parsed.handle, maxsplit=1)[0].replace("-", "_"))
        await self._training.refuse_to_learn(handle)
        storage = self._settings.storage.model_copy(update={"data": folder})
        there = self._settings.model_copy(update={"storage": storage})
        await Collector(there, patience=PATIENCE).collect(handle, [parsed])
        return await asyncio.to_thread(self._collected, TweetStore(there.tweets), handle, origin)

    async def begin(
        self, asker: str, people: Sequence[Person], *, options: Mapping[str, Any] | None = None, place: str = ""
    ) -> Job:
        """Queue the training of one voice of `people`. Raises what `Training.start` raises, and `Usage` for nobody."""
        if not people:
            raise Usage("Give somebody's tweets first.")
        voice = VoiceName.together(person.handle for person in people)
        owned = {file: person.handle for person in people for file in person.files} if len(people) > 1 else {}
        decided = {person.handle: person.choices.as_json() for person in people if person.choices}
        authors = {person.handle: person.author for person in people if person.author}
        origins = {person.origin: person.handle for person in people if person.origin}
        return await self._training.start(
            asker,
            voice,
            [file for person in people for file in person.files],
            place=place,
            options={
                **(options or {}),
                **({CHOICES: decided} if decided else {}),
                **({AUTHORS: authors} if authors else {}),
            },
            owners=owned,
            origins=origins if len(people) > 1 else dict.fromkeys(origins, ""),
        )

    def _read(self, files: Sequence[Path], name: str, author: str) -> Person:
        handle = parse_handle(name) if name.strip() else None
        sources = read_each(files, [author] if author else [handle] if handle else [])
        account = next((source.account for source in sources if source.account), None)
        if handle is None:
            if account is None:
                raise Unnamed("Whose tweets are these? Write their handle.")
            handle = parse_handle(account.handle)
        for source in sources:
            self._store.refuse(handle, source)
        notes = tuple(note for source in sources for note in source.notes)
        return Person(
            handle,
            account or Account(handle),
            self._with_kept(handle, sources),
            files=tuple(files),
            author=author,
            choices=self._store.choices(handle),
            notes=notes,
        )

    def _with_kept(self, handle: VoiceName, sources: Sequence[Collected]) -> tuple[Tweet, ...]:
        """The tweets in `sources` and those that are kept here, the newest first."""
        tweets = {tweet.id: tweet for tweet in self._store.tweets(handle)}
        for source in sources:
            tweets |= {tweet.id: tweet for tweet in source.tweets}
            for id_ in source.withdrawn & tweets.keys():
                del tweets[id_]
        if len(tweets) > MAX_TWEETS:
            raise Usage(f"{len(tweets):,} tweets are too many to look through: give at most {MAX_TWEETS:,}.")
        return tuple(sorted(tweets.values(), key=lambda tweet: tweet.created_at or _UNDATED, reverse=True))

    def _collected(self, there: TweetStore, handle: VoiceName, origin: str) -> Person:
        collected = Collected(there.known.account(handle), tuple(there.tweets(handle)))
        self._store.refuse(handle, collected)
        return Person(
            handle,
            there.known.account(handle),
            self._with_kept(handle, [collected]),
            origin=origin,
            choices=self._store.choices(handle),
        )
