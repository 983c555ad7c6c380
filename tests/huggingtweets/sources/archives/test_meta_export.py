"""Exports of Threads, Instagram and Facebook: posts and comments in right letters, and nothing private."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account
from huggingtweets.sources import read
from huggingtweets.sources.archives.meta_export import mended

NOON = 1_700_000_000
PERSON = "personal_information/personal_information/personal_information.json"
THREADS = "your_instagram_activity/threads/threads_and_replies.json"
POSTS = "your_instagram_activity/media/posts_1.json"


def as_meta_writes(value: Any) -> Any:
    """Each byte of UTF-8 as a character of its own, as in Meta's JSON."""
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, dict):
        return {key: as_meta_writes(one) for key, one in value.items()}
    return [as_meta_writes(one) for one in value] if isinstance(value, list) else value


def dumped(value: Any) -> str:
    return json.dumps(as_meta_writes(value))


def zipped(tmp_path: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content if isinstance(content, str) else dumped(content))
    return tmp_path / "export.zip"


def thread(text: str, *, is_reply: bool = False, **more: Any) -> dict[str, Any]:
    app = {"reply_control": "everyone", "is_reply": is_reply}
    return {"media": [{"uri": "", "creation_timestamp": NOON, "title": text, "text_app_post": app}]} | more


def threads(*items: dict[str, Any]) -> dict[str, Any]:
    return {"text_post_app_text_posts": list(items)}


def comment(text: str, owner: str = "bob") -> dict[str, Any]:
    facts = {"Comment": {"value": text}, "Media Owner": {"value": owner}, "Time": {"timestamp": NOON}}
    return {"media_list_data": [{"uri": ""}], "string_map_data": facts}


USER = {"profile_user": [{"title": "User", "string_map_data": {
    "Username": {"value": "ann.keeper"}, "Name": {"value": "Änn Keeper"}, "Email": {"value": "ann@fog.example"},
}}]}  # fmt: skip
INSTAGRAM = {
    PERSON: USER,
    THREADS: threads(
        thread("café at six — naïve, 🌫️ <thick>"),
        thread("", title="a post with two pictures", creation_timestamp=NOON + 60),
        thread("so it is", is_reply=True),
        thread(""),
    ),
    POSTS: [
        {"media": [{"uri": "media/posts/1.jpg", "creation_timestamp": NOON, "title": "the lamp"}]},
        {"media": [{"uri": "a"}, {"uri": "b"}], "title": "two of them", "creation_timestamp": NOON},
    ],
    "your_instagram_activity/media/stories.json": {
        "ig_stories": [{"title": "for friends", "creation_timestamp": NOON}]
    },
    "your_instagram_activity/media/archived_posts.json": {"ig_archived_post_media": [{"title": "hidden"}]},
    "your_instagram_activity/comments/post_comments_1.json": [comment("lovely")],
    "your_instagram_activity/comments/reels_comments.json": {"comments_reels_comments": [comment("what a song")]},
    "your_instagram_activity/messages/inbox/bob_1/message_1.json": {"messages": [{"content": "between us"}]},
}


def test_posts_replies_and_comments_are_read_and_nothing_private(tmp_path: Path) -> None:
    collected = read(zipped(tmp_path, INSTAGRAM))
    assert collected.account == Account("ann.keeper", "Änn Keeper")
    assert {tweet.text: (tweet.source, tweet.is_reply) for tweet in collected.tweets} == {
        "café at six — naïve, 🌫️ &lt;thick&gt;": ("threads:ann.keeper", False),
        "a post with two pictures": ("threads:ann.keeper", False),
        "so it is": ("threads:ann.keeper", True),
        "the lamp": ("instagram:ann.keeper", False),
        "two of them": ("instagram:ann.keeper", False),
        "lovely": ("instagram:ann.keeper", True),
        "what a song": ("instagram:ann.keeper", True),
    }
    assert {tweet.created_at and tweet.created_at.year for tweet in collected.tweets} == {2023}
    assert (collected.form, collected.left_out) == ("an export of Threads and Instagram", {"without a text": 1})
    assert "fog.example" not in repr(collected)


