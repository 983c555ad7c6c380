"""Connections that only take up room are closed.

On some no request comes, or its head has no end. On some nobody reads the answer, or thousands of requests come before
the first is answered. uvicorn alone would wait for ever in each of these cases, and keep in memory all that comes. If
there are too many connections, the one goes that has let us wait for longest.

Knows uvicorn's protocol. Does not know what is asked for.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# From the end of one answer, or the beginning of a connection, to the end of the next request's head.
HEAD_SECONDS = 20.0
HEAD_BYTES = 64 * 1024
UNREAD_SECONDS = 60.0  # for a piece of an answer to be read, of at most 64 KiB
MOST_CONNECTIONS = 500  # a process may often have 1,024 files and connections
MOST_AHEAD = 16  # requests that are sent before the answer to an earlier one is read; no browser does that at all


class Impatient(HttpToolsProtocol):
    """uvicorn's protocol with these limits."""

    def __init__(self, *arguments: Any, **more: Any):
        super().__init__(*arguments, **more)
        self._head: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._unparsed = 0  # bytes since the last whole head, or piece of a body
        self._waiting_since: float | None = None  # for the other side. None while it waits for us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # it is a transport of a socket
        self._wait_for_head()
        self._note_whose_turn()
        if len(self.connections) > MOST_CONNECTIONS:
            self._longest_waiting().give_up()

    def give_up(self) -> None:
        """Close the connection at once, whatever is not sent yet."""
        self._waiting_since = None
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._unparsed += len(data)
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            self._stop()  # it is a WebSocket's now
        elif self._unparsed > HEAD_BYTES:
            self.give_up()
        else:
            self._note_whose_turn()
            if self._answers():
                self._head = _stopped(self._head)
            else:
                self._wait_for_head()

    def on_headers_complete(self) -> None:
        self._unparsed = 0
        if len(self.pipeline) >= MOST_AHEAD:
            # A few hundred KB of short requests would take 10 MB, and hold up everybody while all of them are parsed.
            self.give_up()
            raise ConnectionAbortedError("too many requests at once")  # this ends the parsing
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_for_head()
        self._note_whose_turn()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader()
        self._note_whose_turn()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread = _stopped(self._unread)
        self._note_whose_turn()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _note_whose_turn(self) -> None:
        is_ours = self._answers() and not self.cycle.more_body and not self.flow.write_paused
        self._waiting_since = None if is_ours else self.loop.time()

    def _longest_waiting(self) -> "Impatient":
        """The connection that has let us wait for longest, or this one if all others wait for us."""
        waiting = [other for other in self.connections if isinstance(other, Impatient) and other._waiting_since]
        return min(waiting, key=lambda other: other._waiting_since or 0.0, default=self)

    def _wait_for_head(self) -> None:
        self._head = self._head or self.loop.call_later(HEAD_SECONDS, self._no_head)

    def _no_head(self) -> None:
        self._head = None
        if not self._answers():
            # What is sent already may still be read, but not for ever.
            self.transport.close()
            self._wait_for_reader()

    def _wait_for_reader(self) -> None:
        self._unread = self._unread or self.loop.call_later(UNREAD_SECONDS, self.give_up)

    def _stop(self) -> None:
        self._head, self._unread = _stopped(self._head), _stopped(self._unread)
        self._waiting_since = None


def _stopped(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Stop `timer` if it runs. There is none afterwards."""
    if timer:
        timer.cancel()
    return None
