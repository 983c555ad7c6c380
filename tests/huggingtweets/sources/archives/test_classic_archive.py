"""The archive of 2012 to 2018 is read as a zip, as a folder, and month by month."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.sources import read

MOMENT = datetime(2013, 5, 30, 17, 15, 45, tzinfo=UTC)
DETAILS = {"screen_name": "Ann_B", "full_name": "Ann", "id": "7", "created_at": "2009-01-01 00:00:00 +0000"}


def tweet(id_: str, text: str = "hello world there", **more: Any) -> dict[str, Any]:
    return {
        "id_str": id_,
        "id": int(id_),
        "text": text,
        "created_at": "2013-05-30 17:15:45 +0000",
        "user": DETAILS,
    } | more


def month(name: str, *records: Any) -> str:
    return f"Grailbird.data.tweets_{name} = \n {json.dumps(list(records), indent=1)}"


FILES = {
    "README.txt": "read me",
    "index.html": "<html>",
    "tweets.csv": "tweet_id,text\n1,hello",
    "css/application.min.css": "",
    "data/js/user_details.js": f"var user_details =  {json.dumps(DETAILS)}",
    "data/js/tweet_index.js": "var tweet_index =  [ ]",
    "data/js/tweets/2013_05.js": month(
        "2013_05", tweet("1", "one &amp; two"), tweet("2", "x", retweeted_status={"id": 9})
    ),
    "data/js/tweets/2013_06.js": month("2013_06", tweet("3", "RT @bob: no"), tweet("4", in_reply_to_user_id=3)),
}
EXPECTED = Collected(
    Account("Ann_B", "Ann"),
    (
        Tweet("1", "one &amp; two", MOMENT),
        Tweet("2", "x", MOMENT, is_retweet=True),
        Tweet("3", "RT @bob: no", MOMENT, is_retweet=True),
        Tweet("4", "hello world there", MOMENT, is_reply=True),
    ),
)


def zipped(tmp_path: Path, files: dict[str, str], prefix: str = "") -> Path:
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(prefix + name, content)
    return tmp_path / "archive.zip"


@pytest.mark.parametrize("prefix", ["", "7_abc/"])
def test_the_archive_is_read_with_its_person(tmp_path: Path, prefix: str) -> None:
    path = zipped(tmp_path, FILES, prefix)
    found = read(path)
    assert found == EXPECTED
    assert found.complete
    assert found.account
    assert found.account.site == "x"
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert read(tmp_path / "unpacked") == EXPECTED


def test_a_month_alone_is_read_and_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "2013_06.js").write_text(FILES["data/js/tweets/2013_06.js"])
    assert read(tmp_path / "2013_06.js") == Collected(None, EXPECTED.tweets[2:])


def test_the_table_of_the_archive_is_read(tmp_path: Path) -> None:
    columns = "tweet_id,in_reply_to_status_id,in_reply_to_user_id,timestamp,source,text,retweeted_status_id"
    rows = '"1","","","2013-05-30 17:15:45 +0000","web","hello there",""\n"2","","","","web","x","9"\n'
    (tmp_path / "tweets.csv").write_text(f"{columns}\n{rows}")
    found = read(tmp_path / "tweets.csv").tweets
    assert [(one.id, one.created_at, one.is_retweet) for one in found] == [("1", MOMENT, False), ("2", None, True)]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("data/js/tweets/2013_05.js", "var x = []", "no Grailbird.data at its start"),
        ("data/js/tweets/2013_05.js", month("2013_05", {"id": 1}), "holds a tweet without id or text"),
        ("data/js/tweets/2013_05.js", month("2013_05", tweet("1"))[:-4], "is cut off"),
        ("data/js/user_details.js", "var user_details = {", "nobody knows whose it is"),
    ],
)
def test_a_broken_archive_is_refused(tmp_path: Path, name: str, content: str, why: str) -> None:
    with pytest.raises(BadSource) as refused:
        read(zipped(tmp_path, FILES | {name: content}))
    assert why in str(refused.value)


def test_an_archive_without_details_names_nobody(tmp_path: Path) -> None:
    files = {name: content for name, content in FILES.items() if "user_details" not in name}
    assert read(zipped(tmp_path, files)).account is None


def test_an_archive_without_tweets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="holds no tweets"):
        read(zipped(tmp_path, {"data/js/tweets/2013_05.js": month("2013_05")}))


def test_it_is_known_which_tweet_a_reply_answers(tmp_path: Path) -> None:
    # The old archives write ids as numbers, too.
    answer = month("2013_06", tweet("1"), tweet("4", in_reply_to_status_id=1))
    tweets = read(zipped(tmp_path, FILES | {"data/js/tweets/2013_06.js": answer})).tweets
    assert {tweet.id: tweet.reply_to for tweet in tweets} == {"1": "", "2": "", "4": "1"}
