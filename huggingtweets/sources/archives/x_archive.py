"""The official X archive ("Download an archive of your data"): the zip, its folder, or its tweets file alone.

Knows the archive's scripts: `tweets.js` or the older `tweet.js`, in one or many parts; `community-tweet.js`;
`note-tweet.js`; `account.js`; `profile.js`. `tweets.js` also holds the tweets that only a circle of friends could read.
`twitter-circle-tweet.js` says which they are, and they are left out. No other script is opened, so direct messages and
deleted tweets are never read. Does not know which texts are worth learning. Made after two real archives, of 2020 and
2024.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO, TypeVar

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.archives.long_posts import Note, with_long_posts
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.edits import EditedVersions, superseded, versions_of
from huggingtweets.sources.reading.files import (
    BROKEN_TWEET,
    GIVE_ACCEPTED,
    NO_TWEETS,
    OF_ACCOUNT_WITH_TWEETS,
    ONE_BY_ONE,
    SEVERAL_ARCHIVES,
    opened,
    shown,
)
from huggingtweets.sources.reading.json_array import items
from huggingtweets.sources.reading.members import LIMITS, ArchiveLimits, ArchiveMembers, FolderMembers, opened_zip

T = TypeVar("T")
Record = dict[str, object]
FORM = "an X archive"

# The scripts lie in data/, or at the top before 2019. Zips made by hand have one more folder around everything.
_TWEETS_FILE = re.compile(r"((?:[^/]+/)?(?:data/)?)tweets?(?:-part(\d{1,9}))?\.js")
_NOTES_FILE = re.compile(r"note-tweets?(?:-part(\d+))?\.js")
_COMMUNITY_FILE = re.compile(r"community-tweets?(?:-part(\d+))?\.js")
_CIRCLE_FILE = re.compile(r"twitter-circle-tweets?(?:-part(\d+))?\.js")
# Scripts with tweets that were not for everybody. People may give them alone, and some say `tweets` inside.
_PRIVATE = (
    ("circle", Phrase("it lists tweets to a circle, which only friends could read")),
    ("deleted", Phrase("it lists tweets that were deleted")),
)
_BEGINNING = re.compile(r"\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")
_LONGEST_BEGINNING = 200
_REPLIES = (
    "in_reply_to_status_id_str",
    "in_reply_to_status_id",
    "in_reply_to_user_id_str",
    "in_reply_to_user_id",
    "in_reply_to_screen_name",
)


def read_zip(path: Path, limits: ArchiveLimits = LIMITS) -> Collected:
    """The tweets of the archive in the zip at `path`."""
    with opened_zip(path, limits) as members:
        return read(members)


def read_folder(path: Path, limits: ArchiveLimits = LIMITS) -> Collected:
    """The tweets of the archive that is unpacked at `path`: its folder, or the `data` in it."""
    return read(FolderMembers(path, limits))


def read_script(path: Path) -> Collected:
    """The tweets of a single `tweets.js`, which does not say whose they are."""
    private = next((why for name, why in _PRIVATE if name in path.name.lower()), None)
    if private:
        raise BadSource(path, private, GIVE_ACCEPTED)
    with opened(path) as text:
        posted = list(_posted(_Script(path, "the file", text)))
    earlier = _earlier(posted)
    tweets = {one.tweet.id: one.tweet for one in posted if one.tweet.id not in earlier}
    return replace(_collected(path, None, tweets.values()), withdrawn=frozenset(earlier))


def is_script(head: str) -> bool:
    """Returns True if a file that begins with `head` is a script of an X archive."""
    return _BEGINNING.match(head) is not None


@dataclass(frozen=True)
class _Script:
    """One open script of an archive, `what` in sentences."""

    path: Path
    what: str
    text: TextIO

    def records(self, *kinds: str) -> Iterator[tuple[int, Record]]:
        """The records that it lists, each with its line. Raises `BadSource` if they are not of one of `kinds`."""
        begun = self.text.read(_LONGEST_BEGINNING)
        beginning = _BEGINNING.match(begun)
        if not beginning:
            why = f"{self.what} is not of an X archive (no window.YTD at its start)"
            raise BadSource(self.path, why, GIVE_ACCEPTED, told=Phrase("it is not what X puts into an archive"))
        if beginning[1] not in kinds:
            why = f"{self.what} lists {shown(beginning[1])}, not {kinds[0]}"
            raise BadSource(self.path, why, GIVE_ACCEPTED, told=Phrase("it holds something else than tweets"))
        for line, item in items(self.text, begun[beginning.end() :]):
            yield line, self._record(line, item)

    def _record(self, line: int, item: object) -> Record:
        """The record in `item`. Archives since 2020 wrap each record into an object that names its kind."""
        if isinstance(item, dict) and len(item) == 1:
            (item,) = item.values()
        if not isinstance(item, dict):
            raise self.bad(line, "holds no record")
        return item

    def bad(self, line: int, why: str) -> BadSource:
        """The refusal of a record at `line`."""
        said = f"line {line} of {self.what.removeprefix('its ')} {why}"
        return BadSource(self.path, said, GIVE_ACCEPTED, told=BROKEN_TWEET)


def is_in(names: Iterable[str]) -> bool:
    """Returns True if a folder or zip with these files is an X archive."""
    return any(_TWEETS_FILE.fullmatch(name) for name in names)


def read(members: ArchiveMembers) -> Collected:
    """The tweets of the archive. Raises `BadSource` if there are none."""
    names = members.names()
    home, parts = _home(members, names)
    shared = [*parts, *_files(_COMMUNITY_FILE, home, names)]
    posted = [one for name in shared for one in _in_script(members, name, _posted)]
    circle = {id_ for name in _files(_CIRCLE_FILE, home, names) for id_ in _in_script(members, name, _ids)}
    notes = [note for name in _files(_NOTES_FILE, home, names) for note in _in_script(members, name, _notes)]
    account = _account(_first(members, f"{home}account.js", names), _first(members, f"{home}profile.js", names))
    withdrawn = circle | _earlier(posted)
    # A note belongs to one version of an edited tweet. To find the right one, all versions are needed.
    whole = with_long_posts({one.tweet.id: one.tweet for one in posted}.values(), notes)
    collected = _collected(members.path, account, [tweet for tweet in whole if tweet.id not in withdrawn])
    left_out = {"to a circle": len(circle), "earlier versions": len(withdrawn - circle)}
    counts = {reason: count for reason, count in left_out.items() if count}
    return replace(collected, complete=True, withdrawn=frozenset(withdrawn), left_out=counts)


def _earlier(posted: Iterable["_Posted"]) -> set[str]:
    """The ids of versions that a later version replaces."""
    every = list(posted)
    return superseded((one.versions for one in every), [one.tweet.id for one in every])


def _collected(path: Path, account: Account | None, tweets: Iterable[Tweet]) -> Collected:
    collected = Collected(account, tuple(tweets), form=FORM)
    if not collected.tweets:
        raise BadSource(path, NO_TWEETS, OF_ACCOUNT_WITH_TWEETS)
    return collected


def _home(members: ArchiveMembers, names: Iterable[str]) -> tuple[str, list[str]]:
    """The prefix of the folder in which the tweets lie, and their files in order."""
    parts = [match for name in names if (match := _TWEETS_FILE.fullmatch(name))]
    homes = sorted({match[1] for match in parts})
    if not homes:
        why, told = f"it is a {members.kind} without data/tweets.js", Phrase("I find no tweets in it")
        raise BadSource(members.path, why, GIVE_ACCEPTED, told=told)
    if len(homes) > 1:
        why = f"it holds several archives ({shown(homes[0]) or 'itself'} and {shown(homes[1])})"
        raise BadSource(members.path, why, ONE_BY_ONE, told=SEVERAL_ARCHIVES)
    return homes[0], [match[0] for match in sorted(parts, key=lambda match: int(match[2] or 0))]


def _files(kind: re.Pattern[str], home: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(home) and kind.fullmatch(name.removeprefix(home))]


def _in_script(
    members: ArchiveMembers, name: str, parsed: Callable[[_Script], Iterator[T]]
) -> Generator[T, None, None]:
    with members.text(name) as text:
        yield from parsed(_Script(members.path, f"its {shown(name)}", text))


@dataclass(frozen=True, slots=True)
class _Posted:
    """One version of a tweet, and the ids of all versions."""

    tweet: Tweet
    versions: EditedVersions


def _posted(script: _Script) -> Iterator[_Posted]:
    for line, record in script.records("tweets", "tweet", "community_tweet"):
        id_, text = _id(record), record.get("full_text", record.get("text"))
        if id_ is None or not isinstance(text, str):
            raise script.bad(line, "holds a tweet without id or text")
        lang = record.get("lang")
        tweet = Tweet(
            id=id_,
            text=text,
            created_at=dates.moment(record.get("created_at")),
            is_retweet=fields.yes(record.get("retweeted")) or fields.reads_as_retweet(text),
            is_reply=any(record.get(key) for key in _REPLIES),
            lang=lang if isinstance(lang, str) else None,
            reply_to=fields.reply_to(record),
        )
        yield _Posted(tweet, versions_of(record))


def _ids(script: _Script) -> Iterator[str]:
    for line, record in script.records("twitter_circle_tweet", "twitter_circle_tweets", "tweets", "tweet"):
        id_ = _id(record)
        if id_ is None:
            raise script.bad(line, "holds a tweet without id")
        yield id_


def _id(record: Record) -> str | None:
    id_ = record.get("id_str") or record.get("id")
    return id_ if isinstance(id_, str) else None


def _notes(script: _Script) -> Iterator[Note]:
    for line, record in script.records("note_tweet"):
        core, created_at = record.get("core"), dates.moment(record.get("createdAt"))
        text = core.get("text") if isinstance(core, dict) else None
        if created_at is None or not isinstance(text, str):
            raise script.bad(line, "holds a long post without date or text")
        yield Note(created_at, text)


def _first(members: ArchiveMembers, name: str, names: Iterable[str]) -> Record:
    """The first record of the script `name`. It is empty if somebody has taken that script out of the archive."""
    if name not in names:
        return {}
    with closing(_in_script(members, name, _people)) as records:
        return next(records, {})


def _people(script: _Script) -> Iterator[Record]:
    for _line, record in script.records("account", "profile"):
        yield record


def _account(account: Record, profile: Record) -> Account | None:
    name, avatar_url = account.get("accountDisplayName"), profile.get("avatarMediaUrl")
    return fields.account(account.get("username"), name, avatar_url, "x")
