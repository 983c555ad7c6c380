"""Fuzzing of everything that reads tweets: archives of each service, tables of any form, and damage in both.

The files are nearly right, so that they come far. `make nightly` tries 2,000 of each kind. Each finding becomes a test
beside the module in which it was.
"""

import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.sources import read
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.clean import clean_all
from tests.fuzz.test_texts import is_shown_as_one_line

TEXTS = st.one_of(
    st.sampled_from(["the fog is thick", "RT @bob: yes", "@ann &amp; more", "b'caf\\xc3\\xa9'", "", "\ud83d", "=1+1"]),
    st.text(max_size=40),
)
DATES = st.sampled_from(
    ["Sat Nov 09 12:14:18 +0000 2024", "2024-11-09T12:14:18.000Z", "31/12/2023 4:05", "9999-12-31", "", "0", "-1e400"]
)
IDS = st.one_of(st.integers(-(2**70), 2**70), st.sampled_from(["1", "2", "1.0", "1e18", "", "x" * 500]))
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), IDS, st.floats(), TEXTS, DATES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of `fields`, each of which is sometimes something else."""
    return st.fixed_dictionaries({}, optional={key: st.one_of(kind, ANYTHING) for key, kind in fields.items()})


EVERYBODY = "https://www.w3.org/ns/activitystreams#Public"
TWEETS = record(
    id_str=IDS, id=IDS, full_text=TEXTS, text=TEXTS, created_at=DATES, retweeted=st.booleans(),
    in_reply_to_status_id_str=IDS, in_reply_to_user_id_str=IDS, lang=st.sampled_from(["en", "und"]),
    entities=record(urls=st.lists(record(url=TEXTS, expanded_url=TEXTS), max_size=2)), edit_info=ANYTHING,
    user=record(screen_name=TEXTS, id_str=IDS),
)  # fmt: skip
NOTES = record(noteTweetId=IDS, createdAt=DATES, core=record(text=TEXTS, urls=st.lists(ANYTHING, max_size=2)))
POSTS = record(
    id=TEXTS, type=st.sampled_from(["Note", "Create", "Announce"]), published=DATES, to=st.lists(TEXTS, max_size=2),
    object=record(id=TEXTS, content=TEXTS, to=st.just([EVERYBODY]), published=DATES),
    content=TEXTS, visibility=st.sampled_from(["public", "private"]), reblog=ANYTHING,
    account=record(acct=TEXTS, username=TEXTS, url=st.sampled_from(["https://m.example/@ann", "https://[half", "//"])),
)  # fmt: skip
MESSAGES = record(ID=IDS, Timestamp=DATES, Contents=TEXTS, Attachments=TEXTS)


def wrapped(kind: str, key: str, rows: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """A file of X's archive. Sometimes it begins in another way."""
    start = st.sampled_from([f"window.YTD.{kind}.part0 = ", f"window.YTD.{kind}.part0=", "", "Grailbird.data.x ="])
    values = st.lists(st.fixed_dictionaries({key: rows}), max_size=4)
    return st.builds(lambda begin, some: begin + dumped(some), start, values)


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


MEDIA = record(
    title=TEXTS, creation_timestamp=IDS, media=st.lists(
        record(title=TEXTS, creation_timestamp=IDS, text_app_post=record(is_reply=st.booleans())), max_size=2
    ),
)  # fmt: skip
FACEBOOK = record(
    timestamp=IDS,
    title=TEXTS,
    data=st.lists(record(post=TEXTS, comment=record(comment=TEXTS, timestamp=IDS)), max_size=2),
)
TALK = record(
    id=IDS, type=st.just("message"), date=DATES, date_unixtime=IDS, text=st.one_of(TEXTS, st.lists(TEXTS, max_size=2)),
    reply_to_message_id=IDS, forwarded_from=TEXTS, **{"from": st.sampled_from(["Ann", "Bob"]), "from_id": IDS},
)  # fmt: skip
TELEGRAM = record(
    type=st.sampled_from(["private_group", "personal_chat"]), id=IDS, messages=st.lists(TALK, max_size=4),
    personal_information=record(user_id=IDS, username=TEXTS), chats=record(list=st.lists(ANYTHING, max_size=2)),
).map(dumped)  # fmt: skip
WHATSAPP = st.lists(
    st.tuples(
        st.sampled_from(
            ["31/12/23, 21:41 - ", "[1/2/23, 9:41:05 PM] ", "2023/12/31 下午9:41 - ", "99/99/99, 9:99 - ", ""]
        ),
        st.sampled_from(["Ann: ", "Bob: ", "Ann", "\u200e", ":"]),
        TEXTS,
    ).map("".join),
    max_size=6,
).map("\n".join)
REDDIT = st.lists(st.lists(TEXTS, max_size=5).map(",".join), max_size=4).map(
    lambda rows: "\n".join(["id,permalink,date,subreddit,body", *rows])
)


