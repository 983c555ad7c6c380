"""Tweets are kept once each, in order, and forgotten whole."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource, Forgotten
from huggingtweets.core.records import Account, Collected, Said, Tweet
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import Unwilling


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
    assert store.known.account("ann") == ann


def test_an_account_stays_one_of_x_though_a_later_file_does_not_say_so(store: TweetStore) -> None:
    store.merge("ann", collected(Tweet("1", "a"), account=Account("Ann", site="x")))
    store.merge("ann", collected(Tweet("1", "a"), account=Account("ann", "Ann O'Nymous")))
    assert (store.known.account("ann"), store.known.account("ann").site) == (Account("ann", "Ann O'Nymous"), "x")
    store.merge("ann", collected(Tweet("1", "a"), account=Account("ann.bsky.social")))
    assert store.known.account("ann").site == ""


def test_an_unknown_account_has_no_tweets_and_its_bare_handle(store: TweetStore) -> None:
    assert store.tweets("bob") == []
    assert store.known.account("bob") == Account("bob")
    assert store.lift("bob") == []
    assert store.looks.checked() == {}
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
    store.looks.mark_checked("space", "x:5", day(3))
    assert store.forget("space") is True
    assert store.forget("bob") is False, "there was nothing, and still nothing may come"
    assert store.forgotten() == ["bob", "space"]
    assert store.looks.checked() == {}
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


def archive(*tweets: Tweet, of: str) -> Collected:
    return Collected(Account(of), tweets, complete=True)


def test_an_archive_of_somebody_else_is_refused_before_anything_is_dropped(store: TweetStore) -> None:
    store.merge("me", archive(Tweet("1", "a", day(1)), Tweet("2", "b", day(3)), of="Alice"))
    theirs = archive(Tweet("8", "c", day(1)), Tweet("9", "d", day(5)), of="bob")
    for act in (store.gone, store.merge):
        with pytest.raises(
            BadSource,
            match="it is by @bob, but the tweets kept of me are by @Alice; choose another name, or forget me first",
        ):
            act("me", theirs)
    assert [tweet.id for tweet in store.tweets("me")] == ["1", "2"]
    assert store.known.account("me") == Account("Alice")
    with pytest.raises(BadSource):
        store.merge("me", archive(Tweet("8", "c", day(1)), of="me"))
    assert store.merge("me", archive(Tweet("3", "c", day(9)), of="ALICE")) == 1, "a handle has no case"
    assert store.merge("me", collected(Tweet("4", "d"))) == 1, "a file that names nobody is whose one says"
    assert store.merge("new", theirs) == 2


def test_one_person_may_be_called_otherwise_at_another_site(store: TweetStore) -> None:
    store.merge("ann", archive(Tweet("1", "a"), of="Ann"))
    blue = Account("ann.bsky.social")
    assert store.merge("ann", collected(Tweet("r1", "b", source="bluesky:did:plc:1"), account=blue)) == 1
    assert store.merge("ann", archive(Tweet("2", "c"), of="Ann")) == 1, "what it was called before still holds"
    with pytest.raises(BadSource):
        store.merge("ann", archive(Tweet("3", "d"), of="bob"))


def test_an_account_that_was_renamed_is_the_same_and_is_forgotten_by_every_name(store: TweetStore) -> None:
    store.merge("space", archive(Tweet("1", "a"), Tweet("2", "b"), of="Ann"))
    store.merge("space", archive(Tweet("2", "b"), Tweet("3", "c"), of="Ann_2"))
    store.merge("space", collected(Tweet("4", "d", source="x:5"), account=Account("ann_2")))
    store.merge("space", collected(Tweet("5", "e", source="x:5"), account=Account("Ann_3")))
    assert store.known.account("space").handle == "Ann_3"
    assert store.known_as("space") == {"ann", "ann_2", "ann_3"}
    assert store.forget("space")
    assert {path.name for path in store.folder.iterdir()} == {".lock", ".forgotten.json"}
    store.forget("space")
    for handle in ("ANN", "Ann_2", "ann_3"):
        with pytest.raises(Forgotten):
            store.merge("other", archive(Tweet("9", "z"), of=handle))
    store.lift("space")
    assert store.merge("other", archive(Tweet("9", "z"), of="Ann")) == 1


def test_a_tombstone_of_an_earlier_version_holds(store: TweetStore) -> None:
    store.folder.mkdir(parents=True)
    stone = {"handle": "ann", "sources": ["x:5"], "at": "2026-01-01T00:00:00+00:00"}
    (store.folder / ".forgotten.json").write_text(json.dumps({"space": stone}))
    store.forget("space")
    with pytest.raises(Forgotten):
        store.merge("other", archive(Tweet("9", "z"), of="Ann"))


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
from huggingtweets.core.errors import Forgotten
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.tweets.kept.tweet_store import TweetStore
for number in range(25):
    TweetStore(Path(sys.argv[1])).merge("ann", Collected(None, (Tweet(f"{sys.argv[2]}{number}", "text"),)))
"""


