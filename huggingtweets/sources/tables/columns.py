"""What the columns of people's exports mean, by their names and by what stands in them.

Knows names, as patterns, since every tool has its own. A column with an unknown name is ignored. Does not know how the
table is written, or what only all of its rows together show.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from huggingtweets.sources.reading import fields

Row = dict[str, object]

# Names as `folded` writes them, the best first.
_TEXT = (
    "extendedtweetfulltext", "notetweettext", "fulltext", "tweetfulltext", "text", "tweet", "tweettext", "content",
    "rawcontent", "tweetcontent",
)  # fmt: skip
# Other names of columns of texts consist of these words alone: Text of Tweet, cleaned_text, PostBody.
_TEXT_WORDS = (
    "tweets", "tweet", "texts", "text", "txt", "contents", "content", "body", "messages", "message", "msg", "posts",
    "post", "captions", "caption", "toots", "toot", "sentences", "sentence", "comments", "comment", "selftext",
    "quotes", "quote", "utterance", "lines", "line", "updates", "update", "notes", "note", "statuses", "status",
)  # fmt: skip
_BESIDE_TEXT = ("full", "raw", "original", "cleaned", "clean", "preprocessed", "processed", "plain", "the", "of", "my")
_OTHER_TEXT = re.compile(
    f"(?:{'|'.join(_BESIDE_TEXT)})*(?:{'|'.join(_TEXT_WORDS)})(?:{'|'.join((*_BESIDE_TEXT, *_TEXT_WORDS))})*|0"
)
_NESTED_TEXT = (("extendedtweet", "fulltext"), ("notetweet", "text"))  # objects in JSON, which hold the whole text

_ID = ("idstr", "id", "tweetid", "tweetidstr", "statusid", "statusidstr", "restid", "postid")
_LINK = ("url", "link", "permalink", "permalinkurl", "tweeturl", "tweetlink", "tweetpermalink", "statusurl")
_WHEN = (
    "createdat", "timestamp", "datetime", "tweetcreatedat", "createdatutc", "tweetedat", "postedat", "publishedat",
    "createdtime", "created", "tweetdate", "datecreated", "tweettime", "postdate", "createddate", "dateutc",
    "timestamputc",
)  # fmt: skip
_DAY, _CLOCK = ("date", "day", "tweetday"), ("time", "hour", "clock")

_RETWEET_FLAG = re.compile(r"(?:tweet)?(?:is)?a?(?:retweet|retweeted|rt|repost|reblog)")
# Columns about the tweet that a retweet repeats, and not about how often the row itself was retweeted.
_RETWEETED = re.compile(
    r"(?:retweet(?:ed)?|rt|repost(?:ed)?|reblog(?:ged)?|userrt|referencedtweetsretweeted)"
    r"(?:status|tweet|from|user|screen|name|handle|author|account|of|by|at|id|str|results?|date|time|timestamp|text|full|url"
    r"|link|original)+"
    r"|userrt|reblog"
)
_KIND = ("type", "tweettype", "posttype", "kind")
_RETWEET_KINDS = frozenset({"retweet", "retweeted", "rt", "repost", "share", "boost", "reblog"})
_REFERENCES = "referencedtweets"
_REFERS_TO_RETWEETED = re.compile(r"""['"]?type['"]?\s*[:=]\s*['"]?retweeted""")

_REPLIED_TO = (
    "inreplytostatusidstr", "inreplytostatusid", "inreplytouseridstr", "inreplytouserid", "inreplytoscreenname",
    "inreplytotweetid", "inreplytouser", "inreplytousername", "inreplytoid", "referencedtweetsrepliedtoid",
)  # fmt: skip
_REPLIED_TO_ID = (
    "inreplytostatusidstr", "inreplytostatusid", "inreplytotweetid", "referencedtweetsrepliedtoid",
)  # fmt: skip
_LANG = ("lang", "language", "tweetlang")

_STATUS = re.compile(r"(?:https?://)?(?:www\.|mobile\.)?(?:(?:twitter|x)\.com/(\w+)|[^?#]*)/status(?:es)?/(\d+)")
_LONGEST_LINK = 500  # characters
# A spreadsheet turns an id into 1.14792E+18, which many tweets would share.
_ROUNDED_ID = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_NOTHING = frozenset({"", "none", "null", "nan", "[]", "{}", "false", "0", "n/a", "<na>", "nat", "undefined"})
_NO = frozenset({"f", "n", "no", "0.0", "-"})
_ANSWERED = re.compile(r"""['"](?:username|screen_name)['"]:\s*['"](\w+)""")
_NUMBER = re.compile(r"\s*-?[\d.,]+\s*")


@cache
def folded(name: str) -> str:
    """`created_at`, `createdAt` and `Created at` are one column."""
    return "".join(character for character in name.lower() if character.isalnum())


def keyed(item: Mapping[str, object]) -> Row:
    """`item` with its names as `folded` writes them."""
    return {folded(name): value for name, value in item.items()}


def has_text(names: list[str]) -> bool:
    """Returns True if a table with these columns holds texts."""
    layout = _layout(tuple(folded(name) for name in names))
    # pandas calls the only column of a series 0. In other tables, a 0 in the first line is just a number.
    if layout.other_texts == ("0",):
        return all(folded(name) in ("0", "", "index", "unnamed0") for name in names)
    return bool(layout.texts or layout.other_texts)


def text_of(row: Row) -> str | None:
    """The text of a row, from the best column that holds one. None if the row has no such column."""
    for outer, inner in _NESTED_TEXT:
        if isinstance(nested := row.get(outer), dict) and isinstance(text := keyed(nested).get(inner), str) and text:
            return text
    layout = _layout(tuple(row))
    if usual := [text for name in layout.texts if isinstance(text := row[name], str)]:
        return next((text for text in usual if text.strip()), usual[0])
    others = [text for name in layout.other_texts if isinstance(text := row[name], str)]
    # In some tables a column of such a name holds numbers: how many comments, how many posts.
    return next((text for text in others if text.strip() and not _NUMBER.fullmatch(text)), next(iter(others), None))


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of each meaning that a pattern recognises, the best first."""

    texts: tuple[str, ...]
    other_texts: tuple[str, ...]
    flags: tuple[str, ...]
    references: tuple[str, ...]


