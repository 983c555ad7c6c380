"""What people are told about a training: how far it is, what can be expected of it, and what became of it.

The news of a training that has ended say if its version is in use, or why not, how good it is, and what could not be
read in the files. They show three samples and say how to try the voice.

Knows jobs and what the pipeline reports. Does not know who hears it.
"""

from bot.store.jobs import Job
from bot.trainings.measured import progress
from bot.trainings.results import Learned, Result, result_of
from huggingtweets.core.events import Skipped
from huggingtweets.evaluation.verdict import in_words

SAMPLES = 3
FORESEEN = "foreseen"  # among a job's options: what the training expects of the voice
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
    """How far a waiting or running job is, in a few words."""
    if job.state == "waiting":
        return "waits for its turn"
    return f"{STAGES.get(job.stage, 'starting')}, {job.percent} %"


def foreseen(job: Job) -> str:
    """What can be expected of the voice that is being learned. Empty if the tweets are not read yet."""
    return str(job.options.get(FORESEEN, ""))


def under_way(job: Job) -> str:
    """A few lines about a job that waits or runs."""
    return "\n".join(filter(None, (outcome(job), foreseen(job))))


def outcome(job: Job) -> str:
    """What became of a job, in one sentence."""
    match job.state, result_of(job):
        case "waiting" | "running", _:
            return f"{job.name}: {standing(job)}."
        case "cancelled", _:
            return f"The training of {job.name} was cancelled."
        case "done", Skipped(why=why):
            return f"{job.name} stays as it is: {_without_stop(why)}."
        case "done", Learned(in_use=True) as learned:
            return f"{job.name} {learned.version} is in use, learned from {learned.kept:,} tweets."
        case "done", Learned() as learned:
            why = _without_stop(learned.why_not).removeprefix("Not used, because ")
            return f"{job.name} {learned.version} was learned but is not in use, because {why}."
        case "done", _:
            return f"The training of {job.name} has ended, but what is noted of it cannot be read."
        case _:
            return f"The training of {job.name} gave nothing: {job.error}"


def news(job: Job, *, quoting: bool = True) -> str:
    """A few lines about a job that has ended. `quoting` adds samples, for a voice that may be imitated."""
    lines = [outcome(job)]
    result = result_of(job)
    if job.state == "done" and isinstance(result, Learned):
        lines += [in_words(result.report, result.kept), _compared(result)]
        lines += result.notes
        lines += [f"• {text}" for text in result.samples[:SAMPLES] if quoting]
    lines.append(_what_next(job, result))
    return "\n".join(line for line in lines if line)


def _what_next(job: Job, result: Result | None) -> str:
    """The command to type now."""
    try_it = f"/tweetlike user:{job.name}"
    match job.state, result:
        case "done", Skipped():
            return f"Try what it knows: {try_it}"
        case "done", Learned(in_use=False) as learned:
            use = f"To put it in use anyway: /promote name:{job.name} version:{learned.version}"
            before = learned.before
            return f"Try {before.version}, which stays in use: {try_it}\n{use}" if before else use
        case "done", _:
            return f"Try it: {try_it}"
        case "cancelled", _:
            return "What was in use before still is. /train or /retrain starts again."
        case _:
            return "What was in use before still is. When that is mended, /train or /retrain starts again."


def _without_stop(sentence: str) -> str:
    return sentence.rstrip(".")


def _compared(learned: Learned) -> str:
    """How this version compares with the one before, on the tweets that neither has learned from."""
    report, before = learned.report, learned.before
    if not report or not before:
        return ""
    earlier = report.previous.held_out_bits_per_byte if report.previous else before.held_out_bits_per_byte
    return progress(report.held_out_bits_per_byte, earlier, before.version)
