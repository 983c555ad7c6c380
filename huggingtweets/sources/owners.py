"""Whose tweets a file holds, if a model is made of several people.

`nasa=PATH` says it, or the archive itself does. In a model of one person, all tweets are that person's.

Knows how that is written, and what a source says about its account. Does not know what is done with the tweets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from huggingtweets.core.errors import Usage
from huggingtweets.core.names import VoiceName, comparable
from huggingtweets.core.records import Collected, Counts, Tweet
from huggingtweets.sources import read_each
from huggingtweets.tweets.clean import clean_all
from huggingtweets.tweets.tweet_store import TweetStore

_UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Owned:
    """A file or folder of tweets. `handle` says whose they are, if known; `written` is the path as it was typed."""

    path: Path
    handle: str | None = None
    written: str = field(default="", compare=False)  # `Path` would turn an address into x:https:/x.com


def parse_owned(text: str, voice: VoiceName) -> Owned:
    """Reads `nasa=PATH`, if `nasa` is one of the people in `voice`. Anything else is a path as it stands."""
    owner, equals, rest = text.partition("=")
    handle = comparable(owner)
    if equals and handle in voice.handles and not Path(text).exists():
        return Owned(Path(rest), handle, rest)
    return Owned(Path(text), written=text)


def read_owned(voice: VoiceName, files: Sequence[Owned]) -> Mapping[str, list[Collected]]:
    """What `files` hold, by handle. Earlier archives come first, so that a later one can correct them.

    Raises `Usage` if nothing says whose a file is, and `BadSource`.
    """
    handles = voice.handles
    only = handles[0] if voice.is_of_one else None
    sources: dict[str, list[Collected]] = {}
    paths_of = {handle: [file.path for file in files if (file.handle or only) == handle] for handle in handles}
    for handle, paths in paths_of.items():
        sources[handle] = read_each(paths, [handle])
    for file in files:
        if not (file.handle or only):
            (collected,) = read_each([file.path])
            sources[_owner(handles, file.path, collected)].append(collected)
    return {handle: sorted(some, key=_latest) for handle, some in sources.items() if some}


def texts_of(voice: VoiceName, files: Sequence[Owned], store: TweetStore) -> tuple[list[str], Counts]:
    """The texts that could be learned from `files`, or from `store` if no file is named, oldest first.

    The counts say what became of all tweets. Nothing is stored. Raises what `read_owned` does, and `Forgotten` or
    `OptedOut` for somebody who must not be learned.
    """
    tweets: list[Tweet] = []
    withdrawn: set[str] = set()
    for handle, some in read_owned(voice, files).items():
        for collected in some:
            store.refuse(handle, collected)
            tweets += collected.tweets
            withdrawn |= collected.withdrawn
    if not files:
        tweets = [tweet for handle in voice.handles for tweet in store.tweets(handle)]
    newest = {tweet.id: tweet for tweet in tweets if tweet.id not in withdrawn}
    ordered = sorted(newest.values(), key=lambda tweet: tweet.created_at or _UNDATED)
    learnable, counts = clean_all(ordered)
    return [tweet.text for tweet in learnable], counts


def _owner(handles: Sequence[str], path: Path, collected: Collected) -> str:
    named = collected.account.handle.lower() if collected.account else None
    if named not in handles:
        of = f"it is by @{named}" if named else "it does not say"
        raise Usage(
            f"Whose tweets are in {path}? {of[0].upper()}{of[1:]}; write --from {handles[0]}={path}.",
            for_people=f"Whose tweets are in {path.name}? {of[0].upper()}{of[1:]}; give each person's files to a voice "
            "of their own.",
        )
    return str(named)


def _latest(collected: Collected) -> datetime:
    return max((tweet.created_at for tweet in collected.tweets if tweet.created_at), default=_UNDATED)
