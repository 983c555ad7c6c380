"""Whether a new version is fit to be used: no worse than the one in use, and no copyist.

Knows reports and limits. Does not know how anything was measured, or what is done with the verdict.
"""

import numpy as np
from numpy.typing import NDArray

from huggingtweets.core.config import GateSettings
from huggingtweets.core.records import Comparison, Report, Verdict


def judge(report: Report, limits: GateSettings) -> Verdict:
    """The verdict on the version that `report` is of."""
    reasons: list[str] = []
    previous = report.previous
    if previous and previous.difference > (allowed := tolerance(previous, limits)):
        worse = previous.difference / previous.held_out_bits_per_byte
        chance = allowed / previous.held_out_bits_per_byte
        reasons.append(
            f"on tweets that it had never seen it is {worse:.2%} worse than {previous.version}, and chance explains "
            f"{chance:.2%} at most"
        )
    if report.exact_copies > limits.max_exact_copies:
        reasons.append(f"{report.exact_copies} of {report.drafts} tweets drawn as a test are real tweets word by word")
    if report.near_copies > limits.max_near_copies * report.drafts:
        reasons.append(
            f"{report.near_copies} of {report.drafts} tweets drawn as a test are nearly a real tweet, more than "
            f"{limits.max_near_copies:.0%}"
        )
    return Verdict(f"Not used, because {' and '.join(reasons)}." if reasons else "")


def tolerance(previous: Comparison, limits: GateSettings) -> float:
    """How much worse, in bits per byte, may still be chance.

    The upper end of the one-sided interval around no difference, from the standard error paired over tweets; but never
    more than a share of the loss itself, or with few held-out tweets a voice could go downhill version by version.
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
    # Of one tweet's noise nothing is known; it is taken for as large as the loss.
    error = float(np.sqrt(count * spread) / sizes.sum()) if count > 1 else loss
    return Comparison(version, loss, float(ratio), error)
