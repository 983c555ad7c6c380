"""A backup or restore that is killed at any moment leaves what was there, or what it was to make, and nothing between.

`KILLS=30` tries ten times as many moments.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.keeping import swap
from tests.bot.keeping.conftest import Place
from tests.bot.keeping.test_backup import backed_up

REPOSITORY = Path(__file__).parents[3]
MOMENTS = int(os.environ.get("KILLS", "3")) * 2

Work = Callable[[str, Place, Path, int], int]


@pytest.fixture
def work() -> Iterator[Work]:
    """Does one thing up to a moment. Returns how many moments there were, or 0 if it was killed."""
    script = Path(__file__).with_name("killable.py")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert process.stdin
    assert process.stdout

    def done(what: str, place: Place, file: Path, number: int) -> int:
        process.stdin.write(f"{what} {place.config_file} {file} {number}\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
        status, acts = map(int, process.stdout.readline().split())  # type: ignore[union-attr]
        assert status in (0, signal.SIGKILL)
        return acts

    with process:
        yield done


def moments(count: int) -> list[int]:
    chance = random.Random(count)
    return sorted(chance.sample(range(1, count + 1), min(count, MOMENTS)))


def what_counts(place: Place) -> dict[str, bytes]:
    """What people would miss: no lock, no database's own pages, nothing of an unfinished restore."""
    kept = ("data/tweets", "data/avatars", "models")
    return {
        name: content
        for name, content in place.files().items()
        if name.startswith(kept) and ".restoring" not in name and not name.endswith(".opted-out.json")
    }


def test_a_backup_is_whole_or_not_there_whenever_it_is_killed(here: Place, elsewhere: Place, work: Work) -> None:
    file = here.folder / "b" / "all.backup"
    file.parent.mkdir()
    count = work("backup", here, file, 0)
    first = file.read_bytes()
    killed = 0
    for number in moments(count):
        killed += not work("backup", here, file, number)
        assert len(file.read_bytes()) == len(first)
        file.unlink(missing_ok=bool(killed % 2))
        work("backup", here, file, number)
        assert not file.exists() or len(file.read_bytes()) == len(first)
        work("backup", here, file, 0)
        assert [path.name for path in file.parent.iterdir()] == [file.name], "nothing of the killed ones is left"
    assert killed > 1
    assert not (here.folder / "data" / ".backing-up").exists()
    elsewhere.restore(file)
    assert what_counts(elsewhere) == what_counts(here)


def test_a_restore_is_done_or_not_begun_whenever_it_is_killed(here: Place, elsewhere: Place, work: Work) -> None:
    backup = backed_up(here)
    elsewhere.learn("cat")
    elsewhere.learn("bob")
    before, after = what_counts(elsewhere), what_counts(here)
    saved = shutil.copytree(elsewhere.folder, elsewhere.folder.parent / "saved")

    def put_back() -> None:
        shutil.rmtree(elsewhere.folder)
        shutil.copytree(saved, elsewhere.folder)

    count = work("restore", elsewhere, backup, 0)
    assert what_counts(elsewhere) == after
    # The last moments, in which things are put in place, are the ones that matter most.
    seen = {"before": 0, "after": 0}
    for number in sorted({*moments(count), *range(count - 36, count, 36 // MOMENTS)}):
        put_back()
        work("restore", elsewhere, backup, number)
        unfinished = swap.is_unfinished(elsewhere.config)
        if not unfinished:
            there = what_counts(elsewhere)
            assert there in (before, after)
            seen["before" if there == before else "after"] += 1
        work("restore", elsewhere, backup, 0)
        assert what_counts(elsewhere) == after
        assert not swap.is_begun(elsewhere.config)
    assert seen["before"] > 1
