"""A process that works in the background of another: low priority, and gone when its parent is gone.

Knows Linux; elsewhere the priority is lowered, and a parent that has gone is noticed at the next word to it.
"""

import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def work_in_background(parent_reads: int | None = None, niceness: int = 19) -> None:
    """Give way to others (at 19 to everybody), and end when the parent ends, however it ends.

    `parent_reads` is a pipe that only the parent reads: with it, a parent that died before this call is noticed, too.
    """
    # Not os.nice, which adds to what was inherited.
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    if sys.platform == "linux":
        parent = os.getppid()
        # SIGKILL: what a kill leaves is whole anyway, and a process that was stopped does not wake up for less.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # It died between the two calls, so its death will not be announced.
            raise SystemExit(1)
    if parent_reads is not None and _is_hung_up(parent_reads):
        raise SystemExit(1)


def _is_hung_up(pipe: int) -> bool:
    """Whether nobody reads `pipe` any more."""
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
