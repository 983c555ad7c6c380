"""A signal waits until the process can stop without losing work."""

import os
import signal
import threading

import pytest

from huggingtweets.core.errors import Terminated
from huggingtweets.core.process.termination import postponed


def work_until_told(number: int, done: list[str]) -> None:
    with postponed() as stop:
        stop.obey()
        os.kill(os.getpid(), number)
        assert stop.received
        done.append("finished what it was at")
        stop.obey()
        done.append("went on")


def test_sigterm_is_noted_and_obeyed_when_it_is_time() -> None:
    done: list[str] = []
    with pytest.raises(Terminated, match="Stopped; start it again and it goes on"):
        work_until_told(signal.SIGTERM, done)
    assert done == ["finished what it was at"]
    assert Terminated.exit_code == 128 + signal.SIGTERM


def test_ctrl_c_stays_ctrl_c() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        work_until_told(signal.SIGINT, done)
    assert done == ["finished what it was at"]


def test_what_nobody_obeyed_is_obeyed_at_the_end() -> None:
    with pytest.raises(Terminated), postponed():
        os.kill(os.getpid(), signal.SIGTERM)


def fail_when_told() -> None:
    with postponed():
        os.kill(os.getpid(), signal.SIGTERM)
        raise ValueError("of its own")


def test_an_error_is_not_replaced_and_the_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with pytest.raises(ValueError, match="of its own"):
        fail_when_told()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_another_thread_gets_no_signals_and_changes_no_handlers() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def work() -> None:
        with postponed() as stop:
            seen.extend([stop.received, signal.getsignal(signal.SIGTERM)])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False, before]
