"""A base model is trained from nothing, resumes after a kill or with more tokens, and works in transformers alone."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from huggingtweets.core.errors import BadData, Misconfigured, Usage
from huggingtweets.training.pretrain import pretrain
from huggingtweets.training.pretraining import PretrainingProgress
from huggingtweets.training.pretraining_plan import Plan

PLAN = Plan(
    tokens=12_000, vocabulary=300, width=32, layers=1, heads=2, context=64, batch_tokens=512, micro_batch_tokens=256
)


class Killed(Exception):
    pass


def killed_after(tokens: int) -> Callable[[PretrainingProgress], None]:
    def say(progress: PretrainingProgress) -> None:
        if progress.seen >= tokens:
            raise Killed

    return say


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(first: Path, second: Path) -> bool:
    ours, theirs = weights(first), weights(second)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture(scope="module")
def undisturbed(
    corpus_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[PretrainingProgress], float]:
    steps: list[PretrainingProgress] = []
    out = tmp_path_factory.mktemp("undisturbed")
    return out, steps, pretrain([corpus_file], out, PLAN, say=steps.append, measure_every_tokens=4_000)


def test_the_loss_falls_and_is_measured_on_the_way(undisturbed: tuple[Path, list[PretrainingProgress], float]) -> None:
    _, steps, bits = undisturbed
    assert steps[-1].loss < steps[0].loss / 1.3
    assert steps[-1].seen >= PLAN.tokens
    measured = [step.held_out_bits_per_byte for step in steps if step.held_out_bits_per_byte is not None]
    assert 2 <= len(measured) <= 4
    assert measured[-1] == pytest.approx(bits, rel=1e-6)
    assert bits < measured[0]
    event = steps[-1].as_progress().as_json()
    assert (event["stage"], event["total"]) == ("pretrain", PLAN.tokens)
    assert event["held_out_bits_per_byte"] == measured[-1]
    assert "held_out_bits_per_byte" not in steps[0].as_progress().as_json()


def test_what_it_was_made_of_is_written_down(
    undisturbed: tuple[Path, list[PretrainingProgress], float], corpus_file: Path
) -> None:
    out, _, bits = undisturbed
    record = json.loads((out / "training.json").read_text())
    assert record["plan"] == dataclasses.asdict(PLAN)
    assert list(record["corpora"]) == [corpus_file.name]
    assert record["held_out_bits_per_byte"] == bits
    # 300 x 32 and 64 x 32 embeddings, one block of 12 x 32 x 32 with its biases and norms, and the last norm.
    assert record["parameters"] == 300 * 32 + 64 * 32 + (12 * 32 * 32 + 9 * 32 + 4 * 32) + 2 * 32


def test_plain_transformers_generates_with_it(undisturbed: tuple[Path, list[PretrainingProgress], float]) -> None:
    from transformers import pipeline

    generator = pipeline("text-generation", model=str(undisturbed[0]), device="cpu")
    (drawn,) = generator("the crew", max_new_tokens=5)
    assert drawn["generated_text"].startswith("the crew")
    assert len(drawn["generated_text"]) > len("the crew")


def test_a_killed_run_ends_in_the_same_weights(
    corpus_file: Path, tmp_path: Path, undisturbed: tuple[Path, list[PretrainingProgress], float]
) -> None:
    for tokens in (1, 4_000, 11_000):
        with pytest.raises(Killed):
            pretrain([corpus_file], tmp_path, PLAN, say=killed_after(tokens), checkpoint_every_seconds=0)
    seen: list[int] = []
    pretrain([corpus_file], tmp_path, PLAN, say=lambda step: seen.append(step.seen))
    assert seen[0] > 11_000
    assert same(tmp_path, undisturbed[0])


def test_a_finished_run_that_is_started_again_is_finished(corpus_file: Path, tmp_path: Path) -> None:
    short = dataclasses.replace(PLAN, tokens=2_000)
    bits = pretrain([corpus_file], tmp_path, short)
    steps: list[PretrainingProgress] = []
    assert pretrain([corpus_file], tmp_path, short, say=steps.append) == pytest.approx(bits, rel=1e-3)
    assert steps == []


def test_a_longer_plan_goes_on_from_before_the_fall(corpus_file: Path, tmp_path: Path) -> None:
    pretrain([corpus_file], tmp_path, dataclasses.replace(PLAN, tokens=6_000))
    longer: list[int] = []
    bits = pretrain([corpus_file], tmp_path, PLAN, say=lambda step: longer.append(step.seen))
    assert 6_000 * 0.75 < longer[0] < 6_000
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["plan"]["tokens"] == PLAN.tokens
    assert record["held_out_bits_per_byte"] == bits


def test_a_run_that_is_cut_short_goes_on_to_the_fall_of_a_shorter_plan(corpus_file: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        pretrain([corpus_file], tmp_path, PLAN, say=killed_after(4_000), checkpoint_every_seconds=0)
    shorter: list[int] = []
    bits = pretrain(
        [corpus_file], tmp_path, dataclasses.replace(PLAN, tokens=6_000), say=lambda step: shorter.append(step.seen)
    )
    assert 3_400 < shorter[0] < 4_800
    assert json.loads((tmp_path / "training.json").read_text())["held_out_bits_per_byte"] == bits


def test_a_shorter_plan_does_not_take_a_state_that_it_never_reaches(corpus_file: Path, tmp_path: Path) -> None:
    pretrain([corpus_file], tmp_path, dataclasses.replace(PLAN, tokens=6_000))
    steps: list[int] = []
    pretrain([corpus_file], tmp_path, dataclasses.replace(PLAN, tokens=3_000), say=lambda step: steps.append(step.seen))
    assert steps[0] < 1_000


def test_another_plan_in_the_same_folder_is_refused(corpus_file: Path, tmp_path: Path) -> None:
    short = dataclasses.replace(PLAN, tokens=1_500)
    pretrain([corpus_file], tmp_path, short)
    with pytest.raises(Misconfigured, match="holds the state of another training; give another --out"):
        pretrain([corpus_file], tmp_path, dataclasses.replace(short, width=16))


def test_another_corpus_in_the_same_folder_is_refused(corpus_file: Path, tmp_path: Path) -> None:
    short = dataclasses.replace(PLAN, tokens=1_500)
    pretrain([corpus_file], tmp_path / "out", short)
    other = tmp_path / "other.jsonl"
    other.write_text(corpus_file.read_text() + '{"text": "one more"}\n')
    with pytest.raises(Misconfigured, match="another training"):
        pretrain([other], tmp_path / "out", short)


def test_a_given_tokenizer_is_used(corpus_file: Path, tiny_base: Path, tmp_path: Path) -> None:
    pretrain([corpus_file], tmp_path, dataclasses.replace(PLAN, tokens=1_500), tokenizer=tiny_base / "tokenizer.json")
    ours, theirs = (json.loads((folder / "tokenizer.json").read_text()) for folder in (tmp_path, tiny_base))
    assert ours["model"]["vocab"] == theirs["model"]["vocab"]
    assert len(weights(tmp_path)["transformer.wte.weight"]) == 400


def test_a_corpus_that_is_too_small_is_refused(tmp_path: Path) -> None:
    small = tmp_path / "small.txt"
    small.write_text("one line\n" * 50)
    with pytest.raises(BadData, match="The corpus has 50 documents to learn and 0 held out; give at least 1000"):
        pretrain([small], tmp_path / "out", PLAN)


def test_a_run_that_diverges_says_so(corpus_file: Path, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"The training diverged after [\d,]+ tokens; lower the learning rate"):
        pretrain([corpus_file], tmp_path, dataclasses.replace(PLAN, learning_rate=1e30))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(Usage, match="A width of 32 cannot be split into 5 heads"):
        dataclasses.replace(PLAN, heads=5)


def test_the_learning_rate_rises_stays_and_falls() -> None:
    plan = Plan(tokens=1_000_000)
    assert plan.rate(0) < 0.01
    assert plan.rate(20_000) == plan.rate(500_000) == 1.0
    assert plan.rate(800_000) == pytest.approx(1.0)
    assert plan.rate(900_000) == pytest.approx(0.5)
    assert plan.rate(1_000_000) == 0.0
