"""What is said of a training that has ended: before and after, samples, or why there is nothing.

Knows jobs and what the pipeline reports. Does not know who hears it.
"""

from typing import Any

from bot.measured import progress
from bot.store.jobs import Job

SAMPLES = 3


def news(job: Job, *, quoting: bool = True) -> str:
    """A few lines about a job that has ended; `quoting` what it drew, for a voice that may be imitated."""
    result = job.result or {}
    if job.state == "cancelled":
        return f"The training of {job.name} was cancelled."
    if job.state != "done":
        return f"The training of {job.name} gave nothing: {job.error}"
    if result.get("event") == "skipped":
        return f"{job.name} stays as it is: {_without_stop(result.get('why', ''))}."
    lines = [_headline(job.name, result), _figures(result)]
    lines += [f"• {text}" for text in result.get("samples", ())[:SAMPLES] if quoting]
    return "\n".join(line for line in lines if line)


def _headline(name: str, result: dict[str, Any]) -> str:
    version = result["version"]
    if result.get("in_use", True):
        return f"{name} {version} is in use, learned from {result.get('kept', 0):,} tweets."
    return f"{name} {version} is kept but not used: {_without_stop(result.get('why_not', ''))}."


def _without_stop(sentence: str) -> str:
    return sentence.rstrip(".")


def _figures(result: dict[str, Any]) -> str:
    """How this version compares with the one before, on the tweets that neither has learned from."""
    report, before = result.get("report", {}), result.get("before") or {}
    compared = report.get("previous") or {}
    earlier = compared.get("held_out_bits_per_byte", before.get("held_out_bits_per_byte"))
    return progress(report.get("held_out_bits_per_byte"), earlier, before["version"]) if before else ""
