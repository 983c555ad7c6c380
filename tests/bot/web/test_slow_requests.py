"""A connection without a request is closed, and one on which nobody reads; an answer that takes long is not cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from bot.core.process.ongoing import end
from bot.web import slow_requests
from bot.web.slow_requests import Impatient

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PIECE = b"x" * 65_536


class Server:
    """A server with a path for each way to answer. `connections` are the open ones."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            port=0,
            http=Impatient,
            lifespan="off",
            log_config=None,
            timeout_keep_alive=3_600,
        )
        self.server = uvicorn.Server(config)
        self.received = b""

    @property
    def port(self) -> int:
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> set[Any]:
        return self.server.server_state.connections

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        match scope["path"]:
            case "/waits":
                await self.go_on.wait()
            case "/upload":
                more = True
                while more:
                    message = await receive()
                    self.received += message["body"]
                    more = message["more_body"]
            case "/endless":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                for _ in range(1_000):  # more than any system takes; after the end of the connection they go nowhere
                    await send({"type": "http.response.body", "body": PIECE, "more_body": True})
                return
            case "/rest":
                await self._leaves_a_rest(send)
                return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def _leaves_a_rest(self, send: Any) -> None:
        """Answers with a little more than the system takes at once. The answer is whole, and its end not sent yet."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        [connection] = self.connections
        while not connection.transport.get_write_buffer_size():
            await send({"type": "http.response.body", "body": PIECE[:8_192], "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    there = Server()
    task = asyncio.create_task(there.server.serve())
    await until(lambda: there.server.started)
    yield there
    there.server.should_exit = there.server.force_exit = True
    await task
    await end(task)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not happened():
            await asyncio.sleep(0.01)


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Read to the end. A connection may be reset, too."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(120):
            await reader.read()
    return True


@asynccontextmanager
async def connected(port: int, **options: Any) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, **options)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def there(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server that waits as long for requests as a test may take."""
    monkeypatch.setattr(slow_requests, "HEAD_SECONDS", 3_600)
    async with serving() as server:
        yield server


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A server that hardly waits for a request."""
    monkeypatch.setattr(slow_requests, "HEAD_SECONDS", 0.3)
    async with serving() as server:
        yield server.port


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_whoever_sends_no_whole_head_is_left(port: int, sent: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 60) == b""


async def test_whoever_drips_is_left_too(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n")
        reading = asyncio.create_task(reader.read())
        while not reading.done():
            writer.write(b"X: y\r\n")
            await asyncio.wait({reading}, timeout=0.05)
        assert reading.result() == b"" or b"400" in reading.result()


async def test_a_long_answer_and_the_next_request_come_through(there: Server) -> None:
    async with connected(there.port) as (reader, writer):
        for _ in range(2):
            there.go_on.clear()
            writer.write(REQUEST.replace(b"/ ", b"/waits "))
            await until(lambda: any(connection._answers() for connection in there.connections))
            [connection] = there.connections
            assert connection._head is None, "no time runs while it waits for us"
            there.go_on.set()
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            await until(lambda connection=connection: connection._head is not None)


@pytest.mark.parametrize(
    "begun",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ",
        b"GET /",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer: ",
    ],
    ids=["header", "address", "trailer"],
)
async def test_a_head_without_end_is_not_kept_in_memory(there: Server, begun: bytes) -> None:
    async with connected(there.port) as (reader, writer):
        writer.write(begun)
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                writer.write(PIECE)
                await writer.drain()
        assert await is_closed(reader)


async def test_a_long_body_comes_through_in_whatever_pieces(there: Server) -> None:
    async with connected(there.port) as (reader, writer):
        writer.write(b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20_000):  # their borders alone are longer than a head may be
            writer.write(b"1\r\nx\r\n")
        for _ in range(20):
            writer.write(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        assert len(there.received) == 20_000 + 20 * len(PIECE)


async def test_a_few_requests_at_once_are_answered_and_thousands_are_not_kept(there: Server) -> None:
    async with connected(there.port) as (reader, writer):
        writer.write(REQUEST * (slow_requests.MOST_AHEAD + 1))
        for _ in range(slow_requests.MOST_AHEAD + 1):
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        writer.write(REQUEST.replace(b"/ ", b"/waits "))
        await until(lambda: any(connection._answers() for connection in there.connections))
        [connection] = there.connections
        writer.write(REQUEST * 2_000)
        assert await is_closed(reader)
        assert len(connection.pipeline) == slow_requests.MOST_AHEAD
        there.go_on.set()


@pytest.mark.parametrize("path", [b"/endless", b"/rest"])
async def test_an_answer_that_nobody_reads_is_given_up(
    there: Server, path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_requests, "UNREAD_SECONDS", 0.2)
    monkeypatch.setattr(slow_requests, "HEAD_SECONDS", 0.2)
    async with connected(there.port, limit=1) as (_, writer):
        writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: bool(there.connections))
        await until(lambda: not there.connections)


async def test_of_too_many_connections_the_one_goes_that_lets_us_wait_for_longest(
    there: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_requests, "MOST_CONNECTIONS", 3)
    async with contextlib.AsyncExitStack() as open_ones:

        async def another(count: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            """One more connection, once the server has `count` of them."""
            made = await open_ones.enter_async_context(connected(there.port))
            await until(lambda: len(there.connections) == count)
            return made

        asking, asker = await another(1)
        asker.write(REQUEST.replace(b"/ ", b"/waits "))
        await until(lambda: any(connection._answers() for connection in there.connections))
        first, _ = await another(2)
        second, writer = await another(3)
        newest, newest_writer = await another(3)
        assert await is_closed(first), "it has waited for longest"
        for reader, there_writer in ((newest, newest_writer), (second, writer)):
            there_writer.write(REQUEST)
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200"), "the others stay"
        there.go_on.set()
        assert (await asking.readuntil(b"ok")).startswith(b"HTTP/1.1 200"), "whoever waits for us is not left"
