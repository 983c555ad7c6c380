"""From a file of tweets to a version in use, in one run or in several that were killed."""

import importlib
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from huggingtweets.core.config.settings import GateSettings, Settings, StorageSettings
from huggingtweets.core.errors import BadBase, BadSource, Forgotten, TooFewNew, TooLittleData, Unavailable
from huggingtweets.core.events import STAGES, Progress
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.model import checkpoint
from huggingtweets.model.lora import WEIGHTS
from huggingtweets.model.merged import load_version
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow import pipeline
from huggingtweets.workflow.describing import SAMPLES
from huggingtweets.workflow.fine_tuning import CHECKPOINT
from huggingtweets.workflow.pipeline import Outcome
from tests.conftest import TINY_GATE

Trained = tuple[Settings, Outcome]


def training(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update={"training": settings.training.model_copy(update=values)})


def test_the_run_ends_with_a_version_in_use(trained: Trained) -> None:
    settings, outcome = trained
    registry = Registry(settings.storage.models)
    assert registry.names() == ["ann"]
    assert registry.current("ann") == outcome.version
    assert outcome.version.version == "v1"
    assert sorted(path.name for path in outcome.version.folder.iterdir()) == [
        "adapter",
        "card",
        "dataset.jsonl",
        "discriminator.safetensors",
        "manifest.json",
        "profile.json",
        "profile.png",
    ]


def test_the_counts_are_those_of_the_account(trained: Trained) -> None:
    _, outcome = trained
    assert (outcome.counts.downloaded, outcome.counts.retweets, outcome.counts.short) == (250, 10, 10)
    assert outcome.counts.kept == 230
    dataset = Dataset.load(outcome.version.dataset)
    assert len(dataset.texts) <= 230
    assert not any("http" in text or "&amp;" in text for text in dataset.texts)


def test_the_manifest_tells_what_the_voice_was_made_of(trained: Trained, tiny_base: Path) -> None:
    settings, outcome = trained
    manifest = outcome.version.manifest
    assert manifest.base == str(tiny_base)
    assert manifest.settings == settings.training.model_dump()
    assert manifest.report == outcome.report
    assert manifest.samples == outcome.samples
    assert manifest.training.steps > manifest.training.epochs > 0
    (account,) = manifest.accounts
    assert (account.handle, account.display_name) == ("Ann", "Ann O'Nymous")
    assert account.counts == outcome.counts
    assert TweetStore(settings.tweets).known.account("ann") == Account("Ann", "Ann O'Nymous")


def test_the_voice_is_better_than_its_base_and_shows_samples(trained: Trained) -> None:
    _, outcome = trained
    assert outcome.report.held_out_bits_per_byte < outcome.report.base_held_out_bits_per_byte
    assert len(outcome.samples) == len(set(outcome.samples)) == SAMPLES
    assert json.loads(json.dumps(outcome.event.as_json()))["version"] == "v1"


