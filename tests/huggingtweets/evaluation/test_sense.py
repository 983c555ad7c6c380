"""The sense of drawn tweets is measured against real ones, by a judge that is not the base of the voice."""

import random
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.records import Sense
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.evaluation.sense import MAX_TEXTS, find_judge, sense
from huggingtweets.evaluation.two_sample import MIN_TEXTS
from huggingtweets.generation.checks import defused
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.tweets.learned.dataset import Dataset
from tests.conftest import sentences


@pytest.fixture(scope="module")
def judge(tiny_base: Path) -> Base:
    return bases.load(str(tiny_base))


def salad(texts: list[str]) -> list[str]:
    chance = random.Random(1)
    return [" ".join(chance.sample(words, len(words))) for words in map(str.split, texts)]


def data(held_out: int = 40) -> Dataset:
    return Dataset.of_texts(sentences(200, seed=1), sentences(held_out, seed=2))


def measured(drawn: list[str], judge: Base | None, held_out: int = 40) -> Sense:
    figures = sense(data(held_out), drawn, lambda: judge, 128)
    assert figures
    return figures


def test_tweets_like_the_real_ones_have_perfect_figures(judge: Base) -> None:
    figures = measured(sentences(60, seed=3), judge)
    assert figures.tweets == 40
    assert figures.judge == Path(judge.id).name
    assert figures.bits_ratio
    assert figures.bits_auc
    for figure, perfect in zip(figures.figures.values(), (0.5, 0.5, 1.0, 0.5), strict=True):
        assert figure.low < perfect < figure.high
    assert figures.bits_ratio.value == pytest.approx(1.0, abs=0.1)


def test_word_salad_is_strange_to_the_judge_and_told_apart(judge: Base) -> None:
    figures = measured(salad(sentences(60, seed=3)), judge)
    assert figures.bits_ratio
    assert figures.bits_auc
    assert figures.bits_ratio.low > 1.2
    assert figures.bits_auc.value > 0.95
    assert figures.told_apart.value > 0.95 > figures.own_told_apart.high


def test_blandness_is_too_likely(judge: Base) -> None:
    texts = sentences(200, seed=3)
    losses = text_losses(judge, texts, 128)
    likely = [texts[place] for place in (losses.bits / losses.sizes).argsort()[:60]]
    figures = measured(likely, judge)
    assert figures.bits_ratio
    assert figures.bits_auc
    assert figures.bits_ratio.high < 1
    assert figures.bits_auc.high < 0.5


def test_the_judge_helps_the_classifier(judge: Base) -> None:
    drawn = salad(sentences(60, seed=3))
    assert measured(drawn, judge).told_apart.value >= measured(drawn, None).told_apart.value


def test_without_a_judge_the_report_says_so() -> None:
    figures = measured(sentences(60, seed=3), None)
    assert (figures.judge, figures.bits_ratio, figures.bits_auc) == ("", None, None)
    assert list(figures.figures) == ["told_apart", "own_told_apart"]


def test_what_a_check_adds_does_not_give_ours_away() -> None:
    real, ours = ([f"@{name} {text}" for text in sentences(40, seed=seed)] for name, seed in (("ann", 2), ("bob", 3)))
    dataset = Dataset.of_texts(real + sentences(99, seed=1), real)
    figures = sense(dataset, [defused(text) for text in ours], lambda: None, 128)
    assert figures
    assert figures.told_apart.low < 0.5


@pytest.mark.parametrize(("held_out", "drawn"), [(0, 60), (MIN_TEXTS - 1, 60), (40, 0), (40, MIN_TEXTS - 1)])
def test_of_too_few_tweets_nothing_is_said_and_no_judge_is_loaded(held_out: int, drawn: int) -> None:
    def judge() -> None:
        pytest.fail("there is nothing to judge")

    assert sense(data(held_out), sentences(drawn, seed=3), judge, 128) is None


def test_tweets_of_nothing_but_a_link_do_not_count() -> None:
    assert sense(data(), ["https://t.co/a"] * 60, lambda: None, 128) is None


def test_more_than_enough_tweets_are_not_used() -> None:
    assert measured(sentences(120, seed=3), None, held_out=110).tweets == MAX_TEXTS


def test_the_same_tweets_have_the_same_figures(judge: Base) -> None:
    drawn = sentences(60, seed=3)
    assert measured(drawn, judge) == measured(drawn, judge)


def test_the_figures_survive_json(judge: Base) -> None:
    figures = measured(sentences(60, seed=3), judge)
    assert Sense.from_json(asdict(figures)) == figures


def test_a_base_is_judged_by_another_one_that_is_ready(tiny_base: Path, tmp_path: Path) -> None:
    of_tiny = find_judge(str(tiny_base), tmp_path)
    assert of_tiny
    assert of_tiny.id == EMBEDDED
    assert find_judge(EMBEDDED, tmp_path) is None
    shutil.copytree(tiny_base, tmp_path / ".bases" / "smollm2")
    of_embedded = find_judge(EMBEDDED, tmp_path)
    assert of_embedded
    assert of_embedded.id == "smollm2"
    # The same weights under another name are no other base.
    again = find_judge(str(tiny_base), tmp_path)
    assert again
    assert again.id == EMBEDDED


def test_a_damaged_judge_is_passed_over(tiny_base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    judge = tmp_path / ".bases" / "smollm2"
    judge.mkdir(parents=True)
    (judge / "config.json").write_text("{")
    of_tiny = find_judge(str(tiny_base), tmp_path)
    assert of_tiny
    assert of_tiny.id == EMBEDDED
    assert "cannot judge" in caplog.text
