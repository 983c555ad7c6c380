"""The thread that owns the models: admits requests fairly, steps every batch that has rows, hands drafts out.

A second thread loads voices, so that nobody's rows wait for somebody's disk.

Knows tickets, voices and batches. Does not know asyncio or what becomes of drafts.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from huggingtweets.config import Generation
from huggingtweets.engine.batch import Job
from huggingtweets.engine.decode import read_drafts
from huggingtweets.engine.devices import make_decoder
from huggingtweets.engine.rows import Sampling
from huggingtweets.engine.start import start_of
from huggingtweets.engine.tickets import Inbox, Ticket, Turns
from huggingtweets.engine.voices import LoadedBase, LoadedVoice, Voices
from huggingtweets.errors import PipelineError, Unavailable

log = logging.getLogger(__name__)

MIB = 1 << 20
SMOOTHING = 0.2  # of the time a request takes


class Worker:
    """Call `run` on a thread of its own; it returns when the inbox is closed and every ticket is answered."""

    def __init__(self, settings: Generation, inbox: Inbox, beside: Path | None):
        self._settings, self._inbox = settings, inbox
        self._voices = Voices(settings.memory_mib * MIB, partial(make_decoder, settings=settings), beside)
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._loading: set[Ticket] = set()
        self._waiting: dict[Ticket, LoadedVoice] = {}
        self._running: dict[Job, tuple[Ticket, LoadedBase]] = {}
        self._turns = Turns()
        self._last_answer = time.monotonic()

    def run(self) -> None:
        """Work until the inbox is closed."""
        try:
            while self._receive():
                self._drop_cancelled()
                self._admit()
                for loaded in {id(loaded): loaded for _, loaded in self._running.values()}.values():
                    self._compute(loaded, loaded.batch.step)
        finally:
            self._loader.shutdown(wait=False, cancel_futures=True)
            stopping = Unavailable("The engine is being stopped; try again when it is back.")
            for ticket in (*self._inbox.new, *self._loading, *self._waiting, *(t for t, _ in self._running.values())):
                ticket.fail(stopping)

    def _receive(self) -> bool:
        """Take in what came; waits while there is nothing to do. False when it is time to end."""
        inbox = self._inbox
        with inbox.changed:
            while not (inbox.closing or inbox.new or inbox.loaded or inbox.forgotten or self._running or self._waiting):
                inbox.changed.wait()
                self._last_answer = time.monotonic()
            new, inbox.new = inbox.new, []
            loaded, inbox.loaded = inbox.loaded, []
            forgotten, inbox.forgotten = inbox.forgotten, []
            closing = inbox.closing
        for name in forgotten:
            self._voices.forget(name)
        for ticket, voice in loaded:
            self._loading.discard(ticket)
            self._waiting[ticket] = voice
        for ticket in new:
            if found := self._voices.find(ticket.request.voice):
                self._waiting[ticket] = found
            else:
                self._loading.add(ticket)
                if not closing:
                    self._loader.submit(self._load, ticket)
        return not closing

    def _load(self, ticket: Ticket) -> None:
        """On the loader's thread."""
        try:
            voice = self._voices.load(ticket.request.voice)
        except Exception as error:
            # Whatever it was, it is the answer to this request and no reason to end.
            log.debug("a voice cannot be loaded", exc_info=error)
            ticket.fail(_told(error))
            self._loading.discard(ticket)
            return
        with self._inbox.changed:
            self._inbox.loaded.append((ticket, voice))
            self._inbox.changed.notify()

    def _drop_cancelled(self) -> None:
        for ticket in [ticket for ticket in self._waiting if ticket.cancelled]:
            del self._waiting[ticket]
        for job, (ticket, loaded) in list(self._running.items()):
            if ticket.cancelled:
                loaded.batch.drop(job)
                del self._running[job]

    def _admit(self) -> None:
        """Give rows to those whose turn it is, as long as there are any; at least one request is always under way."""
        rows = sum(loaded.batch.rows for loaded in {loaded for _, loaded in self._running.values()})
        joining: dict[LoadedBase, list[Job]] = {}
        while self._waiting:
            ticket = self._turns.next(self._waiting)
            if rows and rows + ticket.request.count > self._settings.max_rows:
                break
            rows += ticket.request.count
            voice = self._waiting.pop(ticket)
            self._turns.had(ticket)
            ticket.admitted = True
            job = self._job(ticket, voice)
            self._running[job] = ticket, voice.base
            joining.setdefault(voice.base, []).append(job)
        for loaded, jobs in joining.items():
            self._compute(loaded, partial(loaded.batch.join, jobs))

    def _job(self, ticket: Ticket, voice: LoadedVoice) -> Job:
        request, sampling = ticket.request, Sampling.of(self._settings)
        start = start_of(voice.base, request.prompt, sampling.max_new_tokens)
        return Job(start.tokens, voice.adapter, request.count, sampling, request.seed, start.text, start.barred)

    def _compute(self, loaded: LoadedBase, call: Callable[[], list[Job]]) -> None:
        """Answer the jobs that are done with `call`."""
        try:
            self._answer(call())
        except Exception as error:
            log.error("a step of %s failed", loaded.id, exc_info=error)
            self._give_up(loaded, error)

    def _answer(self, done: Sequence[Job]) -> None:
        for job in done:
            ticket, loaded = self._running.pop(job)
            ticket.resolve(read_drafts(loaded, job))
            now = time.monotonic()
            inbox = self._inbox
            inbox.seconds_per_request += SMOOTHING * (now - self._last_answer - inbox.seconds_per_request)
            self._last_answer = now

    def _give_up(self, loaded: LoadedBase, error: Exception) -> None:
        """A step failed, out of memory, say: its requests are told, and the batch is empty again."""
        loaded.batch.clear()
        for job, (ticket, owner) in list(self._running.items()):
            if owner is loaded:
                del self._running[job]
                ticket.fail(_told(error))


def _told(error: Exception) -> Exception:
    """An error of ours as it is, another as one sentence."""
    if isinstance(error, PipelineError):
        return error
    return PipelineError(f"Drawing failed ({type(error).__name__}: {error}); please report it.")
