"""Which columns of a table hold the text, the date, the id and the author, where somebody has said so.

Knows names of columns as people type them. Does not know how a table is written.
"""

from dataclasses import dataclass
from pathlib import Path

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.files import shown
from huggingtweets.sources.tables import columns, people
from huggingtweets.sources.tables.columns import Row, folded, keyed

_NAMED = 8  # columns in a refusal


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The names as they were typed. An empty one leaves it to the software to find that column."""

    text: str = ""
    date: str = ""
    id: str = ""
    author: str = ""

    def __bool__(self) -> bool:
        return any((self.text, self.date, self.id, self.author))

    def hold_text(self, names: list[str]) -> bool:
        """Returns True if a table with these columns holds texts."""
        return (bool(self.text) and folded(self.text) in map(folded, names)) or columns.has_text(names)

    def applied(self, path: Path, row: Row) -> Row:
        """`row` with the named columns under names that are understood, and without others of the same meaning.

        Raises `BadSource` if it has no such column.
        """
        if self.text:
            row = columns.without_texts(row) | {"text": _written(self._cell(path, row, self.text))}
        if self.date:
            row = columns.without_dates(row) | {"createdat": self._cell(path, row, self.date)}
        if self.id:
            row = columns.without_ids(row) | {"id": self._cell(path, row, self.id)}
        if self.author:
            row = people.without_authors(row) | {"author": _written(self._cell(path, row, self.author))}
        return row

    def _cell(self, path: Path, row: Row, name: str) -> object:
        """The cell of the column, which may be inside an object: `user.screen_name`."""
        if folded(name) in row:
            return row[folded(name)]
        inside: object = row
        for step in name.split("."):
            inside = keyed(inside).get(folded(step)) if isinstance(inside, dict) else None
        if inside is None:
            listed = ", ".join(shown(one, 20) for one in list(row)[:_NAMED]) or "-"
            why = Phrase("it has no column {name}", name=shown(name, 40))
            raise BadSource(path, why, Phrase("name one of its columns: {listed}", listed=listed))
        return inside


AS_FOUND = NamedColumns()


def _written(cell: object) -> str:
    return cell if isinstance(cell, str) else "" if cell is None else str(cell)