def test_every_stage_is_told_in_order(tiny_settings: Settings, sample_file: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    settings = training(tiny_settings, max_epochs=1, warn_characters=10**6)
    outcome = pipeline.run(VoiceName("ann"), [sample_file], settings, say=told.append)
    assert Registry(settings.storage.models).current("ann") == outcome.version
    assert tuple(dict.fromkeys(progress.stage for progress in told)) == STAGES
    facts = {progress.stage: progress.facts for progress in told}
    assert facts["collect"] == {"tweets": 250, "new": 250}
    assert facts["clean"]["kept"] == 230
    assert facts["register"] == {"version": "v1", "in_use": True}
    (warning,) = (progress.warning for progress in told if progress.warning)
    assert "the voice will be faint below 1,000,000" in warning
    (foreseen,) = (progress.foreseen for progress in told if progress.foreseen)
    assert foreseen.startswith("There is as much text to learn from as in about")


def test_tweets_in_a_language_that_the_base_does_not_write_are_learned_with_a_warning(
    tiny_settings: Settings, sample_file: Path, tiny_base: Path, tmp_path: Path
) -> None:
    base = tmp_path / "spanish"
    shutil.copytree(tiny_base, base)
    (base / "README.md").write_text("---\nlanguage: es\n---\n# A base\n")
    told: list[Progress] = []
    settings = training(tiny_settings, base=str(base), max_epochs=1)
    outcome = pipeline.run(VoiceName("ann"), [sample_file], settings, say=told.append)
    (clean,) = (progress for progress in told if progress.stage == "clean")
    assert clean.warning.startswith("These tweets are mostly English (")
    assert "this base writes Spanish: choose one that writes English with --base" in clean.warning
    assert "Whoever runs me can let it begin with a model that writes English, such as " in clean.foreseen
    assert outcome.version.manifest.languages == ("en",)


def test_a_second_run_learns_from_what_is_kept_and_makes_the_next_version(
    tiny_settings: Settings, sample_file: Path
) -> None:
    settings = training(tiny_settings, max_epochs=1)
    first = pipeline.run(VoiceName("ann"), [sample_file], settings)
    second = pipeline.run(VoiceName("ann"), [], settings)
    assert (first.version.version, second.version.version) == ("v1", "v2")
    ours, theirs = (version.adapter / WEIGHTS for version in (first.version, second.version))
    assert ours.read_bytes() == theirs.read_bytes(), "the same inputs give the same weights"
    assert Registry(settings.storage.models).rollback("ann").version == "v1"


def test_a_full_fine_tune_is_an_ordinary_model(tiny_settings: Settings, sample_file: Path) -> None:
    from transformers import GPT2LMHeadModel

    version = pipeline.run(
        VoiceName("ann"), [sample_file], training(tiny_settings, method="full", max_epochs=1)
    ).version
    assert not version.adapter.exists()
    plain = GPT2LMHeadModel.from_pretrained(version.model, dtype="float32")
    ours = dict(checkpoint.tensors(load_version(version).model))
    assert all(
        torch.equal(weight, ours[name]) for name, weight in plain.state_dict().items() if name != "lm_head.weight"
    )


def test_too_little_data_leaves_no_half_version(tiny_settings: Settings, tmp_path: Path) -> None:
    few = tmp_path / "few.txt"
    few.write_text("just these few words here\n" * 3)
    with pytest.raises(
        TooLittleData, match=r"ann: only 75 characters .*\(3 downloaded - 0 retweets - 0 short = 3 kept\)"
    ):
        pipeline.run(VoiceName("ann"), [few], tiny_settings)
    assert not list(tiny_settings.storage.models.iterdir())


def test_nobodys_tweets_and_bad_files_are_refused(tiny_settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="There are no tweets of ann; name a file or archive of theirs with --from"):
        pipeline.run(VoiceName("ann"), [], tiny_settings)
    with pytest.raises(BadSource):
        pipeline.run(VoiceName("ann"), [tmp_path / "none.csv"], tiny_settings)
    assert not list(tiny_settings.storage.models.iterdir())


def test_a_base_that_cannot_be_loaded_leaves_no_version(tiny_settings: Settings, sample_file: Path) -> None:
    with pytest.raises(BadBase):
        pipeline.run(VoiceName("ann"), [sample_file], training(tiny_settings, base="someone/never-cached"))
    assert Registry(tiny_settings.storage.models).versions("ann") == []
    assert pipeline.run(VoiceName("ann"), [], training(tiny_settings, max_epochs=1)).version.version == "v1"


class Killed(BaseException):
    """Like a SIGKILL, it is caught by no handler of the pipeline."""


def killed_at(stage: str) -> Callable[[Progress], None]:
    def say(progress: Progress) -> None:
        if progress.stage == stage and progress.done >= progress.total:
            raise Killed

    return say


def test_a_run_that_is_killed_after_each_stage_does_every_stage_once(
    trained: Trained, tiny_settings: Settings, sample_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tiny_settings.model_copy(update={"gate": TINY_GATE})
    done = Counter[str]()

    def counted(module: str, function: str) -> None:
        original = getattr(importlib.import_module(module), function)

        def call(*arguments: Any, **options: Any) -> Any:
            done[function] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(f"{module}.{function}", call)

    for module, function in (
        ("huggingtweets.workflow.preparing", "read_owned"),
        ("huggingtweets.workflow.preparing", "clean_all"),
        ("huggingtweets.workflow.preparing", "make"),
        ("huggingtweets.training.finetune", "train"),
        ("huggingtweets.evaluation.measure", "measured"),
    ):
        counted(module, function)
    for stage in STAGES[:-1]:
        with pytest.raises(Killed):
            pipeline.run(VoiceName("ann"), [sample_file], settings, say=killed_at(stage))
        assert Registry(settings.storage.models).versions("ann") == []
    outcome = pipeline.run(VoiceName("ann"), [sample_file], settings)
    undisturbed = trained[1]
    # Training is killed by its own last step, before its stage has ended, and goes on from there.
    assert done == {"read_owned": 1, "clean_all": 1, "make": 1, "train": 2, "measured": 1}
    assert outcome.report == undisturbed.report
    assert outcome.samples == undisturbed.samples
    assert outcome.version.manifest.stages.keys() == undisturbed.version.manifest.stages.keys()
    ours, theirs = (made.version.adapter / WEIGHTS for made in (outcome, undisturbed))
    assert ours.read_bytes() == theirs.read_bytes()
    assert sorted(path.name for path in outcome.version.folder.iterdir()) == [
        "adapter",
        "card",
        "dataset.jsonl",
        "discriminator.safetensors",
        "manifest.json",
        "profile.json",
        "profile.png",
    ]


def test_a_run_with_wrong_inputs_leaves_what_an_earlier_one_had_learned(
    trained: Trained, tiny_settings: Settings, sample_file: Path, tmp_path: Path
) -> None:
    settings = training(tiny_settings, checkpoint_seconds=1e-6)
    checkpoint = settings.storage.models / "ann" / ".staged" / CHECKPOINT

    def killed(progress: Progress) -> None:
        if checkpoint.exists():
            raise Killed

    with pytest.raises(Killed):
        pipeline.run(VoiceName("ann"), [sample_file], settings, say=killed)
    before = checkpoint.read_bytes()
    with pytest.raises(BadSource):
        pipeline.run(VoiceName("ann"), [tmp_path / "a_slip.jsonl"], settings)
    with pytest.raises(TooLittleData):
        pipeline.run(VoiceName("ann"), [sample_file], training(settings, min_characters=10**6))
    assert checkpoint.read_bytes() == before
    outcome = pipeline.run(VoiceName("ann"), [sample_file], settings)
    assert (outcome.version.adapter / WEIGHTS).read_bytes() == (trained[1].version.adapter / WEIGHTS).read_bytes()


def test_nothing_stays_staged_of_who_was_forgotten(tiny_settings: Settings, sample_file: Path) -> None:
    with pytest.raises(Killed):
        pipeline.run(VoiceName("ann"), [sample_file], tiny_settings, say=killed_at("dataset"))
    TweetStore(tiny_settings.tweets).forget("ann")
    with pytest.raises(Forgotten):
        pipeline.run(VoiceName("ann"), [sample_file], tiny_settings)
    assert not list(tiny_settings.storage.models.iterdir())


def test_a_first_run_that_is_refused_leaves_nothing(tiny_settings: Settings, sample_file: Path) -> None:
    store, strict = TweetStore(tiny_settings.tweets), training(tiny_settings, min_characters=10**6)
    with pytest.raises(TooLittleData):
        pipeline.run(VoiceName("ann"), [sample_file], strict)
    assert not list(tiny_settings.storage.models.iterdir())
    assert store.handles() == []
    store.merge("ann", Collected(Account("Ann"), (Tweet("1", "kept by hand"),)))
    with pytest.raises(TooLittleData):
        pipeline.run(VoiceName("ann"), [sample_file], strict)
    assert store.handles() == ["ann"], "what was there before is not the run's to delete"


def test_a_version_that_copies_is_kept_out_of_use_and_says_why(tiny_settings: Settings, sample_file: Path) -> None:
    settings = training(tiny_settings, max_epochs=1)
    first = pipeline.run(VoiceName("ann"), [sample_file], settings)
    told: list[Progress] = []
    strict = settings.model_copy(update={"gate": GateSettings(drafts=50, max_near_copies=0.0)})
    second = pipeline.run(VoiceName("ann"), [], strict, say=told.append)
    assert second.version.version == "v2"
    assert "50 tweets drawn as a test are nearly a real tweet, more than 0%." in second.verdict.why_not
    assert told[-1].warning == second.verdict.why_not == second.version.rejected
    registry = Registry(settings.storage.models)
    assert registry.current("ann") == first.version
    assert registry.rejected("ann") == [second.version]
    assert second.report.previous
    assert second.report.previous.version == "v1"
    assert second.report.previous.difference == pytest.approx(0, abs=1e-9), "the same inputs give the same voice"
    assert registry.promote("ann", "v2").version == "v2", "whoever insists may use it"


def test_a_version_in_use_on_a_base_that_is_gone_is_no_hindrance(
    tiny_settings: Settings, sample_file: Path, tiny_base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = shutil.copytree(tiny_base, tmp_path / "other")
    settings = training(tiny_settings, max_epochs=1, base=str(other))
    pipeline.run(VoiceName("ann"), [sample_file], settings)
    shutil.rmtree(other)
    outcome = pipeline.run(VoiceName("ann"), [], training(tiny_settings, max_epochs=1))
    assert outcome.report.previous is None
    assert "ann v1 cannot be compared with" in caplog.text
    assert Registry(settings.storage.models).current("ann").version == "v2"


def test_tweets_are_attributed_among_the_accounts_known_here(
    tiny_settings: Settings, sample_file: Path, sample_tweets: tuple[Tweet, ...]
) -> None:
    loud = tuple(replace(tweet, text=tweet.text.upper()) for tweet in sample_tweets)
    store = TweetStore(tiny_settings.tweets)
    store.merge("bob", Collected(None, loud))
    store.merge("few", Collected(None, loud[:20]))
    settings = training(tiny_settings, max_epochs=1).model_copy(update={"gate": TINY_GATE})
    report = pipeline.run(VoiceName("ann"), [sample_file], settings).report
    assert report.accounts == 2, "an account with hardly any tweets does not count"
    assert report.held_out_attribution == 1.0
    assert report.attribution is not None
    assert report.attribution > 0.8


KILLED = """
import os, signal, sys
from pathlib import Path
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.workflow import pipeline

settings = Settings.load(Path(sys.argv[1]))

def say(progress):
    if progress.stage == "train" and list(settings.storage.models.rglob("checkpoint.pt")):
        print(progress.done, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

pipeline.run(VoiceName("ann"), [Path(sys.argv[2])], settings, say=say)
"""


def test_a_run_that_is_killed_in_training_reaches_its_version_when_started_again(
    tiny_base: Path, sample_file: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[training]\nbase = "{tiny_base}"\nthreads = 1\nmin_characters = 1000\nmax_epochs = 2\n'
        "batch_tokens = 256\nrow_tokens = 128\nlora_rank = 2\ncheckpoint_seconds = 0.05\n"
        "[gate]\ndrafts = 8\nmax_exact_copies = 8\nmax_near_copies = 1.0\nmax_worse = 1.0\n"
        '[tracking]\ntracker = "none"\n'
        "[generation]\nthreads = 1\nmax_new_tokens = 40\n"
    )
    command = [sys.executable, "-c", KILLED, config, sample_file]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    first_step = int(killed.stdout)
    registry = Registry(tmp_path / "models")
    assert registry.versions("ann") == []

    steps: list[int] = []

    def say(progress: Progress) -> None:
        if progress.stage == "train" and progress.done:  # before the first step the base is measured
            steps.append(progress.done)

    outcome = pipeline.run(VoiceName("ann"), [], Settings.load(config), say=say)
    assert steps[0] > first_step * 0.5 > 0
    assert steps[0] > 1, "it goes on from its checkpoint"
    assert registry.current("ann") == outcome.version
    assert outcome.version.version == "v1"
    assert not list(tmp_path.rglob("checkpoint.pt"))


def test_too_few_new_tweets_are_told_before_anything_is_learned(
    trained: tuple[Settings, Outcome], tmp_path: Path, sample_file: Path
) -> None:
    shutil.copytree(trained[0].storage.models, tmp_path / "models")
    shutil.copytree(trained[0].storage.data, tmp_path / "data")
    settings = trained[0].model_copy(
        update={"storage": StorageSettings(models=tmp_path / "models", data=tmp_path / "data")}
    )
    with pytest.raises(TooFewNew, match="ann has 0 new tweets since the version in use, fewer than 1") as few:
        pipeline.run(VoiceName("ann"), [sample_file], settings, min_new=1)
    assert few.value.new == 0
    assert Registry(tmp_path / "models").versions("ann") == ["v1"]
