"""`python -m benchmarks.cluster_simulation`: 10,000 voices, and then a million, on a cluster of replicas.

Each replica is our engine: all drafts that it has are rows of one running batch, and a step costs what
benchmarks/service_times.json says of one thread. Requests come at random, and few voices are asked for most. Simulated
are the latency, how full batches are, and how often a voice must be loaded, with requests that go where their voice is
(by the code of the cluster itself) and with requests that go anywhere. The same seed gives the same figures.

Knows service times and chance. Does not know models or Ray.
"""

import heapq
import json
import sys
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bot.cluster.rendezvous import MUCH, ranked

HERE = Path(__file__).parent
TIMES = json.loads((HERE / "service_times.json").read_text())
STEP, LOADING = TIMES["step_seconds"], TIMES["loading_seconds"]
VOICES, MANY_VOICES = 10_000, 1_000_000
DRAFTS, STEPS = 10, TIMES["tokens_a_draft"]  # candidates of one tweet, and tokens of each
MAX_ROWS = 64
VOICES_IN_MEMORY = 300  # of a replica: memory_mib = 1024, and 3 MB a voice
POPULARITY = 1.0  # Zipf's exponent
ASKS_AN_HOUR = 4  # of each person who asks at all
SECONDS = 240.0  # of which the first quarter does not count


@dataclass
class Request:
    """One ask for a tweet."""

    came: float
    voice: int
    left: int = STEPS


@dataclass
class SimulatedReplica:
    """An engine: requests wait, load their voice, run as rows, and end."""

    voices_in_memory: int = VOICES_IN_MEMORY
    waiting: list[Request] = field(default_factory=list)
    running: list[Request] = field(default_factory=list)
    memory: OrderedDict[int, None] = field(default_factory=OrderedDict)
    busy: bool = False
    drafts: int = 0
    loads: int = 0
    asked: int = 0

    def load(self, voice: int) -> float:
        """Have the voice in memory. Returns the seconds that it takes."""
        self.asked += 1
        if voice in self.memory:
            self.memory.move_to_end(voice)
            return 0.0
        self.loads += 1
        self.memory[voice] = None
        if len(self.memory) > self.voices_in_memory:
            self.memory.popitem(last=False)
        return float(LOADING)

    def step(self) -> float:
        """Admit who fits, and make one step of all rows. Returns the seconds that it takes."""
        seconds = 0.0
        while self.waiting and (not self.running or (len(self.running) + 1) * DRAFTS <= MAX_ROWS):
            request = self.waiting.pop(0)
            seconds += self.load(request.voice)
            self.running.append(request)
        voices = len({request.voice for request in self.running})
        rows = len(self.running) * DRAFTS
        return seconds + STEP["base"] + STEP["row"] * rows + STEP["voice"] * voices


@dataclass(frozen=True)
class Figures:
    """What a run gave. Latencies are seconds, `rows` is the mean of a step, `loads` a share of all requests."""

    median: float
    p95: float
    p99: float
    rows: float
    rows_a_voice: float
    loads: float
    busy: float


class Simulation:
    """Requests for `voices` at random times for `SECONDS`. A replica has `in_memory` of them at a time."""

    def __init__(
        self,
        replicas: int,
        asks_a_second: float,
        *,
        affinity: bool,
        seed: int = 1,
        voices: int = VOICES,
        in_memory: int = VOICES_IN_MEMORY,
    ):
        chance = np.random.default_rng(seed)
        count = int(asks_a_second * SECONDS)
        weights = 1 / np.arange(1, voices + 1) ** POPULARITY
        self._number_of_voices = voices
        self._came = np.sort(chance.uniform(0, SECONDS, count)).tolist()
        self._voices = chance.choice(voices, count, p=weights / weights.sum()).tolist()
        self._anywhere = chance.integers(0, replicas, count).tolist()
        self._affinity = affinity
        self._names = {f"replica-{number}": number for number in range(replicas)}
        self._orders: dict[int, list[int]] = {}
        self._fleet = [SimulatedReplica(in_memory) for _ in range(replicas)]
        self._latencies: list[float] = []
        self._rows: list[int] = []
        self._distinct: list[int] = []
        self._busy = 0.0

    def _order(self, voice: int) -> list[int]:
        if voice not in self._orders:
            self._orders[voice] = [self._names[name] for name in ranked(str(voice), self._names)]
        return self._orders[voice]

    def _fill_memory(self) -> None:
        """What they would have in memory by now: the voices that are asked for most."""
        room = sum(replica.voices_in_memory for replica in self._fleet)
        for voice in range(self._number_of_voices):
            if not room:
                return
            for replica in [self._fleet[self._order(voice)[0]]] if self._affinity else self._fleet:
                if len(replica.memory) < replica.voices_in_memory:
                    replica.memory[voice] = None
                    replica.memory.move_to_end(voice, last=False)
                    room -= 1

    def run(self) -> Figures:
        """Everything that happens, in the order in which it does."""
        self._fill_memory()
        events = [(time, 0, number) for number, time in enumerate(self._came)]
        heapq.heapify(events)
        while events:
            now, kind, number = heapq.heappop(events)
            place = self._arrive(now, number) if kind == 0 else self._end_step(now, number)
            if place is not None:
                heapq.heappush(events, (now + self._step(self._fleet[place]), 1, place))
        return self._figures()

    def _arrive(self, now: float, number: int) -> int | None:
        """A request comes. Returns its replica if that stood still."""
        voice = self._voices[number]
        place = _place(self._order(voice), self._fleet) if self._affinity else self._anywhere[number]
        replica = self._fleet[place]
        replica.waiting.append(Request(now, voice))
        replica.drafts += DRAFTS
        stood, replica.busy = not replica.busy, True
        return place if stood else None

    def _end_step(self, now: float, place: int) -> int | None:
        """A step ends. Returns its replica if another step follows."""
        replica = self._fleet[place]
        for request in replica.running:
            request.left -= 1
            if not request.left:
                replica.drafts -= DRAFTS
                if request.came > SECONDS / 4:
                    self._latencies.append(now - request.came)
        replica.running = [request for request in replica.running if request.left]
        replica.busy = bool(replica.running or replica.waiting)
        return place if replica.busy else None

    def _step(self, replica: SimulatedReplica) -> float:
        seconds = replica.step()
        self._busy += seconds
        self._rows.append(len(replica.running) * DRAFTS)
        self._distinct.append(len({request.voice for request in replica.running}))
        return seconds

    def _figures(self) -> Figures:
        median, p95, p99 = np.percentile(self._latencies, [50, 95, 99]).tolist()
        return Figures(
            median,
            p95,
            p99,
            float(np.mean(self._rows)),
            sum(self._rows) / max(1, sum(self._distinct)),
            sum(one.loads for one in self._fleet) / max(1, sum(one.asked for one in self._fleet)),
            self._busy / (SECONDS * len(self._fleet)),
        )


