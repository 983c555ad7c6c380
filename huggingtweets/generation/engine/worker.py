"""The thread that owns the models. It admits requests fairly, steps every batch that has rows, and delivers drafts.

A second thread loads voices, so that no row waits for a disk.

Knows tickets, voices and batches. Does not know asyncio or what becomes of drafts.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.errors import NotNow, PipelineError
from huggingtweets.generation.drafter import STOPPING
from huggingtweets.generation.engine.batch import DraftJob
from huggingtweets.generation.engine.decode import read_drafts
from huggingtweets.generation.engine.devices import make_decoder
from huggingtweets.generation.engine.rows import Sampling
from huggingtweets.generation.engine.start import start_of
from huggingtweets.generation.engine.tickets import Inbox, Ticket, Turns
from huggingtweets.generation.engine.voices import LoadedBase, LoadedVoice, LoadedVoices

log = logging.getLogger(__name__)

MIB = 1 << 20
SMOOTHING = 0.2  # of the time a request takes
LOOK_SECONDS = 1.0  # between looks while nothing happens: shows that the thread is alive


class EngineWorker:
    """Call `run` on a thread of its own. It returns when the inbox is closed and every ticket has its answer."""

    def __init__(self, settings: GenerationSettings, inbox: Inbox):
        self._settings, self._inbox = settings, inbox
        self._voices = LoadedVoices(settings.memory_mib * MIB, partial(make_decoder, settings=settings))
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._loading: dict[Ticket, Future[LoadedVoice]] = {}
        self._waiting: dict[Ticket, LoadedVoice] = {}
        self._running: dict[DraftJob, tuple[Ticket, LoadedBase]] = {}
        self._turns = Turns()
        self._last_answer = time.monotonic()

    def run(self) -> None:
        """Work until the inbox is closed. An error raised here is the engine's fault; the caller tells all who wait."""
        try:
            while self._receive():
                self._collect()
                self._drop_cancelled()
                self._admit()
                for loaded in {id(loaded): loaded for _, loaded in self._running.values()}.values():
                    self._compute(loaded, loaded.batch.step)
            self._inbox.fail_open(NotNow(STOPPING), dead=False)
        finally:
            self._loader.shutdown(wait=False, cancel_futures=True)

    def _receive(self) -> bool:
        """Take new requests from the inbox; wait while there is nothing to do. Returns False when it is time to end."""
        inbox = self._inbox
        with inbox.changed:
            while not self._something_to_do():
                inbox.changed.wait(LOOK_SECONDS)
                self._last_answer = inbox.beat = time.monotonic()
            new, inbox.new = inbox.new, []
            forgotten, inbox.forgotten = inbox.forgotten, []
            inbox.beat = time.monotonic()
        if inbox.closing:
            return False
        for name in forgotten:
            self._voices.forget(name)
            self._inbox.voices = len(self._voices), self._voices.bytes
        for ticket in new:
            self._told_alone(ticket, partial(self._take, ticket))
        return True

    def _something_to_do(self) -> bool:
        inbox = self._inbox
        loaded = any(voice.done() for voice in self._loading.values())
        return bool(inbox.closing or inbox.new or inbox.forgotten or self._running or self._waiting or loaded)

    def _take(self, ticket: Ticket) -> None:
        """Let `ticket` wait for its turn. If its voice is not in memory, load the voice first."""
        if voice := self._voices.find(ticket.request.voice):
            self._waiting[ticket] = voice
        else:
            self._loading[ticket] = self._loader.submit(self._voices.load, ticket.request.voice)
            self._loading[ticket].add_done_callback(lambda _: self._inbox.wake())

    def _collect(self) -> None:
        """Let the tickets whose voices are loaded by now wait for their turn."""
        loaded = [ticket for ticket, voice in self._loading.items() if voice.done()]
        for ticket in loaded:
            voice = self._loading.pop(ticket)
            self._told_alone(ticket, partial(self._wait, ticket, voice))
        if loaded:
            self._inbox.voices = len(self._voices), self._voices.bytes

    def _wait(self, ticket: Ticket, voice: Future[LoadedVoice]) -> None:
        self._waiting[ticket] = voice.result()

    def _told_alone(self, ticket: Ticket, call: Callable[[], None]) -> bool:
        """Returns True if `call` did its work. If it fails, its error is the answer to `ticket` alone."""
        try:
            call()
        except Exception as error:
            log.debug("a request cannot be answered", exc_info=error)
            ticket.fail(_told(error))
            return False
        return True

    def _drop_cancelled(self) -> None:
        for ticket in [ticket for ticket in self._waiting if ticket.cancelled]:
            del self._waiting[ticket]
        for job, (ticket, loaded) in list(self._running.items()):
            if ticket.cancelled:
                loaded.batch.drop(job)
                del self._running[job]

    def _admit(self) -> None:
        """Give free rows to the tickets whose turn it is. If nothing runs, a request of any size is admitted."""
        rows = sum(loaded.batch.rows for loaded in {loaded for _, loaded in self._running.values()})
        joining: dict[LoadedBase, list[DraftJob]] = {}
        while self._waiting:
            ticket = self._turns.next(self._waiting)
            if rows and rows + ticket.request.count > self._settings.max_rows:
                break
            voice = self._waiting.pop(ticket)
            self._turns.had(ticket)
            if self._told_alone(ticket, partial(self._join, ticket, voice, joining)):
                rows += ticket.request.count
        for loaded, jobs in joining.items():
            self._compute(loaded, partial(loaded.batch.join, jobs))

    def _join(self, ticket: Ticket, voice: LoadedVoice, joining: dict[LoadedBase, list[DraftJob]]) -> None:
        """Make a job of `ticket`. The job joins the batch of its base."""
        job = self._job(ticket, voice)
        ticket.admitted = True
        self._running[job] = ticket, voice.base
        joining.setdefault(voice.base, []).append(job)

    def _job(self, ticket: Ticket, voice: LoadedVoice) -> DraftJob:
        request = ticket.request
        sampling = Sampling.of(self._settings, request.temperature, request.top_p, request.max_tokens)
        start = start_of(voice.base, request.prompt, sampling.max_new_tokens, request.context)
        return DraftJob(
            start.tokens,
            voice.adapter,
            request.count,
            sampling,
            request.seed,
            start.text,
            start.barred,
            voice.habits,
        )

    def _compute(self, loaded: LoadedBase, call: Callable[[], list[DraftJob]]) -> None:
        """Make the step `call`, and answer the jobs that are finished after it."""
        try:
            self._answer(call())
        except Exception as error:
            log.error("a step of %s failed", loaded.id, exc_info=error)
            self._give_up(loaded, error)

    def _answer(self, jobs: Sequence[DraftJob]) -> None:
        for job in jobs:
            self._told_alone(self._running[job][0], partial(self._hand_out, job))
            del self._running[job]
            now = time.monotonic()
            inbox = self._inbox
            inbox.seconds_per_request += SMOOTHING * (now - self._last_answer - inbox.seconds_per_request)
            self._last_answer = now

    def _hand_out(self, job: DraftJob) -> None:
        ticket, loaded = self._running[job]
        ticket.resolve(read_drafts(loaded, job))

    def _give_up(self, loaded: LoadedBase, error: Exception) -> None:
        """A step has failed, for example out of memory. Its requests get the error, and the batch is empty again."""
        loaded.batch.clear()
        for job, (ticket, owner) in list(self._running.items()):
            if owner is loaded:
                del self._running[job]
                ticket.fail(_told(error))


def _told(error: Exception) -> Exception:
    """An error of our own stays as it is; any other becomes one sentence."""
    if isinstance(error, PipelineError):
        return error
    return PipelineError(f"Drawing failed ({type(error).__name__}: {error}); please report it.")
