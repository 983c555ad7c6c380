"""What somebody wrote on Threads, Instagram and Facebook, in the export in JSON that Meta gives.

Read are posts, replies and comments: `threads_and_replies.json`, `posts_1.json`, `reels.json`,
`post_comments_1.json`, `your_posts_1.json`, `comments.json`. Stories, archived and deleted posts, groups and messages
are private, so they are never opened. Meta writes each byte of a text as a character of its own; that is mended here.
Does not know which texts are worth learning.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.members import ArchiveMembers
from huggingtweets.sources.reading.whole_json import Record, record_in, records_in, text_in, whole
from huggingtweets.tweets.kept.derived_ids import DerivedIds

THREADS, INSTAGRAM, FACEBOOK = "threads", "instagram", "facebook"
_NAMES = {THREADS: "Threads", INSTAGRAM: "Instagram", FACEBOOK: "Facebook"}
_FILES = (
    (THREADS, re.compile(r"(?:.*/)?threads_and_replies\.json")),
    (INSTAGRAM, re.compile(r"(?:.*/)?(?:media|content)/(?:posts_\d+|reels)\.json")),
    (INSTAGRAM, re.compile(r"(?:.*/)?comments/(?:post_comments(?:_\d+)?|reels_comments)\.json")),
    (FACEBOOK, re.compile(r"(?:.*/)?posts/your_posts(?:__check_ins__photos_and_videos)?_\d+\.json")),
    (FACEBOOK, re.compile(r"(?:.*/)?comments(?:_and_reactions)?/comments\.json")),
)
_PERSON = re.compile(r"(?:.*/)?(?:personal_information|profile_information)\.json")
# What stands at the beginning of a file of each kind, if it is given alone.
_ALONE = (
    (THREADS, (re.compile(r'"text_post_app_text_posts"\s*:'),)),
    (FACEBOOK, (re.compile(r'"comments_v2"\s*:'),)),
    (
        FACEBOOK,
        (
            re.compile(r"\A\s*\["),
            re.compile(r'"timestamp"\s*:\s*\d'),
            re.compile(r'"data"\s*:\s*\[\s*\{\s*"(?:post|update_timestamp)"\s*:'),
        ),
    ),
    (INSTAGRAM, (re.compile(r'"(?:ig_reels_media|comments_media_comments|comments_reels_comments)"\s*:'),)),
    (INSTAGRAM, (re.compile(r'"creation_timestamp"\s*:'), re.compile(r'"media"\s*:'), re.compile(r'"title"\s*:'))),
    (INSTAGRAM, (re.compile(r'"string_map_data"\s*:\s*\{\s*"Comment"\s*:'),)),
)
_LISTS = (
    "text_post_app_text_posts", "ig_reels_media", "comments_media_comments", "comments_reels_comments", "comments_v2",
)  # fmt: skip
MAX_CHARACTERS = 1 << 17  # of one post; Facebook takes 63,206
_AGAIN = Phrase("ask Meta for your information again, in JSON")


def is_in(names: Iterable[str]) -> bool:
    """Returns True if a folder or zip with these files is such an export."""
    return any(_site_of(name) for name in names)


def is_meta(head: str) -> bool:
    """Returns True if a JSON file that begins with `head` is one of such an export."""
    return bool(_site_alone(head))


def read(members: ArchiveMembers) -> Collected:
    """What the person wrote in public. Raises `BadSource` if there is nothing."""
    names = members.names()
    account = _account(members, [name for name in names if _PERSON.fullmatch(name)])
    posts = _Posts(account)
    for name in names:
        if site := _site_of(name):
            with members.text(name) as text:
                posts.add(site, whole(members.path, text))
    return posts.collected(members.path)


def read_alone(path: Path, stream: TextIO, head: str) -> Collected:
    """The same for one file, which does not say whose it is."""
    posts = _Posts(None)
    posts.add(_site_alone(head), whole(path, stream))
    return posts.collected(path)


def mended(text: str) -> str:
    """`text` with its bytes read as UTF-8, if it has one character for each byte; otherwise as it is."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


