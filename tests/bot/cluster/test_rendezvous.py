"""Voices stay where they are, and move only if they must."""

from collections import Counter

from bot.cluster.rendezvous import ranked, replica_for

REPLICAS = [f"r{number}" for number in range(4)]
VOICES = [f"voice{number}" for number in range(1_000)]


def owners(replicas: list[str]) -> dict[str, str]:
    return {voice: ranked(voice, replicas)[0] for voice in VOICES}


def test_every_replica_has_its_share() -> None:
    shares = Counter(owners(REPLICAS).values())
    assert set(shares) == set(REPLICAS)
    assert all(200 <= share <= 300 for share in shares.values())


def test_the_order_in_which_replicas_are_named_does_not_matter() -> None:
    assert owners(REPLICAS) == owners(REPLICAS[::-1])


def test_when_a_replica_goes_only_its_voices_move_and_they_come_back() -> None:
    before, without = owners(REPLICAS), owners(REPLICAS[:-1])
    assert {voice for voice in VOICES if before[voice] != without[voice]} == {
        voice for voice in VOICES if before[voice] == REPLICAS[-1]
    }
    assert owners(REPLICAS) == before


def test_the_next_one_helps_if_the_first_is_full_and_the_least_busy_if_all_are() -> None:
    first, second, third, fourth = ranked("ann", REPLICAS)
    idle = dict.fromkeys(REPLICAS, 0)
    assert replica_for("ann", idle, 10, rows=64) == first
    assert replica_for("ann", idle | {first: 3}, 10, rows=64) == first
    assert replica_for("ann", idle | {first: 20}, 10, rows=64) == second
    assert replica_for("ann", dict.fromkeys(REPLICAS, 30) | {first: 35}, 10, rows=64) == first
    assert replica_for("ann", dict.fromkeys(REPLICAS, 30) | {first: 50}, 10, rows=64) == second
    assert replica_for("ann", {first: 70, second: 65, third: 60, fourth: 64}, 10, rows=64) == third
    assert replica_for("ann", {first: 0}, 100, rows=64) == first, "more rows than it has are drawn one after the other"
    assert replica_for("ann", {}, 1, rows=64) is None
