"""Files that people gave for a training are kept while they are needed, and no longer."""

import os
from pathlib import Path

import pytest

from bot.core.uploads import UNCLAIMED_SECONDS, Uploads
from huggingtweets.core.errors import BadSource


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.zip"
    path.write_text("tweets")
    return path


def test_files_of_the_same_name_are_kept_side_by_side_and_folders_where_they_lie(
    uploads: Uploads, file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    first, second, third = uploads.keep([file, file, folder])
    assert (Path(first).name, Path(first).read_text(), Path(second).read_text()) == ("a.zip", "tweets", "tweets")
    assert first != second
    assert third == str(folder)
    uploads.release([first, second, third])
    assert list(uploads.home.iterdir()) == []
    assert folder.exists()
    assert file.exists()


def test_nothing_is_left_of_a_hand_over_that_fails(uploads: Uploads, file: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"none\.zip: there is no such file"):
        uploads.keep([file, tmp_path / "none.zip"])
    with pytest.raises(OSError, match="Not a directory"):
        uploads.keep([file, file / "inside"])
    assert list(uploads.home.iterdir()) == []


def test_what_arrives_lies_here_and_a_sweep_deletes_what_a_kill_has_left_of_it(uploads: Uploads) -> None:
    with uploads.arriving() as folder:
        (folder / "a.zip").write_text("tweets")
        assert folder.parent == uploads.home
        uploads.sweep([])
        assert (folder / "a.zip").exists()
    assert not folder.exists()
    with uploads.arriving() as killed:
        long_ago = killed.stat().st_mtime - 2 * UNCLAIMED_SECONDS
        os.utime(killed, (long_ago, long_ago))
        uploads.sweep([])
        assert not killed.exists()


def test_a_sweep_deletes_what_no_job_needs_once_it_is_old(uploads: Uploads, file: Path) -> None:
    needed, old, young = (uploads.keep([file])[0] for _ in range(3))
    for kept in (needed, old):
        long_ago = Path(kept).stat().st_mtime - 2 * UNCLAIMED_SECONDS
        os.utime(Path(kept).parents[1], (long_ago, long_ago))
    uploads.sweep([needed, "/elsewhere/a.zip"])
    assert [Path(kept).exists() for kept in (needed, old, young)] == [True, False, True]
