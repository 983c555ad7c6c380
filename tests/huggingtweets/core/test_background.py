"""A process in the background gives way to others and does not outlive its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CHILD = """
import os, time
from huggingtweets.core.background import work_in_background
work_in_background()
print(os.getpid(), os.nice(0), flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
child.wait()
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_has_the_lowest_priority_and_ends_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid, niceness = map(int, parent.stdout.readline().split())
        assert niceness == 19
        assert is_alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for_the_end_of(pid)


def test_it_ends_with_its_parent_also_when_it_is_stopped() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline().split()[0])
        os.kill(pid, signal.SIGSTOP)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for_the_end_of(pid)


def test_it_does_not_begin_when_its_parent_has_gone_before() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    begin = f"from huggingtweets.core.background import work_in_background; work_in_background({write_end})"
    code = f"{begin}; print('at work')"
    begun = subprocess.run([sys.executable, "-c", code], pass_fds=(write_end,), capture_output=True, text=True)
    os.close(write_end)
    assert (begun.returncode, begun.stdout) == (1, "")


def wait_for_the_end_of(pid: int) -> None:
    deadline = time.monotonic() + 200
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)
