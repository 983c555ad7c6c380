"""What is said of a training: how far it is, and what became of it, in words of people.

A training that has ended says whether its version is in use, or why not, and what could not be read of the files; shows
three samples; and says how to try it.

Knows jobs and what the pipeline reports. Does not know who hears it.
"""

from collections.abc import Mapping
from typing import Any

from bot.store.jobs import Job
from bot.trainings.measured import progress

SAMPLES = 3
STAGES = {
    "collect": "collecting the tweets",
    "clean": "reading the tweets",
    "dataset": "sorting the tweets",
    "train": "learning",
    "evaluate": "testing what it learned",
    "samples": "writing the first tweets",
    "profile": "looking at how they tweet",
    "card": "writing down what was done",
    "register": "putting it away",
}


def standing(job: Job) -> str:
    """How far a job is that waits or runs, in a few words."""
    if job.state == "waiting":
        return "waits for its turn"
    return f"{STAGES.get(job.stage, 'starting')}, {job.percent} %"


def outcome(job: Job) -> str:
    """What became of a job, in one sentence."""
    result = job.result or {}
    match job.state:
        case "waiting" | "running":
            return f"{job.name}: {standing(job)}."
        case "cancelled":
            return f"The training of {job.name} was cancelled."
        case "done" if result.get("event") == "skipped":
            return f"{job.name} stays as it is: {_without_stop(result.get('why', ''))}."
        case "done" if result.get("in_use", True):
            return f"{job.name} {result['version']} is in use, learned from {result.get('kept', 0):,} tweets."
        case "done":
            why = _without_stop(result.get("why_not", "")).removeprefix("Not used, because ")
            return f"{job.name} {result['version']} was learned but is not in use, because {why}."
        case _:
            return f"The training of {job.name} gave nothing: {job.error}"


def news(job: Job, *, quoting: bool = True) -> str:
    """A few lines about a job that has ended; `quoting` what it drew, for a voice that may be imitated."""
    result = job.result or {}
    lines = [outcome(job)]
    if job.state == "done" and result.get("version"):
        lines.append(_compared(result))
        lines += result.get("notes", ())
        lines += [f"• {text}" for text in result.get("samples", ())[:SAMPLES] if quoting]
    lines.append(_what_next(job, result))
    return "\n".join(line for line in lines if line)


def _what_next(job: Job, result: Mapping[str, Any]) -> str:
    """The command to type now."""
    try_it = f"/tweetlike user:{job.name}"
    match job.state:
        case "done" if result.get("event") == "skipped":
            return f"Try what it knows: {try_it}"
        case "done" if result.get("in_use", True):
            return f"Try it: {try_it}"
        case "done":
            before = result.get("before") or {}
            use = f"To put it in use anyway: /promote name:{job.name} version:{result['version']}"
            return f"Try {before['version']}, which stays in use: {try_it}\n{use}" if before else use
        case "cancelled":
            return "What was in use before still is. /train or /retrain starts again."
        case _:
            return "What was in use before still is. When that is mended, /train or /retrain starts again."


def _without_stop(sentence: str) -> str:
    return sentence.rstrip(".")


def _compared(result: Mapping[str, Any]) -> str:
    """How this version compares with the one before, on the tweets that neither has learned from."""
    report, before = result.get("report") or {}, result.get("before") or {}
    compared = report.get("previous") or {}
    earlier = compared.get("held_out_bits_per_byte", before.get("held_out_bits_per_byte"))
    return progress(report.get("held_out_bits_per_byte"), earlier, before["version"]) if before else ""
