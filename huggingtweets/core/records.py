"""Plain values that many modules share.

Knows their form in JSON. Does not know where they come from or what they are used for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from huggingtweets.core.text.phrases import Phrase

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
class Said:
    """What somebody else said before a reply: the raw `text`, and who said it, as in `bluesky:did:plc:1`."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Tweet:
    """One tweet as its source gave it: `text` is raw (HTML entities, t.co links), `created_at` is aware or unknown.

    `source` says where the tweet can be looked up again, as in `x:12`. It is empty for a tweet from a file. `reply_to`
    is the id of the post that it answers, and `said` is that post if it is by somebody else and the source gives it.
    """

    id: str
    text: str
    created_at: datetime | None = None
    is_retweet: bool = False
    is_reply: bool = False
    lang: str | None = None
    source: str = ""
    reply_to: str = ""
    said: Said | None = None

    def as_json(self) -> JSON:
        row = {**asdict(self), "created_at": self.created_at.isoformat() if self.created_at else None}
        return {key: value for key, value in row.items() if value or key not in ("reply_to", "said")}

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
            reply_to=row.get("reply_to", ""),
            said=Said(**row["said"]) if row.get("said") else None,
        )


@dataclass(frozen=True, slots=True)
class Collected:
    """What a source gave: the account, if the source names it, and its tweets in any order, unique by id.

    `complete` says that no tweet of the account between the first and the last of these is missing, as in an X archive.
    So a tweet that is not among them was deleted. `withdrawn` are the ids of tweets that must not be kept: earlier
    versions of these tweets, and tweets that were not public. `notes` are sentences for the person who gave the file.
    They say what could not be read, and what was left out. `form` is what the source is, in words, and `encoding` how
    its text was read, if it had to be found out. `left_out` has the number of posts that were passed over, by reason.
    `known_as` are the names under which the source knows whose these are, of one person among several.
    """

    account: Account | None
    tweets: tuple[Tweet, ...]
    complete: bool = field(default=False, compare=False)
    notes: tuple[Phrase, ...] = field(default=(), compare=False)
    withdrawn: frozenset[str] = field(default=frozenset(), compare=False)
    form: str = field(default="", compare=False)
    encoding: str = field(default="", compare=False)
    left_out: Mapping[str, int] = field(default_factory=dict, compare=False)
    known_as: tuple[str, ...] = field(default=(), compare=False)

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
    are None if fewer than two accounts are known. `sense` is None if there are too few tweets, and in the reports of
    older software. `replies` is None if fewer than 20 held-out replies have a context.
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
    sense: "Sense | None" = None
    replies: "Replies | None" = None

    @property
    def figures(self) -> dict[str, float]:
        """All its figures by name, without the comparison with another version and without intervals."""
        figures = {key: value for key, value in self.as_json().items() if isinstance(value, int | float)}
        figures |= {key: figure.value for key, figure in self.sense.figures.items()} if self.sense else {}
        return figures | (
            {f"replies_{key}": value for key, value in asdict(self.replies).items()} if self.replies else {}
        )

    def as_json(self) -> JSON:
        row = asdict(self)
        return {key: value for key, value in row.items() if value is not None or key not in ("sense", "replies")}

    @classmethod
    def from_json(cls, row: JSON) -> "Report":
        previous, sense, replies = row.get("previous"), row.get("sense"), row.get("replies")
        parts = {
            "previous": Comparison(**previous) if previous else None,
            "sense": Sense.from_json(sense) if sense else None,
            "replies": Replies(**replies) if replies else None,
        }
        return cls(**{**row, **parts})


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def from_json(cls, row: JSON) -> "Estimate":
        return cls(row["value"], row["low"], row["high"])


@dataclass(frozen=True, slots=True)
class Sense:
    """How well the tweets that people would see can be told from the person's real held-out ones.

    `tweets` of each kind were compared. `told_apart` is the share that a classifier of words and characters puts on the
    right side: 0.5 is perfect. `own_told_apart` is the same for tweets of the person that were learned, in place of
    drawn ones. It is above 0.5 where the person writes of other things now, and no voice can be expected to do better.

    `judge` names an untuned model that is not the base of the voice; it is empty if there is none here. Its bits per
    byte of each tweet are known to the classifier. `bits_ratio` is their mean over the drawn tweets by that over the
    real ones: 1 is perfect, word salad is above and blandness below. `bits_auc` is how often a drawn tweet has more of
    them than a real one: 0.5 is perfect. Without a judge both are None.
    """

    tweets: int
    told_apart: Estimate
    own_told_apart: Estimate
    judge: str = ""
    bits_ratio: Estimate | None = None
    bits_auc: Estimate | None = None

    @property
    def figures(self) -> dict[str, Estimate]:
        """The figures that there are, by name."""
        every = {key: getattr(self, key) for key in ("told_apart", "own_told_apart", "bits_ratio", "bits_auc")}
        return {key: figure for key, figure in every.items() if figure}

    @classmethod
    def from_json(cls, row: JSON) -> "Sense":
        figures = {key: Estimate.from_json(value) for key, value in row.items() if isinstance(value, dict)}
        return cls(**{**row, **figures})


@dataclass(frozen=True, slots=True)
class Replies:
    """Whether a voice answers what was said, measured on `pairs` held-out replies.

    Their bits per byte with what was said before, without it, and with what was said before another reply.
    `right_is_better` is the share of replies that have fewer bits with their own context than with another's.
    """

    pairs: int
    with_context: float
    without_context: float
    with_another: float
    right_is_better: float

    @property
    def saved(self) -> float:
        """The share of a reply's bits that what it answers saves."""
        return 1 - self.with_context / self.without_context


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

    `for_people` says the same in everyday words, and what to do, and `phrase` says that in other languages. Versions of
    older software have neither. `caution` is for whoever runs this: a sentence on a weakness that does not keep the
    version from being used, or nothing.
    """

    why_not: str = ""
    for_people: str = ""
    caution: str = ""
    phrase: JSON | None = None

    @property
    def passed(self) -> bool:
        return not self.why_not

    def as_json(self) -> JSON:
        row: JSON = {"passed": self.passed, "why_not": self.why_not}
        return row | {key: told for key in ("for_people", "caution", "phrase") if (told := getattr(self, key))}
