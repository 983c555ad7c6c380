"""A process that posts and is killed at random moments, again and again: what the tests of each network share."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.config import Config
from bot.core.post_text.room import Room
from bot.core.post_text.threads import parts_of
from bot.store import Store

# The long form of these tests: POSTING_TEST_POSTS=100 POSTING_TEST_KILLS=50, and with POSTING_TEST_WHOLE_BOT=1 on the
# whole bot.
POSTS = int(os.environ.get("POSTING_TEST_POSTS", "8"))
KILLS = int(os.environ.get("POSTING_TEST_KILLS", "2"))
SEED = int(os.environ.get("POSTING_TEST_SEED", "7"))
WHOLE_BOT = bool(os.environ.get("POSTING_TEST_WHOLE_BOT"))
REPOSITORY = Path(__file__).parents[3]
LABEL = "🤖 AI"
LONG = "".join(f"Sentence number {number} is about the fog over the old harbour. " for number in range(14)).strip()
SETTINGS = """
[bot]
sample_account = false
[playground]
enabled = false
[{network}]
dry_run = false
quiet_hours = ""
minutes_between_posts = 0.0
timeout_seconds = 0.3
thread_parts = 4
"""


@asynccontextmanager
async def killed_poster(
    folder: Path, network: str, account: str, secrets: Mapping[str, str], /, **settings: object
) -> AsyncIterator["KilledPoster"]:
    """What posts as `account` on a network, with these settings of it beside those that all of these tests have."""
    path = folder / "config.toml"
    own = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    path.write_text(SETTINGS.format(network=network) + own)
    async with Store(Config.load(path, {}).database_url) as store:
        yield KilledPoster(store, account, path, secrets)


def thread(has_room: Room) -> list[str]:
    """The posts that the text `LONG` becomes, each with its label."""
    parts = [f"{part} {LABEL}" for part in parts_of(LONG, LABEL, 4, has_room)]
    assert len(parts) > 1
    return parts


@dataclass
class KilledPoster:
    """Posts of `account` in `store`, sent by a process that is started with `config` and `secrets`, and killed."""

    store: Store
    account: str
    config: Path
    secrets: Mapping[str, str]
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    caught: int = 0
    _log: list[bytes] = field(default_factory=list)

    async def post_all(self, posts: int, kills: int) -> str:
        """Let the process post until `posts` are noted as sent, with `kills` on the way. Returns figures."""
        started = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "tests/fakes/poster.py", self.config, *(("bot",) if WHOLE_BOT else ())),
            cwd=REPOSITORY,
            env={**os.environ, **self.secrets, "PYTHONPATH": str(REPOSITORY)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        reading = asyncio.create_task(self._read_log())
        try:
            # Random moments, spread over the whole work: some while a post is on its way, some at a start.
            for least in sorted(self.chance.randrange(posts) for _ in range(kills)):
                await self._killed_after(self._sent(least, self.chance.uniform(0, 0.3)))
                self.caught += bool(await self.store.posts.in_doubt(self.account))
            await self._killed_after(self._sent(posts))
        finally:
            self._process.kill()
            await self._process.wait()
            await reading
        for secret in self.secrets.values():
            assert secret not in self._said()
        seconds = time.monotonic() - started
        return f"{posts} posts, {kills} kills, {self.caught} of them with a post in doubt, {seconds:.0f} s"

    async def _read_log(self) -> None:
        assert self._process.stderr
        async for line in self._process.stderr:
            self._log.append(line)

    def _said(self, since: int = 0) -> str:
        return b"".join(self._log[since:]).decode()

    async def _killed_after(self, life: Awaitable[object]) -> None:
        """Start a process, wait until it is up, and kill it when `life` is over."""
        assert self._process.stdin
        assert self._process.stdout
        begun = len(self._log)
        self._process.stdin.write(b"\n")
        number = int(await self._process.stdout.readline())
        ended = asyncio.create_task(self._process.stdout.readline())
        try:
            while "posts are sent once they are approved" not in self._said(begun):
                assert not ended.done(), "it ended before it was up"
                await asyncio.sleep(0.02)
            await life
            assert not ended.done(), self._said(begun)
        finally:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        assert await ended == b"ended\n"

    async def _sent(self, least: int, and_seconds: float = 0.0) -> None:
        """Wait until so many posts are noted as sent, and a little longer."""
        async with asyncio.timeout(600):
            while (await self.store.posts.counts(self.account)).get("sent", 0) < least:
                await asyncio.sleep(0.02)
        await asyncio.sleep(and_seconds)
