"""How good a voice is in one word and one sentence: faint, fair or strong.

The verdict follows from the report alone, so a version of older software has one, too. It is never strong where nobody
has tried to tell its tweets from real ones. A report without the loss of the base gives none. The gate decides whether
a version may be used; this only says how good it is.

Knows reports, manifests and words for people. Does not know how anything is measured.
"""

from enum import Enum, StrEnum

from huggingtweets.core.records import Report, Sense
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.manifest import Manifest

# On ten accounts with 1,000 tweets each, voices on the embedded base foresee held-out tweets by 6 to 32 % better than
# the bare base does (benchmarks/fidelity.json). Less than that is hardly a voice.
FAIR_GAIN = 0.05
# English voices on the embedded base have 1.8 to 2.2 bits per byte there, and write sentences that go astray. Voices on
# a pre-trained model of 135 million parameters have 1.45, and write sentences that hold together. A script with two or
# three bytes a letter has fewer bits per byte, so this never blames such a voice without need.
LOST_BITS_PER_BYTE = 1.6
NEAR_COPIES = 0.01  # share of drafts, as the gate has it by default
# The share of tweets that a test tells from the person's real ones. Voices on the embedded base have 0.74 to 0.90, and
# a filtered Markov chain 0.73 (ten accounts); by chance it is 0.5. No voice has to do better than the person's own
# earlier tweets, which can be told from the later ones, too.
STRONG_TOLD_APART = 0.7
FAINT_TOLD_APART = 0.95
UNSURE = 0.1  # how much of the interval may lie beyond the limit for a strong voice
# Another model finds word salad of the embedded base's voices 1.13 times as strange as real tweets (five accounts).
BITS_RATIO = 0.1
MANY_TWEETS = 1_000  # from here on, the base holds a voice back more than the number of tweets does


class Strength(StrEnum):
    """How much of the person is in a voice."""

    FAINT = "faint"
    FAIR = "fair"
    STRONG = "strong"


class Weakness(Enum):
    """What a voice lacks most, as the end of a sentence about it."""

    COPIES = Phrase("it often repeats pieces of real tweets")
    LOST = Phrase("its sentences often lose the thread")
    BLAND = Phrase("it is tamer than they are")
    TOLD_APART = Phrase("its tweets are still easy to tell from real ones")


LEARNED = {
    Strength.FAINT: Phrase("Faint: it has picked up little of how they write"),
    Strength.FAIR: Phrase("Fair: it has picked up the words and topics"),
    Strength.STRONG: Phrase("Strong: it writes much as they do"),
}


def strength(report: Report) -> Strength | None:
    """How good the voice is that `report` is of; None if the report does not say how good its base is."""
    if report.base_held_out_bits_per_byte <= 0:
        return None
    sense = report.sense
    if gain(report) < FAIR_GAIN or (sense and sense.told_apart.low > max(FAINT_TOLD_APART, sense.own_told_apart.value)):
        return Strength.FAINT
    return Strength.STRONG if sense and not weakness(report) and _passes_for_real(sense) else Strength.FAIR


def weakness(report: Report) -> Weakness | None:
    """What the voice lacks most, or None if the report shows nothing."""
    if report.exact_copies or report.near_copies > NEAR_COPIES * report.drafts:
        return Weakness.COPIES
    sense = report.sense
    if not (sense and sense.bits_ratio):
        lost, bland = report.held_out_bits_per_byte >= LOST_BITS_PER_BYTE, False
    else:
        lost, bland = sense.bits_ratio.value > 1 + BITS_RATIO, sense.bits_ratio.value < 1 - BITS_RATIO
    if lost or bland:
        return Weakness.LOST if lost else Weakness.BLAND
    return Weakness.TOLD_APART if sense and sense.told_apart.low > _told_apart_limit(sense) else None


def _passes_for_real(sense: Sense) -> bool:
    limit = _told_apart_limit(sense)
    return sense.told_apart.value <= limit and sense.told_apart.high <= limit + UNSURE


def _told_apart_limit(sense: Sense) -> float:
    return max(STRONG_TOLD_APART, sense.own_told_apart.value)


def gain(report: Report) -> float:
    """How much better the voice foresees held-out tweets than its bare base does, as a share of the base's loss."""
    return 1 - report.held_out_bits_per_byte / report.base_held_out_bits_per_byte


def in_words(report: Report | None, tweets: int) -> Phrase:
    """The verdict on a voice that was learned from so many tweets, as a sentence. Empty if there is none."""
    how_good = strength(report) if report else None
    if not report or how_good is None:
        return Phrase()
    lacks = weakness(report)
    sentence = LEARNED[how_good]
    if lacks:
        link = Phrase(", and ") if how_good is Strength.FAINT else Phrase(", but ")
        sentence = Phrase.joined("", [sentence, link, lacks.value])
    advice = _advice(how_good, lacks, tweets)
    return Phrase.joined("", [sentence, advice and "; ", advice, "."])


def of(manifest: Manifest) -> Phrase:
    """The verdict on a version, as a sentence. Empty if there is none."""
    return in_words(manifest.report, manifest.counts.kept)


def strength_of(manifest: Manifest) -> Strength | None:
    """How good a version is; None if that was not measured."""
    return strength(manifest.report) if manifest.report else None


def _advice(how_good: Strength, lacks: Weakness | None, tweets: int) -> Phrase:
    if how_good is Strength.STRONG and not lacks:
        return Phrase()
    if tweets < MANY_TWEETS or lacks is Weakness.COPIES:
        return Phrase("more tweets would help most")
    return Phrase("a larger model to begin with would help most")
