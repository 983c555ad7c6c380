"""Files are told apart by their content. A file that cannot be read is refused in one sentence that helps."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected
from huggingtweets.core.text.quoted import shown_path
from huggingtweets.sources import read, read_each
from huggingtweets.sources.reading.files import GIVE_ACCEPTED, shown

ROWS = [{"id_str": "1", "full_text": "one two three"}, {"id_str": "2", "full_text": "four five six"}]
SCRIPT = "window.YTD.tweets.part0 = " + json.dumps([{"tweet": row} for row in ROWS])


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data/tweets.js", SCRIPT)
    return packed.getvalue()


def saved(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path) -> str:
    """The sentence that `path` is refused with; it names the file."""
    with pytest.raises(BadSource) as refused:
        read(path)
    assert str(refused.value).startswith(f"{shown_path(path)}: ")
    assert str(refused.value).endswith(".")
    return str(refused.value)


def ids(collected: Collected) -> list[str]:
    return [tweet.id for tweet in collected.tweets]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("archive.zip", zipped()),
        ("archive.download", zipped()),
        ("tweets.js", SCRIPT),
        ("tweets.js.txt", SCRIPT),
        ("a.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS)),
        ("a.ndjson", "".join(json.dumps(row) + "\n" for row in ROWS)),
        ("A.JSON", json.dumps(ROWS)),
        ("a.csv", "id,text\n1,one two three\n2,four five six\n"),
        ("a.tsv", "id\ttext\n1\tone two three\n2\tfour five six\n"),
    ],
)
def test_every_format_is_recognised_and_gives_the_same(tmp_path: Path, name: str, content: str | bytes) -> None:
    collected = read(saved(tmp_path, name, content))
    assert [(tweet.id, tweet.text) for tweet in collected.tweets] == [("1", "one two three"), ("2", "four five six")]


def test_a_text_is_recognised_by_its_ending(tmp_path: Path) -> None:
    assert [tweet.text for tweet in read(saved(tmp_path, "a.txt", "one\ntwo")).tweets] == ["one", "two"]


def test_a_folder_is_an_archive(tmp_path: Path) -> None:
    saved(tmp_path, "archive/data/tweets.js", SCRIPT)
    assert ids(read(tmp_path / "archive")) == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.jsonl", b"\x89PNG\r\n\x1a\n....", "it is a file of the kind PNG"),
        ("a.txt", b"\xff\xd8\xff\xe0 JFIF", "it is a file of the kind JPEG"),
        ("a.csv", b"%PDF-1.7\n%\xe2", "it is a file of the kind PDF"),
        ("tweets.doc", b"\xd0\xcf\x11\xe0\xa1\xb1", "it is a file of the kind Word 97 / Excel 97"),
        ("tweets.db", b"SQLite format 3\0", "it is a file of the kind SQLite"),
        ("README.md", b"# hello", "I find no table of tweets in it"),
        ("tweets", b"hello", "I find no table of tweets in it"),
        ("tweets.b\x1bad", b"hello", "I find no table of tweets in it"),
    ],
)
def test_another_format_is_refused_with_what_it_is_and_what_is_accepted(
    tmp_path: Path, name: str, content: bytes, found: str
) -> None:
    sentence = refusal(saved(tmp_path, name, content))
    assert found in sentence
    assert GIVE_ACCEPTED in sentence


def test_an_empty_zip_is_a_zip_without_tweets(tmp_path: Path) -> None:
    packed = io.BytesIO()
    zipfile.ZipFile(packed, "w").close()
    assert "without data/tweets.js" in refusal(saved(tmp_path, "empty.zip", packed.getvalue()))


def test_a_script_without_tweets_is_refused(tmp_path: Path) -> None:
    sentence = refusal(saved(tmp_path, "jquery.js", "(function() {})()"))
    assert "no window.YTD at its start" in sentence
    assert GIVE_ACCEPTED in sentence


def test_a_zip_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "it is called a zip file but is none" in refusal(saved(tmp_path, "archive.zip", "<html>Not found</html>"))


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    assert "broken or incomplete zip" in refusal(saved(tmp_path, "archive.zip", zipped()[:-30]))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "it is empty" in refusal(saved(tmp_path, "tweets.csv", ""))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    sentence = refusal(tmp_path)
    assert "it is a folder without data/tweets.js" in sentence
    assert GIVE_ACCEPTED in sentence


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "none.zip")
    assert "there is no such file" in refusal(saved(tmp_path, "a.txt", "x") / "none.zip")


def test_a_path_that_can_be_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"a\?b: this is no path"):
        read(Path("a\0b"))
    assert "cannot be read (File name too long)" in refusal(tmp_path / ("x" * 5_000))


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tweets.csv")
    assert "neither a file nor a folder" in refusal(tmp_path / "tweets.csv")


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tweets.csv").symlink_to(tmp_path / "tweets.csv")
    assert "cannot be read (Too many levels of symbolic links)" in refusal(tmp_path / "tweets.csv")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, "tweets.csv", "text\none\n")
    path.chmod(0)
    if os.geteuid() == 0:  # who may read everything: the refusal must be made up
        monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert "the file may not be read by this user" in refusal(path)


def test_each_of_several_sources_is_read(tmp_path: Path) -> None:
    first = saved(tmp_path, "a.csv", "id,text\n1,old\n2,kept\n")
    second = saved(tmp_path, "b.csv", "id,text,username\n1,new,ann\n3,added,ann\n")
    third = saved(tmp_path, "c.csv", "id,text,username\n4,more,@Ann\n")
    sources = read_each([first, second, third])
    assert [[(tweet.id, tweet.text) for tweet in source.tweets] for source in sources] == [
        [("1", "old"), ("2", "kept")], [("1", "new"), ("3", "added")], [("4", "more")],
    ]  # fmt: skip
    assert [source.account and source.account.handle.lower() for source in sources] == [None, "ann", "ann"]
    assert read_each([]) == []


def test_sources_of_two_people_are_refused_by_name(tmp_path: Path) -> None:
    unnamed = saved(tmp_path, "a.txt", "one two three\n")
    ann = saved(tmp_path, "b.csv", "id,text,username\n3,added,ann\n")
    bob = saved(tmp_path, "c.csv", "id,text,username\n4,more,bob\n")
    with pytest.raises(BadSource, match="it is by @bob, but another file is by @ann; give each person's") as refused:
        read_each([unnamed, ann, bob])
    assert refused.value.path == bob
    assert [len(source.tweets) for source in read_each([unnamed, ann])] == [1, 1]


def test_the_same_source_twice_is_the_source_once(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.txt", "BONG\nBONG\nBONG BONG\n")
    assert read_each([path, path]) == [read(path)] * 2
    assert len(read(path).tweets) == 3


def test_one_bad_source_refuses_them_all(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no such file"):
        read_each([saved(tmp_path, "a.txt", "one"), tmp_path / "none"])


def test_a_name_is_shown_short_and_printable() -> None:
    assert shown("data/\x1b[0m\u202etweets.js") == "data/?[0m?tweets.js"
    assert shown("x" * 100) == "x" * 59 + "…"
