"""A discriminator tells drafts from tweets it has not seen, holds no text, and its absence changes nothing."""

import random
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from huggingtweets.generation.discriminator import BUCKETS, SHAPES, Discriminator, Features
from huggingtweets.generation.discriminator_fit import MIN_TEXTS, fit
from tests.conftest import sentences


def drafts_like(texts: list[str], seed: int) -> list[str]:
    """The same sentences. Four of five begin with their first word twice."""
    chance = random.Random(seed)
    return [f"{text.split()[0]} {text}" if chance.random() < 0.8 else text for text in texts]


REAL = sentences(400, seed=5)
DRAWN = drafts_like(sentences(300, seed=6), seed=1)


@pytest.fixture(scope="module")
def discriminator() -> Discriminator:
    fitted = fit(REAL[:200], REAL[200:240], DRAWN[:200])
    assert fitted
    return fitted


def auc(real: np.ndarray, drawn: np.ndarray) -> float:
    return float((real[:, None] > drawn[None, :]).mean())


def test_it_tells_unseen_tweets_from_unseen_drafts(discriminator: Discriminator) -> None:
    assert auc(discriminator.log_odds(REAL[240:]), discriminator.log_odds(DRAWN[200:])) > 0.8


def test_what_cannot_be_told_apart_gets_even_odds() -> None:
    texts = sentences(700, seed=9)
    fitted = fit(texts[:200], texts[200:300], texts[300:500])
    assert fitted
    assert np.abs(fitted.log_odds(texts[500:])).mean() < 0.5, "nothing is preferred with confidence"


def test_the_length_counts() -> None:
    texts = sentences(400, seed=3)
    fitted = fit(texts[:150], texts[150:200], [" ".join([text] * 3) for text in texts[200:350]])
    assert fitted
    short, long = fitted.log_odds(texts[350:]), fitted.log_odds([" ".join([text] * 3) for text in texts[350:]])
    assert auc(short, long) > 0.95


def test_drafts_that_are_too_likely_are_known_by_it() -> None:
    texts = sentences(700, seed=9)
    unlikely = np.random.default_rng(0).normal(1.6, 0.3, 700)
    unlikely[300:] -= 0.5  # the drafts, which read as the real tweets do
    fitted = fit(texts[:200], texts[200:300], texts[300:500], unlikely[200:300].tolist(), unlikely[300:500].tolist())
    assert fitted
    odds = fitted.log_odds(texts[500:600] * 2, [*unlikely[200:300], *unlikely[500:600]])
    assert auc(odds[:100], odds[100:]) > 0.85
    usual = [fitted.usual] * 100
    assert fitted.log_odds(texts[500:600], [None] * 100) == pytest.approx(fitted.log_odds(texts[500:600], usual))
    assert fitted.log_odds(texts[:1], [50.0])[0] < 20, "word salad is not the most real of all"


def test_how_unlikely_texts_are_is_left_out_where_it_is_not_known_of_all() -> None:
    texts = sentences(400, seed=9)
    without = fit(texts[:200], texts[200:210], texts[210:400], [1.0] * 10, [2.0] * 190)
    assert without
    assert not without.surprise.any(), "with few tweets that were not learned, the learned ones are judged, too"
    partly = fit(texts[:200], texts[200:300], texts[300:400], [1.0] * 99, [2.0] * 100)
    assert partly
    assert not partly.surprise.any()


def test_a_file_of_an_earlier_version_is_read(discriminator: Discriminator, tmp_path: Path) -> None:
    earlier = {"ngrams": discriminator.ngrams, "shapes": discriminator.shapes, "scale": np.array([discriminator.scale])}
    (tmp_path / "discriminator").write_bytes(save(earlier))
    again = Discriminator.read(tmp_path / "discriminator")
    assert again
    assert np.array_equal(again.log_odds(REAL[:20], [3.0] * 20), discriminator.log_odds(REAL[:20]))


def test_a_small_weight_for_small_odds_and_the_odds_are_about_right(discriminator: Discriminator) -> None:
    odds = np.exp(discriminator.log_odds([*REAL[240:], *DRAWN[200:]]))
    chances = odds / (1 + odds)
    assert chances[:160].mean() > 0.6
    assert chances[160:].mean() < 0.4


def test_its_file_gives_the_same_odds_and_is_small(discriminator: Discriminator, tmp_path: Path) -> None:
    discriminator.write(tmp_path / "discriminator")
    again = Discriminator.read(tmp_path / "discriminator")
    assert again
    bits = [1.5] * 20
    assert np.array_equal(again.log_odds(REAL[:20], bits), discriminator.log_odds(REAL[:20], bits))
    assert (tmp_path / "discriminator").stat().st_size < 20_000
    assert [path.name for path in tmp_path.iterdir()] == ["discriminator"], "nothing half-written is left"


def test_its_file_holds_no_text(discriminator: Discriminator, tmp_path: Path) -> None:
    discriminator.write(tmp_path / "discriminator")
    data = (tmp_path / "discriminator").read_bytes().lower()
    words = {word for text in [*REAL, *DRAWN] for word in text.casefold().split() if len(word) >= 5}
    assert len(words) > 20
    assert [word for word in words if word.encode() in data] == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        save({"ngrams": np.zeros(8, np.int8), "shapes": np.zeros(SHAPES), "scale": np.zeros(1)}),
        save({"ngrams": np.zeros(BUCKETS, np.float32), "shapes": np.zeros(SHAPES), "scale": np.zeros(1)}),
        save({"ngrams": np.zeros(BUCKETS, np.int8)}),
    ],
)
def test_a_file_that_cannot_be_used_is_as_none(data: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "discriminator").write_bytes(data)
    assert Discriminator.read(tmp_path / "discriminator") is None
    assert "tweets are not selected" in caplog.text


def test_no_file_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Discriminator.read(tmp_path / "discriminator") is None
    assert not caplog.text


def test_too_few_tweets_or_drafts_give_none() -> None:
    few = REAL[: MIN_TEXTS - 1]
    assert fit(few, [], DRAWN) is None
    assert fit(REAL, [], few) is None


def test_texts_of_any_kind_have_odds(discriminator: Discriminator) -> None:
    odds = discriminator.log_odds(["", " ", "🚀", "今日は", "x" * 10_000, "half \ud83d of an emoji"])
    assert odds.shape == (6,)
    assert np.isfinite(odds).all()
    assert discriminator.log_odds([]).shape == (0,)


def test_the_odds_of_a_text_do_not_depend_on_others(discriminator: Discriminator) -> None:
    together = discriminator.log_odds(REAL[:5])
    assert together == pytest.approx([float(discriminator.log_odds([text])[0]) for text in REAL[:5]])


def test_the_values_of_a_text_have_a_norm_for_bytes_and_one_for_words() -> None:
    features = Features.of(["one two", "x"])
    squares = np.bincount(features.owners, features.values**2)
    assert squares == pytest.approx([2.0, 2.0])


def test_the_file_is_an_ordinary_safetensors_file(discriminator: Discriminator, tmp_path: Path) -> None:
    discriminator.write(tmp_path / "discriminator")
    assert set(load((tmp_path / "discriminator").read_bytes())) == {"ngrams", "shapes", "scale", "surprise"}
