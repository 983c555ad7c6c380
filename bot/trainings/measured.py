"""How good a voice is, in words for people who have never heard of held-out loss.

Knows what a report holds. Does not know platforms, or how anything is measured.
"""

from huggingtweets.core.records import Report

TELLING = 0.005  # nobody would notice a smaller change


def report_lines(report: Report) -> list[str]:
    """What a report says of a voice, a line each."""
    lines = []
    if base := report.base_held_out_bits_per_byte:
        better = _better(report.held_out_bits_per_byte, base)
        lines.append(f"Foresees tweets that it had never seen {better} before it learned")
    if report.drafts:
        exact, near = _none(report.exact_copies), _none(report.near_copies)
        lines.append(f"Of {report.drafts:,} tweets that it tried, {exact} repeated a real one and {near} came near")
    if report.attribution is not None:
        lines.append(
            f"A test that knows {report.accounts} accounts took {report.attribution:.0%} of them for the right one's"
        )
    return lines


def progress(now: float | None, earlier: float | None, version: str) -> str:
    """A sentence that compares a new version with the earlier `version`. It is empty if a figure is missing."""
    if not now or not earlier:
        return ""
    return f"It foresees tweets that it had never seen {_better(now, earlier)} {version} did."


def _better(now: float, before: float) -> str:
    share = 1 - now / before
    if abs(share) < TELLING:
        return "as well as"
    return f"{share:.0%} better than" if share > 0 else f"{-share:.0%} worse than"


def _none(count: int) -> str:
    return f"{count:,}" if count else "none"
