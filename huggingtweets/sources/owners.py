"""Whose tweets a file holds, if a model is made of several people.

`nasa=PATH` says it, or the archive itself does. In a model of one person, all tweets are that person's.

Knows how that is written, and what a source says about its account. Does not know what is done with the tweets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from huggingtweets.core.errors import BadSource, Usage
from huggingtweets.core.people.names import VoiceName, comparable
from huggingtweets.core.records import Collected, Counts, Tweet
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import shown_path
from huggingtweets.sources import read, refuse_different_accounts
from huggingtweets.sources.reading.files import shown
from huggingtweets.sources.reading.persons import meant
from huggingtweets.sources.tables.named_columns import AS_FOUND, NamedColumns
from huggingtweets.tweets.kept.choices import Choices
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.clean import clean_all

_UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Owned:
    """A file or folder of tweets. `handle` says whose they are, if known; `written` is the path as it was typed.

    `columns` say what the columns of a table mean, and `author` who of several people in it is meant.
    """

    path: Path
    handle: str | None = None
    written: str = field(default="", compare=False)  # `Path` would turn an address into x:https:/x.com
    columns: NamedColumns = AS_FOUND
    author: str = ""

    def read(self, names: Sequence[str] = ()) -> Collected:
        """What it holds. Of several people only the `author`, or else the one in `names`.

        Raises `BadSource`, also if all of it is by somebody else than the `author`.
        """
        collected = read(self.path, [self.author] if self.author else names, self.columns)
        account = collected.account
        names = collected.known_as or ((account.handle, account.display_name) if account else ())
        # A handle of Bluesky is also known by its first part: ann of ann.bsky.social.
        spellings = [part for name in names for part in (name, name.partition(".")[0])]
        if self.author and names and not any(meant([self.author], [one]) for one in spellings):
            why = Phrase(
                "it is by {name}, and not by {author}", name=shown(names[0], 30), author=shown(self.author, 30)
            )
            raise BadSource(self.path, why, Phrase("name somebody who wrote in it"))
        return collected


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
    for handle in handles:
        own = [file for file in files if (file.handle or only) == handle]
        sources[handle] = [file.read([handle]) for file in own]
        refuse_different_accounts([file.path for file in own], sources[handle])
    for file in files:
        if not (file.handle or only):
            collected = file.read()
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
    choices = Choices.together(store.choices(handle) for handle in voice.handles)
    learnable, counts = clean_all(ordered, choices)
    return [tweet.text for tweet in learnable], counts


def _owner(handles: Sequence[str], path: Path, collected: Collected) -> str:
    named = collected.account.handle.lower() if collected.account else None
    if named not in handles:
        of = Phrase("It is by @{handle}", handle=named) if named else Phrase("It does not say")
        raise Usage(
            f"Whose tweets are in {shown_path(path)}? {of}; write --from {handles[0]}={shown_path(path)}.",
            for_people=Phrase(
                "Whose tweets are in {file}? {of}; give each person's files to a voice of their own.",
                file=shown_path(path.name),
                of=of,
            ),
        )
    return str(named)


def _latest(collected: Collected) -> datetime:
    return max((tweet.created_at for tweet in collected.tweets if tweet.created_at), default=_UNDATED)
