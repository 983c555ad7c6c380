"""The first three stages: tweets are collected, cleaned, and split into those to learn and those to hold out.

Knows sources, the tweet store and data sets, and of the base which languages it writes. Does not know models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.errors import BadData, Forgotten, OptedOut, TooFewNew, Unavailable, Usage
from huggingtweets.core.events import Progress
from huggingtweets.core.records import JSON, Counts, Tweet
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.evaluation.forecast import forecast
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.manifest import DATASET
from huggingtweets.sources.owners import Owned, read_owned
from huggingtweets.tracking import lineage
from huggingtweets.tweets.learned.clean import Kept, clean_all
from huggingtweets.tweets.learned.contexts import names_in
from huggingtweets.tweets.learned.dataset import Dataset, characters_of, make, refuse_too_little
from huggingtweets.tweets.style.languages import languages
from huggingtweets.workflow.forgetting import leave_no_tweets
from huggingtweets.workflow.stages import KEPT, file_digest
from huggingtweets.workflow.training_run import TrainingRun


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be learned. `counts` are by handle; `notes` say what was left out of the files.

    `languages` are those of all the tweets together. Each tweet counts the same, whoever wrote it.
    """

    dataset: Dataset
    counts: Mapping[str, Counts]
    notes: tuple[Phrase, ...]
    languages: tuple[str, ...]


def prepare(run: TrainingRun, files: Sequence[Path | Owned], min_new: int) -> Prepared:
    """Do the three stages.

    Raises `Usage`, `BadSource`, `Forgotten`, `OptedOut`, `TooLittleData` and `Unavailable`, and `TooFewNew` if fewer
    than `min_new` tweets were downloaded since the version in use.
    """
    is_begun = any(run.folder.iterdir())
    try:
        notes = collect(run, [file if isinstance(file, Owned) else Owned(file) for file in files])
        counts, shares = clean(run)
        _refuse_too_few_new(run, counts, min_new)
        dataset = split(run, counts)
    except (Usage, BadData, Unavailable) as error:
        # The inputs are at fault, so this run has made nothing to go on from. What an earlier run has made stays.
        if not is_begun or isinstance(error, Forgotten | OptedOut):
            _leave_nothing(run)
        raise
    _track(run, counts, dataset)
    return Prepared(dataset, counts, notes, tuple(shares))


def collect(run: TrainingRun, files: Sequence[Owned]) -> tuple[Phrase, ...]:
    """Take the tweets in `files` into the store; those that a later archive shows to be deleted go.

    Returns what was left out of the files. Raises `BadSource`, `Forgotten` and `OptedOut`, and `Unavailable` if there
    are no tweets of somebody.
    """
    Accounts(run.settings).refuse(run.name)
    output = run.stages.output(
        "collect",
        [[file.handle, *_file_state(file.path), *_as_told(file)] for file in files],
        lambda: _collected(run, files),
        fresh=lambda output: bool(output["left"] == run.fingerprints()),
    )
    notes = tuple(Phrase.kept(row, "") for row in output.get("said", ()))
    run.say(Progress("collect", facts=output["facts"], warning=" ".join(notes)))
    return notes


def _collected(run: TrainingRun, files: Sequence[Owned]) -> JSON:
    new = deleted = 0
    notes: list[Phrase] = []
    for handle, archives in read_owned(run.name, files).items():
        for collected in archives:
            notes += collected.notes
            change = run.store.take_in(handle, collected)
            new, deleted = new + change.new, deleted + change.deleted
    facts = {"tweets": sum(_tweets_of(run, handle) for handle in run.handles), "new": new}
    return {
        "facts": facts | ({"deleted": deleted} if deleted else {}),
        "said": [note.as_json() for note in notes],
        "left": run.fingerprints(),
    }


def _tweets_of(run: TrainingRun, handle: str) -> int:
    """The number of tweets that are kept of somebody. Raises `Unavailable` if there are none."""
    if count := len(run.store.tweets(handle)):
        return count
    raise Unavailable(
        f"There are no tweets of {handle}; name a file or archive of theirs with --from.",
        for_people=Phrase("I have no tweets of {handle}; give me a file or archive of theirs.", handle=handle),
    )