@lru_cache(maxsize=1024)
def _layout(names: tuple[str, ...]) -> _Layout:
    """What these columns mean. It is found once for all rows with the same columns."""
    return _Layout(
        texts=tuple(name for name in _TEXT if name in names),
        other_texts=tuple(sorted((name for name in names if _OTHER_TEXT.fullmatch(name)), key=_likeness_to_text)),
        flags=tuple(name for name in names if _RETWEET_FLAG.fullmatch(name)),
        references=tuple(name for name in names if _RETWEETED.fullmatch(name)),
    )


def _likeness_to_text(name: str) -> tuple[bool, int]:
    """A key that sorts columns by how likely they hold the texts as they were written."""
    edited = "clean" in name or "processed" in name
    return edited, next((place for place, word in enumerate(_TEXT_WORDS) if word in name), len(_TEXT_WORDS))


def without_texts(row: Row) -> Row:
    """`row` without the columns that may hold texts."""
    layout = _layout(tuple(row))
    texts = {*layout.texts, *layout.other_texts, *(outer for outer, _ in _NESTED_TEXT)}
    return {name: value for name, value in row.items() if name not in texts}


def without_dates(row: Row) -> Row:
    """`row` without the columns that may hold a date."""
    return {name: value for name, value in row.items() if name not in (*_WHEN, *_DAY, *_CLOCK)}


def without_ids(row: Row) -> Row:
    """`row` without the columns that may hold the id of the tweet."""
    return {name: value for name, value in row.items() if name not in _ID}


def first(row: Row, names: tuple[str, ...]) -> object:
    """The value of the first of these columns that is not empty."""
    return next((value for name in names if name in row and says(value := row[name])), None)


def said(row: Row, names: tuple[str, ...]) -> str:
    """The same as text."""
    value = first(row, names)
    return str(value).strip() if isinstance(value, str | int) else ""


def says(value: object) -> bool:
    """Returns True if a cell holds anything. Exports have many ways to write nothing."""
    return bool(value) if isinstance(value, dict | list) else str(value).strip().lower() not in _NOTHING


