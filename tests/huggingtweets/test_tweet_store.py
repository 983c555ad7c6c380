"""Tweets are kept once each, in order, and forgotten whole."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from huggingtweets.errors import Forgotten
from huggingtweets.records import Account, Collected, Tweet
from huggingtweets.tweet_store import TweetStore


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def collected(*tweets: Tweet, account: Account | None = None) -> Collected:
    return Collected(account, tweets)


@pytest.fixture
def store(tmp_path: Path) -> TweetStore:
    return TweetStore(tmp_path / "tweets")


def test_tweets_come_back_oldest_first_and_undated_ones_before(store: TweetStore) -> None:
    tweets = [Tweet("3", "c", day(3)), Tweet("1", "a", day(1)), Tweet("x", "u"), Tweet("2", "b", day(2))]
    assert store.merge("ann", collected(*tweets)) == 4
    assert [tweet.id for tweet in store.tweets("ann")] == ["x", "1", "2", "3"]


def test_a_newer_text_replaces_an_older_one_and_counts_as_none_new(store: TweetStore) -> None:
    store.merge("ann", collected(Tweet("1", "old"), Tweet("2", "kept")))
    assert store.merge("ann", collected(Tweet("1", "new"), Tweet("3", "added"))) == 1
    assert {tweet.id: tweet.text for tweet in store.tweets("ann")} == {"1": "new", "2": "kept", "3": "added"}


def test_the_account_is_kept_when_a_later_source_does_not_name_it(store: TweetStore) -> None:
    ann = Account("Ann", "Ann O'Nymous \ud83d")
    store.merge("ann", collected(Tweet("1", "a"), account=ann))
    store.merge("ann", collected(Tweet("2", "b")))
    assert store.account("ann") == ann


def test_an_unknown_account_has_no_tweets_and_its_bare_handle(store: TweetStore) -> None:
    assert store.tweets("bob") == []
    assert store.account("bob") == Account("bob")
    assert store.lift("bob") is False
    assert store.checked() == {}
    assert not store.folder.exists()


def test_a_line_separator_in_a_tweet_does_not_cut_it(store: TweetStore) -> None:
    store.merge("ann", collected(Tweet("1", "a\u2028b\x85c\nd")))
    assert store.tweets("ann")[0].text == "a\u2028b\x85c\nd"


def test_forgetting_leaves_nothing_of_one_and_all_of_others(store: TweetStore) -> None:
    for handle in ("ann", "anna"):
        store.merge(handle, collected(Tweet("1", "secret"), account=Account(handle)))
    assert store.forget("ann") is True
    assert store.tweets("ann") == []
    assert not list(store.folder.glob("*ann.*"))
    assert len(store.tweets("anna")) == 1
    assert store.forget("ann") is False


def test_who_is_forgotten_stays_so_until_they_ask_for_the_contrary(store: TweetStore) -> None:
    ann = Account("Ann")
    store.merge("space", collected(Tweet("1", "secret", source="x:5"), account=ann))
    store.mark_checked("space", "x:5", day(3))
    assert store.forget("space") is True
    assert store.forget("bob") is False, "there was nothing, and still nothing may come"
    assert store.forgotten() == ["bob", "space"]
    assert store.checked() == {}
    assert {path.name for path in store.folder.iterdir()} == {".lock", ".forgotten.json"}
    returning = [
        ("space", collected(Tweet("2", "a"))),
        ("other", collected(Tweet("2", "a"), account=ann)),
        ("other", collected(Tweet("2", "a", source="x:5"))),
        ("bob", collected(Tweet("2", "a"))),
    ]
    for name, back in returning:
        with pytest.raises(Forgotten, match=r"asked to be forgotten and is not learned again"):
            store.merge(name, back)
    assert store.forget("space") is False, "a second time changes nothing"
    with pytest.raises(Forgotten):
        store.merge("other", collected(Tweet("2", "a", source="x:5")))
    assert store.lift("space")
    assert not store.lift("space")
    assert store.merge("space", collected(Tweet("2", "a", source="x:5"), account=ann)) == 1


def test_tweets_that_are_gone_at_their_source_are_dropped(store: TweetStore) -> None:
    store.merge("ann", collected(Tweet("1", "a"), Tweet("2", "b"), Tweet("3", "c")))
    assert store.drop("ann", {"2", "3", "4"}) == 2
    assert [tweet.id for tweet in store.tweets("ann")] == ["1"]
    assert store.drop("ann", set()) == 0
    assert store.drop("nobody", {"1"}) == 0


def test_forgetting_takes_what_a_killed_run_left_half_written(store: TweetStore) -> None:
    store.merge("ann", collected(Tweet("1", "secret")))
    half = store.folder / ".ann.jsonl.123-456.new"
    half.write_text("secret")
    store.forget("ann")
    assert not half.exists()


MERGING = """
import sys
from pathlib import Path
from huggingtweets.errors import Forgotten
from huggingtweets.records import Collected, Tweet
from huggingtweets.tweet_store import TweetStore
for number in range(25):
    TweetStore(Path(sys.argv[1])).merge("ann", Collected(None, (Tweet(f"{sys.argv[2]}{number}", "text"),)))
"""


def test_two_processes_that_merge_at_once_lose_nothing(store: TweetStore) -> None:
    children = [subprocess.Popen([sys.executable, "-c", MERGING, store.folder, letter]) for letter in "ab"]
    assert [child.wait() for child in children] == [0, 0]
    assert len(store.tweets("ann")) == 50