PARTS: Mapping[str, st.SearchStrategy[str]] = {
    "data/tweets.js": wrapped("tweets", "tweet", TWEETS),
    "data/tweets-part1.js": wrapped("tweets", "tweet", TWEETS),
    "data/note-tweet.js": wrapped("note_tweet", "noteTweet", NOTES),
    "data/community-tweet.js": wrapped("community_tweet", "tweet", TWEETS),
    "data/twitter-circle-tweet.js": wrapped("twitter_circle_tweet", "tweet", TWEETS),
    "data/account.js": wrapped("account", "account", record(username=TEXTS, accountId=IDS, accountDisplayName=TEXTS)),
    "data/manifest.js": st.just("window.__THAR_CONFIG = { }"),
    "data/js/tweets/2012_01.js": st.lists(TWEETS, max_size=3).map(
        lambda rows: f"Grailbird.data.tweets_2012_01 = {dumped(rows)}"
    ),
    "data/js/user_details.js": record(screen_name=TEXTS, id=IDS).map(lambda row: f"var user_details = {dumped(row)}"),
    "outbox.json": record(orderedItems=st.lists(POSTS, max_size=4), type=TEXTS).map(dumped),
    "actor.json": record(preferredUsername=TEXTS, id=TEXTS, name=TEXTS, icon=ANYTHING).map(dumped),
    "messages/index.json": st.dictionaries(TEXTS, TEXTS, max_size=3).map(dumped),
    "messages/c1/channel.json": record(id=IDS, type=st.sampled_from([0, 1, "DM", "GUILD_TEXT"])).map(dumped),
    "messages/c1/messages.json": st.lists(MESSAGES, max_size=4).map(dumped),
    "messages/c1/messages.csv": st.lists(TEXTS, max_size=8).map(",".join),
    "account/user.json": record(id=IDS, username=TEXTS, global_name=TEXTS).map(dumped),
    "your_instagram_activity/threads/threads_and_replies.json": record(
        text_post_app_text_posts=st.lists(MEDIA, max_size=3)
    ).map(dumped),
    "your_instagram_activity/comments/post_comments_1.json": st.lists(
        record(string_map_data=record(Comment=record(value=TEXTS), Time=record(timestamp=IDS))), max_size=3
    ).map(dumped),
    "posts/your_posts_1.json": st.lists(FACEBOOK, max_size=3).map(dumped),
    "personal_information.json": record(
        profile_user=st.lists(record(string_map_data=record(Username=record(value=TEXTS))), max_size=2)
    ).map(dumped),
    "comments.csv": REDDIT,
    "statistics.csv": st.lists(TEXTS, max_size=4).map(",".join),
    "result.json": TELEGRAM,
    "_chat.txt": WHATSAPP,
    "tweets.csv": st.lists(st.lists(TEXTS, min_size=2, max_size=3).map(",".join), max_size=4).map("\n".join),
}
SERVICES = (
    ("data/tweets", "data/note", "data/c", "data/t", "data/a", "data/m"), ("data/js",), ("outbox", "actor"),
    ("messages", "account"), ("your_", "posts/", "personal"), ("comments", "statistics"), ("result",), ("_chat",),
    ("tweets.csv",), ("",),
)  # fmt: skip
DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=3)


