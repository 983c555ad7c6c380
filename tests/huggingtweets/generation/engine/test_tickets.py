"""Whose turn it is, and which request is refused: a person with many requests delays nobody else."""

import asyncio
import threading

import pytest

from huggingtweets.generation.engine.tickets import Request, Ticket, Turns, one_too_many
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version


def ticket(name: str, person: str = "", count: int = 1) -> Ticket:
    return Ticket(Request(Version(name, "v1", None, Manifest(base="b", created="now")), "", count, 1, person))  # type: ignore[arg-type]


async def test_the_first_that_came_is_first_when_nobody_has_had_anything() -> None:
    a, b = ticket("nasa"), ticket("dril")
    assert Turns().next([a, b]) is a


async def test_names_and_people_take_turns() -> None:
    turns = Turns()
    turns.had(ticket("nasa", "ann", count=5))
    same_name, same_person, other = ticket("nasa", "bob"), ticket("dril", "ann"), ticket("dril", "bob")
    assert turns.next([ticket("nasa", "ann"), same_name]) is same_name
    assert turns.next([ticket("nasa", "ann"), same_person]) is same_person
    assert turns.next([same_name, same_person, other]) is other
    turns.had(ticket("oreo", "bob", count=9))
    assert turns.next([same_name, same_person, other]) is same_person


async def test_what_was_long_ago_counts_less() -> None:
    turns = Turns()
    turns.had(ticket("nasa", count=400))
    for _ in range(70):
        turns.had(ticket("dril", count=10))
    assert turns.next([ticket("dril"), nasa := ticket("nasa")]) is nasa


async def test_one_too_many_is_the_last_of_those_that_ask_for_the_most() -> None:
    flood = [ticket("nasa", "ann") for _ in range(3)]
    newcomer = ticket("dril", "bob")
    assert one_too_many([*flood, newcomer]) is flood[-1]
    assert one_too_many([newcomer, *flood]) is flood[-1]
    many = [ticket(name, "ann") for name in ("nasa", "dril", "oreo")]
    assert one_too_many([*many, ticket("nasa", "bob")]) is many[0]
    assert one_too_many([ticket("nasa"), ticket("dril"), last := ticket("oreo")]) is last


async def test_an_answer_comes_from_another_thread_and_a_late_one_is_nobodys() -> None:
    first, second, third = ticket("a"), ticket("b"), ticket("c")
    third.answer.cancel()

    def answer() -> None:
        first.resolve([])
        second.fail(ValueError("no"))
        third.resolve([])
        first.fail(ValueError("late"))

    threading.Thread(target=answer).start()
    assert await first.answer == []
    with pytest.raises(ValueError, match="no"):
        await second.answer
    await asyncio.sleep(0)
    assert third.answer.cancelled()


def test_a_loop_that_is_gone_is_no_failure() -> None:
    async def make() -> Ticket:
        return ticket("a")

    asyncio.run(make()).resolve([])