def test_two_processes_that_merge_at_once_lose_nothing(store: TweetStore) -> None:
    children = [subprocess.Popen([sys.executable, "-c", MERGING, store.folder, letter]) for letter in "ab"]
    assert [child.wait() for child in children] == [0, 0]
    assert len(store.tweets("ann")) == 50


def test_a_store_that_remembers_sees_what_another_one_writes(store: TweetStore) -> None:
    remembering = TweetStore(store.folder, remembered=1)
    remembering.merge("ann", collected(Tweet("1", "a"), Tweet("2", "b\ud800", day(2), is_reply=True, lang="de")))
    assert remembering.tweets("ann") == TweetStore(store.folder).tweets("ann"), "what is remembered is what is written"
    store.drop("ann", {"1"})
    assert [tweet.id for tweet in remembering.tweets("ann")] == ["2"]
    store.merge("ann", collected(Tweet("3", "c")))
    assert remembering.merge("ann", collected(Tweet("3", "c"), Tweet("4", "d"))) == 1
    store.discard("ann")
    assert remembering.tweets("ann") == []


def test_a_file_is_taken_in_whole_or_not_at_all(store: TweetStore) -> None:
    first = archive(*(Tweet(str(number), f"text {number}", day(number)) for number in range(1, 6)), of="Ann")
    assert store.take_in("ann", first) == (5, 0)
    later = archive(Tweet("1", "text 1", day(1)), Tweet("5", "text 5", day(5)), Tweet("6", "text 6", day(6)), of="Ann")
    assert store.take_in("ann", replace(later, complete=True)) == (1, 3)
    before = store.fingerprint("ann")
    with pytest.raises(BadSource):
        store.take_in("ann", replace(archive(Tweet("9", "z", day(9)), of="Bob"), complete=True))
    assert store.fingerprint("ann") == before


SAID = Said("is it thick?", "bluesky:bob")
ANSWER = Tweet("2", "so it is", source="bluesky:ann", reply_to="b1", said=SAID)


def contexts(store: TweetStore, handle: str = "ann") -> list[Said | None]:
    return [tweet.said for tweet in store.tweets(handle)]


def test_tweets_kept_by_older_software_have_no_context(store: TweetStore) -> None:
    store.folder.mkdir()
    row = {"id": "1", "text": "old", "created_at": None, "is_retweet": False, "is_reply": True}
    (store.folder / "ann.jsonl").write_text(json.dumps(row) + "\n")
    assert store.tweets("ann") == [Tweet("1", "old", is_reply=True)]
    store.merge("ann", collected(ANSWER))
    assert TweetStore(store.folder).tweets("ann") == [Tweet("1", "old", is_reply=True), ANSWER]


def test_a_file_does_not_know_what_was_answered_and_a_network_does(store: TweetStore) -> None:
    store.merge("ann", collected(ANSWER))
    store.merge("ann", collected(Tweet("2", "so it is")))
    assert store.tweets("ann") == [ANSWER]
    store.merge("ann", collected(replace(ANSWER, said=None)))
    assert contexts(store) == [None]


def test_a_post_that_is_gone_is_no_context_any_more(store: TweetStore) -> None:
    store.merge("ann", collected(ANSWER, replace(ANSWER, id="3", reply_to="b2")))
    assert store.drop("ann", {"b1"}) == 0
    assert contexts(store) == [None, SAID]


def test_who_is_forgotten_has_said_nothing_before_the_tweets_of_others(store: TweetStore) -> None:
    store.merge("ann", collected(ANSWER, replace(ANSWER, id="3", said=Said("and you?", "bluesky:dan"))))
    store.merge("bob", collected(Tweet("b1", "is it thick?", source="bluesky:bob")))
    store.forget("bob")
    assert contexts(store) == [None, Said("and you?", "bluesky:dan")]
    store.merge("ann", collected(ANSWER))
    assert contexts(store)[0] is None


def test_who_has_opted_out_is_not_learned_as_a_context(store: TweetStore) -> None:
    store.merge("ann", collected(ANSWER))
    Unwilling(store.folder).note_opted_out({"bob": {"bluesky:bob"}})
    assert [tweet.said for tweet in store.learnable("ann")] == [None]
    store.merge("ann", collected(replace(ANSWER, id="3")))
    assert contexts(store) == [SAID, None]


def test_forgetting_somebody_whose_export_names_nobody_refuses_no_other_export(store: TweetStore) -> None:
    store.merge("ann", collected(Tweet("t1_a", "the fog", source="reddit:")))
    store.forget("ann")
    assert store.merge("bob", collected(Tweet("t1_b", "the lamp", source="reddit:"))) == 1
    store.merge("cat", collected(Tweet("w1", "the sea", source="whatsapp:ann keeper")))
    store.forget("cat")
    with pytest.raises(Forgotten):
        store.merge("dan", collected(Tweet("w2", "the shore", source="whatsapp:ann keeper")))
