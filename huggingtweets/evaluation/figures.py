"""The figures of a report, each with what it says in words.

Knows reports. Does not know how anything was measured, or how a table is drawn.
"""

from collections.abc import Iterator
from typing import NamedTuple

from huggingtweets.core.records import Comparison, Estimate, Replies, Report, Sense
from huggingtweets.evaluation.verdict import gain

ALIKE, RATHER_ALIKE = 0.05, 0.15  # Jensen-Shannon's divergences in bits, of 1


class Figure(NamedTuple):
    """One figure: what it is of, its value, and what that says."""

    of: str
    value: str
    says: str


def figures(report: Report) -> Iterator[Figure]:
    """The figures that there are, the most telling first."""
    yield from _foreseeing(report)
    if report.previous:
        yield _compared(report.previous)
    if report.sense:
        yield from _sense(report.sense)
    if report.replies:
        yield _replies(report.replies)
    yield from _copies(report)
    yield Figure(
        "variety", f"{report.distinct_2:.2f}", "different pairs of words among all that it wrote; 1 is most varied"
    )
    yield _alike("lengths", report.length_divergence, "its tweets are {} long as theirs")
    yield _alike("emoji", report.emoji_divergence, "it uses {} many, and the same, as they do")
    if report.attribution is not None and report.held_out_attribution is not None:
        yield Figure(
            "whose style",
            f"{report.attribution:.0%}",
            f"of its tweets sound like them, not like the other {report.accounts - 1} known here; of their own "
            f"{report.held_out_attribution:.0%}",
        )


def _foreseeing(report: Report) -> Iterator[Figure]:
    tweets = f"{report.held_out_tweets:,} tweets that it never read"
    bits = f"{report.held_out_bits_per_byte:.3f}"
    if report.base_held_out_bits_per_byte <= 0:
        yield Figure("bits a byte", bits, f"on {tweets}; fewer are better")
        return
    better = gain(report)
    than_base = f"{abs(better):.0%} {'fewer' if better >= 0 else 'more'} than the base without the voice has"
    yield Figure("bits a byte", bits, f"on {tweets}: {than_base} ({report.base_held_out_bits_per_byte:.3f})")


def _compared(previous: Comparison) -> Figure:
    share = previous.difference / previous.held_out_bits_per_byte
    surely = abs(previous.difference) > 2 * previous.standard_error
    word = "neither is surely better" if not surely else "it is worse" if share > 0 else "it is better"
    return Figure(f"against {previous.version}", f"{share:+.1%}", f"bits on the same tweets: {word}")


def _sense(sense: Sense) -> Iterator[Figure]:
    own = f"{sense.own_told_apart.value:.0%} of the person's own earlier ones"
    yield Figure("told apart", _interval(sense.told_apart), f"of its tweets by a test, and {own}; 50% is perfect")
    if ratio := sense.bits_ratio:
        kind = "stranger than" if ratio.low > 1 else "blander than" if ratio.high < 1 else "as likely as"
        value = f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
        yield Figure("strangeness", value, f"another model ({sense.judge}) finds them {kind} real ones; 1 is perfect")


def _replies(replies: Replies) -> Figure:
    return Figure(
        "replies",
        f"{replies.right_is_better:.0%}",
        f"of {replies.pairs} fit what they answer better than another text (50% is chance); "
        f"it saves {replies.saved:.1%} of their bits",
    )


def _copies(report: Report) -> Iterator[Figure]:
    drafts = f"of {report.drafts:,} drafts"
    yield Figure("copies", f"{report.exact_copies}", f"{drafts} are a real tweet word for word; none is perfect")
    yield Figure("near-copies", f"{report.near_copies}", f"{drafts} are almost a real tweet")
    if report.short_repeats:
        yield Figure("short repeats", f"{report.short_repeats}", f"{drafts} are a phrase such as a thank-you")


def _alike(of: str, divergence: float, sentence: str) -> Figure:
    word = "as" if divergence <= ALIKE else "about as" if divergence <= RATHER_ALIKE else "not as"
    return Figure(of, f"{divergence:.3f}", f"{sentence.format(word)}; 0 is perfect")


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"
