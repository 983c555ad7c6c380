"""Posts of Mastodon, in the forms in which they are exported: the `outbox.json` of an archive, and dumps of the API.

A boost is a retweet. Posts to followers or to single people are private, so they are never read. Programs with the same
protocol (Pleroma, GoToSocial) write the same. Made after ActivityStreams 2.0 and Mastodon's entities Status and
Account. Does not know which texts are worth learning.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.core.people.names import without_at
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.addresses import parts_of
from huggingtweets.sources.reading.files import IN_SMALLER_PARTS, TOO_MANY_POSTS
from huggingtweets.sources.reading.html_text import text_of
from huggingtweets.sources.reading.json_array import BrokenJSON
from huggingtweets.sources.reading.persons import by_several

Record = Mapping[str, object]

MAX_CHARACTERS = 1 << 28  # held as a whole; a hundred thousand posts
SITE = "mastodon"
FORM = "posts of Mastodon"
_LOOK = 1 << 16  # characters; one post with all that is known of it has less
_STATUS = re.compile(r'"visibility"\s*:\s*"(?:public|unlisted|private|direct|limited)"')
_BOOST = re.compile(r'"(?:reblog|spoiler_text|reblogs_count)"\s*:')
_OUTBOX = re.compile(r'"orderedItems"|"type"\s*:\s*"OrderedCollection')
_PUBLIC = ("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public")
_FOR_ALL = ("public", "unlisted")
_POSTS = ("Note", "Question", "Article", "Page")
_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"\s*")


def is_mastodon(head: str) -> bool:
    """Returns True if a JSON file that begins with `head` holds posts of Mastodon."""
    look = head[:_LOOK]
    return bool((_STATUS.search(look) and _BOOST.search(look)) or _OUTBOX.search(look))


def records(path: Path, stream: TextIO) -> list[Record]:
    """The posts in the JSON of `stream`, with the account if it stands beside them. Raises `BrokenJSON`."""
    text = stream.read(MAX_CHARACTERS + 1)
    if len(text) > MAX_CHARACTERS:
        why = f"it has more than the {MAX_CHARACTERS:,} characters of posts that are read at once"
        raise BadSource(path, why, IN_SMALLER_PARTS, told=TOO_MANY_POSTS)
    return [record for value in _values(text) for record in _inside(value)]


def collected(path: Path, exported: Iterable[Record], actor: Record) -> Collected:
    """The public posts of the `exported` ones, and whose they are. Raises `BadSource` for several people or no post."""
    posts = [post for record in exported if (post := post_of(record))]
    public = {post.tweet.id: post.tweet for post in posts if post.is_public}
    authors = {post.author for post in posts if post.author}
    if len(authors) > 1:
        why = by_several(Counter(post.author for post in posts if post.author).most_common())
        raise BadSource(path, why, Phrase("give each person's posts in a file of their own"))
    if not public:
        why = Phrase("it holds no public posts") if posts else Phrase("it holds no posts")
        raise BadSource(path, why, Phrase("give the archive of an account with public posts"))
    people = [post.account for post in posts if post.account]
    private = sum(not post.is_public for post in posts)
    return Collected(
        _actor(actor) or (people[0] if people else None),
        tuple(public.values()),
        form=FORM,
        left_out={"not public": private} if private else {},
    )


@dataclass(frozen=True, slots=True)
class Post:
    """A post or boost. `author` is such as `keeper@m.example`, or empty if nothing says whose it is."""

    tweet: Tweet
    is_public: bool
    author: str
    account: Account | None


def _values(text: str) -> Iterator[object]:
    """The JSON values that stand one after the other in `text`."""
    at = _past_blanks(text, 0)
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise BrokenJSON(text.count("\n", 0, at) + 1) from error
        yield value
        at = _past_blanks(text, at)


def _past_blanks(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _inside(value: object) -> Iterator[Record]:
    """The person's own posts in `value`, without posts that they favourited, bookmarked or received."""
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        own = next((value[name] for name in ("orderedItems", "statuses") if isinstance(value.get(name), list)), None)
        if own is None:
            yield value
        else:
            account = value.get("account")
            yield from ({"account": account, **record} for record in own if isinstance(record, dict))


