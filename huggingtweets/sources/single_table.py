"""The only table in a zip or a folder, as Kaggle and others pack it, or the chat among what was sent in it.

Workbooks are zips as well, and are refused here. So are exports in HTML, which many services give if nobody asks for
another form.

Knows names of files. Does not know what is in the files.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.document import Document, Read, unpacked
from huggingtweets.sources.reading.files import foreign_form, shown
from huggingtweets.sources.reading.members import ArchiveMembers, ZipMembers

# Kinds of tables, the likeliest first. Beside a table there may be JSON that describes it, or a text for its readers.
_KINDS = ((".csv", ".tsv", ".jsonl", ".ndjson"), (".json",), (".txt",))
_CHAT = re.compile(r"(?:.*/)?(?:result\.json|_chat\.txt|[^/]*WhatsApp[^/]*\.txt)")  # of Telegram and WhatsApp
_LEFT_BY_MAC = "__MACOSX/"
_NAMED = 3
_WORKBOOKS = {
    "xl/": "Excel",
    "word/": "Word",
    "ppt/": "PowerPoint",
    "content.xml": "LibreOffice / OpenOffice",
    "Index/": "Numbers / Pages",
}


def found(members: ArchiveMembers) -> Document | None:
    """The only table or chat, or None if there is none. Raises `BadSource` if there are several."""
    names = [name for name in members.names() if _is_meant(name)]
    chats = [name for name in names if _CHAT.fullmatch(name)]
    if len(chats) == 1:
        return _document(members, chats[0])
    for endings in _KINDS:
        tables = [name for name in names if name.lower().removesuffix(".gz").endswith(endings)]
        if len(tables) > 1:
            raise _several(members, tables)
        if tables:
            return _document(members, tables[0])
    return None


def refuse_workbook(members: ZipMembers) -> None:
    """Raises `BadSource` for a file of an office program: it is a zip, but without a table that can be read here."""
    for beginning, what in _WORKBOOKS.items():
        if any(name.startswith(beginning) for name in members.everything()):
            mend = Phrase("save its table as CSV (CSV UTF-8 in Excel) and give that")
            raise BadSource(members.path, foreign_form(what), mend)


def refuse_pages(members: ArchiveMembers) -> None:
    """Raises `BadSource` for an export in HTML."""
    if members.has_pages():
        why = Phrase("it is an export in HTML")
        raise BadSource(members.path, why, Phrase("ask the service for it again, in JSON"))


def _is_meant(name: str) -> bool:
    return not name.startswith(_LEFT_BY_MAC) and not PurePosixPath(name).name.startswith(".")


def _several(members: ArchiveMembers, tables: list[str]) -> BadSource:
    listed = ", ".join(shown(name, 30) for name in tables[:_NAMED]) + (", ..." if len(tables) > _NAMED else "")
    why = Phrase("it holds {count:,} tables ({listed})", count=len(tables), listed=listed)
    return BadSource(members.path, why, Phrase("give the one meant"))


def _document(members: ArchiveMembers, name: str) -> Document:
    @contextmanager
    def reading() -> Iterator[Read]:
        with members.binary(name) as binary:
            yield lambda size: binary.read(size) or b""

    return unpacked(Document(members.path, PurePosixPath(name).name, f"its {shown(name)}", reading))
