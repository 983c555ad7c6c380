"""The repository of a Bluesky account, as *Settings, Account, Export my data* gives it: one file with the ending .car.

All records of an account hang from its last commit in a search tree. Read are posts and reposts; likes, follows and
blocks are passed over. Made after https://atproto.com/specs/repository. Does not know what a post looks like
(`bluesky_posts`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import libipld

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.core.text import dates
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.archives.bluesky_posts import DID, source_of, tweet_of
from huggingtweets.sources.reading.files import ByteBudget, explained

FORM = "a repository of Bluesky"
MAX_BYTES = 1 << 28  # held as a whole; pictures are not in it, so a hundred thousand posts take a tenth
_HEAD = b"\xa2eroots"  # how the header begins, after its length
_POST, _REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
_AGAIN = Phrase("export your repository again")
Blocks = Mapping[bytes, Any]


def is_repository(head: bytes) -> bool:
    """Returns True if a file that begins with `head` is a repository."""
    return _HEAD in head[: len(_HEAD) + 3]


def read(path: Path, max_bytes: int = MAX_BYTES) -> Collected:
    """The account's posts. The file knows the account's number and not its handle. Raises `BadSource`."""
    with explained(path), path.open("rb") as binary:
        budget = ByteBudget(path, max_bytes)
        budget.allow(path.stat().st_size, "the file")
        content = binary.read(max_bytes + 1)
        budget.spend(len(content), "the file")
    root, blocks = _unpacked(path, content)
    commit = _block(blocks, root)
    did = str(commit.get("did"))
    if not DID.fullmatch(did):
        raise BadSource(path, Phrase("it is no repository of an account"), _AGAIN)
    tweets = {tweet.id: tweet for key, record in _records(blocks, commit) if (tweet := _tweet(key, record, did))}
    if not tweets:
        mend = Phrase("give the repository of an account that has posted")
        raise BadSource(path, Phrase("it holds no posts"), mend)
    return Collected(None, tuple(tweets.values()), form=FORM)


def _unpacked(path: Path, content: bytes) -> tuple[bytes, Blocks]:
    """The address of the last commit, and all blocks by their addresses."""
    try:
        header, blocks = libipld.decode_car(content)
    except (ValueError, RecursionError, OverflowError, MemoryError) as error:
        raise _broken(path) from error
    roots = header.get("roots") if isinstance(header, dict) else None
    if not isinstance(roots, list) or not roots or not isinstance(roots[0], bytes):
        raise _broken(path)
    return roots[0], blocks


def _broken(path: Path) -> BadSource:
    return BadSource(path, Phrase("it is a broken or incomplete repository"), _AGAIN)


def _block(blocks: Blocks, address: object) -> dict[str, Any]:
    block = blocks.get(address) if isinstance(address, bytes) else None
    return block if isinstance(block, dict) else {}


def _records(blocks: Blocks, commit: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each record in the tree, with its key: the name of its collection and its own. No node is read twice."""
    waiting, seen = [commit.get("data")], set[bytes]()
    while waiting:
        address = waiting.pop()
        if not isinstance(address, bytes) or address in seen:
            continue
        seen.add(address)
        node = _block(blocks, address)
        waiting.append(node.get("l"))
        key = b""
        for entry in node["e"] if isinstance(node.get("e"), list) else []:
            if not isinstance(entry, dict) or not isinstance(entry.get("k"), bytes):
                continue
            shared = entry.get("p")
            # A key leaves out what it has in common with the key before it.
            key = key[: shared if isinstance(shared, int) and shared >= 0 else 0] + entry["k"]
            waiting.append(entry.get("t"))
            yield key.decode("ascii", "replace"), _block(blocks, entry.get("v"))


def _tweet(key: str, record: Mapping[str, Any], did: str) -> Tweet | None:
    """The post or repost in a record; None for anything else."""
    uri, collection = f"at://{did}/{key}", key.partition("/")[0]
    if collection == _POST:
        return tweet_of(record, uri, did)
    subject = record.get("subject")
    if collection != _REPOST or not isinstance(subject, dict):
        return None
    reposted = str(subject.get("uri"))
    when = dates.moment(record.get("createdAt"))
    return Tweet(f"repost:{reposted}", f"RT {reposted}", when, is_retweet=True, source=source_of(did))
