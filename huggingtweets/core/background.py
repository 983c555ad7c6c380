"""A process that works in the background of its parent: it has a low priority, and it ends when its parent ends.

Knows Linux. On other systems the priority is lowered too, but the end of the parent is only noticed at the next
write to it.
"""

import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def work_in_background(parent_reads: int | None = None, niceness: int = 19) -> None:
    """Lower the priority, at 19 as far as possible, and end when the parent ends, in whatever way.

    `parent_reads` is a pipe that only the parent reads. With it, this also notices a parent that died before this call.
    """
    # Not os.nice, which adds to the inherited niceness.
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    if sys.platform == "linux":
        parent = os.getppid()
        # SIGKILL, because only that ends a process which was stopped by SIGSTOP. A kill leaves whole files anyway.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # The parent died between the two calls, so the kernel will not announce its death.
            raise SystemExit(1)
    if parent_reads is not None and _is_hung_up(parent_reads):
        raise SystemExit(1)


def _is_hung_up(pipe: int) -> bool:
    """Returns True if nobody reads `pipe` any more."""
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
