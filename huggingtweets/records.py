"""Plain values that cross module borders. They know how to be written to JSON, and nothing else."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """Who wrote the tweets. `handle` has no `@` and keeps its case; `avatar_url` is as the source gave it."""

    handle: str
    display_name: str = ""
    avatar_url: str = ""

    def as_json(self) -> JSON:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Tweet:
    """One tweet as its source gave it: `text` is raw (HTML entities, t.co links), `created_at` is aware or unknown.

    `source` marks those that can be looked up where they came from, as in `x:12`; it is empty for those out of a file.
    """

    id: str
    text: str
    created_at: datetime | None = None
    is_retweet: bool = False
    is_reply: bool = False
    lang: str | None = None
    source: str = ""

    def as_json(self) -> JSON:
        return {**asdict(self), "created_at": self.created_at.isoformat() if self.created_at else None}

    @classmethod
    def from_json(cls, row: JSON) -> "Tweet":
        written = row.get("created_at")
        return cls(
            id=row["id"],
            text=row["text"],
            created_at=datetime.fromisoformat(written) if written else None,
            is_retweet=row["is_retweet"],
            is_reply=row["is_reply"],
            lang=row.get("lang"),
            source=row.get("source", ""),
        )


@dataclass(frozen=True, slots=True)
class Collected:
    """What a source gave: the account, where it says who that is, and its tweets in any order, unique by id."""

    account: Account | None
    tweets: tuple[Tweet, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the downloaded tweets; always `downloaded - retweets - short == kept`."""

    downloaded: int
    retweets: int
    short: int

    @property
    def kept(self) -> int:
        return self.downloaded - self.retweets - self.short

    def as_json(self) -> JSON:
        return {**asdict(self), "kept": self.kept}


@dataclass(frozen=True, slots=True)
class Report:
    """How a version did. Losses are bits per UTF-8 byte on the held-out tweets, lower is better.

    `drafts` were drawn without any check; `exact_copies` of them repeat a tweet of the person's; `distinct_2` is the
    share of different word pairs among all word pairs in them.
    """

    held_out_tweets: int
    held_out_bits_per_byte: float
    base_held_out_bits_per_byte: float
    drafts: int
    exact_copies: int
    distinct_2: float

    def as_json(self) -> JSON:
        return asdict(self)
