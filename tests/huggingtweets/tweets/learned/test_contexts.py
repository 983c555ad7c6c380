"""What was said before a reply: whose posts, in which order, how much of it, and without other people's names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.records import Said, Tweet
from huggingtweets.tweets.learned.clean import as_context, clean_all
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS, MAX_POSTS, Threads, bounded, without_people


def thread(*texts: str, said: Said | None = None) -> list[Tweet]:
    """Tweets, each of which answers the one before it."""
    first = Tweet("0", texts[0], is_reply=bool(said), reply_to="elsewhere" if said else "", said=said)
    return [
        first,
        *(Tweet(str(n), text, is_reply=True, reply_to=str(n - 1)) for n, text in enumerate(texts[1:], start=1)),
    ]


def test_a_thread_is_followed_back_to_what_somebody_else_said() -> None:
    tweets = thread("so it is", "and it stays", said=Said("is it thick?", "bluesky:bob"))
    threads = Threads(tweets)
    assert threads.before(tweets[0]) == (["is it thick?"], "bluesky:bob")
    assert threads.before(tweets[1]) == (["is it thick?", "so it is"], "bluesky:bob")
    assert threads.before(Tweet("9", "alone")) == ([], "")


def test_only_the_last_posts_of_a_thread_are_read_and_then_nobody_else_is_in_it() -> None:
    tweets = thread(*(f"post {n}" for n in range(6)), said=Said("what?", "bluesky:bob"))
    assert Threads(tweets).before(tweets[-1]) == ([f"post {n}" for n in range(5 - MAX_POSTS, 5)], "")


def test_a_thread_that_turns_in_circles_ends() -> None:
    tweets = [Tweet("1", "one", reply_to="2"), Tweet("2", "two", reply_to="1")]
    assert Threads(tweets).before(tweets[0]) == (["two"], "")


def test_a_retweet_is_no_context() -> None:
    tweets = [Tweet("1", "RT @bob: not mine", is_retweet=True), Tweet("2", "well said indeed", reply_to="1")]
    assert Threads(tweets).before(tweets[1]) == ([], "")


def test_replies_are_learned_with_what_was_said_before_and_other_tweets_without() -> None:
    said = Said("@ann @bob.example is the fog <b>thick</b> https://t.co/x &amp; cold?", "bluesky:bob")
    [first, second], _ = clean_all(thread("so it is today", "and it stays here", said=said))
    assert (first.context, first.said_by) == ("is the fog <b>thick</b> & cold?", "bluesky:bob")
    assert second.context == "is the fog <b>thick</b> & cold?\nso it is today"
    [alone], _ = clean_all([Tweet("1", "nobody asked me this")])
    assert (alone.context, alone.said_by) == ("", "")


def test_names_of_people_whom_a_handle_names_go_from_all_that_was_said_before_it_is_learned() -> None:
    said = Said("Bob Brindle, ask ann or Keeper. @bob_brindle knows @keeper.example", "member:@carol_c")
    tweets = thread("carol c says so, and dan", "@dan it stays here today", said=said)
    [first, second], _ = clean_all(tweets, names=["Ann"])
    assert first.context == ", ask or . knows"
    assert second.context == ", ask or . knows\nsays so, and"
    assert first.text == "carol c says so, and dan", "what is learned stays as it is"


def test_a_name_of_two_letters_is_a_word() -> None:
    assert as_context(["@me or me?", "ask @al: al or none"]) == "or me?\nask : al or none"


@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        ("@bob is it?", (), "is it?"),
        ("well @bob@m.example, is it?", (), "well , is it?"),
        ("is it, @bob.bsky.social?", (), "is it, ?"),
        ("@ann@ann@ann is it?", (), "is it?"),
        ("mail me at bob@m.example", (), "mail me at bob@m.example"),
        ("Bob Brindle and bob, but not bobsled", ("bob", "Bob  Brindle"), "and , but not bobsled"),
        ("(.*) is a pattern", (".*",), "( ) is a pattern"),
        ("nothing", ("",), "nothing"),
    ],
)
def test_names_and_handles_of_people_go(text: str, names: tuple[str, ...], left: str) -> None:
    assert without_people(text, names) == left


def test_a_context_has_an_end_and_keeps_what_was_said_last() -> None:
    assert bounded(["one", "", "two", "three", "four"]) == "two\nthree\nfour"
    long = " ".join(f"word{n}" for n in range(100))
    cut = bounded([long, "the last line"])
    assert cut.endswith("word99\nthe last line")
    assert MAX_CHARACTERS - 10 < len(cut) <= MAX_CHARACTERS
    assert cut.split()[0] in long.split()


@given(st.lists(st.text(), max_size=5))
def test_a_context_is_bounded_whatever_was_said(texts: list[str]) -> None:
    context = as_context(texts)
    assert len(context) <= MAX_CHARACTERS
    assert len(context.split("\n")) <= MAX_POSTS
    assert context == context.strip()
