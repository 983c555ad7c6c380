"""Drawn and real tweets are compared in one form, and told apart by words, characters and other figures."""

import numpy as np
import pytest

from huggingtweets.generation.checks import defused
from huggingtweets.tweets.style.detector import Detector, level
from tests.conftest import sentences


@pytest.mark.parametrize(
    ("text", "levelled"),
    [
        ("@nasa hello", "@user hello"),
        ("@\u200bnasa hello", "@user hello"),
        ("hi @ann.bsky.social, and @bob.", "hi @user, and @user."),
        ("＠ann@mastodon.social says", "@user says"),
        ("mail ann@example.org", "mail ann@example.org"),
        ("look https://t.co/abc", "look"),
        ("look https:\u200b//t.co/abc and www\u200b.example.com", "look and"),
        ("two\nlines  and @", "two lines and @"),
        ("", ""),
    ],
)
def test_the_form_hides_whom_a_tweet_calls_and_what_it_links_to(text: str, levelled: str) -> None:
    assert level(text) == levelled


@pytest.mark.parametrize("text", ["@ann and @bob at discord.gg/abc", "<@12> hi", "see https://x.com/a", "a plain one"])
def test_what_the_checks_add_does_not_show(text: str) -> None:
    assert level(defused(text)) == level(text)


def test_the_words_decide() -> None:
    real, drawn = sentences(40, seed=1), [text.upper() for text in sentences(40, seed=2)]
    detector = Detector([*real, *drawn], [False] * 40 + [True] * 40)
    new = [*sentences(10, seed=3), *(text.upper() for text in sentences(10, seed=4))]
    assert ((detector.scores(new) > 0) == np.repeat([False, True], 10)).all()


@pytest.mark.parametrize("drawn_figures", [np.full(40, 3.0), np.tile([-3.0, 3.0], 20)], ids=["higher", "at both ends"])
def test_a_figure_of_each_text_decides_where_the_words_do_not(drawn_figures: np.ndarray) -> None:
    texts, is_drawn = sentences(80, seed=1), [False] * 40 + [True] * 40
    noise = np.random.default_rng(1).normal(0, 0.1, 80)
    figures = (np.concatenate([np.zeros(40), drawn_figures]) + noise)[:, None]
    detector = Detector(texts, is_drawn, figures)
    assert ((detector.scores(sentences(2, seed=9), np.array([[0.0], [3.0]])) > 0) == [False, True]).all()
    assert ((detector.scores(texts, figures) > 0) == is_drawn).mean() > 0.95


def test_a_figure_that_is_always_the_same_changes_nothing() -> None:
    texts, is_drawn = [*sentences(20, seed=1), *["no rain"] * 20], [False] * 20 + [True] * 20
    assert Detector(texts, is_drawn, np.ones((40, 1))).scores(texts, np.ones((40, 1))) == pytest.approx(
        Detector(texts, is_drawn).scores(texts)
    )
