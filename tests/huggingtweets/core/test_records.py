"""What is written to JSON comes back equal."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.records import Account, Counts, Report, Tweet

moments = st.datetimes(timezones=st.just(UTC))
tweets = st.builds(
    Tweet,
    id=st.text(min_size=1),
    text=st.text(),
    created_at=st.none() | moments,
    is_retweet=st.booleans(),
    is_reply=st.booleans(),
    lang=st.none() | st.text(),
)


@given(tweets)
def test_a_tweet_comes_back_from_json(tweet: Tweet) -> None:
    assert Tweet.from_json(json.loads(json.dumps(tweet.as_json()))) == tweet


def test_a_moment_keeps_its_zone() -> None:
    written = Tweet("1", "x", datetime.fromisoformat("2024-02-03T04:05:06+02:00")).as_json()
    assert written["created_at"] == "2024-02-03T04:05:06+02:00"


def test_an_account_comes_back_from_json() -> None:
    account = Account("Ann", "Ann 🚀", "https://example.org/a.png")
    assert Account(**account.as_json()) == account


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_four_counts_add_up(retweets: int, short: int, kept: int) -> None:
    counts = Counts(retweets + short + kept, retweets, short)
    assert counts.as_json() == {
        "downloaded": retweets + short + kept,
        "retweets": retweets,
        "short": short,
        "kept": kept,
    }


def test_a_report_is_written_under_its_own_names() -> None:
    figures = {
        "held_out_tweets": 3,
        "held_out_bits_per_byte": 1.5,
        "base_held_out_bits_per_byte": 2.0,
        "drafts": 50,
        "exact_copies": 1,
        "near_copies": 2,
        "distinct_2": 0.5,
        "tweets": 48,
        "length_divergence": 0.1,
        "emoji_divergence": 0.2,
        "accounts": 3,
        "attribution": 0.9,
        "held_out_attribution": 0.95,
        "previous": {"version": "v1", "held_out_bits_per_byte": 1.6, "difference": -0.1, "standard_error": 0.02},
        "short_repeats": 4,
    }
    assert Report.from_json(figures).as_json() == figures
    assert Report.from_json(figures | {"previous": None}).previous is None
