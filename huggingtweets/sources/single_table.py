"""The only table in a zip or a folder, as Kaggle and others pack it. Workbooks are zips as well, and are refused here.

Knows names of files. Does not know what is in the files.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from huggingtweets.core.errors import BadSource
from huggingtweets.sources.reading.document import Document, Read, unpacked
from huggingtweets.sources.reading.files import shown
from huggingtweets.sources.reading.members import ArchiveMembers, ZipMembers

# Kinds of tables, the likeliest first. Beside a table there may be JSON that describes it, or a text for its readers.
_KINDS = ((".csv", ".tsv", ".jsonl", ".ndjson"), (".json",), (".txt",))
_LEFT_BY_MAC = "__MACOSX/"
_NAMED = 3
_WORKBOOKS = {
    "xl/": "an Excel workbook",
    "word/": "a Word document",
    "ppt/": "a PowerPoint presentation",
    "content.xml": "a document of LibreOffice or OpenOffice",
    "Index/": "a document of Numbers or Pages",
}


def found(members: ArchiveMembers) -> Document | None:
    """The only table, or None if there is none. Raises `BadSource` if there are several."""
    names = [name for name in members.names() if _is_meant(name)]
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
            raise BadSource(members.path, f"it is {what}", "save its table as CSV (CSV UTF-8 in Excel) and give that")


def _is_meant(name: str) -> bool:
    return not name.startswith(_LEFT_BY_MAC) and not PurePosixPath(name).name.startswith(".")


def _several(members: ArchiveMembers, tables: list[str]) -> BadSource:
    listed = ", ".join(shown(name, 30) for name in tables[:_NAMED]) + (", ..." if len(tables) > _NAMED else "")
    return BadSource(
        members.path, f"it is a {members.kind} with {len(tables):,} tables ({listed})", "give the one meant"
    )


def _document(members: ArchiveMembers, name: str) -> Document:
    @contextmanager
    def reading() -> Iterator[Read]:
        with members.binary(name) as binary:
            yield lambda size: binary.read(size) or b""

    return unpacked(Document(members.path, PurePosixPath(name).name, f"its {shown(name)}", reading))
