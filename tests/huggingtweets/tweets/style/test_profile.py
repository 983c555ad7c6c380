"""A profile shows what sets a person apart, by formulas that are checked by hand here."""

import io
import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from PIL import Image

from huggingtweets.pictures import render as draw
from huggingtweets.tweets.learned.clean import Kept
from huggingtweets.tweets.style import profile
from huggingtweets.tweets.style.profile import PRIOR_WORDS, distinctive, english_words, log_odds_z, words_in

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def kept(*texts: str, reply: bool = False) -> list[Kept]:
    return [Kept(str(n), NOON + timedelta(hours=n), text, reply) for n, text in enumerate(texts)]


def test_words_are_lower_case_and_no_handles_or_hashtags() -> None:
    assert words_in(["Don’t stop, Zoë! don't @ann #fun a@b 3 naïve"]) == {
        "don't": 2, "stop": 1, "zoë": 1, "naïve": 1,
    }  # fmt: skip


def test_the_score_is_that_of_monroe_et_al() -> None:
    # 30 of 1,000 words against 10 of 4,000; the prior is worth 500 words, 40 of 5,000 of them this one: 4.
    prior = 500 * 40 / 5_000
    ours = math.log((30 + prior) / (1_000 + 500 - 30 - prior))
    theirs = math.log((10 + prior) / (4_000 + 500 - 10 - prior))
    expected = (ours - theirs) / math.sqrt(1 / (30 + prior) + 1 / (10 + prior))
    assert PRIOR_WORDS == 500
    assert log_odds_z(30, 10, 1_000, 4_000) == pytest.approx(expected)
    assert log_odds_z(10, 40, 1_000, 4_000) == pytest.approx(0, abs=1e-9), "the same share is no distinction"
    assert log_odds_z(1, 10, 1_000, 1_000) < 0


def test_what_a_person_says_more_than_others_is_distinctive() -> None:
    texts = [f"the gull on the lamp said {word}" for word in ("yes", "no", "maybe")]
    words = [word for word, *_ in distinctive(texts)]
    assert words[:2] == ["gull", "lamp"]
    assert not {"yes", "no", "maybe"} & set(words), "once is no habit"
    told_apart = [word for word, *_ in distinctive(texts, ["a gull, a gull and a gull by the harbour"] * 200)]
    assert told_apart[0] == "lamp"
    assert distinctive([]) == []


def test_the_table_of_english_is_sorted_and_whole() -> None:
    counts = list(english_words().values())
    assert len(counts) == 8_000
    assert counts == sorted(counts, reverse=True)
    assert next(iter(english_words())) == "the"


def test_the_profile_counts_by_hand() -> None:
    tweets = kept("good morning 🐚🐚 #Sea #tide", "short ☀️ #sea", "x" * 45)
    facts = profile.profile([*tweets, Kept("9", None, "undated one", is_reply=True)])
    assert facts["tweets"] == 4
    assert (facts["first"], facts["last"]) == ("2024-01-01T12:00:00+00:00", "2024-01-01T14:00:00+00:00")
    assert facts["emoji"] == [{"emoji": "🐚", "count": 2}, {"emoji": "☀️", "count": 1}]
    assert facts["tweets_with_emoji"] == 0.5
    assert facts["hashtags"] == [{"hashtag": "#sea", "count": 2}, {"hashtag": "#tide", "count": 1}]
    assert facts["hours_utc"] == [0] * 12 + [1, 1, 1] + [0] * 9
    assert facts["replies"] == 0.25
    assert facts["characters"]["lengths"] == [2, 1, 1]


def test_hours_are_in_utc_whatever_the_source_says() -> None:
    abroad = NOON.astimezone(timezone(timedelta(hours=9)))
    assert profile.profile([Kept("1", abroad, "hello over there", False)])["hours_utc"].index(1) == 12


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_shows_whatever_there_is(theme: draw.Theme) -> None:
    tweets = kept(*[f"the gull 🐚 #sea {'رحلة ' * 8} {number}" for number in range(60)])
    for facts in (profile.profile(tweets), profile.profile([]), profile.profile(kept("w" * 4_000))):
        picture = np.asarray(Image.open(io.BytesIO(draw.profile("Ann | O'Nymous " * 9, facts, theme))).convert("RGB"))
        assert picture.shape == (630, 1200, 3)
    shown = np.asarray(Image.open(io.BytesIO(draw.profile("Ann", profile.profile(tweets), theme))).convert("RGB"))
    paper = shown[2, 2].astype(int)
    assert (abs(shown.astype(int) - paper).sum(2) > 60).mean() > 0.02
    assert (abs(shown[:, 1160:].astype(int) - paper).sum(2) < 60).all(), "nothing runs over the edge"


def test_a_bar_is_as_long_as_its_word_is_frequent() -> None:
    facts = profile.profile(kept("one tweet"))
    counts = {"gull": 25, "lamp": 100, "tea": 50}
    facts["words"] = [{"word": word, "z": 9.0 - n, "count": count} for n, (word, count) in enumerate(counts.items())]
    shown = np.asarray(Image.open(io.BytesIO(draw.profile("Ann", facts))).convert("RGB")).astype(int)
    # The top edge of each bar, above the letters; the bars end left of the counts.
    rows = [shown[160 + 38 * number, 48:500] for number in range(3)]
    lengths = [int((abs(row - shown[2, 2]).sum(1) > 30).sum()) for row in rows]
    assert lengths == pytest.approx([450, 225, 112], abs=16), "the most frequent first; corners are round"
