"""Exports of Reddit: posts and comments, whole or as one table, without the words of others."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account
from huggingtweets.sources import read
from huggingtweets.sources.tables.named_columns import NamedColumns
from huggingtweets.tweets.learned.contexts import Threads

COMMENTS = """id,permalink,date,ip,subreddit,gildings,link,parent,body,media
c1,https://www.reddit.com/r/fog/comments/p1/the_lamp/c1/,2023-01-05 12:34:56 UTC,10.0.0.1,fog,0,https://www.reddit.com/r/fog/comments/p1/the_lamp/,,"> is it thick?

so it is, see [the log](https://fog.example/log) & wait",
c2,https://www.reddit.com/r/fog/comments/p1/the_lamp/c2/,2023-01-05 12:40:00 UTC,,fog,0,https://www.reddit.com/r/fog/comments/p1/the_lamp/,c1,and it &gt; stays,
c3,https://www.reddit.com/r/fog/comments/p1/the_lamp/c3/,2023-01-05 12:41:00 UTC,,fog,0,https://www.reddit.com/r/fog/comments/p1/the_lamp/,x9,[removed],
"""  # noqa: E501  as Reddit writes it
POSTS = '''id,permalink,date,ip,subreddit,gildings,title,url,body
p1,https://www.reddit.com/r/fog/comments/p1/the_lamp/,2023-01-05 12:00:00 UTC,10.0.0.1,fog,0,The lamp is <on>,,"It was off, ""until six"""
p2,https://www.reddit.com/r/fog/comments/p2/a_picture/,2023-01-04 12:00:00 UTC,,fog,0,A picture,https://i.example/1.jpg,
'''  # noqa: E501
STATISTICS = "statistic,value\nis_deleted,False\naccount name,Keeper_41\nexport time,2024-01-01 00:00:00 UTC\n"
PRIVATE = "id,permalink,thread_id,date,ip,from,to,subject,body\nm1,,,2023-01-01,,bob,keeper,hi,between us\n"


def zipped(tmp_path: Path, **files: str) -> Path:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(f"{name}.csv", content)
    return tmp_path / "export.zip"


def test_posts_and_comments_are_read_with_what_they_answer(tmp_path: Path) -> None:
    path = zipped(tmp_path, comments=COMMENTS, posts=POSTS, statistics=STATISTICS, messages=PRIVATE)
    collected = read(path)
    tweets = {tweet.id: tweet for tweet in collected.tweets}
    assert collected.account == Account("Keeper_41")
    assert {id_: tweet.text for id_, tweet in tweets.items()} == {
        "t1_c1": "so it is, see the log &amp; wait",
        "t1_c2": "and it &gt; stays",
        "t3_p1": 'The lamp is &lt;on&gt;\nIt was off, "until six"',
        "t3_p2": "A picture",
    }
    assert tweets["t1_c1"].created_at == datetime(2023, 1, 5, 12, 34, 56, tzinfo=UTC)
    assert [tweets[id_].is_reply for id_ in sorted(tweets)] == [True, True, False, False]
    before, by = Threads(collected.tweets).before(tweets["t1_c2"])
    assert (before, by) == ([tweets["t3_p1"].text, tweets["t1_c1"].text], "")
    assert {tweet.source for tweet in collected.tweets} == {"reddit:keeper_41"}
    assert (collected.form, collected.left_out) == ("an export of Reddit", {"removed or empty": 1})
    assert "10.0.0.1" not in repr(collected)


def test_one_table_alone_is_told_by_its_columns(tmp_path: Path) -> None:
    for name, content, count in (("comments.csv", COMMENTS, 2), ("mine.csv", POSTS, 2)):
        (tmp_path / name).write_text(content, encoding="utf-8")
        collected = read(tmp_path / name)
        assert (len(collected.tweets), collected.account) == (count, None)
        assert {tweet.source for tweet in collected.tweets} == {"reddit:"}


def test_the_unpacked_folder_gives_the_same(tmp_path: Path) -> None:
    path = zipped(tmp_path, comments=COMMENTS, posts=POSTS, statistics=STATISTICS)
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert read(tmp_path / "unpacked") == read(path)


@pytest.mark.parametrize(
    ("comments", "why"),
    [
        (COMMENTS.splitlines()[0], "holds no posts or comments"),
        ('id,body\n1,"x', "is no whole CSV"),
        ("id,body\n1,x\n", "its comments.csv has no column date"),
        (COMMENTS + "c9,,,,,,,," + "x" * (1 << 21), "longer than 1,048,576 characters"),
        ("", "holds no posts or comments"),
    ],
)
def test_a_broken_export_is_refused(tmp_path: Path, comments: str, why: str) -> None:
    with pytest.raises(BadSource, match=why):
        read(zipped(tmp_path, comments=comments, statistics=STATISTICS))


def test_a_table_of_many_people_is_not_taken_for_the_export_of_one(tmp_path: Path) -> None:
    path = tmp_path / "pushshift.csv"
    path.write_text("id,permalink,date,subreddit,body,author\n1,,,fog,the fog,ann\n2,,,fog,the lamp,bob\n")
    with pytest.raises(BadSource, match=r"several people: ann \(1\) and bob \(1\)"):
        read(path)


def test_a_table_whose_columns_are_named_is_read_by_them(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(POSTS, encoding="utf-8")
    assert [tweet.text for tweet in read(path, columns=NamedColumns(text="title")).tweets] == [
        "The lamp is <on>",
        "A picture",
    ]
