"""What the process counts and times, and the text in which Prometheus reads that.

No figure says who asked, or for which voice.

Knows prometheus-client. Does not know what is measured: each part tells, or is asked when somebody reads.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.core.errors import BotError, TooOften
from huggingtweets.core.errors import Busy, PipelineError, Usage

CONTENT_TYPE = CONTENT_TYPE_LATEST
LAG_SECONDS = 0.5  # between two looks at the event loop
READ_SECONDS = 2.0  # for the figures of the database
ANSWER_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


@dataclass(frozen=True)
class Stored:
    """What the database says: rows by their state, and this month's costs by kind, in millionths of a US dollar."""

    trainings: Mapping[str, int] = field(default_factory=dict)
    posts: Mapping[str, int] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawing:
    """What the engine says: requests that wait or run, voices in memory and their bytes, and whether it works."""

    waiting: int = 0
    voices: int = 0
    voice_bytes: int = 0
    works: bool = True


class Measures:
    """All figures of one process. `text` gives them in the form that Prometheus reads."""

    def __init__(
        self,
        *,
        stored: Callable[[], Awaitable[Stored]] | None = None,
        drawing: Callable[[], Drawing] = Drawing,
    ):
        self._stored, self._drawing = stored, drawing
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._answers = Counter(
            "huggingtweets_answers", "Asks for tweets, by what became of them.", ["outcome"], registry=registry
        )
        self._seconds = Histogram(
            "huggingtweets_answer_seconds", "From an ask to its tweets.", buckets=ANSWER_BUCKETS, registry=registry
        )
        self._lag = Histogram(
            "huggingtweets_loop_lag_seconds", "How late the event loop is.", buckets=LAG_BUCKETS, registry=registry
        )
        self._queue = Gauge(
            "huggingtweets_queue_requests", "Requests that wait for the engine, or run in it.", registry=registry
        )
        self._voices = Gauge("huggingtweets_voices_in_memory", "Voices and blends that are loaded.", registry=registry)
        self._voice_bytes = Gauge(
            "huggingtweets_voices_in_memory_bytes", "What they take, with their bases.", registry=registry
        )
        self._engine_up = Gauge("huggingtweets_engine_up", "1 if the engine works.", registry=registry)
        self._database_up = Gauge("huggingtweets_database_up", "1 if the database answers.", registry=registry)
        self._trainings = Gauge(
            "huggingtweets_trainings", "Trainings on record, by state.", ["state"], registry=registry
        )
        self._posts = Gauge("huggingtweets_posts", "Posts on record, by state.", ["state"], registry=registry)
        self._costs = Gauge(
            "huggingtweets_month_costs_usd",
            "What X has cost in this calendar month (UTC).",
            ["kind"],
            registry=registry,
        )

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Count and time one ask for tweets."""
        begin, outcome = time.monotonic(), "failed"
        try:
            yield
            outcome = "answered"
            self._seconds.observe(time.monotonic() - begin)
        except BaseException as error:
            outcome = _outcome(error)
            raise
        finally:
            self._answers.labels(outcome).inc()

    async def watch_the_loop(self) -> None:
        """Measure how late the event loop is, again and again. Never returns."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))

    async def text(self) -> bytes:
        """All figures as they are now. What the database says is left out if it does not answer."""
        drawing = self._drawing()
        self._queue.set(drawing.waiting)
        self._voices.set(drawing.voices)
        self._voice_bytes.set(drawing.voice_bytes)
        self._engine_up.set(drawing.works)
        await self._ask_the_database()
        return generate_latest(self._registry)

    async def _ask_the_database(self) -> None:
        stored = Stored()
        if self._stored:
            try:
                async with asyncio.timeout(READ_SECONDS):
                    stored = await self._stored()
                self._database_up.set(1)
            except (PipelineError, TimeoutError):
                self._database_up.set(0)
        costs = {kind: micro / 1e6 for kind, micro in stored.costs.items()}
        for gauge, figures in ((self._trainings, stored.trainings), (self._posts, stored.posts), (self._costs, costs)):
            gauge.clear()
            for label, figure in figures.items():
                gauge.labels(label).set(figure)


def _outcome(error: BaseException) -> str:
    match error:
        case asyncio.CancelledError() | GeneratorExit():
            return "cancelled"
        case Busy():
            return "busy"
        case TooOften():
            return "too_often"
        case BotError() | Usage():
            return "refused"
    return "failed"
