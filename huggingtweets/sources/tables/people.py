"""Whose rows a table holds: one person's, or several people's.

In doubt the rows count as several people's, so that nobody is learned without being asked. Knows the columns that name
an author, and which of them is believed. Does not know what the rows say.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from huggingtweets.core.people.names import without_at
from huggingtweets.core.records import Account
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.persons import meant
from huggingtweets.sources.tables.columns import Row, is_rounded, keyed, linked_author, said, says

# Names as `columns.folded` writes them.
_WHO = (
    "(?:users?|authors?|accounts?|from|tweeters?|posters?|creators?|createdby|postedby|tweetedby|writtenby|by|owner"
    "|sender|person|writer|who|member|actor|speaker)"
)
_OF_WHAT = "(?:twitter|x|instagram|mastodon|bluesky|tweet|status|post|message)?"
# The first kind that is there is believed. If there is a screen name, a username may be just a name to show.
_HANDLES = (
    re.compile(f"{_OF_WHAT}{_WHO}*(?:screenname|handle|acct|preferredusername|login)"),
    re.compile(f"{_OF_WHAT}{_WHO}*username"),
    re.compile(f"{_OF_WHAT}(?:from)?(?:users?|authors?|accounts?|tweeters?|posters?)"),
    re.compile(f"{_OF_WHAT}{_WHO}+"),
)
_USER_ID = (re.compile(f"{_OF_WHAT}{_WHO}+(?:id|idstr|uid)|uid"),)
_NAMES = (
    re.compile(f"{_OF_WHAT}{_WHO}*(?:displayname|fullname|realname|nickname|nick)"),
    re.compile("name"),
    re.compile(f"{_OF_WHAT}{_WHO}+name|twittername"),
)
_AVATAR = (re.compile(f"{_WHO}*(?:profileimageurlhttps|profileimageurl|avatar|avatarurl)"),)
_PERSON = re.compile(f"{_WHO}+")  # in JSON, this may be an object with columns of its own
_OWN_ID = ("idstr", "id", "restid")  # in such an object
_GRAPHQL = ("core", "userresults", "result", "legacy")  # where the pages of X keep the author
_WRITTEN_OBJECT = re.compile(r"""['"](?:username|screen_?name)['"]\s*:\s*['"](\w+)""", re.IGNORECASE)
_PROFILE = re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(\w+)/?")
_MOSTLY = 0.9

Handles = tuple[tuple[str, str], ...]  # columns, and the handles in them


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a row, as far as the row says so. `linked` is the author of the tweet to which its link leads."""

    handles: Handles = ()
    user_id: str = ""
    name: str = ""
    avatar: str = ""
    linked: str = ""

    @property
    def handle(self) -> str:
        return self.handles[0][1] if self.handles else ""


NOBODY = Author()


def author_of(row: Row) -> Author:
    """Who wrote `row`."""
    person = _person(row)
    user_id = _said(row, _USER_ID) or (said(person, _OWN_ID) if person is not row else "")
    handles, name = _handles(person) or _handles(row), _said(person, _NAMES)
    return Author(
        handles=handles,
        user_id="" if is_rounded(user_id) else user_id,
        # Some tables put the name to show under `username`, beside a screen name; others put the handle there.
        name="" if any(handle == name for _, handle in handles) else name,
        avatar=_said(person, _AVATAR),
        linked=linked_author(row),
    )


def without_authors(row: Row) -> Row:
    """`row` without the columns that may name its author."""
    kinds = (*_HANDLES, *_USER_ID, *_NAMES)
    return {name: value for name, value in row.items() if not any(kind.fullmatch(name) for kind in kinds)}


def user_of(row: Row) -> Author:
    """The person that `row` describes. X's API gives a list of such users beside the tweets."""
    return Author(_handles(row), said(row, _OWN_ID), _said(row, _NAMES), _said(row, _AVATAR))


