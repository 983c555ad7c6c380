"""A file has its old content or its new one, whatever happens in between."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huggingtweets.core import atomic

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()), lambda inner: st.lists(inner, max_size=3)
)


def test_a_file_is_made_with_its_folders(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "a" / "b.txt", "ü\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "ü\n".encode()


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    atomic.write_json(tmp_path / "a.json", {"k": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failure_while_writing_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "old")

    def fail() -> None:
        with atomic.replaced(path) as file:
            file.write(b"half of the n")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


DYING = """
import os, sys
from collections.abc import Callable
from pathlib import Path
from huggingtweets.core import atomic
with atomic.replaced(Path(sys.argv[1])) as file:
    file.write(b"half of the n")
    file.flush()
    os.kill(os.getpid(), 9)
"""


def test_a_kill_while_writing_leaves_the_old_file_and_a_trace_that_can_be_found(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic.write_text(path, "old")
    assert subprocess.run([sys.executable, "-c", DYING, path], check=False).returncode == -9
    assert path.read_text() == "old"
    assert [left.read_text() for left in atomic.unfinished(path)] == ["half of the n"]
    atomic.write_text(path, "new")
    assert path.read_text() == "new"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(values, max_size=4))
def test_json_lines_come_back(tmp_path: Path, rows: list[object]) -> None:
    atomic.write_json_lines(tmp_path / "a.jsonl", rows)
    assert atomic.read_json_lines(tmp_path / "a.jsonl") == rows


def test_half_a_surrogate_pair_can_be_written(tmp_path: Path) -> None:
    atomic.write_json(tmp_path / "a.json", {"name": "\ud83d"})
    atomic.write_json_lines(tmp_path / "a.jsonl", ["\ud83d\u2028"])
    assert atomic.read_json_lines(tmp_path / "a.jsonl") == ["\ud83d\u2028"]


def test_two_threads_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    faults: list[OSError] = []

    def write(letter: str) -> None:
        try:
            for _ in range(30):
                atomic.write_text(path, letter * 1_000)
        except OSError as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert path.read_text() in ("a" * 1_000, "b" * 1_000)
    assert list(tmp_path.iterdir()) == [path]


def test_a_tree_is_synced_with_folders_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_text("x")
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda it: (synced.append(str(Path(f"/proc/self/fd/{it}").readlink())), real(it)))
    atomic.sync_tree(tmp_path)
    assert sorted(synced) == sorted(map(str, (tmp_path, tmp_path / "a", tmp_path / "a" / "b")))


def test_a_lock_is_held_by_one_alone(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with atomic.locked(lock, wait=False), pytest.raises(BlockingIOError), atomic.locked(lock, wait=False):
        pytest.fail("two hold it")
    with atomic.locked(lock, wait=False):
        pass


def test_a_lock_that_is_not_kept_leaves_no_file(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    for _ in range(2):
        with atomic.locked(lock, wait=False, keep=False):
            assert lock.exists()
        assert not lock.exists()


def test_a_lock_whose_file_was_replaced_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    lock = tmp_path / "lock"
    real = fcntl.flock

    def deleted_by_its_holder(file: object, how: int) -> None:
        lock.unlink()
        lock.touch()
        real(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", deleted_by_its_holder)
    with pytest.raises(BlockingIOError, match="replaced"), atomic.locked(lock, wait=False):
        pytest.fail("the old file was locked")


@pytest.mark.parametrize("read", [atomic.read_text, atomic.read_json, atomic.read_json_lines])
def test_a_pipe_is_no_file_of_ours_and_is_not_waited_for(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a plain file"):
        read(tmp_path / "pipe")


@pytest.mark.parametrize("text", ["[" * 200_000, "9" * 5_000, "", "{"])
def test_what_is_no_json_is_a_value_error_whatever_python_calls_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(ValueError, match=r"Expecting|Exceeds|nested"):
        atomic.read_json(tmp_path / "file")
    if text:
        with pytest.raises(ValueError, match=r"Expecting|Exceeds|nested"):
            atomic.read_json_lines(tmp_path / "file")


def test_a_private_file_is_its_owners_from_the_first_byte_on(tmp_path: Path) -> None:
    with atomic.replaced(tmp_path / "key", private=True) as file:
        file.write(b"secret")
        [unfinished] = atomic.unfinished(tmp_path / "key")
        assert unfinished.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    atomic.write_text(tmp_path / "open", "")
    assert (tmp_path / "open").stat().st_mode & 0o044


def test_files_folders_and_links_are_deleted_and_what_a_link_names_is_not(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "a.txt").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    assert atomic.delete(tmp_path / "link")
    assert (tmp_path / "folder" / "inner" / "a.txt").exists()
    assert atomic.delete(tmp_path / "folder" / "inner" / "a.txt")
    assert atomic.delete(tmp_path / "folder")
    assert not atomic.delete(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_two_can_delete_the_same_folder_at_once(tmp_path: Path) -> None:
    for _ in range(20):
        for name in range(100):
            folder = tmp_path / "tree" / str(name % 7)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / str(name)).touch()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: atomic.delete(tmp_path / "tree"), range(4)))
        assert not (tmp_path / "tree").exists()


def test_a_folder_into_which_another_goes_on_writing_is_deleted_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    late = iter([True, True, False])

    def racing(path: Path) -> None:
        for file in folder.iterdir():
            file.unlink()
        if next(late):
            (folder / "late").touch()  # as another process does between the last look and the end
        folder.rmdir()

    monkeypatch.setattr(shutil, "rmtree", racing)
    assert atomic.delete(folder)
    assert not folder.exists()


def test_a_deletion_that_the_system_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tree").mkdir()

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "not yours", str(path))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(PermissionError):
        atomic.delete(tmp_path / "tree")
