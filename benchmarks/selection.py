"""Does it help to draw many drafts and keep the most real ones? For each number of candidates: can it be told apart?

    python -m benchmarks.selection FOLDER [--accounts a,b,...] [--latest N] [--aside N] [--base BASE] [--epochs N]

`FOLDER` holds one file of tweets for each account. Of the latest usable tweets of an account, a random part is put
aside, and the pipeline learns a voice and its discriminator from the others. Nothing here has seen what was put aside
until a fresh classifier is asked to tell it from the drawn tweets. It is none of the discriminator's kind: its n-grams
are other ones, and it is fitted on half of both samples and asked about the other halves.

The drafts are drawn once. An answer with N candidates is what the bot's writer answers if the engine gives it the first
drafts of that answer, so the answers to all N come from the same drafts. 1 is no selection. Voices and drafts are kept
in the folder of --work, and a line for each account and number of candidates in selection.jsonl, so a run that was
stopped goes on. The results hold no tweets.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.config.settings import Settings, StorageSettings, TrainingSettings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.drawing_options import DrawingOptions
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.registry.version import Version

HERE = Path(__file__).parent
CANDIDATES = (1, 2, 4, 8, 16)
COUNT = 5  # tweets in an answer


class Replaying(Engine):
    """An engine that gives the first drafts of those that were drawn for a seed."""

    def __init__(self, settings: Settings, candidates: int, drafts: Sequence[Sequence[Draft]]):
        super().__init__(settings.generation.model_copy(update={"candidates": candidates, "max_rounds": 1}))
        self._drafts = drafts

    async def draw(self, request: Request) -> list[Draft]:
        return list(self._drafts[request.seed][: request.count])


def learned(path: Path, settings: Settings, latest: int, put_aside: int) -> tuple[Version, tuple[str, ...]]:
    """The voice of the account in `path`, and the texts that were put aside."""
    from huggingtweets.core.records import Collected
    from huggingtweets.registry.versions import Registry
    from huggingtweets.sources import read
    from huggingtweets.tweets.kept.tweet_store import TweetStore
    from huggingtweets.tweets.learned.clean import clean_all
    from huggingtweets.tweets.texts.copies import without_near_copies
    from huggingtweets.workflow import pipeline

    account = VoiceName(path.stem.lower())
    tweets = sorted(read(path).tweets, key=lambda tweet: tweet.created_at)  # type: ignore[arg-type, return-value]
    usable = clean_all(tweets)[0]
    usable = [usable[place] for place in without_near_copies([tweet.text for tweet in usable])][-latest - put_aside :]
    aside = random.Random(1).sample(range(len(usable)), put_aside)
    registry = Registry(settings.storage.models)
    if account not in registry.names():
        ids = {tweet.id for place, tweet in enumerate(usable) if place not in set(aside)}
        store = TweetStore(settings.tweets)
        store.merge(account, Collected(None, tuple(tweet for tweet in tweets if tweet.id in ids)))
        pipeline.run(account, [], settings)
    return registry.current(account), tuple(usable[place].text for place in aside)


def drawn(version: Version, settings: Settings, answers: int, path: Path) -> list[list[Draft]]:
    """The drafts of each of so many answers, as many as the most candidates need. Each answer is a line of `path`."""
    path.touch()
    done = len(path.read_text().splitlines())

    async def draw() -> None:
        async with Engine(settings.generation) as engine:
            for seed in range(done, answers):
                drafts = await engine.draw(Request(version, "", COUNT * max(CANDIDATES), seed))
                file.write(json.dumps([(draft.text, draft.ended) for draft in drafts]) + "\n")
                file.flush()

    with path.open("a") as file:
        asyncio.run(draw())
    lines = path.read_text().splitlines()
    return [[Draft(*draft) for draft in json.loads(line)] for line in lines[:answers]]


async def answered(version: Version, settings: Settings, candidates: int, drafts: list[list[Draft]]) -> list[str]:
    """The tweets of all answers."""
    from huggingtweets.generation.writer import Writer

    writer = Writer(Replaying(settings, candidates, drafts))
    seeds = range(len(drafts))
    answers = [await writer.write(version, count=COUNT, options=DrawingOptions(seed=seed)) for seed in seeds]
    return [text for answer in answers for text in answer.texts]


def figures(tweets: Sequence[str], aside: Sequence[str], version: Version) -> dict[str, Any]:
    """How well `tweets` are told from real ones, how often they copy, and how much they differ from each other."""
    from huggingtweets.evaluation.two_sample import accuracy
    from huggingtweets.tweets.learned.dataset import Dataset
    from huggingtweets.tweets.style.detector import level
    from huggingtweets.tweets.style.likeness import distinct_n
    from huggingtweets.tweets.texts.copies import KnownTexts, exact_copies, near_copies

    size = min(len(tweets), len(aside))
    known_texts = KnownTexts(Dataset.load(version.dataset).texts)
    told_apart = accuracy([level(text) for text in aside[:size]], [level(text) for text in tweets[:size]])
    return {
        "tweets": size,
        "accuracy": round(told_apart.value, 4),
        "exact_copies": exact_copies(tweets, known_texts) / len(tweets),
        "near_copies": near_copies(tweets, known_texts) / len(tweets),
        "distinct_2": round(distinct_n(tweets, 2), 4),
        "characters": round(sum(map(len, tweets)) / len(tweets), 1),
        "real_characters": round(sum(map(len, aside)) / len(aside), 1),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The means over the accounts, a line for each number of candidates, and the accuracy for each account."""
    accounts = sorted({row["account"] for row in rows})
    head = ["candidates", "told apart", *accounts, "exact copies", "near-copies", "distinct-2", "characters (real)"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for candidates in CANDIDATES:
        of = {row["account"]: row for row in rows if row["candidates"] == candidates}
        if len(of) < len(accounts):
            continue

        def mean(figure: str, of: dict[str, dict[str, Any]] = of) -> float:
            return sum(row[figure] for row in of.values()) / len(of)

        cells = [str(candidates), f"{mean('accuracy'):.1%}", *(f"{of[name]['accuracy']:.1%}" for name in accounts)]
        cells += [f"{mean('exact_copies'):.2%}", f"{mean('near_copies'):.2%}", f"{mean('distinct_2'):.3f}"]
        cells.append(f"{mean('characters'):.0f} ({mean('real_characters'):.0f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tweets", type=Path, help="a folder with one file of tweets an account")
    parser.add_argument("--accounts", default="nasa,dril,neiltyson", help="which of them, separated by commas")
    parser.add_argument("--latest", type=int, default=1_000, help="usable tweets to learn from, the latest ones")
    parser.add_argument("--answers", type=int, default=80, help="answers of 5 tweets each")
    parser.add_argument("--aside", type=int, default=600, help="real tweets that are not learned")
    parser.add_argument("--base", default=EMBEDDED, help="the base of the voices")
    parser.add_argument("--epochs", type=int, default=0, help="passes over the tweets, at most; 0 as usual")
    parser.add_argument("--threads", type=int, default=0, help="CPU cores; all by default")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "selection")
    parser.add_argument("--out", type=Path, default=HERE / "selection.jsonl")
    options = parser.parse_args()
    training = TrainingSettings(base=options.base, threads=options.threads, max_epochs=options.epochs)
    home = options.work / Path(training.base).name
    settings = Settings(storage=StorageSettings(models=home / "models", data=home / "data"), training=training)
    generation = settings.generation.model_copy(update={"threads": options.threads})
    settings = settings.model_copy(update={"generation": generation})
    rows = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    for account in options.accounts.split(","):
        (path,) = (path for path in options.tweets.iterdir() if path.stem.lower() == account)
        base = Path(training.base).name
        missing = [
            number
            for number in CANDIDATES
            if not any((row["account"], row["base"], row["candidates"]) == (account, base, number) for row in rows)
        ]
        if not missing:
            continue
        version, aside = learned(path, settings, options.latest, options.aside)
        drafts = drawn(version, settings, options.answers, home / f"{account}.drafts.jsonl")
        for number in missing:
            started = time.monotonic()
            tweets = asyncio.run(answered(version, settings, number, drafts))
            row = {"account": account, "base": base, "candidates": number, **figures(tweets, aside, version)}
            rows.append(row)
            with options.out.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{account}, {number}: {row} in {time.monotonic() - started:.0f} s", flush=True)
    print(table([row for row in rows if row["base"] == Path(training.base).name]))


if __name__ == "__main__":
    main()
