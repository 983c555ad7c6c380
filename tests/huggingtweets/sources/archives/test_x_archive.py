"""The official archive is read in every form it comes in, and every broken or hostile one is refused in a sentence."""

import base64
import json
import os
import re
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.sources.archives.x_archive import read_folder, read_script, read_zip
from huggingtweets.sources.reading.members import ArchiveLimits
from huggingtweets.tweets.learned.clean import clean

Files = dict[str, str | bytes]

WRITTEN = "Sat Nov 09 12:14:18 +0000 2024"
MOMENT = datetime(2024, 11, 9, 12, 14, 18, tzinfo=UTC)

# Made with `zip -P secret`: one member, data/tweets.js.
ENCRYPTED = base64.b64decode(
    "UEsDBBQACQAIAAAAIVhea/VvUQAAAEgAAAAOAAAAZGF0YS90d2VldHMuanMQvI5BCXYUQnrXOEajQOsOsfiZe5JXZJ1rOhjfizHiok3Px+Gczu"
    "S+FQAmkKrjb3paLydBR8k8yQgNu235Cr6QEmW5gRQ77KJv5TtgVdYE0C9QSwcIXmv1b1EAAABIAAAAUEsBAh4DFAAJAAgAAAAhWF5r9W9RAAAA"
    "SAAAAA4AAAAAAAAAAQAAAKSBAAAAAGRhdGEvdHdlZXRzLmpzUEsFBgAAAAABAAEAPAAAAI0AAAAAAA=="
)


def script(kind: str, *records: Any, part: int = 0) -> str:
    """A file of the archive as X writes it."""
    return f"window.YTD.{kind}.part{part} = {json.dumps(records, indent=2, ensure_ascii=False)}"


def tweet(id_: str = "1", text: str = "hello world there", **more: Any) -> dict[str, Any]:
    facts = {"id_str": id_, "id": id_, "full_text": text, "created_at": WRITTEN, "retweeted": False, "lang": "en"}
    return {"tweet": facts | more}


def note(text: str, created_at: str = "2024-11-09T12:14:18.000Z") -> dict[str, Any]:
    return {"noteTweet": {"noteTweetId": "77", "createdAt": created_at, "core": {"text": text, "urls": []}}}


def whole_archive() -> Files:
    return {
        "data/manifest.js": "window.__THAR_CONFIG = { }",
        "data/account.js": script("account", {"account": {"username": "Ann_B", "accountDisplayName": "Ann 🥘"}}),
        "data/profile.js": script("profile", {"profile": {"avatarMediaUrl": "https://pbs.twimg.com/a.jpg"}}),
        "data/tweet-headers.js": script("tweet_headers", {"tweet": {"tweet_id": "9", "created_at": WRITTEN}}),
        "data/deleted-tweets.js": script("deleted_tweets", tweet("66", "this was taken back")),
        "data/tweets.js": script("tweets", tweet("1", "one &amp; two"), tweet("2", "RT @bob: not mine")),
        "data/tweets_media/1-a.jpg": b"\xff\xd8\xff not read",
        "Your archive.html": "<html>",
    }


def folder(tmp_path: Path, files: Files, name: str = "archive") -> Path:
    for file, content in files.items():
        target = tmp_path / name / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path / name


