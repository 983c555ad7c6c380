"""Posts of Mastodon become plain text, boosts are retweets, and posts that were not for everybody are never read."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.sources import read
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.clean import clean_all

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ACTOR = "https://m.example/users/Keeper"
FOLLOWERS = f"{ACTOR}/followers"
NOON = datetime(2022, 1, 3, 8, tzinfo=UTC)
WRITTEN = "2022-01-03T08:00:00Z"
ACCOUNT = {"username": "Keeper", "acct": "Keeper", "display_name": "The Keeper", "url": "https://m.example/@Keeper"}
OTHER = {"username": "bob", "acct": "bob@o.example", "display_name": "Bob", "url": "https://o.example/@bob"}


def status(id_: str, content: str = "<p>the fog is thick</p>", **more: Any) -> dict[str, Any]:
    facts = {"id": id_, "created_at": WRITTEN, "visibility": "public", "spoiler_text": "", "content": content}
    return facts | {"reblog": None, "account": ACCOUNT, "in_reply_to_id": None, "language": "en"} | more


def activity(
    id_: str, *, to: Any = PUBLIC, cc: Any = (), content: str = "<p>the fog is thick</p>", **more: Any
) -> dict[str, Any]:
    note = {"id": f"{ACTOR}/statuses/{id_}", "type": "Note", "published": WRITTEN, "content": content, "to": to}
    note |= {"cc": list(cc), "inReplyTo": None, "contentMap": {"en": content}} | more
    return {"id": f"{note['id']}/activity", "type": "Create", "actor": ACTOR, "to": to, "cc": list(cc), "object": note}


def outbox(*items: Any) -> dict[str, Any]:
    return {"@context": "x", "id": "outbox.json", "type": "OrderedCollection", "orderedItems": list(items)}


def written(tmp_path: Path, content: Any, name: str = "posts.json") -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def archive(tmp_path: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content if isinstance(content, str) else json.dumps(content))
    return tmp_path / "archive.zip"


STATUSES = [
    status("1", "<p>Kettle&#x27;s on &amp; hot.<br />Come in.</p>"),
    status("2", visibility="unlisted", in_reply_to_id="1"),
    status("3", visibility="private"),
    status("4", visibility="direct"),
    status("5", visibility="public", local_only=True),
    status("6", reblog=status("7", "<p>not mine</p>", account=OTHER)),
]
EXPECTED = (
    Tweet("1", "Kettle's on &amp; hot.\nCome in.", NOON, lang="en", source="mastodon:keeper@m.example"),
    Tweet("2", "the fog is thick", NOON, is_reply=True, lang="en", source="mastodon:keeper@m.example", reply_to="1"),
    Tweet("6", "RT @bob@o.example: not mine", NOON, is_retweet=True, lang="en", source="mastodon:keeper@m.example"),
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("statuses.json", STATUSES),
        ("archive.json", {"account": ACCOUNT, "statuses": STATUSES, "favourites": [status("9", account=OTHER)]}),
        ("pretty.json", json.dumps(STATUSES, indent=2)),
        ("lines.jsonl", "\n".join(map(json.dumps, STATUSES))),
        ("objects.json", "\ufeff" + "\n".join(json.dumps(one, indent=1) for one in STATUSES)),
    ],
)
def test_a_dump_of_the_api_is_read(tmp_path: Path, name: str, content: Any) -> None:
    found = read(written(tmp_path, content, name))
    assert found == Collected(Account("Keeper", "The Keeper"), EXPECTED)
    assert found.account
    assert found.account.site == "mastodon"


def test_an_outbox_is_read(tmp_path: Path) -> None:
    boost = {"id": f"{ACTOR}/statuses/8/activity", "type": "Announce", "actor": ACTOR, "published": WRITTEN}
    boost["object"] = "https://o.example/1"
    items = [
        activity("1", content="<p>Kettle&#x27;s on &amp; hot.<br />Come in.</p>"),
        activity("2", to=FOLLOWERS, cc=[PUBLIC], inReplyTo="https://o.example/1"),
        activity("3", to=[FOLLOWERS]),
        activity("4", to=["https://o.example/users/bob"]),
        activity("5", to=None),
        boost,
        {"id": "9", "type": "Like", "actor": ACTOR, "object": "https://o.example/1"},
        "https://m.example/users/Keeper/statuses/10",
    ]
    found = read(written(tmp_path, outbox(*items), "outbox.json"))
    assert [(one.id.rpartition("/")[2], one.text, one.is_retweet, one.is_reply) for one in found.tweets] == [
        ("1", "Kettle's on &amp; hot.\nCome in.", False, False),
        ("2", "the fog is thick", False, True),
        ("activity", "RT https://o.example/1", True, False),
    ]
    assert {one.source for one in found.tweets} == {"mastodon:keeper@m.example"}
    _, counts = clean_all(found.tweets)
    assert (counts.downloaded, counts.retweets, counts.kept) == (3, 1, 2)


@pytest.mark.parametrize("folder", ["", "archive-2024/"])
def test_the_archive_names_its_person(tmp_path: Path, folder: str) -> None:
    actor = {"preferredUsername": "Keeper", "name": "The Keeper", "icon": {"type": "Image", "url": "avatar.png"}}
    files = {"outbox.json": outbox(activity("1")), "actor.json": actor, "likes.json": {}, "bookmarks.json": "["}
    path = archive(tmp_path, {f"{folder}{name}": content for name, content in files.items()})
    assert read(path).account == Account("Keeper", "The Keeper", "avatar.png")
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert read(tmp_path / "unpacked") == read(path)


def test_an_archive_without_actor_is_its_outboxs(tmp_path: Path) -> None:
    assert read(archive(tmp_path, {"outbox.json": outbox(activity("1")), "actor.json": {}})).account == Account(
        "keeper"
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([status("1"), status("2", account=OTHER)], "by several people: keeper@m.example (1) and bob@o.example (1)"),
        ([status("1", visibility="direct")], "it holds no public posts"),
        (outbox({"id": "1", "type": "Like"}), "it holds no posts"),
        (json.dumps([status("1"), status("2")])[:-20], "no JSON at line 1"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_a_sentence(tmp_path: Path, content: Any, why: str) -> None:
    with pytest.raises(BadSource) as refused:
        read(written(tmp_path, content))
    assert why in str(refused.value)


def test_a_broken_actor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"actor\.json cannot be read"):
        read(archive(tmp_path, {"outbox.json": outbox(activity("1")), "actor.json": "{"}))


def test_two_archives_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="several archives"):
        read(archive(tmp_path, {f"{who}/outbox.json": outbox(activity("1")) for who in ("a", "b")}))


def test_tweets_in_json_are_no_posts_of_mastodon(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": 'my "visibility": "public" and "reblog": none'}]
    assert read(written(tmp_path, rows)).account is None


def test_an_x_archive_says_nothing_of_posts_on_mastodon(tmp_path: Path) -> None:
    store = TweetStore(tmp_path / "tweets")
    store.merge("keeper", Collected(None, EXPECTED))
    of_x = tuple(Tweet(str(n), "on x", NOON.replace(day=n)) for n in (1, 30))
    assert store.gone("keeper", Collected(None, of_x, complete=True)) == set()


def test_it_is_known_which_of_the_own_posts_a_post_answers(tmp_path: Path) -> None:
    first = activity("1")
    answer = activity("2", inReplyTo=f"{ACTOR}/statuses/1")
    tweets = read(written(tmp_path, outbox(first, answer), "outbox.json")).tweets
    assert [tweet.reply_to for tweet in tweets] == ["", tweets[0].id]
    uris = [f"{ACTOR}/statuses/{number}" for number in (1, 2)]
    statuses = [status("1", uri=uris[0]), status("2", uri=uris[1], in_reply_to_id="1")]
    assert [tweet.reply_to for tweet in read(written(tmp_path, statuses)).tweets] == ["", uris[0]]


def test_half_an_address_names_nobody(tmp_path: Path) -> None:
    posts = [status("1", account={"url": "https://[half", "username": "keeper"})]
    (tweet,) = read(written(tmp_path, posts)).tweets
    assert tweet.source == "mastodon:"