def clean(run: TrainingRun) -> tuple[dict[str, Counts], Mapping[str, float]]:
    """Keep the tweets that can be learned from, and say what can be expected of them.

    Returns the counts by handle, and the share of each language. Raises `TooLittleData`.
    """
    training = run.settings.training
    choices = {handle: made.as_json() for handle in run.handles if (made := run.store.choices(handle))}
    inputs = [run.fingerprints(), training.min_characters, "languages", "contexts without names"]
    inputs += [choices] if choices else []
    output = run.stages.output("clean", inputs, lambda: _cleaned(run), files=[KEPT])
    counts = {handle: Counts.from_json(row) for handle, row in output["counts"].items()}
    characters, shares = output["characters"], dict(output["languages"])
    facts = {**Counts.sum(counts.values()).as_json(), "characters": characters}
    expected = forecast(characters, training.warn_characters, shares, run.base_languages)
    run.say(Progress("clean", facts=facts, warning=expected.warning, foreseen=expected.for_people))
    return counts, shares


def _cleaned(run: TrainingRun) -> JSON:
    rows: list[JSON] = []
    tweets: list[Tweet] = []
    counts: JSON = {}
    for handle in run.handles:
        # What people call the person does not matter for an answer: whoever asks later calls them otherwise.
        names = {*names_in([f"@{handle}"]), run.store.known.account(handle).display_name}
        kept, counted = clean_all(run.store.learnable(handle), run.store.choices(handle), names)
        rows += [tweet.as_json() | {"handle": handle} for tweet in kept]
        tweets += [tweet for tweet in run.store.tweets(handle) if not tweet.is_retweet]
        counts[handle] = counted.as_json()
        refuse_too_little(handle, kept, run.settings.training.min_characters, counted)
    atomic.write_json_lines(run.kept, rows)
    # As pairs, because their order is that of the shares.
    shares = list(languages(tweets).items())
    return {"counts": counts, "characters": characters_of(row["text"] for row in rows), "languages": shares}


def _refuse_too_few_new(run: TrainingRun, counts: Mapping[str, Counts], needed: int) -> None:
    """Raises `TooFewNew`. A first version has nothing to compare with."""
    if run.in_use is None:
        return
    before = run.in_use.manifest.counts.downloaded
    new = max(0, Counts.sum(counts.values()).downloaded - before)
    if new < needed:
        raise TooFewNew(run.name, new, needed)


def split(run: TrainingRun, counts: Mapping[str, Counts]) -> Dataset:
    """Split the cleaned tweets. What the version in use has learned or held out stays where it was."""
    settings = run.settings.training.model_dump(include={"held_out", "replies", "deduplicate", "min_characters"})
    before = file_digest(run.in_use.dataset) if run.in_use else ""
    inputs = [file_digest(run.kept), settings, before]
    facts = run.stages.output("dataset", inputs, lambda: _split(run, counts), files=[DATASET])
    run.say(Progress("dataset", facts=facts))
    return Dataset.load(run.folder / DATASET)


def _split(run: TrainingRun, counts: Mapping[str, Counts]) -> JSON:
    training = run.settings.training
    people: dict[str, list[Kept]] = {handle: [] for handle in run.handles}
    for row in atomic.read_json_lines(run.kept):
        if training.replies or not row["is_reply"]:
            people[row["handle"]].append(Kept.from_json(row))
    before = Dataset.load(run.in_use.dataset) if run.in_use else None
    dataset = make(people, training, before, counts)
    dataset.save(run.folder / DATASET)
    left_out = sum(map(len, people.values())) - len(dataset.texts)
    return {"learned": len(dataset.learned), "held_out": len(dataset.held_out), "near_copies": left_out}


def _track(run: TrainingRun, counts: Mapping[str, Counts], dataset: Dataset) -> None:
    """Tell the tracker what is learned from, by counts and hashes."""
    raw: JSON = {handle: counted.as_json() for handle, counted in counts.items()}
    sizes = {"learned": len(dataset.learned), "held_out": len(dataset.held_out), "characters": dataset.characters}
    lineage.prepared(
        run.tracker,
        raw | {"sha256": run.fingerprints()},
        sizes | {"sha256": file_digest(run.folder / DATASET)},
        run.settings.training,
        run.base_fingerprint,
    )


def _leave_nothing(run: TrainingRun) -> None:
    """Delete what is staged, and the tweets that this run brought if no version has learned them."""
    run.registry.discard(run.name)
    leave_no_tweets(run.name, run.settings, run.kept_before)


def _as_told(file: Owned) -> list[object]:
    """What somebody has said about the file, which changes what is read in it."""
    return [*astuple(file.columns), file.author] if file.columns or file.author else []


def _file_state(path: Path) -> list[object]:
    """Values that change when the file does. The file is not read: an archive may have gigabytes."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return [str(path)]  # whoever reads the file will say what is wrong with it
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]