def zipped(tmp_path: Path, files: Files, method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for file, content in files.items():
            archive.writestr(file, content)
    return path


def refusal(read: Callable[..., Collected], path: Path, *limits: ArchiveLimits) -> str:
    """The sentence that `read` refuses `path` with; it names the file."""
    with pytest.raises(BadSource) as refused:
        read(path, *limits)
    assert refused.value.path == path
    assert str(path) in str(refused.value)
    assert str(refused.value).endswith(".")
    return str(refused.value)


def is_read_or_refused(path: Path) -> bool:
    try:
        return bool(read_zip(path).tweets)
    except BadSource as refused:
        return str(path) in str(refused)


# What is read


def test_a_zip_gives_the_account_and_its_tweets_raw(tmp_path: Path) -> None:
    assert read_zip(zipped(tmp_path, whole_archive())) == Collected(
        Account("Ann_B", "Ann 🥘", "https://pbs.twimg.com/a.jpg"),
        (
            Tweet("1", "one &amp; two", MOMENT, lang="en"),
            Tweet("2", "RT @bob: not mine", MOMENT, is_retweet=True, lang="en"),
        ),
    )


@pytest.mark.parametrize("start", [".", "data"])
def test_a_folder_gives_the_same_from_its_root_and_from_its_data(tmp_path: Path, start: str) -> None:
    root = folder(tmp_path, whole_archive())
    assert read_folder(root / start) == read_zip(zipped(tmp_path, whole_archive()))


def test_an_archive_may_lie_in_one_folder_more(tmp_path: Path) -> None:
    nested: Files = {f"twitter-2024-11-09/{name}": content for name, content in whole_archive().items()}
    expected = read_zip(zipped(tmp_path, whole_archive()))
    assert read_folder(folder(tmp_path, nested)) == expected
    assert read_zip(zipped(tmp_path, nested)) == expected


def test_names_with_backslashes_as_some_zippers_write_them_are_understood(tmp_path: Path) -> None:
    files: Files = {name.replace("/", "\\"): content for name, content in whole_archive().items()}
    assert len(read_zip(zipped(tmp_path, files)).tweets) == 2


def test_the_form_of_2020_is_read(tmp_path: Path) -> None:
    assert len(read_zip(zipped(tmp_path, {"data/tweet.js": script("tweet", tweet())})).tweets) == 1


def test_the_form_of_2019_without_a_kind_around_each_record_is_read(tmp_path: Path) -> None:
    assert read_folder(folder(tmp_path, {"tweet.js": script("tweet", tweet()["tweet"])})).tweets[0].id == "1"


def test_the_form_of_2019_with_its_files_at_the_root_names_the_account(tmp_path: Path) -> None:
    files: Files = {
        "account.js": script("account", {"account": {"username": "ann"}}),
        "tweet.js": script("tweet", tweet()),
    }
    account = read_zip(zipped(tmp_path, files)).account
    assert account == Account("ann")
    assert account.site == "x"


def test_parts_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    files: Files = {"data/tweets.js": script("tweets", tweet("0"))}
    files |= {f"data/tweets-part{n}.js": script("tweets", tweet(str(n)), part=n) for n in (10, 2, 1)}
    assert [found.id for found in read_zip(zipped(tmp_path, files)).tweets] == ["0", "1", "2", "10"]


def test_a_part_whose_number_has_no_end_is_no_part(tmp_path: Path) -> None:
    zipped = tmp_path / "x.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("data/tweets.js", script("tweets", tweet("1")))
        archive.writestr(f"data/tweets-part{'9' * 5_000}.js", script("tweets", tweet("2")))
    assert [one.id for one in read_zip(zipped).tweets] == ["1"]


def test_a_tweet_in_two_parts_is_one_tweet_and_the_later_wins(tmp_path: Path) -> None:
    files: Files = {
        "data/tweets.js": script("tweets", tweet("1", "old")),
        "data/tweets-part1.js": script("tweets", tweet("1", "new")),
    }
    assert [found.text for found in read_zip(zipped(tmp_path, files)).tweets] == ["new"]


@pytest.mark.parametrize("kind", ["tweets", "tweet"])
def test_a_lone_script_is_read_and_names_nobody(tmp_path: Path, kind: str) -> None:
    path = folder(tmp_path, {"tweets.js": "\ufeff" + script(kind, tweet()) + ";\n"}) / "tweets.js"
    assert read_script(path) == Collected(None, (Tweet("1", "hello world there", MOMENT, lang="en"),))


def test_an_archive_without_account_names_nobody(tmp_path: Path) -> None:
    assert read_zip(zipped(tmp_path, {"data/tweets.js": script("tweets", tweet())})).account is None


def test_an_empty_account_file_names_nobody(tmp_path: Path) -> None:
    files = whole_archive() | {"data/account.js": script("account")}
    assert read_zip(zipped(tmp_path, files)).account is None


def test_a_handle_that_is_none_names_nobody(tmp_path: Path) -> None:
    files = whole_archive() | {"data/account.js": script("account", {"account": {"username": "../../etc"}})}
    assert read_zip(zipped(tmp_path, files)).account is None


@pytest.mark.parametrize(
    "reply",
    [
        {"in_reply_to_status_id": "5"},
        {"in_reply_to_status_id_str": "5"},
        {"in_reply_to_user_id": "5"},
        {"in_reply_to_user_id_str": "5"},
        {"in_reply_to_screen_name": "bob"},
    ],
)
def test_an_answer_is_told_by_any_of_its_fields(tmp_path: Path, reply: dict[str, str]) -> None:
    assert read_zip(zipped(tmp_path, {"data/tweets.js": script("tweets", tweet(**reply))})).tweets[0].is_reply


def test_a_retweet_is_told_by_its_flag_too(tmp_path: Path) -> None:
    files: Files = {"data/tweets.js": script("tweets", tweet(retweeted=True, lang=None, created_at="some day"))}
    (found,) = read_zip(zipped(tmp_path, files)).tweets
    assert (found.is_retweet, found.lang, found.created_at) == (True, None, None)


def test_a_long_post_is_whole_and_reads_as_it_was_written(tmp_path: Path) -> None:
    written = "it began with a question, if x > 1 &amp; y < 2, and it took more room than there was"
    cut = "it began with a question, if x &gt; 1 &amp;amp; y &lt; 2, and it took… https://t.co/abc"
    files: Files = {
        "data/tweets.js": script("tweets", tweet("1", cut)),
        "data/note-tweet.js": script("note_tweet", note(written)),
    }
    (found,) = read_zip(zipped(tmp_path, files)).tweets
    assert clean(found.text) == written


def test_only_the_members_that_are_needed_are_opened(tmp_path: Path) -> None:
    files = whole_archive() | {"data/direct-messages.js": b"\xff\xfe broken", "data/like.js": b"{"}
    assert len(read_zip(zipped(tmp_path, files)).tweets) == 2


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    path = zipped(tmp_path, whole_archive())
    read_zip(path)
    assert list(tmp_path.iterdir()) == [path]


def edited(*ids: str) -> list[dict[str, Any]]:
    """All versions of one tweet, as X writes them."""
    control = {"editTweetIds": list(ids), "editsRemaining": "4", "isEditEligible": True}
    later = {"edit": {"initialTweetId": ids[0], "editControlInitial": control}}
    infos = [{"initial": control}, *[later for _ in ids[1:]]]
    return [tweet(id_, f"this is version {id_}", edit_info=info) for id_, info in zip(ids, infos, strict=True)]


def test_of_an_edited_tweet_only_the_last_version_there_is_counts(tmp_path: Path) -> None:
    versions = [*edited("9", "10", "11"), *edited("20"), *edited("30", "31"), tweet("40"), *edited("50", "51")[:1]]
    files: Files = {"data/tweets.js": script("tweets", *reversed(versions))}
    expected = {"11", "20", "31", "40", "50"}
    assert {found.id for found in read_zip(zipped(tmp_path, files)).tweets} == expected
    script_alone = read_script(folder(tmp_path, files) / "data/tweets.js")
    assert {found.id for found in script_alone.tweets} == expected
    assert script_alone.withdrawn == {"9", "10", "30"}


def test_each_version_has_its_own_long_post(tmp_path: Path) -> None:
    first, last = edited("1", "2")
    first["tweet"] |= {"full_text": "it began with a question and then it to…"}
    last["tweet"] |= {
        "full_text": "it began with a question and then it to…",
        "created_at": WRITTEN.replace("14", "44"),
    }
    notes = [note("it began with a question and then it took a wrnog turn")]
    notes += [note("it began with a question and then it took a wrong turn", "2024-11-09T12:44:18.000Z")]
    files: Files = {
        "data/tweets.js": script("tweets", first, last),
        "data/note-tweet.js": script("note_tweet", *notes),
    }
    assert [one.text for one in read_zip(zipped(tmp_path, files)).tweets] == [notes[1]["noteTweet"]["core"]["text"]]


@pytest.mark.parametrize("info", [None, "x", {}, {"edit": None}, {"initial": {"editTweetIds": [1]}}, {"edit": {}}])
def test_an_edit_info_of_another_form_hides_nothing(tmp_path: Path, info: Any) -> None:
    files: Files = {"data/tweets.js": script("tweets", tweet("1", edit_info=info), tweet("2"))}
    assert len(read_zip(zipped(tmp_path, files)).tweets) == 2


@pytest.mark.parametrize("kind", ["twitter_circle_tweet", "tweets", "tweet"])
def test_tweets_to_a_circle_are_never_read(tmp_path: Path, kind: str) -> None:
    private = tweet("2", "only for my friends")
    files = whole_archive() | {
        "data/tweets.js": script("tweets", tweet("1"), private),
        "data/twitter-circle-tweet.js": script(kind, private),
        "data/twitter-circle-tweet-part1.js": script(kind, tweet("3"), part=1),
    }
    found = read_zip(zipped(tmp_path, files))
    assert [one.id for one in found.tweets] == ["1"]
    assert found.withdrawn == {"2", "3"}, "what an earlier version of this program has learned goes"
    unpacked = folder(tmp_path, files)
    assert [found.id for found in read_folder(unpacked).tweets] == ["1"]
    assert "friends could read" in refusal(read_script, unpacked / "data/twitter-circle-tweet.js")


def test_a_list_of_circle_tweets_that_cannot_be_read_lets_none_through(tmp_path: Path) -> None:
    files = whole_archive() | {"data/twitter-circle-tweet.js": "window.YTD.twitter_circle_tweet.part0 = [{"}
    assert "its data/twitter-circle-tweet.js is cut off" in refusal(read_zip, zipped(tmp_path, files))


def test_deleted_tweets_are_not_read_though_they_are_given_alone(tmp_path: Path) -> None:
    path = folder(tmp_path, {"deleted-tweets.js": script("tweets", tweet())}) / "deleted-tweets.js"
    assert "tweets that were deleted" in refusal(read_script, path)


def test_posts_in_communities_are_the_persons(tmp_path: Path) -> None:
    files = whole_archive() | {"data/community-tweet.js": script("community_tweet", tweet("7", "to a community"))}
    assert [found.id for found in read_zip(zipped(tmp_path, files)).tweets] == ["1", "2", "7"]
    unpacked = folder(tmp_path, files)
    assert [found.id for found in read_script(unpacked / "data/community-tweet.js").tweets] == ["7"]


# What is refused


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data/tweets.js", "w", force_zip64=True) as member,
    ):
        for _ in range(200):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    assert "its data/tweets.js unpacks to more than 250 times its size" in refusal(read_zip, path)


