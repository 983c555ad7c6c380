"""Each approved post is on the timeline exactly once, whatever X answers and whenever the process is killed."""

import asyncio
import os
import random
import re
import sys
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest

from bot.core.config import Config
from bot.store import Store
from tests.fakes.x_server import KEYS, Mood, XServer

# The long form of this test: X_TEST_POSTS=100 X_TEST_KILLS=50, and with X_TEST_WHOLE_BOT=1 on the whole bot.
POSTS = int(os.environ.get("X_TEST_POSTS", "8"))
KILLS = int(os.environ.get("X_TEST_KILLS", "2"))
SEED = int(os.environ.get("X_TEST_SEED", "7"))
WHOLE_BOT = bool(os.environ.get("X_TEST_WHOLE_BOT"))
REPOSITORY = Path(__file__).parents[4]
ENVIRONMENT = {
    "X_CONSUMER_KEY": KEYS.consumer_key,
    "X_CONSUMER_SECRET": KEYS.consumer_secret,
    "X_ACCESS_TOKEN": KEYS.access_token,
    "X_ACCESS_TOKEN_SECRET": KEYS.access_token_secret,
}
CONFIG = """
[bot]
sample_account = false
[playground]
enabled = false
[x]
api_url = "{api_url}"
account = "thebot"
dry_run = false
quiet_hours = ""
minutes_between_posts = 0.0
timeout_seconds = 0.3
settle_seconds = {settle_seconds}
monthly_budget_usd = 10.0
"""


async def killed_after(life: Awaitable[object], config: Path) -> None:
    """Start the process, wait until it is up, and kill it `life` seconds later."""
    program = ["-m", "bot", "--config"] if WHOLE_BOT else ["tests/fakes/x_poster.py"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *program, config),
        cwd=REPOSITORY,
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": str(REPOSITORY)},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        while b"posts are sent once they are approved" not in (line := await process.stderr.readline()):
            assert line, "it ended before it was up"
        log = asyncio.create_task(process.stderr.read())
        await life
        assert process.returncode is None, (await log).decode()
    finally:
        process.kill()
        await process.wait()
    assert KEYS.consumer_secret not in (await log).decode()


async def sent(store: Store, least: int, and_seconds: float = 0.0) -> None:
    """Wait until so many posts are noted as sent, and a little longer."""
    async with asyncio.timeout(600):
        while (await store.posts.counts("thebot")).get("sent", 0) < least:
            await asyncio.sleep(0.02)
    await asyncio.sleep(and_seconds)


def said(text: str) -> str:
    """Returns what we wrote in a post that X shows as `text`."""
    return re.sub("^@ann @bob ", "", text).replace("&amp;", "&")


@pytest.mark.parametrize(
    ("refuses_duplicates", "slow_seconds", "settle_seconds"),
    [
        # Answers that come later than all patience: there X's own refusal of duplicates is needed.
        pytest.param(True, 0.5, 0.5, id="slow"),
        # X may let a duplicate pass: then only the timeline keeps posts from being made twice.
        pytest.param(False, 0.25, 2.0, id="careless"),
    ],
)
async def test_posts_are_made_exactly_once_though_the_process_is_killed_and_x_misbehaves(
    tmp_path: Path, refuses_duplicates: bool, slow_seconds: float, settle_seconds: float
) -> None:
    chance = random.Random(SEED)
    wanted = [f"post number {number}, with an & in it" for number in range(POSTS)]
    path = tmp_path / "config.toml"
    mood = Mood(seed=SEED, refuses_duplicates=refuses_duplicates, slow_seconds=slow_seconds)
    async with XServer(mood) as x:
        x.add_user("5", "ann")
        path.write_text(CONFIG.format(api_url=x.url, settle_seconds=settle_seconds))
        async with Store(Config.load(path, {}).database_url) as store:
            for number, text in enumerate(wanted):
                # Every other one answers somebody, so X puts names before its text.
                answered = x.add_post("5", f"@thebot @bob {number}")["id"] if number % 2 else ""
                await store.posts.add(f"key:{number}", "thebot", text, state="queued", in_reply_to=answered)
            started, caught = time.monotonic(), 0
            # Random moments, spread over the whole work: some while a post is on its way, some at a start.
            for least in sorted(chance.randrange(POSTS) for _ in range(KILLS)):
                await killed_after(sent(store, least, chance.uniform(0, 0.3)), path)
                caught += bool(await store.posts.in_doubt("thebot"))
            await killed_after(sent(store, POSTS), path)
            texts = {post["id"]: said(post["text"]) for post in x.posts if post["author_id"] == "12"}
            assert sorted(texts.values()) == sorted(f"{text} 🤖 AI" for text in wanted), "each once, and nothing else"
            assert sum(text.startswith("@ann @bob ") for text in x.texts()) == POSTS // 2
            for post in await store.posts.latest("thebot", ["sent"], POSTS):
                assert texts[post.external_id] == post.text
                assert post.cost_micro_usd == (10_000 if post.in_reply_to else 15_000)
            figures = f"{POSTS} posts, {KILLS} kills, {caught} of them with a post in doubt"
            print(f"\n{figures}, {len(x.requests)} requests, {time.monotonic() - started:.0f} s")
