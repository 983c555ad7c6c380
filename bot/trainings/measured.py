"""How well a voice turned out, in words: the report's figures for people who never heard of held-out loss.

Knows what a report holds. Does not know platforms, or how anything is measured.
"""

from collections.abc import Mapping
from typing import Any

TELLING = 0.005  # a change of less is none that anybody would notice


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """What a report says of a voice, a line each; none when nothing was measured."""
    lines = []
    now, base = report.get("held_out_bits_per_byte"), report.get("base_held_out_bits_per_byte")
    if now and base:
        lines.append(f"Foresees tweets that it had never seen {_better(now, base)} before it learned")
    if drafts := report.get("drafts"):
        exact, near = report.get("exact_copies", 0), report.get("near_copies", 0)
        lines.append(
            f"Of {drafts:,} tweets that it tried, {_none(exact)} repeated a real one and {_none(near)} came near"
        )
    if report.get("attribution") is not None:
        accounts, share = report["accounts"], report["attribution"]
        lines.append(f"A test that knows {accounts} accounts took {share:.0%} of them for the right one's")
    return lines


def progress(now: float | None, earlier: float | None, version: str) -> str:
    """How a new version compares with the earlier `version`, in a sentence; empty when that is not known."""
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