def test_a_member_larger_than_the_limit_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = zipped(tmp_path, whole_archive())
    assert "larger than the 100 bytes" in refusal(read_zip, path, ArchiveLimits(total_bytes=100))


def test_the_limit_holds_for_all_members_together(tmp_path: Path) -> None:
    part = script("tweets", tweet())
    files: Files = {f"data/tweets-part{n}.js": part for n in range(3)}
    path = zipped(tmp_path, files)
    assert read_zip(path, ArchiveLimits(total_bytes=3 * len(part))).tweets
    assert "its data/tweets-part2.js is larger" in refusal(read_zip, path, ArchiveLimits(total_bytes=3 * len(part) - 1))
    unpacked = folder(tmp_path, files)
    assert "its data/tweets-part2.js is larger" in refusal(
        read_folder, unpacked, ArchiveLimits(total_bytes=3 * len(part) - 1)
    )


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"data/tweets.js": script("tweets", *[tweet(str(n)) for n in range(500)])})
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    true_size, told_size = struct.pack("<L", info.file_size), struct.pack("<L", 1000)
    path.write_bytes(path.read_bytes().replace(true_size, told_size))
    assert "broken or incomplete zip" in refusal(read_zip, path)


@pytest.mark.parametrize(
    "name", ["/etc/tweets.js", "../tweets.js", "data/../../tweets.js", "..\\tweets.js", "C:\\tweets.js"]
)
def test_a_zip_whose_members_lead_out_of_it_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path, whole_archive() | {name: script("tweets", tweet())})
    assert "leads out of the archive" in refusal(read_zip, path)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret = folder(tmp_path, {"tweets.js": script("tweets", tweet())}, "elsewhere") / "tweets.js"
    root = folder(tmp_path, {"data/account.js": ""})
    (root / "data/tweets.js").symlink_to(secret)
    assert "a link that leads out of the folder" in refusal(read_folder, root)


