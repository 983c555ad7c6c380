"""A process that posts what is in the database until it is killed: `python tests/fakes/x_poster.py CONFIG`.

The very parts that the bot posts with, without the rest of it, so that it is up in a second; only its waits are quick.
"""

import asyncio
import sys
from pathlib import Path

from bot.core.config import Config
from bot.core.log import start_logging
from bot.people.willing import Willing
from bot.posts.x.opening import posting_on_x
from bot.store import Store
from huggingtweets.generation.writer import Tweets
from huggingtweets.remote.upstream import Patience

QUICK = Patience(attempts=3, first_seconds=0.01, longest_seconds=0.1)


async def _no_draw(voice: str, count: int) -> Tweets:
    raise NotImplementedError


async def main(config: Config) -> None:
    start_logging("INFO")
    async with (
        Store(config.database_url) as store,
        posting_on_x(
            store=store,
            settings=config.x,
            willing=Willing(store, config),
            draw=_no_draw,
            notice=store.notices.add,
            reading=QUICK,
            waiting=QUICK,
        ) as parts,
    ):
        await asyncio.gather(*parts.tasks)


if __name__ == "__main__":
    asyncio.run(main(Config.load(Path(sys.argv[1]))))
