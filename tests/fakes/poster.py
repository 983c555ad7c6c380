"""Processes that post what is in the database until they are killed: `python tests/fakes/poster.py CONFIG [bot]`.

The very parts that the bot posts with, without the rest of it; only its waits are quick. With `bot` the whole bot.

Each line on stdin starts such a process, a fork of this one: importing all that it needs takes two seconds of processor
time. Writes the id of each, and "ended" when it has ended.
"""

import asyncio
import importlib
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bot.core.config import Config, PostingSettings
from bot.core.process.log import start_logging
from bot.people.willing import Willing
from bot.posts.bluesky.opening import posting_on_bluesky
from bot.posts.mastodon.opening import posting_on_mastodon
from bot.posts.opening import Surroundings
from bot.posts.x.opening import posting_on_x
from bot.store import Store
from huggingtweets.generation.writer import Tweets
from huggingtweets.remote.upstream import Patience

QUICK = Patience(attempts=3, first_seconds=0.01, longest_seconds=0.1)


async def _no_draw(voice: str, count: int, context: str) -> Tweets:
    raise NotImplementedError


async def main(config: Config) -> None:
    start_logging("INFO")
    async with Store(config.database_url) as store:
        around = Surroundings(
            store=store,
            willing=Willing(store, config),
            draw=_no_draw,
            notice=store.notices.add,
            reading=QUICK,
            waiting=QUICK,
        )
        openings: list[tuple[PostingSettings, Any]] = [
            (config.x, posting_on_x),
            (config.bluesky, posting_on_bluesky),
            (config.mastodon, posting_on_mastodon),
        ]
        async with AsyncExitStack() as stack:
            places = [
                await stack.enter_async_context(opening(settings, around))
                for settings, opening in openings
                if settings.has_keys
            ]
            await asyncio.gather(*(task for parts in places for task in parts.tasks))


def live(config: Config, config_file: str, whole: bool) -> None:
    if whole:
        from bot.__main__ import main as bot

        bot(["--config", config_file])
    asyncio.run(main(config))


def live_again_and_again(config_file: str, whole: bool) -> None:
    config = Config.load(Path(config_file))
    for network, settings in (("bluesky", config.bluesky), ("mastodon", config.mastodon)):
        if settings.has_keys:
            importlib.import_module(f"bot.posts.{network}.account")
    for _ in sys.stdin:
        if not (child := os.fork()):
            live(config, config_file, whole)
            os._exit(1)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    live_again_and_again(sys.argv[1], "bot" in sys.argv[2:])
