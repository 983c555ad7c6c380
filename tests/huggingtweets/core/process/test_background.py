"""A process in the background gives way to others and does not outlive its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CHILD = """
import os, time
from huggingtweets.core.process.background import work_in_background
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
    code = (
        "import sys; from huggingtweets.core.process.background import work_in_background; work_in_background()\n"
        "print('at work', file=sys.stderr)"
    )
    begun = subprocess.run(
        [sys.executable, "-c", code], stdout=write_end, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write_end)
    assert (begun.returncode, begun.stderr) == (1, "")


def test_where_the_kernel_announces_no_end_of_a_parent_it_is_looked_for() -> None:
    child = (
        "import os, threading, time; from huggingtweets.core.process.background import end_with\n"
        "threading.Thread(target=end_with, args=(os.getppid(),)).start()\n"
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", PARENT, child], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        time.sleep(0.1)
        assert is_alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for_the_end_of(pid)


def wait_for_the_end_of(pid: int) -> None:
    deadline = time.monotonic() + 200
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)
