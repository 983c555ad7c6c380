"""What a cleaned tweet looks like, and which tweets are not learned from."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.core.records import Counts, Tweet
from huggingtweets.core.text.characters import END_OF_TEXT
from huggingtweets.tweets.learned.clean import BORDER, Dropped, Kept, clean, clean_all, keep, links_in, unescaped

NOON = datetime(2024, 11, 9, 12, tzinfo=UTC)
# Pieces that affect each other: removing one must not complete another.
PIECES = st.sampled_from(
    [
        "<|endoftext|>",
        "<|endof",
        "text|>",
        "<|startoftext|>",
        "pic.",
        "twitter.com/",
        "www.",
        "x.com/a",
        "http",
        "HTTPS:",
        "//t.co/a",
        " ",
        "\n",
        "&amp;",
        "&lt;",
        "amp;",
        "#",
        "@bob",
        "\0",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60), st.lists(PIECES, max_size=12).map("".join)
)
TWEETS = st.builds(Tweet, id=st.text("0123456789", min_size=1), text=TEXTS, is_retweet=st.booleans())


def tweet(text: str, is_retweet: bool = False, is_reply: bool = False) -> Tweet:
    return Tweet("1", text, NOON, is_retweet, is_reply)


@pytest.mark.parametrize(
    ("raw", "cleaned", "is_kept"),
    [
        ("Check this https://t.co/x now please", "Check this now please", True),
        ("https://t.co/x hello big world", "hello big world", True),
        ("line one\nline two\n\nline three https://t.co/a", "line one line two line three", True),
        ("@bob @al thank you", "@bob @al thank you", False),
        ("@bob I love you", "@bob I love you", True),
        ("#one #two three four", "#one #two three four", False),
        ("ok", "ok", False),
    ],
)
def test_the_originals_own_examples_come_out_as_they_did(raw: str, cleaned: str, is_kept: bool) -> None:
    assert clean(raw) == cleaned
    assert keep(tweet(raw)) == (cleaned if is_kept else Dropped.SHORT)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Tom &amp; Jerry &gt; &quot;all&quot; &#39;of&#39; &lt;them&gt;", "Tom & Jerry > \"all\" 'of' <them>"),
        ("he typed &amp;lt; and &amp;amp;", "he typed &lt; and &amp;"),
        ("&#x1F600; and &#128512;", "😀 and 😀"),
        ("me&not you, R&D, AT&T &", "me&not you, R&D, AT&T &"),
        ("one&nbsp;two", "one two"),
        ("&nosuchthing; stays", "&nosuchthing; stays"),
    ],
)
def test_entities_are_resolved_exactly_once_and_only_when_closed(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize("raw", ["see HTTP://X.CO/A now", "see Https://t.co/a?b=c#d now", "see\nhttp://t.co/a\nnow"])
def test_a_link_goes_in_any_case_and_with_the_blank_before_it(raw: str) -> None:
    assert clean(raw) == "see now"


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Log it.pic.twitter.com/EmA61eQjOM", "Log it."),
        ("#FogReportpic.x.com/PliIX6meol", "#FogReport"),
        ("see pic.twitter.com/a now", "see now"),
        ("ships.t.co/abc now", "ships. now"),
        ("at twitter.com/ann/status/1?s=20", "at"),
        ("at mobile.twitter.com/ann and x.com/ann", "at and"),
        ("Log it.x.com/ann/status/1", "Log it."),
        ("on www.Example.org. Go", "on Go"),
        ("www.twitter.com/ann was here", "was here"),
        ("see (bit.ly/oo5O4w) and i.example.com/x.jpg now", "see ( and now"),
        ("look http:// wapo.st/2abc now", "look now"),
        ("cut off https…", "cut off"),
        ("cut httphttp…:x off", "cut http off"),
        ("hxxps://ann.example and ftp://x.y/z", "and"),
    ],
)
def test_a_link_without_https_goes_and_takes_no_word_with_it(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned
    assert links_in(cleaned) == 0 < links_in(raw)


@pytest.mark.parametrize(
    "raw", ["I left twitter.com today", "and/or a.m./p.m. 9.5/10", "node.js/react", "mail bob@nasa.gov/x", "end.So/so"]
)
def test_what_only_looks_a_little_like_a_link_stays(raw: str) -> None:
    assert clean(raw) == raw
    assert links_in(raw) == 0


def test_a_link_takes_no_word_with_it() -> None:
    assert clean("read (https://t.co/a) this") == "read ( this"
    assert clean("http and https are protocols") == "http and https are protocols"


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("a\0b\x1bc\x7fd\x93e", "abcde"),
        ("lone \ud83d surrogate", "lone surrogate"),
        ("\ufeffmark and \u202eturned\u202c", "mark and turned"),
        ("tab\tnew\x85line\u2028end", "tab new line end"),
        ("👨\u200d💻 stays whole", "👨\u200d💻 stays whole"),
    ],
)
def test_what_cannot_be_seen_is_gone_and_what_joins_an_emoji_stays(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    "raw",
    [
        "one <|endoftext|> two",
        "one <|endof<|endoftext|>text|> two",
        "one <|endof\0text|> two",
        "one &lt;|endoftext|&gt; two",
        "one <|endof\ud800text|> two",
        "<|startoftext|>one two",
        "<|<|endoftext|>endoftext|>",
        "one <|StartOf<|endoftext|>Text|> two",
        "one <|begin_of_text|> <|end_of_text|> two",
    ],
)
def test_no_tweet_can_smuggle_in_a_mark_between_tweets(raw: str) -> None:
    assert END_OF_TEXT not in clean(raw)
    assert not BORDER.search(clean(raw))


def test_a_retweet_is_dropped_whatever_it_says() -> None:
    assert keep(tweet("one two three four", is_retweet=True)) is Dropped.RETWEET


def test_words_count_only_without_mention_hashtag_and_link() -> None:
    assert keep(tweet("two words @bob #tag HTTPlike")) is Dropped.SHORT
    assert keep(tweet("three plain words @bob")) == "three plain words @bob"


def test_a_reason_is_no_text() -> None:
    assert not isinstance(Dropped.SHORT, str)


def test_all_tweets_are_counted_and_the_kept_ones_stay_in_order() -> None:
    tweets = [
        tweet("one two three", is_reply=True),
        tweet("ok"),
        tweet("RT it", is_retweet=True),
        tweet("four five six"),
    ]
    kept, counts = clean_all(tweets)
    assert kept == [Kept("1", NOON, "one two three", True), Kept("1", NOON, "four five six", False)]
    assert counts == Counts(downloaded=4, retweets=1, short=1)
    assert counts.kept == 2


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(TWEETS, max_size=20))
def test_the_counts_always_add_up(tweets: list[Tweet]) -> None:
    kept, counts = clean_all(iter(tweets))
    assert counts.downloaded == len(tweets)
    assert counts.downloaded - counts.retweets - counts.short == counts.kept == len(kept)


@settings(deadline=None)  # a busy machine is no failure
@given(TEXTS)
def test_cleaning_a_clean_text_changes_nothing_unless_an_entity_was_typed(text: str) -> None:
    once = clean(text)
    if unescaped(once) == once:
        assert clean(once) == once


@settings(deadline=None)  # a busy machine is no failure
@given(TEXTS)
def test_a_clean_text_is_one_line_that_can_be_written_as_utf8_without_links_or_marks(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == " ".join(cleaned.split())
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert "\0" not in cleaned
    assert not BORDER.search(cleaned)
    assert links_in(cleaned) == 0
    assert "http://" not in cleaned.lower()