def id_of(row: Row) -> str | None:
    """The id in the row, or else the one at the end of its link."""
    for name in _ID:
        value = row.get(name)
        written = str(value).strip() if isinstance(value, str | int) else ""
        if says(written) and not is_rounded(written):
            return written
    link = _STATUS.match(said(row, _LINK)[:_LONGEST_LINK])
    return link[2] if link else None


def is_rounded(id_: str) -> bool:
    """Returns True if a spreadsheet has rounded this id, so that it is no longer unique."""
    return _ROUNDED_ID.fullmatch(id_) is not None


def linked_author(row: Row) -> str:
    """The author of the tweet to which the row's link leads; empty if it leads to no tweet."""
    link = _STATUS.match(said(row, _LINK)[:_LONGEST_LINK])
    return link[1] if link and link[1] and link[1].lower() not in ("i", "anyuser", "web") else ""


def dates_of(row: Row) -> list[object]:
    """What the row says about when it was written, the best first. Day and time of day may be two columns."""
    day, clock = said(row, _DAY), said(row, _CLOCK)
    written = [*(row.get(name) for name in _WHEN), f"{day} {clock}".strip(), day, *([] if day else [clock])]
    return [value for value in written if value is not None and says(value)]


def lang_of(row: Row) -> str | None:
    lang = first(row, _LANG)
    return lang if isinstance(lang, str) else None


def retweet_flags(row: Row) -> tuple[str, ...]:
    """The columns that make this row a retweet if they hold flags. In some tables they hold counts."""
    return tuple(name for name in _layout(tuple(row)).flags if fields.yes(row[name]))


def retweet_counts(row: Row) -> tuple[str, ...]:
    """The columns with the name of a flag that hold a number that is no flag."""
    return tuple(name for name in _layout(tuple(row)).flags if _is_count(row[name]))


def _is_count(value: object) -> bool:
    written = str(value).strip().removesuffix(".0") if isinstance(value, str | int | float) else ""
    return written.isdecimal() and int(written[:9]) > 1


def is_retweet(row: Row) -> bool:
    """Returns True if the row names a tweet that it retweets."""
    kind = first(row, _KIND)
    if isinstance(kind, str) and kind.strip().lower() in _RETWEET_KINDS:
        return True
    return _refers_to_retweeted(row.get(_REFERENCES)) or any(
        says(value := row[name]) and str(value).strip().lower() not in _NO for name in _layout(tuple(row)).references
    )


def _refers_to_retweeted(references: object) -> bool:
    """Returns True if a list of references, from X's API or in one cell of a table, names a retweeted tweet."""
    if isinstance(references, list):
        return any(isinstance(each, dict) and each.get("type") == "retweeted" for each in references)
    if isinstance(references, dict):
        return "retweeted" in references or references.get("type") == "retweeted"
    return isinstance(references, str) and _REFERS_TO_RETWEETED.search(references) is not None


def reply_to(row: Row) -> str:
    """The id of the tweet that the row answers; empty if no column says so, or if a spreadsheet has rounded it."""
    id_ = said(row, _REPLIED_TO_ID)
    return "" if is_rounded(id_) else id_


def is_reply(row: Row, author: str) -> bool | None:
    """Returns True if the row is a reply, None if no column says so."""
    if "isreply" in row:
        return fields.yes(row["isreply"])
    if any(name in row for name in _REPLIED_TO):
        return first(row, _REPLIED_TO) is not None
    if conversation := said(row, ("conversationid",)):
        return conversation != id_of(row)
    return _replies_to_others(row["replyto"], author) if "replyto" in row else None


def _replies_to_others(value: object, author: str) -> bool:
    """Returns True if `reply_to` names others. Twint lists the author there first, and then those who are answered."""
    people = _ANSWERED.findall(value) if isinstance(value, str) else _listed(value)
    return any(person.casefold() != author.casefold() for person in people) if people else says(value)


def _listed(value: object) -> list[str]:
    people = [keyed(person) for person in value if isinstance(person, dict)] if isinstance(value, list) else []
    return [said(person, ("screenname", "username")) for person in people]
