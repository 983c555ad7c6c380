"""The bot as people run it, with X at the other end: an approved post goes out, and no key gets into the log."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.core.config import Config
from bot.store import Store
from tests.fakes.x_server import KEYS, Trouble, XServer

REPOSITORY = Path(__file__).parents[2]
CONFIG = """
[bot]
sample_account = false
log_level = "DEBUG"
[playground]
enabled = false
[x]
api_url = "{api_url}"
account = "thebot"
dry_run = false
quiet_hours = ""
"""
ENVIRONMENT = {
    "X_CONSUMER_KEY": KEYS.consumer_key,
    "X_CONSUMER_SECRET": KEYS.consumer_secret,
    "X_ACCESS_TOKEN": KEYS.access_token,
    "X_ACCESS_TOKEN_SECRET": KEYS.access_token_secret,
    "DISCORD_TOKEN": "",
}


async def test_an_approved_post_goes_out_though_its_answer_is_lost(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    async with XServer() as x:
        config.write_text(CONFIG.format(api_url=x.url))
        async with Store(Config.load(config, {}).database_url) as store:
            await store.posts.add("one", "thebot", "good morning, harbour", state="queued")
        x.troubles = [Trouble.hang_up("POST", "/2/tweets", done=True)]
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "--config", str(config)),
            stderr=asyncio.subprocess.PIPE,
            cwd=REPOSITORY,
            env={**os.environ, **ENVIRONMENT},
        )
        assert bot.stderr
        log = asyncio.create_task(bot.stderr.read())
        try:
            async with asyncio.timeout(600), Store(Config.load(config, {}).database_url) as store:
                while not await store.posts.listed("thebot", ["sent"]):
                    assert bot.returncode is None, (await log).decode()
                    await asyncio.sleep(0.1)
            bot.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(bot.wait(), 120)
        finally:
            if bot.returncode is None:
                bot.kill()
        said = (await log).decode()
    assert code == 0, said
    assert x.texts() == ["good morning, harbour 🤖 AI"]
    assert "posts are sent once they are approved" in said
    for secret in (
        KEYS.consumer_key,
        KEYS.consumer_secret,
        KEYS.access_token,
        KEYS.access_token_secret,
        "good morning",
    ):
        assert secret not in said
