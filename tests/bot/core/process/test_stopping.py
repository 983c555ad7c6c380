"""Real signals stop a real process: in order, in time, or at once."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.core.process.stopping import APART_SECONDS, seconds_for_a_child, seconds_for_answers

REPOSITORY = Path(__file__).parents[4]
START = """
import asyncio, os, sys, threading, time
from bot.core.process import stopping
from bot.core.process.stopping import Stopping
stopping.LOOP_TAKES_WAKEUPS = {as_on_windows}
stopping.APART_SECONDS = {apart_seconds}

async def live(stopping):
    print("up", flush=True)
    await stopping.asked()
    print("asked", flush=True)
    {at_the_end}

with Stopping({seconds}) as stopping:
    asyncio.run(live(stopping))
print("in order", flush=True)
"""
HANGS = {
    "a task": "await asyncio.sleep(60)",
    "the loop": "time.sleep(60)",
    "a thread that the loop waits for": "asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)",
    "a thread that the interpreter waits for": "threading.Thread(target=time.sleep, args=(60,)).start()",
}


@contextmanager
def process(
    at_the_end: str,
    seconds: float,
    *,
    as_on_windows: bool = False,
    apart_seconds: float = APART_SECONDS,
    **options: object,
) -> Iterator["subprocess.Popen[str]"]:
    program = START.format(
        at_the_end=at_the_end, seconds=seconds, as_on_windows=as_on_windows, apart_seconds=apart_seconds
    )
    command = [sys.executable, "-c", program]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=REPOSITORY, **pipes, **options) as started:
        try:
            assert started.stdout
            assert started.stdout.readline() == "up\n"
            yield started
        finally:
            started.kill()


@pytest.mark.parametrize("as_on_windows", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_is_a_stop_in_order(number: int, as_on_windows: bool) -> None:
    # Who runs the tests under nohup ignores SIGHUP, and a process inherits that.
    options = {"as_on_windows": as_on_windows, "preexec_fn": lambda: signal.signal(number, signal.SIG_DFL)}
    with process("pass", 30, **options) as bot:
        bot.send_signal(number)
        assert bot.wait(120) == 0
        assert bot.stdout.read() == "asked\nin order\n"


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
def test_whatever_hangs_a_stop_ends_in_time_and_says_so(hang: str) -> None:
    with process(hang, 0.5) as bot:
        began = time.monotonic()
        bot.send_signal(signal.SIGTERM)
        code = bot.wait(120)
        assert (code, time.monotonic() - began < 30) == (70, True)
        assert bot.stderr.read() == (
            "bot: The stop took more than 0.5 s: something hangs. It was not waited for; "
            "what was under way goes on at the next start.\n"
        )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
def test_a_second_signal_ends_at_once(hang: str, number: int, code: int) -> None:
    with process(hang, 60) as bot:
        bot.send_signal(signal.SIGTERM)
        assert bot.stdout.readline() == "asked\n"
        time.sleep(2 * APART_SECONDS)
        began = time.monotonic()
        bot.send_signal(number)
        assert bot.wait(120) == code
        assert time.monotonic() - began < 30
        assert "Told to stop a second time" in bot.stderr.read()


def test_a_signal_that_is_sent_twice_at_once_and_hang_ups_are_one_wish() -> None:
    # A busy machine lets this test come to its turn too late for the usual time apart.
    with process("await asyncio.sleep(1.5)", 30, apart_seconds=120) as bot:
        bot.send_signal(signal.SIGTERM)
        assert bot.stdout.readline() == "asked\n"
        bot.send_signal(signal.SIGTERM)
        for _ in range(3):
            time.sleep(0.3)
            bot.send_signal(signal.SIGHUP)
        assert bot.wait(120) == 0
        assert bot.stdout.read() == "in order\n"


def test_under_nohup_a_hang_up_means_nothing() -> None:
    # Inherited from a parent that ignores it, as nohup does.
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with process("pass", 30) as bot:
            bot.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                bot.wait(0.5)
            bot.send_signal(signal.SIGTERM)
            assert bot.wait(120) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


RELOADS = """
import asyncio, signal
from bot.core.process.stopping import Stopping

async def live(stopping):
    asyncio.get_running_loop().create_task(listen(stopping))
    await asyncio.sleep(0)
    print("up", flush=True)
    await stopping.asked()

async def listen(stopping):
    while True:
        await stopping.hung_up()
        print("read again", flush=True)

with Stopping(30, hang_up_reloads=True) as stopping:
    asyncio.run(live(stopping))
print("in order", flush=True)
"""


def test_where_no_terminal_sends_them_hang_ups_are_no_stop() -> None:
    command = [sys.executable, "-c", RELOADS]
    bot = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    with bot:
        assert bot.stdout
        assert bot.stdout.readline() == "up\n"
        for _ in range(3):
            bot.send_signal(signal.SIGHUP)
            assert bot.stdout.readline() == "read again\n"
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(120) == 0
        assert bot.stdout.read() == "in order\n"


def test_a_terminal_is_known_by_its_name() -> None:
    asking = "from bot.core.process.stopping import has_terminal; import sys; sys.exit(10 + has_terminal())"
    command = [sys.executable, "-c", asking]
    assert subprocess.run(command, cwd=REPOSITORY, start_new_session=True, check=False).returncode == 10
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True, preexec_fn=lambda: _take(theirs))
    assert child.wait(120) == 11
    os.close(ours)
    os.close(theirs)


def _take(terminal: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def test_a_stop_without_a_signal_is_bounded_too() -> None:
    with process("pass", 30) as bot:
        bot.send_signal(signal.SIGTERM)
        bot.wait(120)
    program = "from bot.core.process.stopping import Stopping\nimport time\n"
    program += "with Stopping(0.3) as stopping:\n    stopping.begin()\n    time.sleep(60)"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, timeout=120, check=False
    )
    assert (ended.returncode, b"something hangs" in ended.stderr) == (70, True)


def test_after_an_end_in_order_no_thread_is_waited_for_that_only_computes() -> None:
    computing = "asyncio.get_running_loop().run_in_executor(None, time.sleep, 60); stopping.in_order()"
    with process(computing, 60) as bot:
        began = time.monotonic()
        bot.send_signal(signal.SIGTERM)
        assert (bot.wait(120), time.monotonic() - began < 30) == (0, True)
        assert bot.stderr.read() == ""


def test_leaving_without_a_stop_leaves_nothing_behind() -> None:
    program = (
        "import os, signal, threading, time\n"
        "from bot.core.process.stopping import Stopping\n"
        "before = signal.getsignal(signal.SIGTERM), len(os.listdir('/proc/self/fd'))\n"
        "for _ in range(3):\n    with Stopping(1): pass\n"
        "time.sleep(0.2)\n"
        "assert before == (signal.getsignal(signal.SIGTERM), len(os.listdir('/proc/self/fd')))\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, timeout=120, check=True)


def test_answers_children_and_the_rest_share_the_time_of_a_stop() -> None:
    assert [seconds_for_answers(total) for total in (2, 10, 60)] == [1, 7, 57]
    assert [seconds_for_a_child(total) for total in (2, 10, 60)] == [1, 7, 8]
