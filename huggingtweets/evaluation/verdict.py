"""How good a voice is in one word and one sentence: faint, fair or strong.

The verdict follows from the report alone, so a version of older software has one, too. A report without a figure that a
verdict needs gives none. The gate decides whether a version may be used; this only says how good it is.

Knows reports, manifests and words for people. Does not know how anything is measured.
"""

from enum import Enum, StrEnum

from huggingtweets.core.records import Report
from huggingtweets.registry.manifest import Manifest

# On ten accounts with 1,000 tweets each, voices on the embedded base foresee held-out tweets by 6 to 32 % better than
# the bare base does (benchmarks/fidelity.json). Less than that is hardly a voice.
FAIR_GAIN = 0.05
# English voices on the embedded base have 1.8 to 2.2 bits per byte there, and write sentences that go astray. Voices on
# a pre-trained model of 135 million parameters have 1.45, and write sentences that hold together. A script with two or
# three bytes a letter has fewer bits per byte, so this never blames such a voice without need.
LOST_BITS_PER_BYTE = 1.6
NEAR_COPIES = 0.01  # share of drafts, as the gate has it by default
MANY_TWEETS = 1_000  # from here on, the base holds a voice back more than the number of tweets does


class Strength(StrEnum):
    """How much of the person is in a voice."""

    FAINT = "faint"
    FAIR = "fair"
    STRONG = "strong"


class Weakness(Enum):
    """What a voice lacks most, as the end of a sentence about it."""

    COPIES = "it often repeats pieces of real tweets"
    LOST = "its sentences often lose the thread"


LEARNED = {
    Strength.FAINT: "it has picked up little of how they write",
    Strength.FAIR: "it has picked up the words and topics",
    Strength.STRONG: "it writes much as they do",
}


def strength(report: Report) -> Strength | None:
    """How good the voice is that `report` is of; None if the report does not say how good its base is."""
    if report.base_held_out_bits_per_byte <= 0:
        return None
    if gain(report) < FAIR_GAIN:
        return Strength.FAINT
    return Strength.FAIR


def weakness(report: Report) -> Weakness | None:
    """What the voice lacks most, or None if the report shows nothing."""
    if report.exact_copies or report.near_copies > NEAR_COPIES * report.drafts:
        return Weakness.COPIES
    return Weakness.LOST if report.held_out_bits_per_byte >= LOST_BITS_PER_BYTE else None


def gain(report: Report) -> float:
    """How much better the voice foresees held-out tweets than its bare base does, as a share of the base's loss."""
    return 1 - report.held_out_bits_per_byte / report.base_held_out_bits_per_byte


def in_words(report: Report | None, tweets: int) -> str:
    """The verdict on a voice that was learned from so many tweets, as a sentence. Empty if there is none."""
    how_good = strength(report) if report else None
    if not report or how_good is None:
        return ""
    lacks = weakness(report)
    linked = {Strength.FAINT: "and"}.get(how_good, "but")
    sentence = f"{how_good.capitalize()}: {LEARNED[how_good]}"
    if lacks:
        sentence += f", {linked} {lacks.value}"
    return f"{sentence}{_advice(how_good, lacks, tweets)}."


def of(manifest: Manifest) -> str:
    """The verdict on a version, as a sentence. Empty if there is none."""
    return in_words(manifest.report, manifest.counts.kept)


def strength_of(manifest: Manifest) -> Strength | None:
    """How good a version is; None if that was not measured."""
    return strength(manifest.report) if manifest.report else None


def _advice(how_good: Strength, lacks: Weakness | None, tweets: int) -> str:
    if how_good is Strength.STRONG and not lacks:
        return ""
    if tweets < MANY_TWEETS or lacks is Weakness.COPIES:
        return "; more tweets would help most"
    return "; a larger model to begin with would help most"
