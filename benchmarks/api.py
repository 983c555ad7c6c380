"""Many programs at once ask the API for tweets of many voices: is everybody answered, and what does HTTP cost?

    python -m benchmarks.api [--clients 200] [--voices 32] [--requests 3] [--count 5] [--rounds 3] [--json]

The bot's own parts run in one process behind uvicorn, on the embedded base. The programs run in a process of their own
and share the machine's cores with the bot. Each sends its requests one after the other, and all programs send at once.
In turns with them, the same requests are given to the writer in the bot's process, without HTTP, tokens, consent and
the database: that is the engine's own speed with the checks that every tweet must pass. The results are in
benchmarks/api.json.
"""

import argparse
import asyncio
import json
import platform
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI

from benchmarks.latency import Parts, bot, write_config
from benchmarks.untrained import put_in_use
from bot.core.config import ApiSettings, Config
from bot.core.process.ongoing import end
from bot.openai_api.app import openai_app
from bot.people.tokens import TokenLimits, Tokens
from bot.store import Store
from bot.voices.patience import WaitingRoom
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.process.cpu import usable_cores

RESULTS = Path(__file__).with_suffix(".json")
PROMPT = "The sea"
CLIENT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Load:
    """`clients` programs send `requests` each, for `count` tweets of one of `voices`."""

    clients: int
    voices: int
    requests: int
    count: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn gave: seconds of all, tweets a second, and how requests were answered.

    `cpu_ms` is the processor time that the bot's process took for a tweet: other processes change it little.
    """

    seconds: float
    tweets_per_second: float
    statuses: dict[str, int]
    p50: float
    p95: float
    longest: float
    cpu_ms: float = 0.0


def turn(seconds: float, tweets: int, statuses: Sequence[str], waits: Sequence[float]) -> Turn:
    waits = sorted(waits)
    return Turn(
        round(seconds, 2),
        round(tweets / seconds, 1),
        dict(Counter(statuses)),
        round(statistics.median(waits), 3),
        round(waits[int(0.95 * (len(waits) - 1))], 3),
        round(waits[-1], 3),
    )


async def programs(address: str, token: str, names: Sequence[str], load: Load) -> Turn:
    """All programs at once, over HTTP."""
    statuses: list[str] = []
    waits: list[float] = []
    tweets = 0

    async def program(session: aiohttp.ClientSession, number: int) -> None:
        nonlocal tweets
        for request in range(load.requests):
            name = names[(number * load.requests + request) % len(names)]
            asked = {"model": name, "prompt": PROMPT, "n": load.count, "user": f"{number}.{request}"}
            began = time.monotonic()
            async with session.post(f"{address}/v1/completions", json=asked) as answer:
                row = await answer.json()
                statuses.append(str(answer.status))
            waits.append(time.monotonic() - began)
            tweets += sum(bool(choice["text"]) for choice in row.get("choices", ()))

    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {token}"},
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(CLIENT_SECONDS),
    ) as session:
        began = time.monotonic()
        await asyncio.gather(*(program(session, number) for number in range(load.clients)))
        return turn(time.monotonic() - began, tweets, statuses, waits)


async def writer_alone(parts: Parts, names: Sequence[VoiceName], load: Load) -> Turn:
    """The same requests without HTTP."""
    tweeting = parts.tweeting
    versions = [tweeting._registry.current(name) for name in names]
    room = WaitingRoom(seconds=CLIENT_SECONDS, places=load.clients)
    waits: list[float] = []
    statuses: list[str] = []
    tweets = 0

    async def program(number: int) -> None:
        nonlocal tweets
        for request in range(load.requests):
            version = versions[(number * load.requests + request) % len(versions)]
            began = time.monotonic()
            drawn = await room.patiently(
                lambda version=version: tweeting._writer.write(version, PROMPT, load.count, person="token:1")  # type: ignore[misc]
            )
            waits.append(time.monotonic() - began)
            statuses.append("drawn")
            tweets += len(drawn.texts)

    began = time.monotonic()
    await asyncio.gather(*(program(number) for number in range(load.clients)))
    return turn(time.monotonic() - began, tweets, statuses, waits)


async def over_http(address: str, token: str, names: Sequence[str], load: Load) -> Turn:
    """`programs` in a process of their own."""
    told = json.dumps({"address": address, "token": token, "names": list(names), "load": asdict(load)})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.api", "--programs", stdin=-1, stdout=-1
    )
    out, _ = await process.communicate(told.encode())
    return Turn(**json.loads(out))


async def measured(parts: Parts, names: list[VoiceName], load: Load, rounds: int) -> dict[str, Any]:
    async with Store(parts.config.database_url) as store:
        tokens = Tokens(store)
        token = await tokens.new(
            f"benchmark {time.time()}", requests_per_minute=10_000, at_a_time=1_000, tweets_a_day=10**7
        )
        app = FastAPI(openapi_url=None)
        app.mount("/v1", openai_app(parts.tweeting, tokens, TokenLimits(store, ApiSettings()))[1])
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        # Both ways once with each voice, which loads what the first answers need.
        await writer_alone(parts, names, Load(len(names), len(names), 1, 1))
        await over_http(address, token, names, Load(len(names), len(names), 1, 1))
        turns: dict[str, list[Turn]] = {"api": [], "writer": []}
        for number in range(rounds):
            for which in ("api", "writer") if number % 2 == 0 else ("writer", "api"):
                began = time.process_time()
                made = await (
                    over_http(address, token, names, load) if which == "api" else writer_alone(parts, names, load)
                )
                tweets = made.tweets_per_second * made.seconds
                made = replace(made, cpu_ms=round(1_000 * (time.process_time() - began) / tweets, 1))
                turns[which].append(made)
                print(f"{which}: {made}", file=sys.stderr)
        server.should_exit = True
        await serving
        await end(serving)
    median = {which: statistics.median(made.tweets_per_second for made in of) for which, of in turns.items()}
    cpu = {which: statistics.median(made.cpu_ms for made in of) for which, of in turns.items()}
    return {
        "load": asdict(load),
        "turns": {which: [asdict(made) for made in of] for which, of in turns.items()},
        "tweets_per_second": median,
        "ratio": round(median["api"] / median["writer"], 3),
        "cpu_ms": cpu,
        "cpu_ratio": round(cpu["writer"] / cpu["api"], 3),
    }


async def main(load: Load, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        config_file = write_config(Path(folder))
        names = await asyncio.to_thread(
            put_in_use, Config.load(config_file, {}), [f"voice_{number}" for number in range(load.voices)]
        )
        async with bot(config_file) as parts:
            return await measured(parts, names, load, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--voices", type=int, default=32)
    parser.add_argument("--requests", type=int, default=3)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--programs", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.programs:
        row = json.load(sys.stdin)
        print(
            json.dumps(asdict(asyncio.run(programs(row["address"], row["token"], row["names"], Load(**row["load"])))))
        )
    else:
        figures = asyncio.run(
            main(Load(options.clients, options.voices, options.requests, options.count), options.rounds)
        )
        figures["machine"] = {"processor": platform.processor() or platform.machine(), "cores": usable_cores()}
        print(json.dumps(figures, indent=2))
        if options.json:
            RESULTS.write_text(json.dumps(figures, indent=2) + "\n")
