"""Learns the sample account's voice on smollm2, and leaves it beside the account's tweets. It comes with the package.

Run it again when the tweets, the base or the form of a version changes:

    python -m huggingtweets.workflow.make_sample_voice

With `--card` nothing is learned: the voice's card and its pictures are made anew, after their form has changed.

Knows the settings of that one training. Does not know how it is put in use.
"""

import logging
import shutil
import sys
import tempfile
from pathlib import Path

from huggingtweets.core.config.settings import Settings, StorageSettings, TrackingSettings, TrainingSettings
from huggingtweets.core.events import Progress
from huggingtweets.core.people.names import parse_handle
from huggingtweets.publishing.export import write_card
from huggingtweets.registry import manifest
from huggingtweets.registry.version import Version
from huggingtweets.sources.sample import collect_sample, sample_account
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow import pipeline
from huggingtweets.workflow.sample_voice import FOLDER

log = logging.getLogger(__name__)

SHIPPED = "v1"
RANK = 12  # three quarters of an ordinary voice's, because everybody downloads it


def show(progress: Progress) -> None:
    """One line for each step of the training."""
    log.info("%s %d/%d %s %s", progress.stage, progress.done, progress.total, progress.facts, progress.warning)


def write_card_again() -> None:
    """Make the card and its pictures of what is there."""
    account = parse_handle(sample_account().handle)
    write_card(Version(account, SHIPPED, FOLDER, manifest.read(FOLDER)), Settings(), FOLDER / manifest.CARD)


def main() -> None:
    """Train in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="sample-voice-") as name:
        settings = Settings(
            storage=StorageSettings(models=Path(name, "models"), data=Path(name, "data")),
            training=TrainingSettings(base="smollm2", lora_rank=RANK),
            tracking=TrackingSettings(tracker="none"),
        )
        account = collect_sample(TweetStore(settings.tweets))
        outcome = pipeline.run(parse_handle(account.handle), [], settings, say=show)
        if not outcome.verdict.passed:
            raise SystemExit(f"not good enough: {outcome.verdict.why_not}")
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(outcome.version.folder, FOLDER)
        for text in outcome.samples:
            log.info("- %s", text)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write_card_again() if "--card" in sys.argv else main()
