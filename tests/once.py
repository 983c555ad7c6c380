"""What is made once a run, although several processes run the tests.

Knows folders and locks. Does not know what is made.
"""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import filelock
import pytest

Made = TypeVar("Made")


def made_once_a_run(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """Let `make` fill a new folder, and return what it returns, in the first process of this run that asks for it.

    All other processes get the same from there. None may change it.
    """
    base = folders.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"{name}-of-all"
    with filelock.FileLock(shared.with_suffix(".lock")):
        if not (made := shared / "made.pickle").exists():
            shutil.rmtree(shared, ignore_errors=True)
            (shared / "folder").mkdir(parents=True)
            made.write_bytes(pickle.dumps(make(shared / "folder")))
    result: Made = pickle.loads(made.read_bytes())
    return result
