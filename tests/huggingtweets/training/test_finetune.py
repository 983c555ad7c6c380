"""A training learns and stops in time. A killed training resumes and ends with the weights of an undisturbed one."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.errors import PipelineError, Terminated
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.model import base as bases
from huggingtweets.model import lora
from huggingtweets.model.base import Base
from huggingtweets.model.loss import mean_loss
from huggingtweets.model.precision import fast
from huggingtweets.training.finetune import (
    Step,
    Trained,
    epochs_within,
    tokenized_rows,
    train,
    with_their_contexts,
)
from huggingtweets.training.recipe import schedule_for
from huggingtweets.tweets.learned.dataset import Dataset, Example


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """The tweets of a person who always writes about the same few things."""
    texts = [f"all I think of is cheese number {number} and wine" for number in range(120)]
    return Dataset.of_texts(tuple(texts[:100]), tuple(texts[100:]))


@pytest.fixture
def settings(tiny_training: TrainingSettings) -> TrainingSettings:
    return tiny_training.model_copy(update={"max_epochs": 3, "patience": 3, "checkpoint_seconds": 1e-9})


@pytest.fixture(params=["lora", "full"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Killed(Exception):
    pass


def killed_at(step: int) -> "type[Killed] | object":
    def say(progress: Step) -> None:
        if progress.done == step:
            raise Killed

    return say


def same(first: Trained, second: Trained) -> bool:
    return first.weights.keys() == second.weights.keys() and all(
        torch.equal(weight, second.weights[name]) for name, weight in first.weights.items()
    )


def test_the_held_out_loss_falls(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, method: str, tmp_path: Path
) -> None:
    base = bases.load(str(tiny_base))
    run_settings = settings.model_copy(update={"method": method})
    steps: list[Step] = []
    trained = train(base, dataset, run_settings, tmp_path / "checkpoint.pt", steps.append)
    assert trained.held_out_loss < trained.base_held_out_loss
    assert [step.done for step in steps] == list(range(1, trained.steps + 1))
    assert steps[-1].total == trained.steps
    assert steps[-1].loss < steps[0].loss
    rows = tokenized_rows(base, dataset.held_out, run_settings.row_tokens)
    with fast(base.model.device):
        assert mean_loss(base.model, rows) == trained.held_out_loss, "the best weights are in use"
    assert mean_loss(base.model, rows) == pytest.approx(trained.held_out_loss, rel=0.01), "fp32 says nearly the same"
    assert trained.tokens == trained.epochs * tokenized_rows(base, dataset.learned, run_settings.row_tokens).token_count
    assert [row["epoch"] for row in trained.curve] == [1, 2, 3]


def test_every_step_tells_what_it_was_made_with_and_only_what_was_measured_after_it(
    tiny_base: Path, settings: TrainingSettings, tmp_path: Path
) -> None:
    unlike = Dataset.of_texts(("qqq zzz qqq zzz " * 4,) * 40, ("the crew looks at a quiet moon again today.",) * 5)
    run_settings = settings.model_copy(
        update={"max_epochs": 6, "patience": 2, "lora_learning_rate": 0.05, "batch_tokens": 0}
    )
    steps: list[Step] = []
    trained = train(bases.load(str(tiny_base)), unlike, run_settings, tmp_path / "a.pt", steps.append)
    measured = {step.done: step.held_out_loss for step in steps if step.held_out_loss is not None}
    assert measured == {row["step"]: row["held_out_loss"] for row in trained.curve}
    assert list(measured.values()) != sorted(measured.values(), reverse=True), (
        "the loss rises here, and the steps say so"
    )
    assert steps[-1].best_held_out_loss == trained.held_out_loss < steps[-1].held_out_loss
    assert trained.batch_tokens == 256
    assert trained.learning_rate == pytest.approx(0.05 * 0.5**0.5), "the rate in the settings is for 512 tokens a step"
    assert steps[0].learning_rate == pytest.approx(trained.learning_rate * schedule_for(0).rate(0, steps[0].total))
    assert max(step.learning_rate for step in steps) <= trained.learning_rate


def test_what_is_read_and_not_learned_makes_a_step_as_long_as_one_of_fewer_tokens(
    tiny_base: Path, settings: TrainingSettings, tmp_path: Path
) -> None:
    held_out = (Example("the crew looks at a quiet moon."),)
    replies = tuple(Example(f"yes number {number}", context="what did you say again?" * 2) for number in range(60))
    alone = tuple(Example(reply.text) for reply in replies)
    run_settings = settings.model_copy(update={"max_epochs": 1, "batch_tokens": 512})
    contexts = with_their_contexts(replies, settings.seed)
    rows = tokenized_rows(bases.load(str(tiny_base)), [reply.text for reply in replies], settings.row_tokens, contexts)
    learned = rows.token_count / rows.used.sum()
    assert 0.2 < learned < 0.8
    rates = {
        examples: train(
            bases.load(str(tiny_base)), Dataset(examples, held_out), run_settings, tmp_path / f"{number}.pt"
        ).learning_rate
        for number, examples in enumerate((replies, alone))
    }
    assert rates[alone] == run_settings.lora_learning_rate
    assert rates[replies] == pytest.approx(rates[alone] * learned**0.5)


def test_a_killed_training_ends_in_the_same_weights(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, method: str, tmp_path: Path
) -> None:
    run_settings = settings.model_copy(update={"method": method})
    undisturbed = train(bases.load(str(tiny_base)), dataset, run_settings, tmp_path / "a.pt")
    done = 0
    for stop in (2, undisturbed.steps // 2, undisturbed.steps - 1):
        with pytest.raises(Killed):
            train(bases.load(str(tiny_base)), dataset, run_settings, tmp_path / "b.pt", killed_at(stop))
        done = torch.load(tmp_path / "b.pt", weights_only=True)["place"]["step"]
        assert done == stop
    resumed = train(bases.load(str(tiny_base)), dataset, run_settings, tmp_path / "b.pt")
    assert resumed.steps > done
    assert same(resumed, undisturbed)
    assert resumed.curve == undisturbed.curve
    assert resumed.tokens == undisturbed.tokens


def test_a_base_with_dropout_resumes_to_the_same_weights_too(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, tmp_path: Path
) -> None:
    """The config.json of GPT-2 sets dropout, too."""
    folder = shutil.copytree(tiny_base, tmp_path / "base", ignore=shutil.ignore_patterns(".work"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"resid_pdrop": 0.1, "attn_pdrop": 0.1, "embd_pdrop": 0.1}))
    undisturbed = train(bases.load(str(folder)), dataset, settings, tmp_path / "a.pt")
    with pytest.raises(Killed):
        train(bases.load(str(folder)), dataset, settings, tmp_path / "b.pt", killed_at(4))
    base = bases.load(str(folder))
    assert same(train(base, dataset, settings, tmp_path / "b.pt"), undisturbed)
    assert not base.model.training


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, tmp_path: Path
) -> None:
    def trained(seed: int, name: str) -> Trained:
        run_settings = settings.model_copy(update={"seed": seed, "max_epochs": 1})
        return train(bases.load(str(tiny_base)), dataset, run_settings, tmp_path / name)

    first = trained(1, "a.pt")
    assert same(first, trained(1, "b.pt"))
    assert not same(first, trained(2, "c.pt"))


def test_a_training_stops_once_the_held_out_loss_has_not_fallen(
    tiny_base: Path, settings: TrainingSettings, tmp_path: Path
) -> None:
    unlike = Dataset.of_texts(("qqq zzz qqq zzz " * 4,) * 40, ("the crew looks at a quiet moon again today.",) * 5)
    run_settings = settings.model_copy(update={"max_epochs": 30, "patience": 2, "lora_learning_rate": 0.05})
    base = bases.load(str(tiny_base))
    trained = train(base, unlike, run_settings, tmp_path / "a.pt")
    losses = [row["held_out_loss"] for row in trained.curve]
    assert len(losses) < 30
    assert len(losses) == trained.epochs == trained.kept_epoch + 2
    assert trained.held_out_loss == min(losses) == losses[trained.kept_epoch - 1]
    assert text_losses(base, unlike.held_out, 128).per_byte > 0


def test_where_no_pass_is_better_the_weights_it_began_with_are_kept_and_that_is_told(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, tmp_path: Path
) -> None:
    first = train(bases.load(str(tiny_base)), dataset, settings, tmp_path / "a.pt")
    rank, description = settings.lora_rank, bases.load(str(tiny_base)).model.description
    lora.save(first.weights, tmp_path / "adapter", description, base="base", rank=rank, alpha=2 * rank)
    worse = settings.model_copy(update={"lora_learning_rate": 1.0, "max_epochs": 2})
    again = train(bases.load(str(tiny_base)), dataset, worse, tmp_path / "b.pt", start=tmp_path / "adapter")
    assert (again.epochs, again.kept_epoch) == (2, 0)
    assert again.held_out_loss == pytest.approx(first.held_out_loss, rel=1e-2)
    assert all(row["held_out_loss"] > again.held_out_loss for row in again.curve)


def test_a_finished_training_that_is_started_again_is_finished(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, tmp_path: Path
) -> None:
    first = train(bases.load(str(tiny_base)), dataset, settings, tmp_path / "a.pt")
    steps: list[Step] = []
    again = train(bases.load(str(tiny_base)), dataset, settings, tmp_path / "a.pt", steps.append)
    assert len(steps) <= 1
    assert same(first, again)


def test_a_damaged_checkpoint_is_put_aside(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, tmp_path: Path
) -> None:
    undisturbed = train(bases.load(str(tiny_base)), dataset, settings, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes((tmp_path / "a.pt").read_bytes()[:1_000])
    assert same(train(bases.load(str(tiny_base)), dataset, settings, tmp_path / "b.pt"), undisturbed)


def test_a_training_that_diverges_says_so(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, tmp_path: Path
) -> None:
    run_settings = settings.model_copy(update={"lora_learning_rate": 1e30})
    with pytest.raises(PipelineError, match=r"The training diverged at step \d+; lower the learning rate"):
        train(bases.load(str(tiny_base)), dataset, run_settings, tmp_path / "a.pt")


def test_the_passes_are_bounded_by_tokens_but_never_none() -> None:
    settings = TrainingSettings(max_epochs=16, max_tokens=1_000)
    assert [epochs_within(settings, tokens) for tokens in (0, 10, 100, 300, 5_000)] == [16, 16, 10, 3, 1]


def test_rows_are_no_longer_than_the_context(tiny_base: Path) -> None:
    base: Base = bases.load(str(tiny_base))
    assert tokenized_rows(base, ["a b c"], 4_096).inputs.shape[1] == base.context
    assert tokenized_rows(base, ["a b c"], 32).inputs.shape[1] == 32


def test_sigterm_is_answered_with_a_checkpoint(
    tiny_base: Path, dataset: Dataset, settings: TrainingSettings, tmp_path: Path
) -> None:
    undisturbed = train(bases.load(str(tiny_base)), dataset, settings, tmp_path / "a.pt")
    run_settings = settings.model_copy(update={"checkpoint_seconds": 1e6})

    def terminate(progress: Step) -> None:
        if progress.done == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Terminated):
        train(bases.load(str(tiny_base)), dataset, run_settings, tmp_path / "b.pt", terminate)
    assert torch.load(tmp_path / "b.pt", weights_only=True)["place"]["step"] == 4
    assert same(train(bases.load(str(tiny_base)), dataset, run_settings, tmp_path / "b.pt"), undisturbed)


STARVED = """
import logging, resource, sys
import torch
from pathlib import Path
from huggingtweets.model import base as bases
from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.training.finetune import train

# Use fp32. For bfloat16 torch uses oneDNN, which never retries a kernel after its memory allocation failed.
torch.cpu._is_avx512_bf16_supported = torch.cpu._is_amx_tile_supported = bool
logging.basicConfig(format="%(message)s")
texts = tuple(f"all I think of is cheese number {number} and wine" for number in range(1_500))
settings = TrainingSettings(max_epochs=1, batch_tokens=400_000, row_tokens=64)
folder = Path(sys.argv[2])
train(bases.load(sys.argv[1]), Dataset.of_texts(texts[:9], texts[:9]), settings, folder / "imports-everything.pt")
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), used + (64 << 20)))
trained = train(bases.load(sys.argv[1]), Dataset.of_texts(texts, texts[:9]), settings, folder / "checkpoint.pt")
print(trained.steps, trained.held_out_loss < trained.base_held_out_loss)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the address space is bounded by Linux's means")
def test_a_batch_that_memory_does_not_hold_is_learned_in_parts(tiny_base: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARVED, str(tiny_base), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "memory is short: from now on" in done.stderr
    assert done.stdout.split() == ["1", "True"]
