"""A process that works in the background of its parent: it has a low priority, and it ends when its parent ends.

Knows how Linux announces the end of a parent, and how to look for it elsewhere. Does not know the work.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import threading
import time

from huggingtweets.core.errors import Terminated

STDOUT = 1
PR_SET_PDEATHSIG = 1  # prctl(2)
LOOK_SECONDS = 0.5


def work_in_background(niceness: int = 19) -> None:
    """Lower the priority, at 19 as far as possible, and end when the parent ends, in whatever way.

    Whoever reads stdout counts as the parent, too: this also notices one that died before this call.
    """
    lower_priority(niceness)
    parent = os.getppid()
    if sys.platform == "linux":
        # SIGKILL, because only that ends a process which was stopped by SIGSTOP. A kill leaves whole files anyway.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # The parent died between the two calls, so the kernel will not announce its death.
            raise SystemExit(1)
    else:
        threading.Thread(target=end_with, args=(parent,), name="parent", daemon=True).start()
    if is_hung_up(STDOUT):
        raise SystemExit(1)


def lower_priority(niceness: int) -> None:
    """Give way to other processes. Windows has classes of priority in place of numbers: the lowest is taken there."""
    import psutil

    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.IDLE_PRIORITY_CLASS if niceness else psutil.NORMAL_PRIORITY_CLASS)
    else:
        # Not os.nice, which adds to the inherited niceness.
        process.nice(max(niceness, process.nice()))


def end_with(parent: int) -> None:
    """Wait until the process `parent` has ended, and end this one then. It does not end while it is stopped itself."""
    if sys.platform == "win32":
        import psutil

        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(parent).wait()
    else:
        while os.getppid() == parent:  # then another process takes the parent's place
            time.sleep(LOOK_SECONDS)
    os._exit(Terminated.exit_code)


def is_hung_up(pipe: int) -> bool:
    """Returns True if nobody reads `pipe` any more. Windows says that only to whoever writes."""
    if sys.platform == "win32":
        return False
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
