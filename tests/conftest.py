"""What many tests share: a tiny real base model, a made-up account, and a voice trained on it. No downloads."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "passive"  # torch's threads sleep between two operations: other workers use the cores
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
# The settings and voices of whoever runs the tests are neither read nor changed.
os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_DATA_HOME"] = "/dev/null/of-tests"
if "PYTEST_XDIST_WORKER" in os.environ:
    # Coverage is measured in processes that run tests, not in processes that tests start: there it makes importing
    # torch and transformers take 9 s instead of 6.
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

import gc
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

from huggingtweets.core.config.settings import (
    GateSettings,
    GenerationSettings,
    Settings,
    StorageSettings,
    TrackingSettings,
    TrainingSettings,
)
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Tweet
from huggingtweets.workflow.pipeline import Outcome
from tests.once import made_once_a_run

# Examples have no deadline, because a busy machine is not a failure. `make test` always tries the same examples, so
# that the suite does not fail at random. `make nightly` looks for new ones.
hypothesis.settings.register_profile("fixed", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

TESTS = Path(__file__).parent

WHO = ("the crew", "our rover", "a small robot", "my neighbour", "the old telescope", "she", "everybody here")
DOES = ("looks at", "dreams of", "is proud of", "walks around", "writes about", "waits for", "photographs")
WHAT = ("the red dust", "a quiet moon", "two bright stars", "breakfast", "the launch pad", "rain on Venus", "orbit")
HOW = ("again today.", "with great joy!", "before sunrise", "and it works 🚀", "for science.", "as always…", "(really)")


# The made-up sentences are much alike, so a tiny model's drafts copy them. The shipped quality gate would pass none.
TINY_GATE = GateSettings(drafts=50, max_exact_copies=50, max_near_copies=1.0)
# So few drafts are not compared with real tweets, which takes two thirds of such a training.
QUICK_GATE = TINY_GATE.model_copy(update={"drafts": 8})


def sentences(count: int, seed: int) -> list[str]:
    """Made-up short posts with a pattern that a tiny model can learn. Nearly all differ."""
    chance = random.Random(seed)
    return [
        f"{chance.choice(WHO)} {chance.choice(DOES)} {chance.choice(WHAT)} {chance.choice(HOW)} {chance.randint(1, 99)}"
        for _ in range(count)
    ]


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Each of several processes begins to collect in another place, so that each compiles other files for all.

    Otherwise all of them compile the same files at the same time, and rewrite the same assertions. What was imported
    and collected stays, so the garbage collector need not look through these million objects, neither meanwhile nor
    later: that took a quarter of the collection's processor time.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        files = files_of_tests()
        start = len(files) * int(worker.removeprefix("gw")) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        # Parts of tests/, because a folder is looked through again for each file of it that is named.
        parts = [TESTS.joinpath(*file.relative_to(TESTS).parts[:2]) for file in files]
        session.config.args = list(dict.fromkeys(map(str, (*parts[start:], *parts[:start]))))
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """All processes have the tests in the same order, before anybody mixes them.

    Whole processes come first: they take longest, and as the last ones they would keep one worker busy alone.
    """
    places = {file: place for place, file in enumerate(files_of_tests())}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    yield
    items.sort(key=lambda item: "e2e" not in item.path.parts)


def files_of_tests() -> list[Path]:
    return sorted(TESTS.rglob("test_*.py"))


# What tests write need not survive a power cut. Beside a process that writes much, waiting for the disk took a third
# of the time of the tests of `bot/discord`. A process that is killed loses nothing by this.
os.fsync = lambda descriptor: None

PRIORITY = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PRIORITY] = os.getpriority(os.PRIO_PROCESS, 0)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Each test begins with one thread of torch, whatever the one before has set for this process.

    Otherwise each worker computes with all cores from then on. On two busy cores the tests of `test_causal.py`,
    `test_lora.py` and `test_torch_decoder.py` then took 280 s of processor time instead of 14 s.
    """
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """No test lowers the priority of the process that runs the tests: on a busy machine it would hardly go on."""
    assert os.getpriority(os.PRIO_PROCESS, 0) == item.config.stash[PRIORITY]


@pytest.fixture(scope="session")
def posts() -> list[str]:
    """Documents for pre-training."""
    return sentences(1_500, seed=1)


