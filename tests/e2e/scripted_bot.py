"""The bot as it is shipped, and beside it a script that trains, promotes, draws, votes and changes settings.

`python scripted_bot.py CONFIG TWEETS SEED`. It prints everything that was acknowledged as a JSON line on
stdout, so that a test can kill this process at any moment and knows what must have survived.
"""

import asyncio
import itertools
import json
import random
import sys
from pathlib import Path

from bot.app.process import run
from bot.core.config import Config
from bot.core.errors import BotError
from bot.core.process.log import start_logging
from bot.core.process.stopping import Stopping
from bot.core.uploads import Uploads
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.limits import Limits
from bot.people.willing import Willing
from bot.store import Store
from bot.trainings.training import Training
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.writer import Writer
from huggingtweets.registry.versions import Registry

NAMES = ("ann", "bob")


def acknowledged(**fact: object) -> None:
    print(json.dumps(fact), flush=True)


class Script:
    """Does one act after the other, at random."""

    def __init__(self, config: Config, store: Store, training: Training, tweeting: Tweeting, tweets: Path, seed: int):
        self.store, self.training, self.tweeting, self.tweets = store, training, tweeting, tweets
        self.registry = Registry(config.storage.models)
        self.chance = random.Random(seed)
        self.numbers = (f"{seed}-{number}" for number in itertools.count())

    async def go_on(self) -> None:
        acts = (self.train, self.promote, self.draw, self.draw, self.set, self.cancel)
        while True:
            try:
                await self.chance.choice(acts)()
            except (BotError, PipelineError) as refused:
                acknowledged(refused=str(refused))
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def train(self) -> None:
        job = await self.training.start("test:1", VoiceName(self.chance.choice(NAMES)), [self.tweets])
        acknowledged(job=job.id)

    async def cancel(self) -> None:
        if (jobs := await self.training.jobs()) and self.chance.random() < 0.1:
            acknowledged(cancelled=(await self.training.cancel(jobs[-1].id)).id)

    async def promote(self) -> None:
        version = self.chance.choice(await asyncio.to_thread(self.registry.versions, "ann"))
        await asyncio.to_thread(self.registry.promote, "ann", version)
        acknowledged(promoted=version)

    async def draw(self) -> None:
        message = next(self.numbers)
        tweets = await self.tweeting.tweet_like(Ask("test:1", VoiceName("ann")))
        await self.store.feedback.answered(
            message, person="test:1", voice=tweets.name, version=tweets.version, texts=tweets.texts
        )
        acknowledged(answer=message)
        await self.store.feedback.vote(message, "test:2", 1)
        acknowledged(vote=message)

    async def set(self) -> None:
        key = next(self.numbers)
        await self.store.settings.put("global", key, key, by="test:1")
        acknowledged(setting=key)


async def main(config: Config, config_file: Path, tweets: Path, seed: int, stopping: Stopping) -> None:
    bot = asyncio.create_task(run(config, config_file, stopping))
    async with (
        Engine(config.generation) as engine,
        Store(config.database_url) as store,
        Training(
            store=store,
            willing=Willing(store, config),
            uploads=Uploads(config.storage.data / "uploads"),
            leftovers=Leftovers(config),
            wake=lambda: None,
        ) as training,
    ):
        tweeting = Tweeting(
            registry=Registry(config.storage.models),
            writer=Writer(engine),
            training=training,
            limits=Limits(config.limits, store.pauses),
            consenting=Consenting(store=store, settings=config),
            max_count=5,
        )
        script = asyncio.create_task(Script(config, store, training, tweeting, tweets, seed).go_on())
        await asyncio.wait({bot, script}, return_when=asyncio.FIRST_COMPLETED)
        script.cancel()
        await bot


if __name__ == "__main__":
    start_logging("INFO")
    file = Path(sys.argv[1])
    settings = Config.load(file)
    with Stopping(settings.bot.stop_seconds) as stopping:
        asyncio.run(main(settings, file, Path(sys.argv[2]), int(sys.argv[3]), stopping))