def test_a_folder_reached_by_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder(tmp_path, whole_archive()))
    assert len(read_folder(tmp_path / "link").tweets) == 2


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(ENCRYPTED)
    assert "its data/tweets.js is encrypted" in refusal(read_zip, path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_in_a_way_that_cannot_be_bounded_is_refused(tmp_path: Path, method: int) -> None:
    assert "packed in an unusual way" in refusal(read_zip, zipped(tmp_path, whole_archive(), method))


def test_a_stored_zip_is_read(tmp_path: Path) -> None:
    assert len(read_zip(zipped(tmp_path, whole_archive(), zipfile.ZIP_STORED)).tweets) == 2


@pytest.mark.parametrize("kept_share", [0.1, 0.5, 0.99])
def test_a_truncated_zip_is_refused(tmp_path: Path, kept_share: float) -> None:
    path = zipped(tmp_path, whole_archive())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept_share)])
    assert "broken or incomplete zip" in refusal(read_zip, path)


def test_a_zip_with_damaged_content_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"data/tweets.js": script("tweets", *[tweet(str(n)) for n in range(50)])})
    whole = bytearray(path.read_bytes())
    whole[60:90] = bytes(30)
    path.write_bytes(whole)
    assert "broken or incomplete zip" in refusal(read_zip, path)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_zip_damaged_anywhere_is_read_or_refused_but_never_crashes(
    tmp_path: Path, damage: list[tuple[float, int]]
) -> None:
    path = zipped(tmp_path, {"data/tweets.js": script("tweets", tweet(text="é" * 40))})
    content = bytearray(path.read_bytes())
    for place, byte in damage:
        content[int(place * len(content))] = byte
    path.write_bytes(content)
    assert is_read_or_refused(path)


