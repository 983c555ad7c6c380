"""How good a voice is, in words for people who have never heard of held-out loss.

Knows what a report holds. Does not know platforms, or how anything is measured.
"""

from huggingtweets.core.records import Report
from huggingtweets.core.text.phrases import Phrase

TELLING = 0.005  # nobody would notice a smaller change


def report_lines(report: Report) -> list[Phrase]:
    """What a report says of a voice, a line each."""
    lines = []
    if base := report.base_held_out_bits_per_byte:
        better = _better(report.held_out_bits_per_byte, base)
        lines.append(Phrase("Foresees tweets that it had never seen {better} before it learned", better=better))
    if report.drafts:
        exact, near = _none(report.exact_copies), _none(report.near_copies)
        lines.append(
            Phrase(
                "Of {drafts:,} tweets that it tried, {exact} repeated a real one and {near} came near",
                drafts=report.drafts,
                exact=exact,
                near=near,
            )
        )
    if report.attribution is not None:
        lines.append(
            Phrase(
                "A test that knows {accounts} accounts took {attribution:.0%} of them for the right one's",
                accounts=report.accounts,
                attribution=report.attribution,
            )
        )
    if replies := report.replies:
        lines.append(
            Phrase("Foresees their replies {saved} when it is told what they answer", saved=_told(replies.saved))
        )
    return lines


def progress(now: float | None, earlier: float | None, version: str) -> Phrase:
    """A sentence that compares a new version with the earlier `version`. It is empty if a figure is missing."""
    if not now or not earlier:
        return Phrase()
    return Phrase(
        "It foresees tweets that it had never seen {better} {version} did.",
        better=_better(now, earlier),
        version=version,
    )


def _better(now: float, before: float) -> Phrase:
    share = 1 - now / before
    if abs(share) < TELLING:
        return Phrase("as well as")
    return (
        Phrase("{share:.0%} better than", share=share) if share > 0 else Phrase("{share:.0%} worse than", share=-share)
    )


def _told(saved: float) -> Phrase:
    if abs(saved) < TELLING:
        return Phrase("no better")
    return Phrase("{saved:.0%} better", saved=saved) if saved > 0 else Phrase("{saved:.0%} worse", saved=-saved)


def _none(count: int) -> Phrase:
    return Phrase("{count:,}", count=count) if count else Phrase("none")
