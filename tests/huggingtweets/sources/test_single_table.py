"""A zip or folder with one table is read as that table. Files of office programs are refused by their kind."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.sources import read

TABLE = "id,text\n7,one\n8,two\n"
Files = dict[str, str | bytes]


def zipped(tmp_path: Path, files: Files, name: str = "archive.zip") -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in files.items():
            archive.writestr(inside, content)
    path = tmp_path / name
    path.write_bytes(packed.getvalue())
    return path


def folder(tmp_path: Path, files: Files) -> Path:
    for inside, content in files.items():
        path = tmp_path / "folder" / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path / "folder"


@pytest.mark.parametrize(
    "files",
    [
        {"tweets.csv": TABLE},
        {"archive/Tweets.CSV": TABLE},
        {"tweets.csv": TABLE, "README.txt": "about it", "dataset-metadata.json": "{}"},
        {"tweets.csv": TABLE, "__MACOSX/._tweets.csv": "\0\0", ".hidden.csv": TABLE},
        {"tweets.csv.gz": gzip.compress(TABLE.encode())},
        {"tweets.tsv": TABLE.replace(",", "\t").encode("utf-16")},
        {"tweets.jsonl": '{"text": "one"}\n{"text": "two"}\n', "LICENSE.txt": "MIT"},
        {"tweets.json": '[{"text": "one"}, {"text": "two"}]', "README.txt": "about it"},
        {"tweets.txt": "one\ntwo\n"},
    ],
)
def test_the_only_table_is_read(tmp_path: Path, files: Files) -> None:
    assert [tweet.text for tweet in read(zipped(tmp_path, files)).tweets] == ["one", "two"]
    assert [tweet.text for tweet in read(folder(tmp_path, files)).tweets] == ["one", "two"]


def test_several_tables_are_refused_by_name(tmp_path: Path) -> None:
    files: Files = {f"{name}.csv": TABLE for name in ("ann", "bob", "cem", "dora")}
    for path in (zipped(tmp_path, files), folder(tmp_path, files)):
        with pytest.raises(BadSource, match=r"it holds 4 tables \(ann.csv, bob.csv, cem.csv, ...\); give the one"):
            read(path)


def test_of_several_people_inside_only_the_one_asked_for_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"tweets.csv": "text,username\none,ann\ntwo,bob\n"})
    with pytest.raises(BadSource, match="several people"):
        read(path)
    assert [tweet.text for tweet in read(path, ["bob"]).tweets] == ["two"]


def test_what_is_wrong_inside_is_said_of_the_file_inside(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"its data/tweets.jsonl is cut off"):
        read(zipped(tmp_path, {"data/tweets.jsonl": '{"text": "one"}\n{"text": '}))


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"[Content_Types].xml": "", "xl/workbook.xml": "", "xl/worksheets/sheet1.xml": ""}, "of the kind Excel"),
        ({"[Content_Types].xml": "", "word/document.xml": ""}, "of the kind Word"),
        (
            {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": ""},
            "of the kind LibreOffice / OpenOffice",
        ),
        ({"Index/Document.iwa": "", "Metadata/Properties.plist": ""}, "of the kind Numbers / Pages"),
    ],
)
def test_what_office_programs_save_is_called_what_it_is(tmp_path: Path, files: Files, what: str) -> None:
    with pytest.raises(BadSource, match=f"it is .*{what}.*; save its table as CSV"):
        read(zipped(tmp_path, files, "tweets.xlsx"))


def test_the_chat_among_what_was_sent_in_it_is_read(tmp_path: Path) -> None:
    chat = "31/12/23, 21:41 - Ann: the fog is thick\n"
    files = {"WhatsApp-Chat mit Bob.txt": chat, "report.csv": "text\nby somebody else\n", "notes.txt": "a note\n"}
    assert [tweet.text for tweet in read(zipped(tmp_path, files), ["ann"]).tweets] == ["the fog is thick"]


def test_an_export_in_html_is_called_what_it_is(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"ChatExport/messages.html": "<html>", "ChatExport/css/style.css": ""})
    with pytest.raises(BadSource, match="it is an export in HTML; ask the service for it again, in JSON"):
        read(path)
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "unpacked")
    with pytest.raises(BadSource, match="it is an export in HTML"):
        read(tmp_path / "unpacked")
    assert len(read(zipped(tmp_path, {"about.html": "<html>", "a.csv": "text\nthe fog\n"})).tweets) == 1