def test_a_zip_with_the_same_member_twice_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, whole_archive())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("data/tweets.js", script("tweets", tweet("666", "not hers")))
    assert "it holds data/tweets.js twice" in refusal(read_zip, path)


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"})
    sentence = refusal(read_zip, path)
    assert "it is a zip file without data/tweets.js" in sentence
    assert "give the archive that X" in sentence


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "it is a folder without data/tweets.js" in refusal(read_folder, tmp_path / "empty")


def test_two_archives_at_once_are_refused(tmp_path: Path) -> None:
    files: Files = {f"{who}/data/tweets.js": script("tweets", tweet()) for who in ("ann", "bob")}
    assert "several archives (ann/data/ and bob/data/)" in refusal(read_zip, zipped(tmp_path, files))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: text[: len(text) // 2],
        lambda text: text + "]",
        lambda text: text.replace("[", "", 1),
        lambda text: text.replace('"id"', "id"),
        lambda text: text.replace('"en"', "[" * 2_000),
        lambda text: text.replace('"en"', "9" * 5_000),
    ],
)
def test_broken_json_is_refused_with_its_line(tmp_path: Path, damage: Callable[[str], str]) -> None:
    files: Files = {"data/tweets.js": damage(script("tweets", tweet("1"), tweet("2")))}
    broken = re.compile(r"its data/tweets\.js is (?:no JSON|cut off: its JSON ends in the middle,) at line \d+; ")
    assert broken.search(refusal(read_zip, zipped(tmp_path, files)))
    assert broken.search(refusal(read_folder, folder(tmp_path, files)))


