"""JSON of any shape as rows: a list, objects one after the other, an answer of X's API, columns, tweets by id.

Knows the shapes in which tools wrap tweets. Does not know what a row means, except that it has a text or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from huggingtweets.sources.reading.json_array import BrokenJSON, Window
from huggingtweets.sources.tables.columns import Row, folded, keyed, text_of

_LISTS = ("data", "statuses", "tweets", "results", "items", "posts", "timeline", "messages", "rows")
_AROUND_ONE = (
    "tweet",
    "legacy",
    "status",
    "post",
)  # members that hold the tweet itself; facts about it stand beside them
_BESIDE = "includes"  # X's API puts people and posts of others there
# Members that the API gives instead of tweets, or about them.
_NOTICES = frozenset({
    "meta", "errors", "includes", "delete", "limit", "scrubgeo", "statuswithheld", "userwithheld", "warning",
    "disconnect", "control", "twarc",
})  # fmt: skip
# Parts of the names of members that hold posts of others, or no posts. Nothing in them is the person's own.
_OF_OTHERS = ("quoted", "retweeted", "repl", "user", "author", "entit", "media", "card", "place", "includes", "refer")
_IS_ID = 10  # digits; a shorter key is the number of the row
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, and the line on which it starts. With `is_user` it is a person instead of a tweet."""

    line: int
    value: object
    is_user: bool = False


def entries(stream: TextIO) -> Iterator[Entry]:
    """The rows in all the values that stand one after the other in `stream`. A value that is no row comes as it is.

    Raises `BrokenJSON`.
    """
    window = Window(stream, "")
    while mark := window.peek():
        if mark in ",;":
            window.take(mark)
        elif mark == "[":
            for line, item in window.items():
                yield from _unwrapped(line, item)
        elif mark == "{":
            yield from _object(window)
        else:
            yield Entry(window.line, window.value())


def _object(window: Window) -> Iterator[Entry]:
    """The rows in the next object. A long object is read member by member."""
    line, whole = window.line, window.whole()
    if whole is not None:
        yield from _unwrapped(line, whole)
        return
    rest: dict[str, object] = {}
    is_read = False
    window.take("{")
    while window.peek() != "}":
        name = window.value()
        window.take(":")
        mark, start = window.peek(), window.line
        if not isinstance(name, str):
            raise BrokenJSON(start)
        if mark == "[" and folded(name) in _LISTS:
            is_read = True
            for number, item in window.items():
                yield from _unwrapped(number, item)
        elif name.isdecimal() and mark == "{":
            is_read = True
            yield from _unwrapped(start, _with_id(name, window.value()))
        else:
            rest[name] = window.value()
        if window.peek() == ",":
            window.take(",")
        elif window.peek() != "}":
            raise BrokenJSON(window.line, is_cut_off=not window.peek())
    window.take("}")
    yield from _users(line, keyed(rest)) if is_read else _unwrapped(line, rest)


def _unwrapped(line: int, value: object, depth: int = 0) -> Iterator[Entry]:
    """The rows in `value`, or `value` itself if there are none in it."""
    if not isinstance(value, dict):
        yield Entry(line, value)
        return
    row = keyed(value)
    if one := _inner(row):
        yield Entry(line, one)
    elif text_of(row) is not None:
        yield Entry(line, row)
    elif lists := [items for name in _LISTS if isinstance(items := row.get(name), list)]:
        for items in lists:
            for item in items:
                yield from _unwrapped(line, item, depth)
        yield from _users(line, row)
    elif rows := _transposed(row) or _by_id(value):
        for each in rows:
            yield from _unwrapped(line, each, depth)
    elif row.keys() <= _NOTICES:
        yield from _users(line, row)
    else:
        yield from _deeper(line, row, depth)


def _inner(row: Row) -> Row | None:
    """The one tweet in `row`, with the facts beside it, as in an X archive and in the data of X's pages."""
    for name in _AROUND_ONE:
        if isinstance(inner := row.get(name), dict) and text_of(keyed(inner)) is not None:
            return {key: value for key, value in row.items() if key != name} | keyed(inner)
    return None


def _users(line: int, row: Row) -> Iterator[Entry]:
    """The people beside the tweets. The tweets name them only by number."""
    beside = row.get(_BESIDE)
    users = beside.get("users") if isinstance(beside, dict) else None
    for user in users if isinstance(users, list) else []:
        if isinstance(user, dict):
            yield Entry(line, keyed(user), is_user=True)


def _transposed(row: Row) -> list[object]:
    """The rows of a table that is written column by column; empty for anything else."""
    columns = {name: _cells(column) for name, column in row.items()}
    if not columns or not all(columns.values()):
        return []
    keys = next(iter(columns.values())).keys()
    if any(column.keys() != keys for column in columns.values()):
        return []
    rows: list[object] = [{name: column[key] for name, column in columns.items()} for key in keys]
    return rows if all(isinstance(each, dict) and text_of(each) is not None for each in rows[:1]) else []


def _cells(column: object) -> dict[object, object]:
    if isinstance(column, list):
        return dict(enumerate(column))
    return dict(column) if isinstance(column, dict) else {}


def _by_id(value: dict[str, object]) -> list[object]:
    """The tweets in an object, if each of its members is one."""
    if not value or not all(_is_tweet(name, member) for name, member in value.items()):
        return []
    return [_with_id(name, member) for name, member in value.items()]


def _is_tweet(name: str, member: object) -> bool:
    if isinstance(member, str):
        return name.isdecimal()
    row = keyed(member) if isinstance(member, dict) else {}
    return text_of(row) is not None or _inner(row) is not None


def _with_id(name: str, member: object) -> object:
    """The tweet under `name`. If `name` looks like an id, it is the tweet's id."""
    row: dict[str, object] = {"text": member} if isinstance(member, str) else member if isinstance(member, dict) else {}
    return {"id": name} | row if len(name) >= _IS_ID and name.isdecimal() else row


def _deeper(line: int, row: Row, depth: int) -> Iterator[Entry]:
    """The rows in the only member that has any; otherwise `row` as it is."""
    inside = {name: list(_inside(line, member, depth)) for name, member in row.items() if not _is_of_others(name)}
    holding = [entries for entries in inside.values() if entries]
    if depth >= _DEEPEST or len(holding) != 1:
        yield Entry(line, row)
        return
    yield from holding[0]
    yield from _users(line, row)


def _is_of_others(name: str) -> bool:
    return any(part in name for part in _OF_OTHERS)


def _inside(line: int, member: object, depth: int) -> list[Entry]:
    """The rows in a member, if it holds nothing but rows."""
    members = member if isinstance(member, list) else [member]
    if depth >= _DEEPEST or not all(isinstance(each, dict) for each in members):
        return []
    entries_inside = [entry for each in members for entry in _unwrapped(line, each, depth + 1)]
    rows = [entry for entry in entries_inside if not entry.is_user]
    are_rows = all(isinstance(entry.value, dict) and text_of(entry.value) is not None for entry in rows)
    return entries_inside if are_rows else []
