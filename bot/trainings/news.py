"""What people are told about a training: how far it is, what can be expected of it, and what became of it.

The news of a training that has ended say if its version is in use, or why not, how good it is, and what could not be
read in the files. They show three samples and say how to try the voice.

Knows jobs and what the pipeline reports. Does not know who hears it.
"""

from datetime import UTC, datetime

from bot.store.jobs import Job
from bot.trainings.measured import progress
from bot.trainings.prospects import foreseen, time_left
from bot.trainings.results import Learned, Result, error_of, result_of
from huggingtweets.core.events import Skipped
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.evaluation.verdict import in_words

SAMPLES = 3
CURVE = "curve"  # among a job's options: how the loss fell
STAGES = {
    "collect": Phrase("collecting the tweets"),
    "clean": Phrase("reading the tweets"),
    "dataset": Phrase("sorting the tweets"),
    "base": Phrase("making the base model ready"),
    "train": Phrase("learning"),
    "evaluate": Phrase("testing what it learned"),
    "samples": Phrase("writing the first tweets"),
    "profile": Phrase("looking at how they tweet"),
    "card": Phrase("writing down what was done"),
    "register": Phrase("putting it away"),
}


def standing(job: Job) -> Phrase:
    """How far a waiting or running job is, in a few words."""
    if job.state == "waiting":
        return Phrase("waits for its turn")
    return Phrase("{stage}, {percent} %", stage=STAGES.get(job.stage, Phrase("starting")), percent=job.percent)


def progress_of(job: Job) -> Phrase:
    """The same with the time that is left, if that is known."""
    return Phrase.joined(", ", (standing(job), time_left(job, datetime.now(UTC))))


def under_way(job: Job) -> Phrase:
    """A few lines about a job that waits or runs."""
    return Phrase.joined("\n", (outcome(job), foreseen(job)))


def outcome(job: Job) -> Phrase:
    """What became of a job, in one sentence."""
    match job.state, result_of(job):
        case "waiting" | "running", _:
            return Phrase("{name}: {progress}.", name=job.name, progress=progress_of(job))
        case "cancelled", _:
            return Phrase("The training of {name} was cancelled.", name=job.name)
        case "done", Skipped() as nothing_new:
            return Phrase.joined(" ", [Phrase("{name} stays as it is.", name=job.name), nothing_new.reason])
        case "done", Learned(in_use=True) as learned:
            return Phrase(
                "{name} {version} is in use, learned from {kept:,} tweets.",
                name=job.name,
                version=learned.version,
                kept=learned.kept,
            )
        case "done", Learned() as learned:
            return Phrase(
                "{name} {version} was learned. {reason}",
                name=job.name,
                version=learned.version,
                reason=learned.reason,
            )
        case "done", _:
            return Phrase("The training of {name} has ended, but what is noted of it cannot be read.", name=job.name)
        case _:
            return Phrase("The training of {name} gave nothing: {error}", name=job.name, error=error_of(job))


def news(job: Job, *, quoting: bool = True) -> Phrase:
    """A few lines about a job that has ended. `quoting` adds samples, for a voice that may be imitated."""
    lines: list[str] = [outcome(job)]
    result = result_of(job)
    if job.state == "done" and isinstance(result, Learned):
        lines += [in_words(result.report, result.kept), _compared(result)]
        lines += result.said_notes
        lines += [Phrase("• {text}", text=text) for text in result.samples[:SAMPLES] if quoting]
    lines.append(_what_next(job, result))
    return Phrase.joined("\n", lines)


def _what_next(job: Job, result: Result | None) -> Phrase:
    """The command to type now."""
    try_it = Phrase("/tweetlike user:{name}", name=job.name)
    match job.state, result:
        case "done", Skipped():
            return Phrase("Try what it knows: {try_it}", try_it=try_it)
        case "done", Learned(in_use=False) as learned:
            use = Phrase(
                "To put it in use anyway: /promote name:{name} version:{version}",
                name=job.name,
                version=learned.version,
            )
            before = learned.before
            return (
                Phrase(
                    "Try {version}, which stays in use: {try_it}\n{use}", version=before.version, try_it=try_it, use=use
                )
                if before
                else use
            )
        case "done", _:
            return Phrase("Try it: {try_it}", try_it=try_it)
        case "cancelled", _:
            return Phrase("What was in use before still is. /train or /retrain starts again.")
        case _:
            return Phrase("What was in use before still is. When that is mended, /train or /retrain starts again.")


def _compared(learned: Learned) -> Phrase:
    """How this version compares with the one before, on the tweets that neither has learned from."""
    report, before = learned.report, learned.before
    if not report or not before:
        return Phrase()
    earlier = report.previous.held_out_bits_per_byte if report.previous else before.held_out_bits_per_byte
    return progress(report.held_out_bits_per_byte, earlier, before.version)
