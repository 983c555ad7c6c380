"""A process that works in the background of another: lowest priority, and gone when its parent is gone.

Knows Linux; elsewhere only the priority is lowered.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def work_in_background() -> None:
    """Give way to everybody, and end when the parent ends, however it ends."""
    os.nice(19)
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            # It died between the two calls, so its death will not be announced.
            raise SystemExit(1)
