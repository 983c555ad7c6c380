"""The official X archive ("Download an archive of your data"), as it comes (a zip), unpacked, or its tweets file alone.

Knows the archive's scripts: `tweets.js` or the older `tweet.js`, in one or many parts; `note-tweet.js`; `account.js`;
`profile.js`. Does not open the others, so direct messages and deleted tweets are never read. Does not know what a text
is worth. Made after two real archives, of 2020 and 2024.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO, TypeVar

from huggingtweets.errors import BadSource
from huggingtweets.records import Account, Collected, Tweet
from huggingtweets.sources import fields
from huggingtweets.sources.files import ACCEPTED, opened, shown
from huggingtweets.sources.json_array import items
from huggingtweets.sources.long_posts import Note, with_long_posts
from huggingtweets.sources.members import LIMITS, FolderMembers, Limits, Members, opened_zip

T = TypeVar("T")
Record = dict[str, object]

# The archive may lie in one folder more, as zips made by hand do; its scripts lie in data/, before 2019 beside it.
_TWEETS_FILE = re.compile(r"((?:[^/]+/)?(?:data/)?)tweets?(?:-part(\d+))?\.js")
_NOTES_FILE = re.compile(r"note-tweets?(?:-part(\d+))?\.js")
_BEGINNING = re.compile(r"\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")
_LONGEST_BEGINNING = 200
_REPLIES = (
    "in_reply_to_status_id_str",
    "in_reply_to_status_id",
    "in_reply_to_user_id_str",
    "in_reply_to_user_id",
    "in_reply_to_screen_name",
)
_MEND = f"give {ACCEPTED}"


def read_zip(path: Path, limits: Limits = LIMITS) -> Collected:
    """The tweets of the archive that the zip at `path` is."""
    with opened_zip(path, limits) as members:
        return _read(members)


def read_folder(path: Path, limits: Limits = LIMITS) -> Collected:
    """The tweets of the archive that is unpacked at `path`: its folder, or the `data` in it."""
    return _read(FolderMembers(path, limits))


def read_script(path: Path) -> Collected:
    """The tweets of a single `tweets.js`, which does not say whose they are."""
    with opened(path) as text:
        tweets = {tweet.id: tweet for tweet in _tweets(_Script(path, "the file", text))}
    return _collected(path, None, tweets.values())


def is_script(head: str) -> bool:
    """Whether a file that begins with `head` is one of an X archive's."""
    return _BEGINNING.match(head) is not None


@dataclass(frozen=True)
class _Script:
    """One open script of an archive, `what` in sentences."""

    path: Path
    what: str
    text: TextIO

    def records(self, *kinds: str) -> Iterator[tuple[int, Record]]:
        """What it lists, each with its line, provided it lists one of `kinds`."""
        begun = self.text.read(_LONGEST_BEGINNING)
        found = _BEGINNING.match(begun)
        if not found:
            raise BadSource(self.path, f"{self.what} is not of an X archive (no window.YTD at its start)", _MEND)
        if found[1] not in kinds:
            raise BadSource(self.path, f"{self.what} lists {shown(found[1])}, not {kinds[0]}", _MEND)
        for line, item in items(self.text, begun[found.end() :]):
            yield line, self._record(line, item)

    def _record(self, line: int, item: object) -> Record:
        """The one value of `item`, or `item` itself: archives of 2019 name no kind around each record."""
        if isinstance(item, dict) and len(item) == 1:
            (item,) = item.values()
        if not isinstance(item, dict):
            raise self.bad(line, "holds no record")
        return item

    def bad(self, line: int, why: str) -> BadSource:
        """That `line` cannot be used."""
        return BadSource(self.path, f"line {line} of {self.what.removeprefix('its ')} {why}", _MEND)


def _read(members: Members) -> Collected:
    names = members.names()
    home, parts = _home(members, names)
    tweets = {tweet.id: tweet for name in parts for tweet in _in_script(members, name, _tweets)}
    notes = [note for name in _note_files(home, names) for note in _in_script(members, name, _notes)]
    account = _account(_first(members, f"{home}account.js", names), _first(members, f"{home}profile.js", names))
    collected = _collected(members.path, account, with_long_posts(tweets.values(), notes))
    return replace(collected, complete=True)


def _collected(path: Path, account: Account | None, tweets: Iterable[Tweet]) -> Collected:
    collected = Collected(account, tuple(tweets))
    if not collected.tweets:
        raise BadSource(path, "it holds no tweets", "give the archive of an account that has tweeted")
    return collected


def _home(members: Members, names: Iterable[str]) -> tuple[str, list[str]]:
    """The folder that the tweets lie in, as a prefix, and their files in order."""
    found = [match for name in names if (match := _TWEETS_FILE.fullmatch(name))]
    homes = sorted({match[1] for match in found})
    if not homes:
        raise BadSource(members.path, f"it is a {members.kind} without data/tweets.js", _MEND)
    if len(homes) > 1:
        why = f"it holds several archives ({shown(homes[0]) or 'itself'} and {shown(homes[1])})"
        raise BadSource(members.path, why, "give them one by one")
    return homes[0], [match[0] for match in sorted(found, key=lambda match: int(match[2] or 0))]


def _note_files(home: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(home) and _NOTES_FILE.fullmatch(name.removeprefix(home))]


def _in_script(members: Members, name: str, parsed: Callable[[_Script], Iterator[T]]) -> Generator[T, None, None]:
    with members.text(name) as text:
        yield from parsed(_Script(members.path, f"its {shown(name)}", text))


def _tweets(script: _Script) -> Iterator[Tweet]:
    for line, record in script.records("tweets", "tweet"):
        id_, text = record.get("id_str") or record.get("id"), record.get("full_text", record.get("text"))
        if not isinstance(id_, str) or not isinstance(text, str):
            raise script.bad(line, "holds a tweet without id or text")
        lang = record.get("lang")
        yield Tweet(
            id=id_,
            text=text,
            created_at=fields.moment(record.get("created_at")),
            is_retweet=fields.yes(record.get("retweeted")) or fields.reads_as_retweet(text),
            is_reply=any(record.get(key) for key in _REPLIES),
            lang=lang if isinstance(lang, str) else None,
        )


def _notes(script: _Script) -> Iterator[Note]:
    for line, record in script.records("note_tweet"):
        core, created_at = record.get("core"), fields.moment(record.get("createdAt"))
        text = core.get("text") if isinstance(core, dict) else None
        if created_at is None or not isinstance(text, str):
            raise script.bad(line, "holds a long post without date or text")
        yield Note(created_at, text)


def _first(members: Members, name: str, names: Iterable[str]) -> Record:
    """The first record of the script `name`; an empty one if the archive was thinned out and has no such script."""
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