class _Posts:
    """The posts of all files together."""

    def __init__(self, account: Account | None):
        self._account = account
        self._ids = DerivedIds()
        self._tweets: dict[str, Tweet] = {}
        self._left_out = Counter[str]()
        self._sites: list[str] = []

    def add(self, site: str, value: object) -> None:
        """Take the posts in one file."""
        self._sites.append(site)
        record = record_in(value)
        listed = next((record[name] for name in _LISTS if name in record), value)
        for item in records_in(listed):
            text, when, is_reply = _read(item)
            text = html.escape(mended(text[:MAX_CHARACTERS]).strip(), quote=False)
            if not text:
                self._left_out["without a text"] += 1
                continue
            created_at = dates.moment(when)
            source = f"{site}:{self._account.handle.lower() if self._account else ''}"
            id_ = f"{site}:{self._ids.next(created_at, text)}"
            self._tweets[id_] = Tweet(id_, text, created_at, is_reply=is_reply, source=source)

    def collected(self, path: Path) -> Collected:
        if not self._tweets:
            raise BadSource(path, Phrase("it holds no posts with a text"), _AGAIN)
        sites = [name for site, name in _NAMES.items() if site in self._sites]
        form = f"an export of {' and '.join(sites)}"
        note = Phrase("It does not say who could see each post, so posts for friends alone may be among them.")
        notes = (note,) if FACEBOOK in self._sites else ()
        return Collected(
            self._account, tuple(self._tweets.values()), notes=notes, form=form, left_out=dict(self._left_out)
        )


def _read(item: Record) -> tuple[str, object, bool]:
    """The text of a post, when it was written, and if it is a reply."""
    for read in (_comment_of_instagram, _of_facebook):
        if found := read(item):
            return found
    media = records_in(item.get("media"))
    title = text_in(item.get("title")) or next((text for one in media if (text := text_in(one.get("title")))), "")
    when = item.get("creation_timestamp") or next((one.get("creation_timestamp") for one in media), None)
    return title, when, any(record_in(one.get("text_app_post")).get("is_reply") is True for one in [item, *media])


def _comment_of_instagram(item: Record) -> tuple[str, object, bool] | None:
    facts = record_in(item.get("string_map_data"))
    if not facts:
        return None
    return text_in(record_in(facts.get("Comment")).get("value")), record_in(facts.get("Time")).get("timestamp"), True


def _of_facebook(item: Record) -> tuple[str, object, bool] | None:
    """A post or a comment of Facebook. The title beside it ("Ann commented on a post") is nobody's words."""
    if "timestamp" not in item:
        return None
    data = records_in(item.get("data"))
    comment = next((record_in(one["comment"]) for one in data if "comment" in one), None)
    if comment is not None:
        return text_in(comment.get("comment")), comment.get("timestamp") or item["timestamp"], True
    return next((text for one in data if (text := text_in(one.get("post")))), ""), item["timestamp"], False


def _site_of(name: str) -> str:
    return next((site for site, file in _FILES if file.fullmatch(name)), "")


def _site_alone(head: str) -> str:
    return next((site for site, marks in _ALONE if all(mark.search(head) for mark in marks)), "")


def _account(members: ArchiveMembers, files: Iterable[str]) -> Account | None:
    """Whose export it is, if it says so."""
    readers: tuple[tuple[str, Callable[[Record], Iterator[Account | None]]], ...] = (
        ("profile_user", _on_instagram),
        ("profile_v2", _on_facebook),
    )
    for name in files:
        with members.text(name) as text:
            facts = record_in(whole(members.path, text))
        for key, read in readers:
            if account := next((one for one in read(facts) if one), None) if key in facts else None:
                return account
    return None


def _on_instagram(information: Record) -> Iterator[Account | None]:
    for user in records_in(information.get("profile_user")):
        facts = record_in(user.get("string_map_data"))
        handle, name = (text_in(record_in(facts.get(key)).get("value")) for key in ("Username", "Name"))
        yield fields.account(handle, mended(name), "", INSTAGRAM)


def _on_facebook(facts: Record) -> Iterator[Account | None]:
    profile = record_in(facts.get("profile_v2"))
    name = mended(text_in(record_in(profile.get("name")).get("full_name")))
    yield fields.account(profile.get("username"), name, "", FACEBOOK)
