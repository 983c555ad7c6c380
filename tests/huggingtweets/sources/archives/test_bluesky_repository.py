"""The repository of a Bluesky account: posts and reposts out of its search tree, whatever else is in it."""

import hashlib
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import libipld
import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.sources import read
from huggingtweets.sources.archives import bluesky_repository
from huggingtweets.tweets.learned.clean import clean

DID = "did:plc:keeper41"
POST, REPOST, LIKE = "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.feed.like"


def address(block: bytes) -> bytes:
    return b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()


def varint(number: int) -> bytes:
    rest, last = divmod(number, 128)
    return bytes([last | 128]) + varint(rest) if rest else bytes([last])


class Repository:
    """Builds a repository as a server does: records, nodes of a tree that share the beginnings of keys, a commit."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def add(self, value: Any) -> bytes:
        self.blocks.append(libipld.encode_dag_cbor(value))
        return address(self.blocks[-1])

    def node(self, records: dict[str, Any], left: bytes | None = None, right: bytes | None = None) -> bytes:
        entries: list[dict[str, Any]] = []
        before = b""
        for key, record in sorted(records.items()):
            written = key.encode()
            shared = next((at for at, pair in enumerate(zip(before, written, strict=False)) if len(set(pair)) > 1), 0)
            entries.append({"p": shared, "k": written[shared:], "v": self.add(record), "t": None})
            before = written
        if entries:
            entries[-1]["t"] = right
        return self.add({"l": left, "e": entries})

    def saved(self, path: Path, tree: object, did: str = DID) -> Path:
        root = self.add({"did": did, "version": 3, "data": tree, "rev": "3k", "prev": None, "sig": b"s" * 64})
        header = libipld.encode_dag_cbor({"roots": [root], "version": 1})
        parts = [address(block) + block for block in self.blocks]
        path.write_bytes(b"".join(varint(len(part)) + part for part in [header, *parts]))
        return path


def post(text: str, **more: Any) -> dict[str, Any]:
    return {"$type": POST, "text": text, "createdAt": "2024-05-06T07:08:09.000Z", "langs": ["en"]} | more


def keeper(path: Path) -> Path:
    repository = Repository()
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://fog.example/long"}
    facets = [{"index": {"byteStart": 4, "byteEnd": 15}, "features": [link]}]
    parent = {"uri": f"at://{DID}/{POST}/3k1", "cid": "bafy"}
    left = repository.node({f"{LIKE}/3k0": {"$type": LIKE, "subject": {"uri": "at://x/y/z"}}})
    right = repository.node({
        f"{REPOST}/3k9": {"$type": REPOST, "subject": {"uri": "at://did:plc:bob/post/1"}, "createdAt": "2024"},
        "app.bsky.actor.profile/self": {"$type": "app.bsky.actor.profile", "displayName": "Keeper"},
    })  # fmt: skip
    tree = repository.node(
        {
            f"{POST}/3k1": post("the fog is <thick> & grey"),
            f"{POST}/3k2": post("see fog.example… now", facets=facets),
            f"{POST}/3k3": post("and it stays", reply={"root": parent, "parent": parent}),
        },
        left,
        right,
    )
    return repository.saved(path, tree)


def test_posts_and_reposts_are_read_and_nothing_else(tmp_path: Path) -> None:
    collected = read(keeper(tmp_path / "repo.car"))
    tweets = {tweet.id.rpartition("/")[2]: tweet for tweet in collected.tweets}
    assert sorted(tweets) == ["1", "3k1", "3k2", "3k3"]
    assert tweets["3k1"].id == f"at://{DID}/{POST}/3k1"
    assert tweets["3k1"].text == "the fog is &lt;thick&gt; &amp; grey"
    assert clean(tweets["3k2"].text) == "see now"
    assert (tweets["3k3"].is_reply, tweets["3k3"].reply_to) == (True, tweets["3k1"].id)
    assert (tweets["1"].is_retweet, tweets["3k1"].lang) == (True, "en")
    assert {tweet.source for tweet in collected.tweets} == {f"bluesky:{DID}"}
    assert collected.account is None, "the file knows no handle"
    assert collected.form == "a repository of Bluesky"


def test_its_content_decides_and_not_its_name(tmp_path: Path) -> None:
    assert len(read(keeper(tmp_path / "mine.download")).tweets) == 4


@pytest.mark.parametrize(
    ("tree", "did", "why"),
    [
        (None, DID, "holds no posts"),
        (7, DID, "holds no posts"),
        (b"nowhere", DID, "holds no posts"),
        (None, "ann", "no repository of an account"),
    ],
)
def test_a_repository_without_posts_is_refused(tmp_path: Path, tree: object, did: str, why: str) -> None:
    with pytest.raises(BadSource, match=why):
        read(Repository().saved(tmp_path / "a.car", tree, did))


def test_a_tree_that_turns_in_circles_or_holds_anything_ends(tmp_path: Path) -> None:
    repository = Repository()
    record = repository.add(post("the fog"))
    entries = [
        {"p": -5, "k": f"{POST}/1".encode(), "v": record, "t": None},
        {"k": 3},
        7,
        {"p": 99, "k": b"\xff", "v": b"x"},
    ]
    tree = repository.add({"l": repository.add({"e": 4, "l": [1]}), "e": entries})
    (tweet,) = read(
        repository.saved(tmp_path / "a.car", repository.add({"l": tree, "e": [{"k": b"", "t": tree}]}))
    ).tweets
    assert tweet.text == "the fog"


def test_damage_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = keeper(tmp_path / "repo.car")
    whole, chance = path.read_bytes(), random.Random(7)
    for _ in range(300):
        damaged = bytearray(whole[: chance.randrange(30, len(whole) + 1)])
        for _ in range(chance.randrange(3)):
            damaged[chance.randrange(20, len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        with suppress(BadSource):
            assert read(path).tweets
    path.write_bytes(whole[:60] + b"\x81" * 100_000)
    with pytest.raises(BadSource, match="broken or incomplete repository"):
        read(path)


def test_a_repository_that_is_larger_than_is_held_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="larger than the 100 bytes"):
        bluesky_repository.read(keeper(tmp_path / "repo.car"), max_bytes=100)
