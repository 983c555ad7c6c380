"""The columns of texts and the marks of retweets are found, whatever a tool calls them."""

import csv
import io
import time
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Tweet
from huggingtweets.sources.tables import table


def tweets(tmp_path: Path, *rows: list[str]) -> tuple[Tweet, ...]:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    path = tmp_path / "tweets.csv"
    path.write_text(written.getvalue())
    return table.read(path).tweets


@pytest.mark.parametrize(
    "name",
    [
        "tweets",
        "Tweets",
        "Tweet Content",
        "tweet_content",
        "TweetBody",
        "Text of Tweet",
        "tweet_full_text",
        "full text",
        "cleaned_text",
        "clean_tweet",
        "Contents",
        "body",
        "message",
        "Message Text",
        "post",
        "Post Content",
        "status",
        "status_text",
        "caption",
        "sentence",
        "comment",
        "original_text",
        "raw_tweet",
        "extended_tweet.full_text",
    ],
)
def test_the_column_of_texts_has_many_names(tmp_path: Path, name: str) -> None:
    (tweet,) = tweets(tmp_path, ["id", "date", name, "likes"], ["77", "2022-01-03", "so it is", "5"])
    assert (tweet.id, tweet.text) == ("77", "so it is")


@pytest.mark.parametrize(
    "name", ["tweet_id", "comment_count", "text_length", "post_date", "content_type", "user_description", "status_url"]
)
def test_columns_about_texts_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSource, match="no column of texts, only these: id, "):
        tweets(tmp_path, ["id", name], ["7", "so it is"])


@pytest.mark.parametrize(
    ("names", "cells", "text"),
    [
        (["full_text", "text"], ["", "so it is"], "so it is"),
        (["full_text", "text"], ["so it is", "so…"], "so it is"),
        (["cleaned_text", "text"], ["it", "So it is!"], "So it is!"),
        (["clean_tweet", "post"], ["it", "So it is!"], "So it is!"),
        (["comments", "caption"], ["412", "so it is"], "so it is"),
        (["status", "message"], ["active", "so it is"], "so it is"),
        (["text", "status"], ["", "active"], ""),
    ],
)
def test_of_several_the_one_with_what_was_written_is_read(
    tmp_path: Path, names: list[str], cells: list[str], text: str
) -> None:
    assert tweets(tmp_path, ["id", *names], ["7", *cells])[0].text == text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("referenced_tweets.retweeted.id", "55"),
        ("retweeted_user_id", "12"),
        ("retweeted_username", "bob"),
        ("retweetedTweet", "https://x.com/bob/status/5"),
        ("Retweet from", "bob"),
        ("retweeted_status.id", "55"),
        ("retweet_user", "bob"),
        ("user_rt", "bob"),
        ("user_rt_id", "12"),
        ("rt_of", "bob"),
        ("retweeted_by", "ann"),
        ("retweet_date", "2022-01-03"),
        ("reblog", "{'id': 5}"),
        ("isRetweet", "true"),
        ("is_rt", "1"),
        ("tweet_type", "Retweet"),
        ("type", "retweeted"),
        ("referenced_tweets", "[{'type': 'retweeted', 'id': '5'}]"),
        ("referenced_tweets", '[{"type": "retweeted", "id": "5"}]'),
        ("is_a_retweet", "yes"),
    ],
)
@pytest.mark.parametrize("nothing", ["", "nan", "None"])
def test_a_retweet_is_told_by_any_column_that_says_what_it_repeats(
    tmp_path: Path, name: str, told: str, nothing: str
) -> None:
    own, other = tweets(tmp_path, ["text", name], ["so it is", nothing], ["OTHER says", told])
    assert (own.is_retweet, other.is_retweet) == (False, True)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("retweet_count", "12"),
        ("retweets", "1"),
        ("public_metrics.retweet_count", "12"),
        ("retweetCount", "1"),
        ("isRetweet", "f"),
        ("retweeted", "0"),
        ("retweetedTweet", "NaN"),
        ("retweeted_username", "False"),
        ("type", "tweet"),
        ("referenced_tweets", "[{'type': 'quoted', 'id': '5'}]"),
        ("referenced_tweets.quoted.id", "5"),
    ],
)
def test_how_often_a_tweet_was_retweeted_makes_it_none(tmp_path: Path, name: str, told: str) -> None:
    assert not tweets(tmp_path, ["text", name], ["so it is", told])[0].is_retweet


def test_a_column_called_like_a_flag_may_hold_counts(tmp_path: Path) -> None:
    counted = tweets(tmp_path, ["text", "retweet"], ["one two", "1"], ["three four", "0"], ["five six", "412"])
    assert not any(tweet.is_retweet for tweet in counted)
    flagged = tweets(tmp_path, ["text", "retweet"], ["one two", "1"], ["three four", "0"])
    assert [tweet.is_retweet for tweet in flagged] == [True, False]


def test_a_series_of_pandas_has_a_column_called_0(tmp_path: Path) -> None:
    assert [tweet.text for tweet in tweets(tmp_path, ["", "0"], ["0", "one two"], ["1", "three"])] == [
        "one two",
        "three",
    ]


def test_names_and_cells_without_end_take_no_time(tmp_path: Path) -> None:
    names = ["text", "user" * 10_000, "texttweet" * 5_000 + "x", "retweet" + "user" * 10_000 + "x", "url", "date"]
    cells = ["so it is", "x", "x", "x", "/status" * 10_000, "1/" * 20_000]
    began = time.monotonic()
    assert tweets(tmp_path, names, *[cells] * 20)[0].text == "so it is"
    assert time.monotonic() - began < 10