@st.composite
def members(draw: st.DrawFn) -> dict[str, bytes]:
    """The files of an archive: some of one service, or of several."""
    beginnings = draw(st.sampled_from(SERVICES))
    names = [name for name in PARTS if name.startswith(beginnings)]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=len(names)))
    above = draw(st.sampled_from(["", "", "twitter-2024/", "../"]))
    return {f"{above}{name}": draw(PARTS[name]).encode("utf-8", "surrogatepass") for name in chosen}


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            facts = tarfile.TarInfo(name)
            facts.size = len(content)
            archive.addfile(facts, io.BytesIO(content))
    return packed.getvalue()


def damaged(content: bytes, damage: list[tuple[float, int]]) -> bytes:
    changed = bytearray(content)
    for place, value in damage if content else []:
        changed[int(place * len(content))] = value
    return bytes(changed)


def is_told_well(refused: BadSource) -> bool:
    """One sentence for each kind of reader, on one line, which shows nothing that cannot be seen."""
    return all(said.endswith(".") and is_shown_as_one_line(said) for said in (str(refused), refused.for_people))


def tried(content: bytes, name: str) -> None:
    """Read a file, and use what it gives as a training does. Only a refusal in a sentence may come instead."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            collected = read(path, {"ann"})
        except BadSource as refused:
            assert is_told_well(refused), str(refused)
            return
        used(collected, Path(folder))


def used(collected: Collected, folder: Path) -> None:
    assert len({tweet.id for tweet in collected.tweets}) == len(collected.tweets)
    assert [Tweet.from_json(json.loads(json.dumps(tweet.as_json()))) for tweet in collected.tweets] == [
        *collected.tweets
    ]
    assert all(is_shown_as_one_line(note) for note in collected.notes)
    kept, counts = clean_all(collected.tweets)
    assert counts.kept == len(kept)
    store = TweetStore(folder / "store")
    store.take_in("ann", collected)
    assert len(store.tweets("ann")) == len(collected.tweets)


@given(files=members(), damage=DAMAGE, pack=st.sampled_from([zipped, tarred]))
def test_any_archive_is_read_or_refused_in_a_sentence(
    files: dict[str, bytes], damage: list[tuple[float, int]], pack: Any
) -> None:
    tried(damaged(pack(files), damage), "archive.zip" if pack is zipped else "archive.tar.gz")


ROWS = st.lists(st.one_of(TWEETS, POSTS, MESSAGES, ANYTHING), max_size=5)
TABLES = st.one_of(
    ROWS.map(lambda rows: "\n".join(map(dumped, rows))),
    ROWS.map(dumped),
    st.fixed_dictionaries({"data": ROWS, "includes": ANYTHING}).map(dumped),
    st.tuples(
        st.lists(st.sampled_from(["id", "text", "tweet", "created_at", "username", "date", "", "x"]), max_size=4),
        st.lists(st.lists(TEXTS, max_size=4), max_size=5),
        st.sampled_from([",", ";", "\t", "|"]),
    ).map(lambda parts: "\n".join(parts[2].join(cells) for cells in [parts[0], *parts[1]])),
    st.lists(TEXTS, max_size=6).map("<|endoftext|>".join),
    TELEGRAM,
    WHATSAPP,
    REDDIT,
    st.lists(FACEBOOK, max_size=3).map(dumped),
    st.lists(MEDIA, max_size=3).map(dumped),
    wrapped("tweets", "tweet", TWEETS),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "shift-jis"])
NAMES = st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.txt", "a.tsv", "a.js", "a", "a.xyz"])


@given(table=TABLES, encoding=ENCODINGS, damage=DAMAGE, name=NAMES)
def test_any_table_is_read_or_refused_in_a_sentence(
    table: str, encoding: str, damage: list[tuple[float, int]], name: str
) -> None:
    tried(damaged(table.encode(encoding, "replace"), damage), name)