@dataclass(frozen=True, slots=True)
class People:
    """Who wrote which row. `keys` has a name for each row, or "" if the row does not say; `shown` has it as written."""

    keys: Sequence[str]
    shown: Mapping[str, str]
    are_handles: bool

    def counted(self, rows: Iterable[int]) -> list[tuple[str, int]]:
        """The number of these rows that each person wrote, the largest first."""
        counts = Counter(key for row in rows if (key := self.keys[row]))
        return [(self.shown[key], count) for key, count in counts.most_common()]

    def called(self, names: Iterable[str]) -> str:
        """The one person who has one of these names, or ""."""
        folded = {name.casefold() for name in names}
        keys = [key for key in self.shown if key in folded or key.partition(".")[0] in folded]
        if not keys and not self.are_handles:
            return meant(folded, self.shown)
        return keys[0] if len(keys) == 1 else ""


def people(authors: Sequence[Author], own: Sequence[int]) -> People:
    """Who wrote each row. Which column decides that, is found by the rows in `own`, which are no retweets.

    People are told apart by handle, or else by number, or else by name, because anybody may change their name.
    """
    if any(author.handles for author in authors):
        return _told(_by_handle(authors, own), are_handles=True)
    if any(author.user_id for author in authors):
        return _told([author.user_id for author in authors], are_handles=False)
    if any(author.name for author in authors):
        return _told([author.name for author in authors], are_handles=False)
    linked = [author.linked for author in authors]
    mostly = sum(map(bool, linked)) > _MOSTLY * len(linked)
    return _told(linked if mostly else [""] * len(linked), are_handles=True)


def account(authors: Iterable[Author], handle: str) -> Account | None:
    """The account that wrote these rows, with the name and the picture that they give most often."""
    names, avatars = Counter[str](), Counter[str]()
    for author in authors:
        names.update(filter(None, [author.name]))
        avatars.update(filter(None, [author.avatar]))
    return fields.account(handle, _commonest(names), _commonest(avatars))


def with_users(authors: Sequence[Author], users: Mapping[str, Author]) -> list[Author]:
    """The authors. Those with only a number get the handle and name that `users` has for it."""
    return [
        replace(user, linked=author.linked) if not author.handles and (user := users.get(author.user_id)) else author
        for author in authors
    ]


def _by_handle(authors: Sequence[Author], own: Sequence[int]) -> list[str]:
    """Each row's handle, from the column with the most different handles."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for row in own:
        for column, handle in authors[row].handles:
            values[column].add(handle.casefold())
    deciding = max(values, key=lambda column: len(values[column]), default="")
    return [dict(author.handles).get(deciding, author.handle) for author in authors]


def _told(written: Sequence[str], *, are_handles: bool) -> People:
    shown: dict[str, str] = {}
    for name in written:
        if name:
            shown.setdefault(name.casefold(), name)
    return People([name.casefold() for name in written], shown, are_handles)


def _commonest(counted: Counter[str]) -> str:
    return next((value for value, _ in counted.most_common(1)), "")


def _person(row: Row) -> Row:
    """The object in `row` that describes its author, or else `row` itself."""
    nested = row
    for step in _GRAPHQL:
        inside = nested.get(step)
        if not isinstance(inside, dict):
            break
        nested = keyed(inside)
    else:
        return nested
    objects = (keyed(value) for name, value in row.items() if isinstance(value, dict) and _PERSON.fullmatch(name))
    return next(objects, row)


def _handles(row: Row) -> Handles:
    """The handles in the best kind of column that is not empty."""
    for columns in _columns(tuple(row), _HANDLES):
        if named := [(name, handle) for name in columns if (handle := _handle(row[name]))]:
            return tuple(named)
    return ()


def _handle(value: object) -> str:
    """The handle in a cell. The cell may hold an address, or a whole object as text."""
    written = str(value).strip() if isinstance(value, str | int) and says(value) else ""
    inside = _WRITTEN_OBJECT.search(written) if written.startswith("{") else _PROFILE.fullmatch(written)
    return inside[1] if inside else without_at(written)


def _said(row: Row, kinds: tuple[re.Pattern[str], ...]) -> str:
    """The text of the best column of these kinds."""
    return next((text for names in _columns(tuple(row), kinds) if (text := said(row, names))), "")


@lru_cache(maxsize=4096)
def _columns(names: tuple[str, ...], kinds: tuple[re.Pattern[str], ...]) -> tuple[tuple[str, ...], ...]:
    """The columns of each of these kinds. They are found once for all rows with the same columns."""
    return tuple(tuple(name for name in names if kind.fullmatch(name)) for kind in kinds)
