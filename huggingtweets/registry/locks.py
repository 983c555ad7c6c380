"""The lock of a voice: while one process trains, prunes or forgets it, no other one does.

Knows lock files. Does not know versions.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.errors import NotNow
from huggingtweets.core.text.phrases import Phrase

LOCK = ".lock-"


@contextmanager
def locked(root: Path, name: str) -> Iterator[None]:
    """Lock the name for this process. The kernel frees the lock when the process dies.

    Raises `NotNow` if another process holds it.
    """
    with ExitStack() as held:
        try:
            # Not in the voice's folder: Windows renames no folder in which a file is open.
            held.enter_context(atomic.locked(root / f"{LOCK}{name}", wait=False, keep=False))
        except (BlockingIOError, FileNotFoundError):
            raise NotNow(
                Phrase("{name} is being trained or forgotten right now; try again later.", name=name)
            ) from None
        yield


@contextmanager
def all_locked(root: Path, names: Iterable[str]) -> Iterator[None]:
    """Lock all these names. Raises `NotNow` if another process holds one."""
    with ExitStack() as held:
        for name in names:
            held.enter_context(locked(root, name))
        yield


def is_free(root: Path, name: str) -> bool:
    """Returns True if no process trains or forgets `name` now."""
    try:
        with locked(root, name):
            return True
    except NotNow:
        return False