def post_of(record: Record) -> Post | None:
    """The post that `record` describes; None for anything else, such as a like."""
    if isinstance(record.get("content"), str) and "visibility" in record:
        return _from_status(record)
    kind, thing = record.get("type"), record.get("object")
    if kind == "Announce":
        return _boost(record, thing)
    if kind == "Create" and isinstance(thing, dict):
        return _from_note({**record, **thing}, str(record.get("actor") or thing.get("attributedTo") or ""))
    return _from_note(record, str(record.get("attributedTo") or "")) if kind in _POSTS else None


def _from_status(record: Record) -> Post | None:
    """A status of the API."""
    id_, boosted, account = record.get("id"), record.get("reblog"), _dict(record.get("account"))
    author = _name(account.get("url"), account.get("username"))
    if not isinstance(id_, str | int):
        return None
    tweet = Tweet(
        id=str(record.get("uri") or id_),
        text=_boost_of(boosted) if isinstance(boosted, dict) else _escaped(str(record.get("content"))),
        created_at=dates.moment(record.get("created_at")),
        is_retweet=bool(boosted),
        is_reply=bool(record.get("in_reply_to_id") or record.get("in_reply_to_account_id")),
        lang=_text(record.get("language")),
        source=_source(author),
        reply_to=_replied_to(record),
    )
    is_public = record.get("visibility") in _FOR_ALL and not record.get("local_only")
    named = fields.account(account.get("username"), account.get("display_name"), account.get("avatar"), SITE)
    return Post(tweet, is_public, author, named)


def _replied_to(record: Record) -> str:
    """The id of the post that a status answers, in the form that the id of one of the person's own posts has."""
    id_, uri, answered = str(record.get("id")), _text(record.get("uri")), record.get("in_reply_to_id")
    if not isinstance(answered, str | int) or not answered:
        return ""
    return uri.removesuffix(id_) + str(answered) if uri and uri.endswith(f"/{id_}") else str(answered)


def _from_note(record: Record, actor: str) -> Post | None:
    """A post in the form of ActivityStreams."""
    id_, content = record.get("id"), record.get("content")
    if not isinstance(id_, str) or not isinstance(content, str) or record.get("type") not in _POSTS:
        return None
    languages = list(_dict(record.get("contentMap")))
    author = _name(actor, "")
    tweet = Tweet(
        id=id_,
        text=_escaped(content),
        created_at=dates.moment(record.get("published")),
        is_reply=bool(record.get("inReplyTo")),
        reply_to=_text(record.get("inReplyTo")) or "",
        lang=languages[0] if len(languages) == 1 else None,
        source=_source(author),
    )
    is_public = any(place in _PUBLIC for key in ("to", "cc") for place in _list(record.get(key)))
    return Post(tweet, is_public, author, fields.account(author.partition("@")[0], site=SITE))


def _boost(record: Record, thing: object) -> Post | None:
    """A boost in an outbox. It mostly holds the address of the boosted post, and no words of the person."""
    id_, author = record.get("id"), _name(record.get("actor"), "")
    address = thing.get("id") if isinstance(thing, dict) else thing
    if not isinstance(id_, str):
        return None
    created_at = dates.moment(record.get("published"))
    tweet = Tweet(id_, f"RT {address}", created_at, is_retweet=True, source=_source(author))
    return Post(tweet, True, author, fields.account(author.partition("@")[0], site=SITE))


def _boost_of(boosted: Record) -> str:
    by = _text(_dict(boosted.get("account")).get("acct")) or _text(_dict(boosted.get("account")).get("username")) or ""
    return f"RT @{html.escape(by, quote=False)}: {_escaped(str(boosted.get('content') or ''))}"


def _escaped(content: str) -> str:
    """The text of a post, escaped as a tweet's text is."""
    return html.escape(text_of(content), quote=False)


def _name(address: object, username: object) -> str:
    """`keeper@m.example`, from an address such as https://m.example/users/keeper or https://m.example/@keeper."""
    parts = parts_of(address)
    if not parts.hostname:
        return ""
    last = without_at(parts.path.rstrip("/").rpartition("/")[2])
    return f"{_text(username) or last}@{parts.hostname}".lower()


def _source(author: str) -> str:
    """The mark of posts of this account. An archive of X says nothing about posts that are marked so."""
    return f"{SITE}:{author}"


def _actor(actor: Record) -> Account | None:
    """The account that the `actor.json` of an archive names."""
    icon = _dict(actor.get("icon"))
    return fields.account(actor.get("preferredUsername"), actor.get("name"), icon.get("url"), SITE)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _dict(value: object) -> Record:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
