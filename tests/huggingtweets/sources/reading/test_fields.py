"""Flags and handles are understood in all the ways in which exports write them. Anything else is unknown."""

from typing import Any

import pytest

from huggingtweets.core.records import Account
from huggingtweets.sources.reading import fields


@pytest.mark.parametrize("written", [True, "True", " true ", "1", 1, 1.0, "1.0", "yes", "Y", "t"])
def test_a_flag_is_set(written: Any) -> None:
    assert fields.yes(written)


@pytest.mark.parametrize("written", [False, None, "False", "", "0", 0, 412, "no", [], {}, float("nan")])
def test_a_flag_is_not_set(written: Any) -> None:
    assert not fields.yes(written)


@pytest.mark.parametrize(
    "text",
    [
        "RT @bob: hi",
        "  RT @bob: hi",
        "rt @bob hi",
        "RT: @bob hi",
        "RT@bob hi",
        "RT ＠bob hi",
        "👏 RT @bob: hi",
        ".RT @bob: hi",
        "MT @bob: hi",
        "RT by @ann: hi",
        '"@bob: hi" so true',
        "“@bob: hi” so true",
        "&quot;@bob: hi&quot; so true",
        "'@bob : hi' so true",
        '"RT @bob: hi"',
    ],
)
def test_a_text_that_begins_with_whose_words_they_are_is_a_retweet(text: str) -> None:
    assert fields.reads_as_retweet(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "so RT @bob: hi",
        "RT if you agree",
        "RT @",
        "art @bob and start @bob",
        "Mt @bob is a mountain",
        "@bob: hi",
        '"@bob hi" is what I said',
        'she said "@bob: hi"',
        "#RT @bob hi",
    ],
)
def test_a_text_that_begins_with_own_words_is_no_retweet(text: str) -> None:
    assert not fields.reads_as_retweet(text)


def test_a_handle_keeps_its_case_and_loses_its_at() -> None:
    assert fields.account(" @Ann_B ", " Ann ", "https://a/b.jpg") == Account("Ann_B", "Ann", "https://a/b.jpg")
    assert fields.account("ann.bsky.social") == Account("ann.bsky.social")
    assert fields.account("ann", None, 7) == Account("ann")


@pytest.mark.parametrize("handle", [None, "", "@", 7, "Ann B", "..", "../x", "a/b", "a\nb", "é", "x" * 101])
def test_what_is_no_handle_names_nobody(handle: Any) -> None:
    assert fields.account(handle) is None


def test_names_without_end_are_cut_where_they_come_in() -> None:
    known = fields.account("ann", "Ann\n\n\u2003of " + "x" * 400_000, "https://x.example/" + "y" * 400_000)
    assert known
    assert known.display_name.startswith("Ann of xxx")
    assert len(known.display_name) <= 200
    assert len(known.avatar_url) == 2_000
