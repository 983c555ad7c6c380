"""Plain values that many modules share.

Knows their form in JSON. Does not know where they come from or what they are used for.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """Who wrote the tweets. `handle` has no `@` and keeps its case; `avatar_url` is as the source gave it.

    `site` is `x` if the account is known to be on X. Otherwise it is empty: a file may hold tweets from anywhere.
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

    `source` says where the tweet can be looked up again, as in `x:12`. It is empty for a tweet from a file.
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
    """What a source gave: the account, if the source names it, and its tweets in any order, unique by id.

    `complete` says that no tweet of the account between the first and the last of these is missing, as in an X archive.
    So a tweet that is not among them was deleted. `withdrawn` are the ids of tweets that must not be kept: earlier
    versions of these tweets, and tweets that were not public. `notes` are sentences for the person who gave the file.
    They say what could not be read, and what was left out.
    """

    account: Account | None
    tweets: tuple[Tweet, ...]
    complete: bool = field(default=False, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    withdrawn: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """The dates of the first and the last tweet that has a date."""
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
    """How good a version is. Losses are bits per UTF-8 byte on the held-out tweets; lower is better.

    `drafts` is the number of texts that were drawn without any check. `exact_copies`, `near_copies` and `distinct_2`
    are about these drafts. A draft that repeats a tweet of less than five words, such as a thank-you, counts in
    `short_repeats` and not as a copy.

    `tweets` is the number of drafts that pass the checks which every answer passes, so people would see them. The
    figures after it are about these. Divergences are Jensen-Shannon's in bits: 0 for equal profiles, 1 for profiles
    with nothing in common. `attribution` is the share of the tweets that a classifier gives to the right person among
    the `accounts` that are known here. `held_out_attribution` is the same for the person's own held-out tweets. Both
    are None if fewer than two accounts are known.
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
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The version that was in use, measured on the same held-out tweets.

    `difference` is the new version's bits per byte minus those of this version. `standard_error` is the noise of the
    difference, paired over the tweets.
    """

    version: str
    held_out_bits_per_byte: float
    difference: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version may be used. `why_not` is one sentence with figures for whoever runs this; empty if it may.

    `for_people` says the same in everyday words, and what to do. Versions of older software have none.
    """

    why_not: str = ""
    for_people: str = ""

    @property
    def passed(self) -> bool:
        return not self.why_not

    def as_json(self) -> JSON:
        row: JSON = {"passed": self.passed, "why_not": self.why_not}
        return row | {"for_people": self.for_people} if self.for_people else row
