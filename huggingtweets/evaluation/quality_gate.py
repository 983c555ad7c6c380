"""Decides if a new version is fit to be used: it must not be worse than the one in use, and must not copy tweets.

A version whose tweets are easily told from real ones is used all the same, with a caution. It is no worse than what
was asked for, often no voice on its base does better, and more tweets would seldom mend it.

Knows reports and limits. Does not know how anything was measured, or what is done with the verdict.
"""

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from huggingtweets.core.config.settings import GateSettings
from huggingtweets.core.records import Comparison, Report, Verdict
from huggingtweets.core.text.phrases import Phrase


def judge(report: Report, limits: GateSettings) -> Verdict:
    """The verdict on the version that `report` is of."""
    reasons = [reason for reason in (_worse(report, limits), _exact(report, limits), _near(report, limits)) if reason]
    caution = _caution(report, limits)
    if not reasons:
        return Verdict(caution=caution)
    for_people = Phrase(
        "Not used, because {reasons:and}; give it more tweets and let it learn again.",
        reasons=[told for _, told in reasons],
    )
    return Verdict(
        why_not=f"Not used, because {' and '.join(figures for figures, _ in reasons)}.",
        for_people=str(for_people),
        caution=caution,
        phrase=for_people.as_json(),
    )


Reason = tuple[str, Phrase]  # for the operator, and for people


def _worse(report: Report, limits: GateSettings) -> Reason | None:
    previous = report.previous
    if not previous or previous.difference <= (allowed := tolerance(previous, limits)):
        return None
    worse = previous.difference / previous.held_out_bits_per_byte
    chance = allowed / previous.held_out_bits_per_byte
    figures = f"it is {worse:.2%} worse than {previous.version}, and chance explains {chance:.2%} at most"
    told = Phrase("it writes less like the person than {version} does", version=previous.version)
    return f"on tweets that it had never seen {figures}", told


def _exact(report: Report, limits: GateSettings) -> Reason | None:
    if report.exact_copies <= limits.max_exact_copies:
        return None
    copies, drafts = report.exact_copies, report.drafts
    return (
        f"{copies} of {drafts} tweets drawn as a test are real tweets word by word",
        Phrase(
            "{copies} of {drafts} tweets that it wrote as a test repeat a real one word for word",
            copies=copies,
            drafts=drafts,
        ),
    )


def _near(report: Report, limits: GateSettings) -> Reason | None:
    if report.near_copies <= limits.max_near_copies * report.drafts:
        return None
    copies, drafts = report.near_copies, report.drafts
    return (
        f"{copies} of {drafts} tweets drawn as a test are nearly a real tweet, more than {limits.max_near_copies:.0%}",
        Phrase(
            "{copies} of {drafts} tweets that it wrote as a test are almost the same as a real one",
            copies=copies,
            drafts=drafts,
        ),
    )


def _caution(report: Report, limits: GateSettings) -> str:
    """A sentence on tweets that can be told from real ones beyond chance; empty if they cannot."""
    if not (sense := report.sense):
        return ""
    weaknesses = []
    if sense.told_apart.low > max(limits.caution_told_apart, sense.own_told_apart.value):
        share, low, high = (f"{part:.0%}" for part in astuple(sense.told_apart))
        weaknesses.append(
            f"a test tells {share} ({low} to {high}) of its tweets and of the person's latest apart; of the person's "
            f"earlier ones {sense.own_told_apart.value:.0%}, and by chance 50%"
        )
    if (ratio := sense.bits_ratio) and not (
        ratio.low <= 1 + limits.caution_bits_ratio and ratio.high >= 1 - limits.caution_bits_ratio
    ):
        kind = "stranger" if ratio.value > 1 else "blander"
        weaknesses.append(
            f"another model ({sense.judge}) finds its tweets {kind} than the person's: they take {ratio.value:.2f} "
            f"({ratio.low:.2f} to {ratio.high:.2f}) times the bits"
        )
    return f"Take care: {' and '.join(weaknesses)}." if weaknesses else ""


def tolerance(previous: Comparison, limits: GateSettings) -> float:
    """The largest difference in bits per byte by which a version may be worse and which may still be chance.

    This is the upper end of the one-sided interval around no difference, from the standard error paired over tweets. It
    is never more than a share of the loss itself. Otherwise, with few held-out tweets, a voice could get worse with
    every version.
    """
    return min(
        limits.noise_standard_errors * previous.standard_error, limits.max_worse * previous.held_out_bits_per_byte
    )


def compared(
    version: str, ours: NDArray[np.float64], theirs: NDArray[np.float64], sizes: NDArray[np.int64]
) -> Comparison:
    """Two versions on the same tweets: bits of each tweet under ours and theirs, and its UTF-8 bytes.

    The difference is a ratio of sums; its standard error is that of the ratio estimator (Cochran 1977, "Sampling
    Techniques", section 2.11), over tweets as the units, since tokens of one tweet are not independent.
    """
    differences = ours - theirs
    ratio = differences.sum() / sizes.sum()
    count = len(sizes)
    spread = ((differences - ratio * sizes) ** 2).sum() / max(1, count - 1)
    loss = float(theirs.sum() / sizes.sum())
    # One tweet says nothing about the noise, so the noise is taken to be as large as the loss.
    error = float(np.sqrt(count * spread) / sizes.sum()) if count > 1 else loss
    return Comparison(version, loss, float(ratio), error)
