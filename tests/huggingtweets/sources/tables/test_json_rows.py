"""JSON gives the same tweets in every shape in which tools wrap them, in memory or as a stream."""

import json
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected
from huggingtweets.sources.reading import json_array
from huggingtweets.sources.tables import table

ROWS: list[dict[str, Any]] = [
    {"id": "1478000000000000000", "text": "one two", "lang": "en"},
    {"id": "1478000000001000003", "text": "three four", "lang": "en"},
]
SHAPES: dict[str, Any] = {
    "a list": ROWS,
    "data": {"data": ROWS, "meta": {"result_count": 2}},
    "statuses": {"statuses": ROWS, "search_metadata": {"count": 2}},
    "tweets of a user": {"user": {"description": "text"}, "tweets": ROWS},
    "by id": {row["id"]: {"text": row["text"], "lang": "en"} for row in ROWS},
    "texts by id": {row["id"]: row["text"] for row in ROWS},
    "by any name": {f"tweet{n}": row for n, row in enumerate(ROWS)},
    "columns of pandas": {name: {str(n): row[name] for n, row in enumerate(ROWS)} for name in ROWS[0]},
    "columns": {name: [row[name] for row in ROWS] for name in ROWS[0]},
    "answers in a list": [{"data": ROWS[:1]}, {"data": ROWS[1:]}],
    "deeper": {"response": {"result": {"tweets": ROWS}}, "status": 200},
    "under any name": {"elonTweets2022": ROWS, "total": 2},
    "as an X archive": [{"tweet": row} for row in ROWS],
    "as the pages of X": [{"rest_id": row["id"], "legacy": {"full_text": row["text"]}} for row in ROWS],
    "with notices": [{"delete": {"status": {"id": 1}}}, ROWS[0], {"limit": {"track": 5}}, ROWS[1], {"meta": {}}],
}


def read(tmp_path: Path, written: str, name: str = "tweets.json") -> Collected:
    path = tmp_path / name
    path.write_text(written)
    return table.read(path)


@pytest.mark.parametrize("chunk", [1 << 20, 30])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_tweets(
    tmp_path: Path, shape: str, indent: int | None, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_array, "CHUNK", chunk)
    tweets = read(tmp_path, json.dumps(SHAPES[shape], indent=indent)).tweets
    assert [tweet.text for tweet in tweets] == ["one two", "three four"]
    assert shape == "by any name" or [tweet.id for tweet in tweets] == [row["id"] for row in ROWS]


@pytest.mark.parametrize("between", ["\n", "", " ", ",\n", ";"])
@pytest.mark.parametrize("indent", [None, 2])
def test_objects_stand_one_after_the_other_however_they_are_parted(
    tmp_path: Path, between: str, indent: int | None
) -> None:
    tweets = read(tmp_path, between.join(json.dumps(row, indent=indent) for row in ROWS)).tweets
    assert [(tweet.id, tweet.text) for tweet in tweets] == [(row["id"], row["text"]) for row in ROWS]


def test_a_list_of_texts_is_a_list_of_tweets(tmp_path: Path) -> None:
    assert [tweet.text for tweet in read(tmp_path, '["one two", "three"]').tweets] == ["one two", "three"]
    assert [tweet.text for tweet in read(tmp_path, '{"tweets": ["one two", "three"]}').tweets] == ["one two", "three"]


@pytest.mark.parametrize(
    "row",
    [
        {"text": "so it…", "truncated": True, "extended_tweet": {"full_text": "so it is"}},
        {"text": "so it…", "note_tweet": {"text": "so it is"}},
        {"text": "so it…", "full_text": "so it is"},
        {"text": "so it is", "full_text": ""},
        {"text": "so it is", "extended_tweet": {}},
    ],
)
def test_the_whole_text_is_read(tmp_path: Path, row: dict[str, Any]) -> None:
    assert read(tmp_path, json.dumps(row)).tweets[0].text == "so it is"


@pytest.mark.parametrize(
    "row",
    [
        {"id": "1", "quoted_status": {"id": "2", "text": "of another"}},
        {"id": "1", "retweeted_status": {"id": "2", "text": "of another"}},
        {"id": "1", "in_reply_to": {"text": "of another"}},
        {"id": "1", "user": {"status": {"text": "of another"}}},
        {"includes": {"tweets": [{"id": "2", "text": "of another"}]}},
        {"first": [{"text": "one"}], "second": [{"text": "two"}]},
    ],
)
def test_what_others_wrote_is_never_looked_for_inside_a_row(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(BadSource, match=r"has no text|holds no tweets"):
        read(tmp_path, json.dumps(row))


def test_tweets_beside_those_of_an_answer_are_of_others(tmp_path: Path) -> None:
    answer = {"data": ROWS, "includes": {"tweets": [{"id": "9", "text": "of another", "author_id": "8"}]}}
    assert len(read(tmp_path, json.dumps(answer)).tweets) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"text": "so it is", "retweetedTweet": {"id": 9}},
        {"text": "so it is", "referenced_tweets": [{"type": "retweeted", "id": "9"}]},
    ],
)
def test_a_retweet_is_told_by_what_it_refers_to(tmp_path: Path, row: dict[str, Any]) -> None:
    assert read(tmp_path, json.dumps(row)).tweets[0].is_retweet
    quoted = json.dumps(row).replace("retweeted", "quoted")
    assert not read(tmp_path, quoted).tweets[0].is_retweet


def test_a_long_object_is_read_member_by_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "CHUNK", 1_000)
    monkeypatch.setattr(json_array, "MAX_ITEM", 3_000)
    rows = [{"id": str(1478000000000000000 + n), "text": f"tweet number {n}", "author_id": "7"} for n in range(500)]
    users = {"users": [{"id": "7", "username": "ann"}]}
    for shape in ({"data": rows, "includes": users}, {row["id"]: row for row in rows}):
        collected = read(tmp_path, json.dumps(shape))
        assert [tweet.id for tweet in collected.tweets] == [row["id"] for row in rows]
    assert read(tmp_path, json.dumps({"data": rows, "includes": users})).account is not None
    with pytest.raises(
        BadSource, match=r"more than .* characters in one piece at line 1; write each tweet as an object"
    ):
        read(tmp_path, json.dumps({"unknown": [{"text": "x" * 100}] * 500}))
