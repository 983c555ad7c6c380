"""Any column that names an author shows whose the rows are. Several people are never learned as one."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected
from huggingtweets.sources.tables import table


def of(tmp_path: Path, *rows: dict[str, Any], names: tuple[str, ...] = ()) -> Collected:
    """What JSON lines with these rows hold."""
    path = tmp_path / "tweets.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return table.read(path, names=names)


def sheet(tmp_path: Path, column: str, *authors: str, names: tuple[str, ...] = ()) -> Collected:
    """What a CSV holds in which `column` says who wrote each row."""
    written = io.StringIO()
    csv.writer(written).writerows([["text", column], *([f"tweet number {n}", who] for n, who in enumerate(authors))])
    path = tmp_path / "tweets.csv"
    path.write_text(written.getvalue())
    return table.read(path, names=names)


HANDLES = [
    "user",
    "User",
    "username",
    "user_name",
    "userName",
    "User Name",
    "screen_name",
    "Screen Name",
    "user_screen_name",
    "user.screen_name",
    "user[screen_name]",
    "author",
    "Author",
    "author_username",
    "author.username",
    "Author Handle",
    "authorUsername",
    "from_user",
    "From-User",
    "from_user_name",
    "handle",
    "twitter_handle",
    "Twitter Handle",
    "account",
    "tweeter",
    "poster",
    "created_by",
    "creator",
    "posted_by",
    "tweeted_by",
    "owner",
    "sender",
    "twitter_username",
    "tweet_author",
    "post_author",
    "acct",
    "account.acct",
    "from",
    "by",
    "preferredUsername",
    "users",
]
OTHERS = [
    "user_id",
    "author_id",
    "AuthorID",
    "from_user_id",
    "user_id_str",
    "author.id",
    "user.id",
    "uid",
    "account_id",
]
NAMES = ["name", "display_name", "Display Name", "author_name", "author.name", "full name", "sender_name", "nickname"]


@pytest.mark.parametrize("column", [*HANDLES, *OTHERS, *NAMES])
def test_rows_of_two_people_are_refused_with_their_names(tmp_path: Path, column: str) -> None:
    with pytest.raises(BadSource, match=r"it is by several people: ann \(2\) and bob \(1\); give each"):
        sheet(tmp_path, column, "ann", "bob", "ann")


@pytest.mark.parametrize(
    "column",
    [
        "in_reply_to_user_id",
        "in_reply_to_screen_name",
        "retweeted_username",
        "to_user",
        "quoted_user",
        "mentions",
        "source",
        "user_location",
        "user.description",
        "user_followers_count",
        "profile",
        "tweet_id",
        "twitter_id",
        "place.name",
    ],
)
def test_columns_that_name_somebody_or_something_else_tell_no_author(tmp_path: Path, column: str) -> None:
    assert sheet(tmp_path, column, "ann", "bob", "eve").account is None


def test_many_people_are_counted_and_the_most_frequent_are_named(tmp_path: Path) -> None:
    authors = [f"p{n}" for n in range(8) for _ in range(9 - n)]
    with pytest.raises(BadSource, match=r"p0 \(9\), p1 \(8\), p2 \(7\), p3 \(6\), p4 \(5\) and 3 more"):
        sheet(tmp_path, "username", *authors)


@pytest.mark.parametrize("name", ["ann", "ANN"])
@pytest.mark.parametrize("column", ["username", "author_id", "name"])
def test_the_rows_of_the_one_who_is_asked_for_are_taken_alone_and_it_is_said(
    tmp_path: Path, column: str, name: str
) -> None:
    collected = sheet(tmp_path, column, "Ann", "bob", "ann", "eve", names=(name,))
    assert [tweet.text for tweet in collected.tweets] == ["tweet number 0", "tweet number 2"]
    assert collected.account == (Account("Ann") if column == "username" else None)
    assert collected.notes == ("tweets.csv: 2 of its tweets are by others than Ann and were left out.",)


def test_a_host_name_is_asked_for_by_its_first_part(tmp_path: Path) -> None:
    assert len(sheet(tmp_path, "handle", "ann.bsky.social", "bob.bsky.social", names=("ann",)).tweets) == 1


def test_nobody_of_that_name_is_no_help(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="several people"):
        sheet(tmp_path, "username", "ann", "bob", names=("cem",))


def test_one_persons_table_is_read_whole_whatever_the_voice_is_called(tmp_path: Path) -> None:
    collected = sheet(tmp_path, "username", "ann", "", "ann", names=("me",))
    assert (len(collected.tweets), collected.notes) == (3, ())


def test_retweets_of_others_are_not_taken_with_the_rows_of_one(tmp_path: Path) -> None:
    rows = [
        {"text": "one two", "username": "ann"},
        {"text": "three", "username": "bob"},
        {"text": "RT @c: hi", "username": "ann"},
        {"text": "RT @c: ho", "username": "bob"},
    ]
    assert [tweet.text for tweet in of(tmp_path, *rows, names=("ann",)).tweets] == ["one two", "RT @c: hi"]


@pytest.mark.parametrize(
    "author",
    [
        lambda who: {"user": {"screen_name": who, "id": 7}},
        lambda who: {"author": {"username": who}},
        lambda who: {"account": {"acct": who}},
        lambda who: {"user": {"id_str": who}},
        lambda who: {"user": f"{{'_type': 'User', 'username': '{who}', 'id': 7}}"},
        lambda who: {"core": {"user_results": {"result": {"legacy": {"screen_name": who}}}}},
        lambda who: {"url": f"https://twitter.com/{who}/status/1478000000000000000"},
        lambda who: {"permalink": f"https://mobile.x.com/{who}/status/1478000000000000000"},
        lambda who: {"user": f"https://twitter.com/{who}"},
        lambda who: {"username": "team", "author.username": "team", "screen_name": who},
        lambda who: {"author": "collector", "from_user": who},
    ],
)
def test_an_author_is_found_in_objects_links_and_beside_who_collected(tmp_path: Path, author: Any) -> None:
    rows = [
        {"text": f"{who} says", "id": f"14780000000000000{n}"} | author(who) for n, who in enumerate(["ann", "bob"])
    ]
    with pytest.raises(BadSource, match=r"several people: ann \(1\) and bob \(1\)"):
        of(tmp_path, *rows)
    assert len(of(tmp_path, rows[0]).tweets) == 1


def test_links_to_tweets_of_others_make_nobody_an_author(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"text": "so it is", "username": "ann"}, {"text": "look"}]
    rows[1] |= {"username": "ann", "url": "https://twitter.com/bob/status/5"}
    assert of(tmp_path, *rows).account == Account("ann")
    assert (
        of(tmp_path, {"text": "a"}, {"text": "b"}, {"text": "c", "url": "https://x.com/bob/status/5"}).account is None
    )


def test_a_name_to_show_may_change_beside_a_screen_name_that_stays(tmp_path: Path) -> None:
    rows = [{"text": text, "user.screen_name": "ann", "user.name": text} for text in ("Ann", "Ann in May")]
    assert of(tmp_path, *rows).account == Account("ann", "Ann")


def test_people_that_rows_name_by_number_are_found_beside_the_rows(tmp_path: Path) -> None:
    users = [
        {"id": "7", "username": "ann", "name": "Ann", "profile_image_url": "https://a/b.jpg"},
        {"id": "8", "username": "bob"},
    ]
    answer = {"data": [{"id": "1", "author_id": "7", "text": "one"}], "includes": {"users": users}}
    assert of(tmp_path, answer).account == Account("ann", "Ann", "https://a/b.jpg")
    answer["data"] = [*answer["data"], {"id": "2", "author_id": "8", "text": "two"}]
    with pytest.raises(BadSource, match=r"ann \(1\) and bob \(1\)"):
        of(tmp_path, answer)
    assert [tweet.text for tweet in of(tmp_path, answer, names=("bob",)).tweets] == ["two"]


def test_ids_that_a_spreadsheet_has_rounded_tell_nobody_apart(tmp_path: Path) -> None:
    assert sheet(tmp_path, "user_id", "8.13286E+17", "8.13287E+17").account is None