@pytest.mark.parametrize("encoding", ["latin-1", "shift_jis"])
def test_a_wrong_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    content = script("tweets", tweet(text="£ é" if encoding != "shift_jis" else "日本語")).encode(encoding)
    sentence = refusal(read_zip, zipped(tmp_path, {"data/tweets.js": content}))
    assert "its data/tweets.js is not UTF-8 text; save it as UTF-8" in sentence


def test_an_archive_without_tweets_is_refused(tmp_path: Path) -> None:
    files: Files = {"data/tweets.js": "window.YTD.tweets.part0 = [ ]"}
    assert "it holds no tweets" in refusal(read_zip, zipped(tmp_path, files))
    assert "it holds no tweets" in refusal(read_script, folder(tmp_path, files) / "data/tweets.js")


def test_an_empty_tweets_file_is_refused(tmp_path: Path) -> None:
    assert "no window.YTD at its start" in refusal(read_zip, zipped(tmp_path, {"data/tweets.js": ""}))


def test_a_script_that_lists_something_else_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, {"like.js": script("like", {"like": {"tweetId": "1"}})}) / "like.js"
    assert "the file lists like, not tweets" in refusal(read_script, path)


@pytest.mark.parametrize(
    "record", ["text", 7, {"tweet": "text"}, {"tweet": {"id": "1"}}, tweet() | {"tweet": {"id": 1}}]
)
def test_a_record_that_is_no_tweet_is_refused_with_its_line(tmp_path: Path, record: Any) -> None:
    path = folder(tmp_path, {"tweets.js": script("tweets", tweet(), record)}) / "tweets.js"
    assert "line 12 of the file holds " in refusal(read_script, path)


@pytest.mark.parametrize("broken", [{"noteTweet": {}}, note("text", "some day"), {"noteTweet": {"core": {"text": 7}}}])
def test_a_long_post_without_date_or_text_is_refused(tmp_path: Path, broken: Any) -> None:
    files = whole_archive() | {"data/note-tweet.js": script("note_tweet", broken)}
    assert "line 2 of data/note-tweet.js holds a long post without" in refusal(read_zip, zipped(tmp_path, files))


def test_a_name_out_of_the_zip_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    sentence = refusal(read_zip, zipped(tmp_path, {"../\x1b[31mred" + "x" * 500: b""}))
    assert "\x1b" not in sentence
    assert len(sentence) < 300 + len(str(tmp_path))


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder that everybody may enter, and no root's privilege to read what is forbidden."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place)
        os.seteuid(user)


def forbid(path: Path) -> None:
    path.chmod(0)
    if os.geteuid() == 0:
        os.seteuid(65534)


@pytest.mark.parametrize("forbidden", ["data", "data/tweets.js"])
def test_a_folder_that_may_not_be_read_is_refused(as_nobody: Path, forbidden: str) -> None:
    root = folder(as_nobody, whole_archive())
    forbid(root / forbidden)
    assert "may not be read by this user" in refusal(read_folder, root)


def test_a_zip_that_may_not_be_read_is_refused(as_nobody: Path) -> None:
    path = zipped(as_nobody, whole_archive())
    forbid(path)
    assert "the file may not be read by this user" in refusal(read_zip, path)


def test_a_zip_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(read_zip, tmp_path / "none.zip")


def test_it_is_known_which_tweet_a_reply_answers(tmp_path: Path) -> None:
    answer = tweet("2", in_reply_to_status_id_str="1", in_reply_to_status_id="1")
    path = tmp_path / "tweets.js"
    path.write_text(script("tweets", tweet("1"), answer))
    assert [tweet.reply_to for tweet in read_script(path).tweets] == ["", "1"]
