"""What somebody wrote on Reddit, in the export that Reddit gives: `comments.csv` and `posts.csv`, as a zip or alone.

Quoted lines are somebody else's words and are left out, and so is what was removed. Messages and drafts are never
opened. Does not know which texts are worth learning.
"""

import csv
import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.files import BROKEN_TABLE, GET_AGAIN, lines, shown
from huggingtweets.sources.reading.members import ArchiveMembers

SITE = "reddit"
FORM = "an export of Reddit"
_TEXTS = ("comments.csv", "posts.csv")
_BESIDE = frozenset({  # files that lie beside them in an export of Reddit
    "comment_headers.csv", "post_headers.csv", "comment_votes.csv", "post_votes.csv", "statistics.csv", "checkfile.csv",
    "subscribed_subreddits.csv", "account_gender.csv",
})  # fmt: skip
_COLUMNS = frozenset({"id", "permalink", "date", "subreddit", "body"})
# A table with other columns, such as an author, is somebody's own and may be by several people.
_ALL_COLUMNS = _COLUMNS | {"ip", "gildings", "link", "parent", "media", "title", "url"}
_REMOVED = frozenset({"", "[deleted]", "[removed]"})
_QUOTED = re.compile(r"^[ \t]{0,3}(?:>|&gt;)(?!!).*(?:\n|$)", re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]\n]+)\]\((?:https?://|/)[^()\s]*\)")
_POST = re.compile(r"/comments/(\w+)")


def is_in(names: Iterable[str]) -> bool:
    """Returns True if a folder or zip with these files is such an export."""
    files = {PurePosixPath(name).name for name in names}
    return bool(files.intersection(_TEXTS) and files & _BESIDE)


def is_reddit(head: str) -> bool:
    """Returns True if a table that begins with `head` is one of the two."""
    names = set(next(csv.reader(head.splitlines()[:1]), []))
    return _COLUMNS <= names <= _ALL_COLUMNS


def read(members: ArchiveMembers) -> Collected:
    """The posts and comments, and whose they are. Raises `BadSource` if there are none."""
    names = members.names()
    account = next(
        (one for name in names if _is(name, "statistics.csv") for one in _people(members, name) if one), None
    )
    mark = f"{SITE}:{account.handle.lower() if account else ''}"
    tweets: dict[str, Tweet] = {}
    left_out = Counter[str]()
    for name in names:
        if _is(name, *_TEXTS):
            with members.text(name) as text:
                tweets |= {tweet.id: tweet for tweet in _tweets(members.path, f"its {shown(name)}", text, left_out)}
    marked = tuple(replace(tweet, source=mark) for tweet in tweets.values())
    return _collected(members.path, account, marked, left_out)


def read_alone(path: Path, stream: TextIO) -> Collected:
    """The same for one of the tables, which does not say whose it is."""
    left_out = Counter[str]()
    tweets = {tweet.id: tweet for tweet in _tweets(path, "the file", stream, left_out)}
    return _collected(path, None, tuple(tweets.values()), left_out)


def _collected(
    path: Path, account: Account | None, tweets: tuple[Tweet, ...], left_out: Mapping[str, int]
) -> Collected:
    if not tweets:
        mend = Phrase("give the export of somebody who has written on Reddit")
        raise BadSource(path, Phrase("it holds no posts or comments"), mend)
    return Collected(account, tweets, form=FORM, left_out=dict(left_out))


def _is(name: str, *files: str) -> bool:
    return PurePosixPath(name).name in files


def _tweets(path: Path, what: str, stream: TextIO, left_out: Counter[str]) -> Iterator[Tweet]:
    for row in _rows(path, what, stream):
        id_, body, title = row.get("id") or "", row.get("body") or "", row.get("title") or ""
        if not row.keys() >= _COLUMNS:
            why = f"{what} has no column {min(_COLUMNS - row.keys())}"
            raise BadSource(path, why, GET_AGAIN, told=BROKEN_TABLE)
        written = "" if body.strip() in _REMOVED else _plain(body)
        text = "\n".join(filter(None, [_plain(title), written]))
        if not text or not id_:
            left_out["removed or empty"] += 1
            continue
        is_comment = "title" not in row
        yield Tweet(
            id=f"{'t1' if is_comment else 't3'}_{id_}",
            text=text,
            created_at=dates.moment(row.get("date")),
            is_reply=is_comment,
            source=f"{SITE}:",
            reply_to=_parent(row) if is_comment else "",
        )


def _parent(row: Mapping[str, str | None]) -> str:
    """The id of the comment that a comment answers, or else of the post."""
    parent = (row.get("parent") or "").strip()
    if parent:
        return parent if parent.startswith("t") and "_" in parent else f"t1_{parent}"
    post = _POST.search(row.get("link") or row.get("permalink") or "")
    return f"t3_{post[1]}" if post else ""


def _plain(markdown: str) -> str:
    """The person's own words in a text, escaped as a tweet's text is."""
    own = _QUOTED.sub("", html.unescape(markdown))
    return html.escape(_LINK.sub(r"\1", own).strip(), quote=False)


def _people(members: ArchiveMembers, name: str) -> Iterator[Account | None]:
    with members.text(name) as text:
        for row in _rows(members.path, f"its {shown(name)}", text):
            if row.get("statistic") in ("account name", "username"):
                yield fields.account(row.get("value"), "", "", SITE)


def _rows(path: Path, what: str, stream: TextIO) -> Iterator[dict[str, str | None]]:
    reader = csv.DictReader((line for _, line in lines(stream, path)), strict=True)
    try:
        for row in reader:
            yield {name: cell for name, cell in row.items() if isinstance(name, str)}
    except csv.Error as error:
        why = f"{what} is no whole CSV ({error})"
        raise BadSource(path, why, GET_AGAIN, told=BROKEN_TABLE) from error
