"""A watched folder gives each complete new file once, also after a restart."""

from pathlib import Path

import pytest

from bot.background.watched_folder import WatchedFolder


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def folder(inbox: Path, tmp_path: Path) -> WatchedFolder:
    return WatchedFolder(inbox, tmp_path / "folder.json")


def names(folder: WatchedFolder) -> list[str]:
    return [path.name for path in folder.ready()]


def test_a_file_is_brought_once_it_has_stopped_growing(folder: WatchedFolder, inbox: Path) -> None:
    (inbox / "ann.zip").write_bytes(b"PK")
    assert names(folder) == []
    (inbox / "ann.zip").write_bytes(b"PK and more")
    assert names(folder) == []
    assert names(folder) == ["ann.zip"]
    assert names(folder) == ["ann.zip"], "it comes again until it is done"
    folder.done(inbox / "ann.zip")
    assert names(folder) == []


def test_what_was_seen_is_known_after_a_restart_and_new_again_when_replaced(inbox: Path, tmp_path: Path) -> None:
    path = inbox / "ann.csv"
    path.write_text("text\nhello\n")
    first = WatchedFolder(inbox, tmp_path / "folder.json")
    first.ready()
    assert first.ready() == [path]
    first.done(path)
    second = WatchedFolder(inbox, tmp_path / "folder.json")
    assert (second.ready(), second.ready()) == ([], [])
    path.write_text("text\nhello\nagain\n")
    assert (second.ready(), second.ready()) == ([], [path])
    (tmp_path / "folder.json").write_text("damaged")
    assert second.ready() == [path]


def test_half_downloads_and_hidden_files_are_left_alone(folder: WatchedFolder, inbox: Path) -> None:
    for name in (".hidden", "a.zip.part", "b.zip.crdownload", "c.TMP"):
        (inbox / name).write_text("x")
    assert (names(folder), names(folder)) == ([], [])


def test_an_unpacked_archive_is_whole_when_nothing_in_it_changes(folder: WatchedFolder, inbox: Path) -> None:
    (inbox / "archive" / "data").mkdir(parents=True)
    (inbox / "archive" / "data" / "tweets.js").write_text("[]")
    names(folder)
    (inbox / "archive" / "data" / "account.js").write_text("[]")
    assert names(folder) == []
    assert names(folder) == ["archive"]


def test_a_folder_that_is_not_there_and_a_file_that_goes_are_no_failures(tmp_path: Path, inbox: Path) -> None:
    assert WatchedFolder(tmp_path / "none", tmp_path / "m.json").ready() == []
    folder = WatchedFolder(inbox, tmp_path / "m.json")
    (inbox / "broken").symlink_to(tmp_path / "nowhere")
    assert (folder.ready(), folder.ready()) == ([], [])
    folder.done(inbox / "gone.zip")
