"""Plain values that cross module borders. They know how to be written to JSON, and nothing else."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """Who wrote the tweets. `handle` has no `@` and keeps its case; `avatar_url` is as the source gave it.

    `site` is `x` where it is known that the account is there; a file may be of anybody, anywhere.
    """

    handle: str
    display_name: str = ""
    avatar_url: str = ""
    site: str = field(default="", compare=False)

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
    """What a source gave: the account, where it says who that is, and its tweets in any order, unique by id.

    `complete` says that all the account's tweets from the first to the last of these are there, as in an X archive: one
    that is not among them was deleted. `withdrawn` are ids of what must not be kept: earlier versions of these tweets,
    and tweets that were not for everybody. `notes` are sentences for the person who gave the file: what could not be
    read, and what was left out.
    """

    account: Account | None
    tweets: tuple[Tweet, ...]
    complete: bool = field(default=False, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    withdrawn: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """When the first and the last of the tweets with a date were written."""
        dates = [tweet.created_at for tweet in self.tweets if tweet.created_at]
        return (min(dates), max(dates)) if dates else None


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the downloaded tweets; always `downloaded - retweets - short == kept`."""

    downloaded: int
    retweets: int
    short: int

    @property
    def kept(self) -> int:
        return self.downloaded - self.retweets - self.short

    def __str__(self) -> str:
        return (
            f"{self.downloaded:,} downloaded - {self.retweets:,} retweets - {self.short:,} short = {self.kept:,} kept"
        )

    def as_json(self) -> JSON:
        return {**asdict(self), "kept": self.kept}

    @classmethod
    def from_json(cls, row: JSON) -> "Counts":
        return cls(row["downloaded"], row["retweets"], row["short"])

    @classmethod
    def sum(cls, several: Iterable["Counts"]) -> "Counts":
        """The counts of several accounts together."""
        rows = [(counts.downloaded, counts.retweets, counts.short) for counts in several]
        return cls(*map(sum, zip(*rows, strict=True))) if rows else cls(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Report:
    """How a version did. Losses are bits per UTF-8 byte on the held-out tweets, lower is better.

    `drafts` were drawn without any check, and `exact_copies`, `near_copies` and `distinct_2` are of them; those that
    repeat a tweet of less than five words, such as a thank-you, are `short_repeats` and no copies. `tweets` are
    those of the drafts that pass the checks which every answer passes, and the figures after it are of these: what
    people get to see. Divergences are Jensen-Shannon's in bits, 0 for equal profiles and 1 for profiles with nothing in
    common. `attribution` is the share of the tweets that a classifier over the `accounts` known here gives to the right
    person, `held_out_attribution` the same for the person's own held-out tweets; both are None while fewer than two
    accounts are known, because then there is nobody else to be taken for.
    """

    held_out_tweets: int
    held_out_bits_per_byte: float
    base_held_out_bits_per_byte: float
    drafts: int
    exact_copies: int
    near_copies: int
    distinct_2: float
    tweets: int
    length_divergence: float
    emoji_divergence: float
    accounts: int
    attribution: float | None = None
    held_out_attribution: float | None = None
    previous: "Comparison | None" = None
    short_repeats: int = 0

    def as_json(self) -> JSON:
        return asdict(self)

    @classmethod
    def from_json(cls, row: JSON) -> "Report":
        previous = row.get("previous")
        return cls(**{**row, "previous": Comparison(**previous) if previous else None})


@dataclass(frozen=True, slots=True)
class Comparison:
    """The version that was in use, on the same held-out tweets.

    `difference` is the new version's bits per byte less its own, and `standard_error` the noise of that, paired over
    the tweets.
    """

    version: str
    held_out_bits_per_byte: float
    difference: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version may be used, and why not: one sentence, empty when it may."""

    why_not: str = ""

    @property
    def passed(self) -> bool:
        return not self.why_not

    def as_json(self) -> JSON:
        return {"passed": self.passed, "why_not": self.why_not}
