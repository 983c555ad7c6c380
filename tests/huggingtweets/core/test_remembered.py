"""What is remembered of a file is what is in it."""

from pathlib import Path

import pytest

from huggingtweets.core import atomic
from huggingtweets.core.remembered import Remembered


class Reader:
    """Reads texts, and counts how often."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    def __call__(self, path: Path) -> str:
        self.reads.append(path.name)
        return path.read_text()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        atomic.write_text(path, path.name)
    return paths


def test_a_file_is_read_once_until_somebody_replaces_it(files: list[Path]) -> None:
    remembered, reader = Remembered[str](1), Reader()
    assert [remembered.read(files[0], reader) for _ in range(3)] == ["a", "a", "a"]
    atomic.write_text(files[0], "b")  # as many bytes, by another hand
    assert [remembered.read(files[0], reader) for _ in range(2)] == ["b", "b"]
    assert reader.reads == ["a", "a"]


def test_what_was_written_need_not_be_read(files: list[Path]) -> None:
    remembered, reader = Remembered[str](1), Reader()
    atomic.write_text(files[0], "new")
    remembered.note(files[0], "new")
    assert remembered.read(files[0], reader) == "new"
    remembered.drop(files[0])
    assert remembered.read(files[0], reader) == "new"
    assert reader.reads == ["a"]


def test_only_the_files_that_were_read_last_are_remembered(files: list[Path]) -> None:
    remembered, reader = Remembered[str](2), Reader()
    for path in [*files, *files[1:], files[0]]:
        remembered.read(path, reader)
    assert reader.reads == ["a", "b", "c", "a"]
    nothing = Remembered[str](0)
    for _ in range(2):
        nothing.read(files[0], reader)
    assert reader.reads[4:] == ["a", "a"]


def test_a_file_that_is_gone_is_not_remembered(files: list[Path]) -> None:
    remembered, reader = Remembered[str](1), Reader()
    remembered.read(files[0], reader)
    files[0].unlink()
    with pytest.raises(FileNotFoundError):
        remembered.read(files[0], reader)