def test_the_unpacked_folder_gives_the_same(tmp_path: Path) -> None:
    path = zipped(tmp_path, INSTAGRAM)
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "instagram-ann-2024")
    assert read(tmp_path / "instagram-ann-2024") == read(path)


FACEBOOK_POSTS = [
    {"timestamp": NOON, "data": [{"update_timestamp": NOON}, {"post": "Grüße vom Leuchtturm"}], "title": "Ann updated"},
    {
        "timestamp": NOON,
        "attachments": [{"data": [{"media": {"uri": "1.jpg"}}]}],
        "data": [],
        "title": "Ann added a photo",
    },
]
FACEBOOK = {
    "your_facebook_activity/posts/your_posts__check_ins__photos_and_videos_1.json": FACEBOOK_POSTS,
    "your_facebook_activity/comments_and_reactions/comments.json": {"comments_v2": [
        {"timestamp": NOON, "data": [{"comment": {"timestamp": NOON, "comment": "wie schön", "author": "Ann"}}],
         "title": "Ann commented on Bob's post."},
        {"timestamp": NOON, "attachments": [], "title": "Ann commented with a sticker."},
    ]},
    "your_facebook_activity/messages/inbox/bob/message_1.json": {"messages": [{"content": "between us"}]},
    "personal_information/profile_information/profile_information.json": {
        "profile_v2": {"name": {"full_name": "Änn Keeper"}, "username": "ann.keeper"}
    },
}  # fmt: skip


def test_posts_and_comments_of_facebook_are_read(tmp_path: Path) -> None:
    collected = read(zipped(tmp_path, FACEBOOK))
    assert collected.account == Account("ann.keeper", "Änn Keeper")
    assert [(tweet.text, tweet.is_reply) for tweet in sorted(collected.tweets, key=lambda tweet: tweet.text)] == [
        ("Grüße vom Leuchtturm", False),
        ("wie schön", True),
    ]
    assert collected.tweets[0].created_at == datetime.fromtimestamp(NOON, UTC)
    assert collected.notes == (
        "It does not say who could see each post, so posts for friends alone may be among them.",
    )
    assert collected.left_out == {"without a text": 2}


@pytest.mark.parametrize(
    ("content", "texts", "mark"),
    [
        (threads(thread("so it is")), ["so it is"], "threads:"),
        (INSTAGRAM[POSTS], ["the lamp", "two of them"], "instagram:"),
        ([comment("lovely")], ["lovely"], "instagram:"),
        (FACEBOOK_POSTS, ["Grüße vom Leuchtturm"], "facebook:"),
        ({"comments_v2": [{"timestamp": NOON, "data": [{"comment": {"comment": "ja"}}]}]}, ["ja"], "facebook:"),
    ],
)
def test_one_file_alone_is_told_by_its_content(tmp_path: Path, content: Any, texts: list[str], mark: str) -> None:
    path = tmp_path / "given.json"
    path.write_text(dumped(content), encoding="utf-8")
    collected = read(path)
    assert [tweet.text for tweet in collected.tweets] == texts
    assert {tweet.source for tweet in collected.tweets} == {mark}
    assert collected.account is None


def test_only_letters_that_are_broken_are_mended() -> None:
    for text in ("plain", "café — naïve", "туман", "早上好", "🌫️", "½ of it"):
        assert mended(text) == text
        assert mended(text.encode().decode("latin-1")) == text


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (THREADS, threads(), "holds no posts with a text"),
        (THREADS, [1, None, {"media": [3, {"title": ["x"]}]}], "holds no posts with a text"),
        (THREADS, "{", "its your_instagram_activity/threads/threads_and_replies.json is cut off"),
        (THREADS, "[" * 100_000, "is no JSON at line 1"),
        (THREADS, "[1e" + "9" * 5_000 + "]", "holds no posts with a text"),
        (PERSON, "{", "its personal_information/.* is cut off"),
    ],
)
def test_a_broken_export_is_refused(tmp_path: Path, name: str, content: Any, why: str) -> None:
    with pytest.raises(BadSource, match=why):
        read(zipped(tmp_path, {THREADS: threads(thread("x")), name: content}))


def test_an_export_that_unpacks_to_far_more_than_it_is_packed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(THREADS, " " * 50_000_000)
    with pytest.raises(BadSource, match="as a zip bomb does"):
        read(path)