def simulate(replicas: int, asks_a_second: float, *, affinity: bool, **world: int) -> Figures:
    """The figures of one run. `world` is what is unusual in it, such as `voices`."""
    return Simulation(replicas, asks_a_second, affinity=affinity, **world).run()


def _place(order: list[int], fleet: list[SimulatedReplica]) -> int:
    """As `rendezvous.replica_for` does it, with the ranks of a voice worked out once."""
    bound = min(MAX_ROWS, MUCH * (sum(one.drafts for one in fleet) / len(fleet) + DRAFTS))
    free = (place for place in order if fleet[place].drafts == 0 or fleet[place].drafts + DRAFTS <= bound)
    place = next(free, None)
    return min(order, key=lambda place: fleet[place].drafts) if place is None else place


def needed(asks_a_second: float, within_seconds: float, *, affinity: bool, **world: int) -> int:
    """How many replicas answer 95 of 100 within that time."""
    low, high = 1, 2
    while simulate(high, asks_a_second, affinity=affinity, **world).p95 > within_seconds:
        low, high = high, high * 2
    while low + 1 < high:
        middle = (low + high) // 2
        if simulate(middle, asks_a_second, affinity=affinity, **world).p95 > within_seconds:
            low = middle
        else:
            high = middle
    return high


def lines() -> Iterator[str]:
    """The tables, in Markdown."""
    yield "| replicas | asks a second | goes | median s | p95 s | p99 s | rows a step | rows a voice | loads | busy |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for replicas, share in [(16, 0.3), (16, 0.6), (16, 0.8), (16, 0.95)]:
        asks = share * replicas * capacity()
        for affinity in (True, False):
            found = simulate(replicas, asks, affinity=affinity)
            yield (
                f"| {replicas} | {asks:.1f} | {'to its voice' if affinity else 'anywhere'} | {found.median:.2f} | "
                f"{found.p95:.2f} | {found.p99:.2f} | {found.rows:.0f} | {found.rows_a_voice:.1f} | "
                f"{100 * found.loads:.0f} % | {100 * found.busy:.0f} % |"
            )
    yield ""
    yield "Replicas that answer 95 of 100 within 3 s, if each person who asks does so four times in the hour:"
    yield ""
    yield "| people who ask in the busiest hour | asks a second | to its voice | anywhere |"
    yield "|---|---|---|---|"
    for people in (1_000, 5_000, 20_000):
        asks = people * ASKS_AN_HOUR / 3600
        yield f"| {people:,} | {asks:.1f} | {needed(asks, 3.0, affinity=True)} | {needed(asks, 3.0, affinity=False)} |"
    yield ""
    yield from many_voices()


def many_voices() -> Iterator[str]:
    """The table of 50,000 people who ask for a million voices within an hour."""
    asks = 50_000 * ASKS_AN_HOUR / 3600
    yield f"50,000 people ask for {MANY_VOICES:,} voices, {asks:.0f} times a second:"
    yield ""
    yield "| voices in memory of a replica | replicas for 95 of 100 within 3 s | loads | loads a second | busy |"
    yield "|---|---|---|---|---|"
    for in_memory in (300, 900, 3_000):
        world = {"voices": MANY_VOICES, "in_memory": in_memory}
        replicas = needed(asks, 3.0, affinity=True, **world)
        found = simulate(replicas, asks, affinity=True, **world)
        yield (
            f"| {in_memory:,} | {replicas} | {100 * found.loads:.0f} % | {asks * found.loads:.0f} | "
            f"{100 * found.busy:.0f} % |"
        )


def capacity() -> float:
    """Asks a second that one replica answers with full batches and voices in memory."""
    requests = MAX_ROWS // DRAFTS
    step = STEP["base"] + STEP["row"] * requests * DRAFTS + STEP["voice"] * requests
    return float(requests / (STEPS * step))


if __name__ == "__main__":
    print(f"One replica of one thread answers {capacity():.2f} asks a second at most.\n")
    for line in lines():
        print(line, flush=True)
    sys.exit(0)
