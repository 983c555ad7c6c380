"""In tables of posts of other services, private posts are left out and HTML becomes text, whatever tool made them."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.sources import read

POSTS = [
    {"id": 1, "visibility": "public", "content": "<p>Kettle&#x27;s on &amp; hot.<br>Come in.</p>", "reblog": ""},
    {"id": 2, "visibility": "unlisted", "content": "<p>the fog is thick</p>", "reblog": ""},
    {"id": 3, "visibility": "direct", "content": "<p>between us</p>", "reblog": ""},
    {"id": 4, "visibility": "private", "content": "<p>for friends</p>", "reblog": ""},
    {"id": 5, "visibility": "followers_only", "content": "<p>for friends</p>", "reblog": ""},
    {"id": 6, "visibility": "public", "content": "<p>not mine</p>", "reblog": "{'id': 9}"},
]
EXPECTED = [("1", "Kettle's on &amp; hot.\nCome in.", False), ("2", "the fog is thick", False), ("6", "not mine", True)]


def as_csv(rows: list[dict[str, Any]]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def seen(path: Path) -> list[tuple[str, str, bool]]:
    return [(tweet.id, tweet.text, tweet.is_retweet) for tweet in read(path).tweets]


def test_posts_of_mastodon_in_a_csv_are_public_ones_and_text(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(as_csv(POSTS))
    assert seen(tmp_path / "posts.csv") == EXPECTED


@pytest.mark.parametrize("name", ["posts.json", "posts.jsonl", "posts.txt", "posts"])
def test_a_dump_is_known_whatever_it_is_called_and_however_it_is_packed(tmp_path: Path, name: str) -> None:
    rows = [post | {"reblog": {"content": "x"} if post["reblog"] else None} for post in POSTS]
    rows[5]["reblog"] = {"content": "<p>not mine</p>", "account": {"acct": "bob"}}
    expected = [*EXPECTED[:2], ("6", "RT @bob: not mine", True)]
    (tmp_path / name).write_text(json.dumps(rows))
    assert seen(tmp_path / name) == expected
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(json.dumps(rows).encode()))
    assert seen(packed) == expected


def test_html_in_a_table_is_text_and_a_tweet_of_tags_stays(tmp_path: Path) -> None:
    texts = ["<p>one &lt;two&gt; three</p>", "I <3 you", "<p> is a tag", "&lt;p&gt;typed&lt;/p&gt;"]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"content": text}) for text in texts))
    assert [tweet.text for tweet in read(tmp_path / "a.jsonl").tweets] == ["one &lt;two&gt; three", *texts[1:]]


def exported(kind: str, **more: Any) -> str:
    messages = [
        {"id": "1", "type": "Default", "content": "the fog is thick", "author": {"id": "7", "name": "keeper"}},
        {
            "id": "2",
            "type": "GuildMemberJoin",
            "content": "Joined the server.",
            "author": {"id": "7", "name": "keeper"},
        },
        {"id": "3", "type": "Reply", "content": "so it is", "author": {"id": "7", "name": "keeper"}},
    ]
    return json.dumps(
        {"guild": {"id": "0"}, "channel": {"id": "2", "type": kind} | more, "messages": messages}, indent=1
    )


def test_what_discord_writes_in_somebodys_name_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(exported("GuildTextChat"))
    assert [tweet.text for tweet in read(tmp_path / "a.json").tweets] == ["the fog is thick", "so it is"]


@pytest.mark.parametrize("kind", ["DirectTextChat", "DirectGroupTextChat"])
def test_an_export_of_a_private_conversation_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.json").write_text(exported(kind, name="bob"))
    with pytest.raises(BadSource, match="it is a private conversation"):
        read(tmp_path / "a.json")
