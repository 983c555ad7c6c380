"""The process uses as many threads as told, and the allocator's hint is taken where there is one."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from huggingtweets.core.process.cpu import give_back_memory, keep_freed_memory, one_thread, usable_cores, use_threads


@pytest.fixture(autouse=True)
def same_threads_afterwards() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_as_many_threads_are_used_as_wanted_or_one_a_core() -> None:
    use_threads(3)
    assert torch.get_num_threads() == 3
    use_threads(0)
    assert torch.get_num_threads() == usable_cores() == len(os.sched_getaffinity(0))


def test_the_hint_to_the_allocator_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []

    class Library:
        @staticmethod
        def mallopt(parameter: int, value: int) -> int:
            given.append((parameter, value))
            return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    keep_freed_memory()
    assert {parameter for parameter, _ in given} == {-1, -3}


def test_without_glibc_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert keep_freed_memory() is None
    assert give_back_memory() is None


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc")
def test_freed_memory_is_given_back() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    keep_freed_memory()
    blocks = [torch.ones(1 << 18) for _ in range(100)]
    above = torch.ones(1)
    del blocks
    before = resident()
    give_back_memory()
    assert resident() < before - 80 * (1 << 20)
    assert above.item() == 1


def test_one_thread_computes_for_a_moment_also_if_that_fails() -> None:
    use_threads(3)
    with suppress(ZeroDivisionError), one_thread():
        meanwhile = torch.get_num_threads()
        raise ZeroDivisionError
    assert (meanwhile, torch.get_num_threads()) == (1, 3)