@pytest.fixture(scope="session")
def corpus_file(posts: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "posts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in posts))
    return path


@pytest.fixture(scope="session")
def tiny_base(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a GPT-2 of width 32, trained shortly on `posts` by the project's own code. All workers read it."""
    from huggingtweets.training.pretrain import pretrain
    from huggingtweets.training.pretraining_plan import Plan

    plan = Plan(
        tokens=60_000,
        vocabulary=400,
        width=32,
        layers=1,
        heads=2,
        context=128,
        batch_tokens=1_024,
        micro_batch_tokens=1_024,
        learning_rate=1e-2,
    )

    def make(folder: Path) -> Path:
        pretrain([corpus_file], folder / "base", plan)
        return folder / "base"

    return made_once_a_run(tmp_path_factory, "tiny-base", make)


@pytest.fixture(scope="session")
def sample_tweets() -> tuple[Tweet, ...]:
    """250 tweets of an account, oldest first, with retweets, links, entities, mentions and short ones among them."""
    texts: Sequence[str] = sentences(250, seed=2)
    first = datetime(2024, 1, 1, tzinfo=UTC)
    marked = {0: "RT @other: {}", 1: "{} https://t.co/abc", 2: "@friend {}", 3: "{} &amp; more", 4: "ok"}
    return tuple(
        Tweet(
            id=str(1000 + number),
            text=marked.get(number % 25, "{}").format(text),
            created_at=first + timedelta(hours=number),
            is_retweet=number % 25 == 0,
        )
        for number, text in enumerate(texts)
    )


@pytest.fixture(scope="session")
def sample_file(sample_tweets: tuple[Tweet, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("account") / "ann.jsonl"
    rows = ({**tweet.as_json(), "username": "Ann", "name": "Ann O'Nymous"} for tweet in sample_tweets)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="session")
def tiny_training(tiny_base: Path) -> TrainingSettings:
    """Settings for a training that takes a second or two."""
    return TrainingSettings(
        base=str(tiny_base),
        threads=1,
        min_characters=1_000,
        warn_characters=2_000,
        max_epochs=2,
        max_tokens=400_000,
        batch_tokens=512,
        row_tokens=128,
        lora_layers="all",
        lora_rank=4,
        lora_embedding_rank=4,
        lora_learning_rate=3e-3,
        lora_b_rate=1.0,
    )


@pytest.fixture(scope="session")
def tiny_generation() -> GenerationSettings:
    return GenerationSettings(threads=1, max_new_tokens=60)


@pytest.fixture
def tiny_settings(tiny_training: TrainingSettings, tiny_generation: GenerationSettings, tmp_path: Path) -> Settings:
    """Settings that keep all state in this test's own folder. How much sense a voice makes is not measured."""
    return _settings(tmp_path, tiny_training, tiny_generation).model_copy(update={"gate": QUICK_GATE})


@pytest.fixture(scope="session")
def trained(
    sample_file: Path,
    tiny_training: TrainingSettings,
    tiny_generation: GenerationSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Settings, Outcome]:
    """A whole run of the pipeline on the made-up account. Do not change it: many tests read it.

    Each process has a copy of its own, because commands write and lock files beside it.
    """
    from huggingtweets.registry.versions import Registry
    from huggingtweets.workflow import pipeline

    def make(folder: Path) -> tuple[Path, Outcome]:
        settings = _settings(folder, tiny_training, tiny_generation)
        return folder, pipeline.run(VoiceName("ann"), [sample_file], settings)

    folder, outcome = made_once_a_run(tmp_path_factory, "trained", make)
    home = shutil.copytree(folder, tmp_path_factory.mktemp("trained"), dirs_exist_ok=True)
    settings = _settings(home, tiny_training, tiny_generation)
    return settings, replace(outcome, version=Registry(settings.storage.models).current("ann"))


def _settings(home: Path, training: TrainingSettings, generation: GenerationSettings) -> Settings:
    storage = StorageSettings(models=home / "models", data=home / "data")
    tracking = TrackingSettings(tracker="none")  # trackio takes a second to import; test_tracking.py tests it
    return Settings(storage=storage, training=training, gate=TINY_GATE, generation=generation, tracking=tracking)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]
    if os.getuid() or (mounted := subprocess.run(command, check=False, capture_output=True)).returncode:
        pytest.skip(f"no disk can be mounted here: {'only root can' if os.getuid() else mounted.stderr.decode()}")
    yield disk
    subprocess.run(["umount", disk], check=True)
