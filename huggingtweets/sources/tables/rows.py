"""The rows of one table as tweets, by facts that only all rows together show.

Knows that a table writes its dates in one order, uses a column for flags or for counts, and is by one person or by
several. Does not know how a table is written, or what its columns are called.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.dates import DOUBT, Either, Order
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.edits import EditedVersions, listed_in, superseded
from huggingtweets.sources.reading.files import NO_TWEETS, shown
from huggingtweets.sources.reading.persons import several
from huggingtweets.sources.tables import columns
from huggingtweets.sources.tables.borders import parted
from huggingtweets.sources.tables.columns import Row
from huggingtweets.sources.tables.people import Author, People, account, author_of, people, user_of, with_users
from huggingtweets.tweets.kept.derived_ids import DerivedIds


@dataclass(slots=True)
class _Pending:
    """A row, as far as it can be understood without the other rows."""

    id: str | None
    text: str
    when: datetime | Either | None
    flags: tuple[str, ...]
    is_retweet: bool
    is_reply: bool | None
    reply_to: str
    lang: str | None
    author: Author
    versions: EditedVersions


class TableRows:
    """The rows of one table, in its order."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._users: dict[str, Author] = {}
        self._authors: dict[Author, Author] = {}
        self._counts: set[str] = set()
        self._unread: list[str] = []
        self._dated = 0

    def add(self, row: Row) -> bool:
        """Take the tweet in `row`. Returns False if there is no text in it."""
        text = columns.text_of(row)
        if text is None:
            return False
        author = author_of(row)
        self._counts.update(columns.retweet_counts(row))
        self._pending.append(
            _Pending(
                id=columns.id_of(row),
                text=text,
                when=self._when(row),
                flags=columns.retweet_flags(row),
                is_retweet=columns.is_retweet(row),
                is_reply=columns.is_reply(row, author.handle),
                reply_to=columns.reply_to(row),
                lang=columns.lang_of(row),
                author=self._authors.setdefault(author, author),
                versions=listed_in(row),
            )
        )
        return True

    def add_user(self, row: Row) -> None:
        """Take a person whom other rows name by number."""
        user = user_of(row)
        self._users[user.user_id] = user

    def collected(self, path: Path, names: Collection[str] = ()) -> Collected:
        """All tweets, unique by id; the later row wins. Of several people only the one in `names` is taken.

        Raises `BadSource` if there are no tweets, or tweets of several people.
        """
        order, doubt = self._order()
        tweets = self._tweets(order)
        authors = with_users([row.author for row in self._pending], self._users)
        whose = people(authors, [place for place, tweet in enumerate(tweets) if not tweet.is_retweet])
        places, key, left_out, others = _taken(path, tweets, whose, names)
        handle = whose.shown.get(key, "") if whose.are_handles else ""
        unique = {tweets[place].id: tweets[place] for place in places}
        earlier = superseded((self._pending[place].versions for place in places), unique)
        parts = tuple(parted(tweet for id_, tweet in unique.items() if id_ not in earlier))
        if not parts:
            raise BadSource(path, NO_TWEETS, Phrase("give a file with at least one"))
        owner = account((authors[place] for place in places if not tweets[place].is_retweet), handle)
        names = (whose.shown.get(key, ""), owner.display_name if owner else "")
        return Collected(
            owner,
            parts,
            withdrawn=frozenset(earlier),
            notes=tuple(note for note in (*self._date_notes(doubt), left_out) if note),
            left_out=_left_out(others, len(earlier)),
            known_as=tuple(filter(None, names)),
        )

    def _when(self, row: Row) -> datetime | Either | None:
        cells = columns.dates_of(row)
        date = next((when for value in cells if (when := dates.read(value))), None)
        self._dated += bool(cells)
        if cells and date is None:
            self._unread.append(str(cells[0]))
        return date

    def _order(self) -> tuple[Order | None, bool]:
        """The order of day and month, and True if it is a guess on which a date depends."""
        either = [(row.when, row.id) for row in self._pending if isinstance(row.when, Either)]
        if not either:
            return None, False
        order, proven = dates.order_of(either)
        if order is None:
            self._unread += [when.written for when, _ in either if when.by(None) is None]
        return order, not proven and any(when.by(None) is None for when, _ in either)

    def _tweets(self, order: Order | None) -> list[Tweet]:
        ids = DerivedIds()
        return [self._tweet(row, order, ids) for row in self._pending]

    def _tweet(self, row: _Pending, order: Order | None, ids: DerivedIds) -> Tweet:
        when = row.when.by(order) if isinstance(row.when, Either) else row.when
        flagged = row.is_retweet or not self._counts.issuperset(row.flags)
        return Tweet(
            id=row.id or ids.next(when, row.text),
            text=row.text,
            created_at=when,
            is_retweet=flagged or fields.reads_as_retweet(row.text),
            is_reply=row.text.startswith("@") if row.is_reply is None else row.is_reply,
            lang=row.lang,
            reply_to=row.reply_to,
        )

    def _date_notes(self, doubt: bool) -> Iterable[Phrase]:
        if self._unread:
            yield Phrase(
                "{unread:,} of {dated:,} dates could not be read, such as {example}, so it is not known when those "
                "tweets were written.",
                unread=len(self._unread),
                dated=self._dated,
                example=shown(self._unread[0], 40),
            )
        if doubt:
            yield DOUBT


def _left_out(others: int, earlier: int) -> dict[str, int]:
    counts = {"by others": others, "earlier versions": earlier}
    return {reason: count for reason, count in counts.items() if count}


def _taken(
    path: Path, tweets: list[Tweet], whose: People, names: Collection[str]
) -> tuple[list[int], str, Phrase, int]:
    """The rows that are taken, whose they are, a note about the others, and how many those are. Raises `BadSource`."""
    everybody = list(range(len(tweets)))
    own = [place for place in everybody if not tweets[place].is_retweet]
    counted = whose.counted(own)
    if len(counted) < 2:
        return everybody, counted[0][0].casefold() if counted else "", Phrase(), 0
    person = whose.called(names)
    if not person:
        raise several(path, counted)
    places = [place for place in everybody if whose.keys[place] == person]
    others = sum(count for name, count in counted if name.casefold() != person)
    note = Phrase(
        "{count:,} of its tweets are by others than {name} and were left out.", count=others, name=whose.shown[person]
    )
    return places, person, note, others
