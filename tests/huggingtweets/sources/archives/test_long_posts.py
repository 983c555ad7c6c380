"""A cut tweet gets the text of its own note and of no other."""

from datetime import UTC, datetime, timedelta

import pytest

from huggingtweets.core.records import Tweet
from huggingtweets.sources.archives.long_posts import MAX_MENTIONS, Note, with_long_posts

NOON = datetime(2024, 2, 5, 13, 38, 40, tzinfo=UTC)
START = "It all began with a question that nobody had asked"


def tweet(text: str, created_at: datetime | None = NOON) -> Tweet:
    return Tweet("1", text, created_at)


def completed(text: str, *notes: str, created_at: datetime | None = NOON) -> str:
    (found,) = with_long_posts([tweet(text, created_at)], [Note(NOON, note) for note in notes])
    return found.text


@pytest.mark.parametrize("tail", ["…", "… https://t.co/abc", "… https://t.co/abc https://t.co/def", "\n\n…"])
def test_a_cut_tweet_is_completed(tail: str) -> None:
    assert completed(START + tail, f"{START}\n\nuntil today.") == f"{START}\n\nuntil today."


def test_the_text_is_escaped_as_that_of_every_tweet_is() -> None:
    assert completed(f"a &lt;b&gt; &amp;amp; {START}…", f"a <b> &amp; {START} \"and\" 'on'") == (
        f"a &lt;b&gt; &amp;amp; {START} \"and\" 'on'"
    )


def test_the_same_link_may_be_shortened_to_another() -> None:
    note = f"Look at https://t.co/two and at this: {START} until today"
    assert completed(f"Look at https://t.co/one and at this: {START}…", note) == note


def test_a_whole_tweet_that_is_kept_as_a_note_too_is_found() -> None:
    assert completed("short and good https://t.co/pic", "short and good") == "short and good"


def test_an_answer_keeps_the_people_it_goes_to() -> None:
    assert completed(f"@al @bob {START}…", f"{START} until today") == f"@al @bob {START} until today"
    assert completed(f"@al @bob {START}…", f"@bob {START} until today") == f"@al @bob {START} until today"
    assert completed(f"@al {START}…", f"@al {START} until today") == f"@al {START} until today"


def test_accents_may_be_written_in_two_ways() -> None:
    assert completed(f"{START} caf\u00e9…", f"{START} cafe\u0301 noir") == f"{START} cafe\u0301 noir"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (f"{START}…", "Something else that was written in the very same second, and went on"),
        (START, f"{START} and went on"),
        ("Well…", "Well… and then it went on"),
        ("https://t.co/pic", "https://t.co/else"),
        ("@al " * (MAX_MENTIONS + 1) + f"{START}…", f"{START} and went on"),
    ],
)
def test_a_note_that_does_not_continue_the_tweet_is_not_its(text: str, note: str) -> None:
    assert completed(text, note) == text


def test_a_note_of_another_second_is_not_its() -> None:
    note = f"{START} until today"
    assert completed(f"{START}…", note, created_at=NOON + timedelta(seconds=1)) == f"{START}…"
    assert completed(f"{START}…", note, created_at=None) == f"{START}…"


def test_parts_of_a_second_do_not_count() -> None:
    assert completed(f"{START}…", f"{START} until today", created_at=NOON + timedelta(microseconds=9)) != f"{START}…"


def test_tweets_of_one_second_each_get_their_own() -> None:
    tweets = [tweet(f"{n}) {START}…") for n in range(3)]
    notes = [Note(NOON, f"{n}) {START} part {n}") for n in (2, 0, 1)]
    assert [found.text for found in with_long_posts(tweets, notes)] == [f"{n}) {START} part {n}" for n in range(3)]


def test_no_note_serves_twice() -> None:
    texts = [found.text for found in with_long_posts([tweet(f"{START}…")] * 2, [Note(NOON, f"{START} until today")])]
    assert texts == [f"{START} until today", f"{START}…"]
