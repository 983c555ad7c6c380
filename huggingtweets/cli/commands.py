"""The command line: `huggingtweets COMMAND`. Results on stdout, progress and errors on stderr.

Exit codes: 0 done, 64 usage, 65 bad data, 69 unavailable, 70 internal, 78 configuration, 130 interrupted.

Knows arguments and how results are shown. Does not know how anything is done.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TextIO

import click

from huggingtweets import __version__
from huggingtweets.cli.progress import Bars, JsonLines
from huggingtweets.core.background import work_in_background
from huggingtweets.core.base_folders import resolve_base
from huggingtweets.core.config import Settings
from huggingtweets.core.errors import PipelineError, TooFewNew, Unavailable, Usage, for_people
from huggingtweets.core.names import parse_name
from huggingtweets.registry.versions import Registry, Version
from huggingtweets.tweets.tweet_store import TweetStore

if TYPE_CHECKING:
    from huggingtweets.generation.writer import Tweets
    from huggingtweets.sources.owners import Owned
    from huggingtweets.sources.remote_sources import Collector, Gathered


if TYPE_CHECKING:
    from huggingtweets.workflow.pipeline import Outcome

log = logging.getLogger(__name__)
P = ParamSpec("P")


@dataclass(frozen=True)
class Context:
    """What every command works on: the settings."""

    config: Path | None

    @cached_property
    def settings(self) -> Settings:
        return Settings.load(self.config)

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.storage.models)


def command(function: Callable[Concatenate[Context, P], None]) -> Callable[..., None]:
    """Give `function` the `--config` option, as a `Context` in its first place."""

    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="Settings to use; ./config.toml by default.",
    )
    @wraps(function)
    def with_context(*args: Any, config: Path | None, **options: Any) -> None:
        function(Context(config), *args, **options)

    return with_context


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text.")
seed_option = click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The same seed gives the same result.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """From a person's tweets to a model that writes like them."""


@cli.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--from",
    "files",
    multiple=True,
    help="An X archive (zip or folder), a table of tweets (JSON lines, CSV, text), x:HANDLE, or bluesky:HANDLE. "
    "May be given several times; for a model of several people such as ann-bob, write ann=PATH.",
)
@click.option("--base", help="The base model: a folder, or one on the Hub (gpt2, hub:owner/name).")
@click.option("--method", type=click.Choice(["lora", "full"]), help="Train an adapter, or all weights.")
@click.option("--threads", type=click.IntRange(1), help="How many cores to use; all of them by default.")
@click.option("--min-new", type=click.IntRange(0), default=0, help="Only with so many tweets since the version in use.")
@click.option("--background", is_flag=True, help="Give way to other processes, and end when the parent ends.")
@click.option("--niceness", type=click.IntRange(0, 19), default=19, show_default=True, help="With --background.")
@click.option("--progress-fd", type=click.IntRange(3), help="Write events as JSON lines to this open descriptor.")
@seed_option
@json_option
@command
def train(
    context: Context,
    /,
    names: tuple[str, ...],
    files: tuple[str, ...],
    min_new: int,
    background: bool,
    niceness: int,
    progress_fd: int | None,
    as_json: bool,
    **chosen: str | int | None,
) -> None:
    """Learn the voice NAME, or one voice of several people.

    The new version is in use if it is no worse than the one before and copies nobody.
    """
    from huggingtweets.workflow import pipeline

    if background:
        work_in_background(progress_fd, niceness)
    settings = context.settings
    if base := chosen["base"]:
        chosen["base"] = resolve_base(str(base), Path.cwd())
    overridden = settings.training.model_copy(update={k: v for k, v in chosen.items() if v is not None})
    settings = settings.model_copy(update={"training": overridden})
    handle = parse_name("-".join(names))
    with _events(progress_fd) as events, _progress(as_json, events) as say:
        owned = _collected(handle, files, settings)
        try:
            outcome = pipeline.run(handle, owned, settings, say=say, min_new=min_new)
        except TooFewNew as nothing:
            if not events:
                raise
            why = nothing.for_people
            _print_json({"event": "skipped", "name": handle, "new": nothing.new, "why": why}, events)
            return
        if events:
            _print_json(outcome.as_json(), events)
    if as_json:
        _print_json(outcome.as_json())
    else:
        _show_outcome(outcome)
    if outcome.verdict.passed:
        _publish_after(context, outcome.version, as_json=as_json, later=background)


def _show_outcome(outcome: "Outcome") -> None:
    counts, report = outcome.counts, outcome.report
    state = "in use" if outcome.verdict.passed else "ready, but kept out of use"
    click.echo(
        f"{outcome.version.name} {outcome.version.version} is {state} after {outcome.seconds:.0f} s.\n"
        f"{counts.downloaded:,} downloaded, {counts.retweets:,} retweets, "
        f"{counts.short:,} short, {counts.kept:,} kept.\n"
        f"Held out: {report.held_out_bits_per_byte:.3f} bits per byte, the base has "
        f"{report.base_held_out_bits_per_byte:.3f}"
        + (f", {report.previous.version} has {report.previous.held_out_bits_per_byte:.3f}." if report.previous else ".")
    )
    if outcome.verdict.why_not:
        click.echo(outcome.verdict.why_not)
    for text in outcome.samples:
        click.echo(f"- {text}")


@cli.command()
@click.argument("name")
@click.option("--from", "origins", multiple=True, help="x:HANDLE or bluesky:HANDLE.")
@command
def collect(context: Context, name: str, origins: tuple[str, ...]) -> None:
    """Read what is new of NAME, and drop what was deleted there; without --from, where it was read before."""
    from huggingtweets.sources.remote_sources import Collector

    handle, settings = parse_name(name), context.settings
    if origins:
        if _collected(handle, origins, settings):
            raise Usage("collect reads x:HANDLE and bluesky:HANDLE; files are read by train.")
        return
    collector = Collector(settings)
    for person in handle.split("-"):
        if not asyncio.run(collector.sources(person)):
            raise Unavailable(
                f"Tweets of {person} were never read from X or Bluesky; "
                f"say where they are with --from x:HANDLE or --from bluesky:HANDLE."
            )
    for person in handle.split("-"):
        _tell_gathered(person, asyncio.run(collector.refresh(person)), collector)


def _collected(name: str, origins: Sequence[str], settings: Settings) -> "list[Owned]":
    """Read the origins that are no paths into the store; the paths, each with whose it is where that was said."""
    from huggingtweets.sources.owners import parse_owned

    owned = [parse_owned(origin, name) for origin in origins]
    if not any(":" in origin.written for origin in owned):
        return owned
    from huggingtweets.sources.remote_sources import Collector, Origin, parse_origin

    remote: dict[str, list[Origin]] = {}
    files: list[Owned] = []
    for origin in owned:
        if found := parse_origin(origin.written):
            remote.setdefault(origin.handle or _only(name, origin.written), []).append(found)
        else:
            files.append(origin)
    collector = Collector(settings)
    for handle, found_of_one in remote.items():
        _tell_gathered(handle, asyncio.run(collector.collect(handle, found_of_one)), collector, err=True)
    return files


def _tell_gathered(person: str, gathered: "Gathered", collector: "Collector", *, err: bool = False) -> None:
    click.echo(f"{gathered.new:,} new tweets of {person}, {gathered.dropped:,} gone at their source.", err=err)
    if shortfall := collector.shortfall():
        click.echo(shortfall, err=True)


def _only(name: str, origin: str) -> str:
    """The only person of `name`."""
    first, *others = name.split("-")
    if others:
        raise Usage(f"Whose tweets are at {origin}? Write --from {first}={origin}.")
    return first


@cli.command()
@click.argument("name")
@click.argument("prompt", default="")
@click.option("-n", "--count", default=5, show_default=True, help="How many tweets.")
@click.option("--preview", is_flag=True, help="Without any training: the base, mixed with the habits of NAME's tweets.")
@click.option("--from", "files", multiple=True, help="With --preview: whose tweets.")
@seed_option
@json_option
@command
def generate(
    context: Context,
    name: str,
    prompt: str,
    count: int,
    preview: bool,
    files: tuple[str, ...],
    seed: int | None,
    as_json: bool,
) -> None:
    """Draw tweets of NAME that begin with PROMPT. NAME may be a blend of voices, such as nasa+0.5*dril."""
    from huggingtweets.generation.engine import Engine
    from huggingtweets.generation.writer import Tweets, Writer
    from huggingtweets.registry.accounts import Accounts
    from huggingtweets.registry.blend import find_voice, parse_blend

    if files and not preview:
        raise Usage("--from belongs to --preview here; a voice that is trained needs no files.")
    accounts = Accounts(context.settings)
    for _, one in parse_blend(name):
        accounts.refuse(one)
    voice = None if preview else find_voice(name, context.registry.current)

    async def draw() -> Tweets:
        if voice is None:
            return await _preview(context, parse_name(name), files, prompt, count, seed)
        async with Engine(context.settings.generation) as engine:
            return await Writer(engine).write(voice, prompt, count, seed)

    tweets = asyncio.run(draw())
    for text in tweets.texts:
        if as_json:
            _print_json({"text": text, "model": tweets.name, "version": tweets.version, "seed": tweets.seed})
        else:
            click.echo(text)
    if tweets.shortfall:
        click.echo(tweets.shortfall, err=True)


async def _preview(
    context: Context, name: str, files: Sequence[str], prompt: str, count: int, seed: int | None
) -> "Tweets":
    from huggingtweets.generation.preview_model import Previews
    from huggingtweets.sources.owners import parse_owned, texts_of

    texts, counts = texts_of(name, [parse_owned(file, name) for file in files], TweetStore(context.settings.tweets))
    if not counts.downloaded:
        raise Unavailable(f"There are no tweets of {name} to begin with; name a file or archive of theirs with --from.")
    async with Previews(context.settings) as previews:
        return await previews.write(name, texts, prompt, count, seed, counts=counts)


@cli.command()
@click.argument("name")
@click.option("--version", "chosen", help="Another version than the one in use, such as v2; it is held against that.")
@json_option
@command
def evaluate(context: Context, name: str, chosen: str | None, as_json: bool) -> None:
    """Measure the version of NAME that is in use, on tweets that it has not learned from."""
    from huggingtweets.evaluation.measure import measure
    from huggingtweets.evaluation.quality_gate import judge

    handle, registry = parse_name(name), context.registry
    version = registry.version(handle, chosen) if chosen else registry.current(handle)
    in_use = registry.current(handle) if chosen and handle in registry.names() else None
    compared_with = in_use if in_use and in_use.key != version.key else None
    report = measure(version, context.settings, compared_with)
    verdict = judge(report, context.settings.gate)
    facts = {"name": version.name, "version": version.version, "base": version.base, **report.as_json()}
    facts |= {"passes_the_gate": verdict.passed, "why_not": verdict.why_not}
    if as_json:
        _print_json(facts)
    else:
        for key, value in _flat(facts):
            click.echo(f"{key.replace('_', ' ')}: {f'{value:.4f}' if isinstance(value, float) else value}")


@cli.command()
@json_option
@command
def models(context: Context, as_json: bool) -> None:
    """List the models and their versions in use, and the versions that are not fit to be used."""
    registry = context.registry
    in_use = {version.name: version for version in registry.in_use()}
    for name in sorted({*in_use, *registry.all_names()}):
        rejected = {version.version: version.rejected for version in registry.rejected(name)}
        version = in_use.get(name)
        if as_json:
            summary = _summary(version) if version else {"name": name, "version": None}
            _print_json(summary | {"versions": registry.versions(name), "rejected": rejected})
            continue
        if version:
            click.echo(f"{version.name}\t{version.version}\t{version.base}\t{version.manifest['created']}")
        for number, why in rejected.items():
            click.echo(f"{name}\t{number}\t{why}")


@cli.command()
@click.argument("name")
@click.argument("version")
@command
def promote(context: Context, name: str, version: str) -> None:
    """Put VERSION of NAME in use."""
    chosen = context.registry.promote(parse_name(name), version)
    click.echo(f"{chosen.name} {chosen.version} is in use.")
    _record_promotion(context, chosen)
    _publish_after(context, chosen)


@cli.command()
@click.argument("name")
@command
def rollback(context: Context, name: str) -> None:
    """Put the version of NAME in use that was in use before."""
    chosen = context.registry.rollback(parse_name(name))
    click.echo(f"{chosen.name} {chosen.version} is in use again.")
    _record_promotion(context, chosen)
    _publish_after(context, chosen)


@cli.command()
@click.argument("name")
@click.option("--version", "number", help="Another version than the one in use.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for the card and its pictures.")
@command
def card(context: Context, name: str, number: str | None, out: Path | None) -> None:
    """Print the model card of NAME; with --out, write it and its pictures there."""
    from huggingtweets.publishing.export import CARD, write_card

    version = _version(context, name, number)
    with TemporaryDirectory() as temporary:
        folder = out or Path(temporary)
        write_card(version, context.settings, folder, _repository(context, version.name))
        click.echo(folder if out else (folder / CARD).read_text(encoding="utf-8"), nl=bool(out))


@cli.command()
@click.argument("name")
@click.option("--version", "number", help="Another version than the one in use.")
@click.option("--dry-run", is_flag=True, help="Make the folder, print its path last, and send nothing.")
@click.option("--background", is_flag=True, help="Give way to other processes, and end when the parent ends.")
@click.option("--niceness", type=click.IntRange(0, 19), default=19, show_default=True, help="With --background.")
@json_option
@command
def publish(
    context: Context, /, name: str, number: str | None, dry_run: bool, background: bool, niceness: int, as_json: bool
) -> None:
    """Put NAME on the Hugging Face Hub, as [publishing] in config.toml says."""
    from huggingtweets.publishing import publication

    if background:
        work_in_background(niceness=niceness)
    version = _version(context, name, number)
    with _progress(as_json) as say:
        if dry_run:
            folder = publication.prepare(version, context.settings, say)
        else:
            done = publication.publish(version, context.settings, say)
    if dry_run:
        click.echo(json.dumps({"event": "done", "folder": str(folder)}) if as_json else folder)
    elif as_json:
        _print_json({"event": "done", **asdict(done)})
    else:
        click.echo(f"{version.name} {done.version} is on the Hub: {done.url}")


@cli.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Really do it; nothing is asked and nothing can be brought back.")
@command
def unpublish(context: Context, name: str, yes: bool) -> None:
    """Delete the repository of NAME on the Hub, with its history. What is here stays."""
    from huggingtweets.publishing.publish import begun
    from huggingtweets.publishing.publish import unpublish as run

    handle, models = parse_name(name), context.settings.storage.models
    known = begun(models, handle)
    if known and not yes:
        raise Usage(f"This deletes {known.url} with its history for good; say --yes if that is meant.")
    gone = run(models, handle, context.settings.publishing)
    click.echo(f"{handle} is gone from the Hub." if gone else f"{handle} was not published from here.")


@cli.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Really do it; nothing is asked and nothing can be brought back.")
@click.option("--lift", is_flag=True, help="NAME asks to be learned again: take the tombstone away.")
@click.option(
    "--unpublish/--keep-published", "from_hub", default=None, help="Whether the repository on the Hub goes, too."
)
@command
def forget(context: Context, name: str, yes: bool, lift: bool, from_hub: bool | None) -> None:
    """Delete the tweets, data sets and models of NAME for good; a tombstone keeps them from coming back.

    NAME is a voice or an account's handle. All voices that learned from the same account go with it.
    """
    from huggingtweets.workflow.forgetting import affected
    from huggingtweets.workflow.forgetting import forget as run

    handle = parse_name(name)
    if lift:
        lifted = TweetStore(context.settings.tweets).lift(handle)
        click.echo(f"{', '.join(lifted)} may be learned again." if lifted else f"{handle} was not forgotten.")
        return
    names = affected(handle, context.settings)
    if not yes:
        raise Usage(f"This deletes every tweet and version of {', '.join(names)} for good; say --yes if that is meant.")
    kept = [each for each in names if not _forgotten_on_the_hub(context, each, from_hub)]
    found = run(handle, context.settings, keep_published=bool(kept))
    others = f" Gone with it: {', '.join(names[1:])}." if names[1:] else ""
    click.echo(f"{handle} is forgotten.{others}" if found else f"There was nothing of {handle}.")


def _forgotten_on_the_hub(context: Context, handle: str, wanted: bool | None) -> bool:
    """Whether nothing is on the Hub of `handle` any more; asks where somebody can answer."""
    from huggingtweets.publishing.publish import begun, unpublish

    models = context.settings.storage.models
    known = begun(models, handle)
    if not known or not (known.version or wanted):
        return True  # nobody is asked about half a push: `forget` leaves it for removal
    if wanted is None:
        if not sys.stdin.isatty():
            raise Usage(f"{handle} is on the Hub, too ({known.url}); say --unpublish or --keep-published.")
        wanted = click.confirm(f"{handle} is on the Hub, too. Delete {known.url} with its history?", err=True)
    if wanted:
        unpublish(models, handle, context.settings.publishing)
        click.echo(f"{known.url} is deleted.")
    return wanted


@cli.command()
@click.option("--corpus", "corpora", multiple=True, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder of the new base model.")
@click.option("--tokens", type=click.IntRange(1_000), help="How many tokens to learn from.")
@click.option("--vocabulary", type=click.IntRange(300, 65_536))
@click.option("--width", type=click.IntRange(16), help="Size of the hidden state; a multiple of --heads.")
@click.option("--layers", type=click.IntRange(1))
@click.option("--heads", type=click.IntRange(1))
@click.option("--context", "window", type=click.IntRange(16), help="Tokens that the model sees at once.")
@click.option(
    "--row-tokens", type=click.IntRange(16), help="Length of the shortest rows that documents are packed into."
)
@click.option("--batch-tokens", type=click.IntRange(16))
@click.option("--micro-batch-tokens", type=click.IntRange(16))
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True))
@seed_option
@json_option
@command
def pretrain(
    context: Context,
    /,
    corpora: tuple[Path, ...],
    out: Path,
    as_json: bool,
    window: int | None,
    **chosen: float | None,
) -> None:
    """Train a tokenizer and a small GPT-2 from nothing; a run that was stopped goes on where it was."""
    from huggingtweets.training.pretrain import Plan
    from huggingtweets.training.pretrain import pretrain as run

    given = {key: value for key, value in {**chosen, "context": window}.items() if value is not None}
    with _progress(as_json) as say:
        bits = run(corpora, out, Plan(**given), say=lambda step: say(step.as_progress()))  # type: ignore[arg-type]
    if as_json:
        _print_json({"event": "done", "out": str(out), "held_out_bits_per_byte": bits})
    else:
        click.echo(f"{out} has {bits:.4f} bits per byte on the held-out documents.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; a failure is one sentence on stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # It warns of every retry; the last failure comes as an error.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        cli.main(arguments, prog_name="huggingtweets", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(Usage.exit_code)
    except click.ClickException as error:
        _fail(f"{error.format_message()} See huggingtweets --help.", Usage.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("Interrupted; start it again and it goes on.", 130)
    except PipelineError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(f"The system refused: {error}; check the disk's space and the permissions.", PipelineError.exit_code)
    except Exception as error:
        log.debug("unexpected", exc_info=error)
        _fail(f"A fault of our own ({type(error).__name__}: {error}); please report it.", PipelineError.exit_code)


def _fail(sentence: str, code: int) -> None:
    click.echo(f"huggingtweets: {sentence}", err=True)
    sys.exit(code)


def _version(context: Context, name: str, number: str | None) -> Version:
    """The version of that number, or the one in use."""
    handle = parse_name(name)
    return context.registry.version(handle, number) if number else context.registry.current(handle)


def _repository(context: Context, name: str) -> str:
    from huggingtweets.publishing.publish import repository_of

    return repository_of(name, context.settings.publishing)


def _record_promotion(context: Context, version: Version) -> None:
    from huggingtweets.tracking.lineage import promoted
    from huggingtweets.tracking.trackers import tracking

    with tracking(version.name, context.settings) as tracker:
        promoted(tracker, version)


def _publish_after(context: Context, version: Version, *, as_json: bool = False, later: bool = False) -> None:
    """After a promotion, if configured. What goes wrong is told, and is no failure of the promotion.

    `later` leaves it to the bot, whose trainings have no token.
    """
    if not context.settings.publishing.enabled:
        return
    from huggingtweets.publishing.publication import publish_if_configured, want_if_public

    if later:
        want_if_public(version.name, context.settings)
        return
    with _progress(as_json) as say:
        done = publish_if_configured(version, context.settings, say)
    if isinstance(done, str):
        click.echo(f"Warning: {done}", err=True)
    elif done and as_json:
        _print_json({"event": "published", **asdict(done)})
    elif done:
        click.echo(f"It is on the Hub: {done.url}")


@contextmanager
def _events(descriptor: int | None) -> Iterator[TextIO | None]:
    """The file of an open descriptor, where there is one. A failure is an event, too, in words for people."""
    if descriptor is None:
        yield None
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as events:
        try:
            yield events
        except Exception as error:
            with suppress(OSError):
                _print_json({"event": "failed", "for_people": for_people(error)}, events)
            raise


def _progress(as_json: bool, events: TextIO | None = None) -> "AbstractContextManager[Callable[[Any], None]]":
    return JsonLines(events or sys.stdout) if as_json or events else Bars(sys.stderr)


def _print_json(row: dict[str, Any], file: TextIO | None = None) -> None:
    click.echo(json.dumps(row, ensure_ascii=False), file=file)


def _flat(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """`facts` without those that are not there, and those of a table within it one by one."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}_{inner}", fact) for inner, fact in _flat(value))
        elif value not in (None, ""):
            yield key, value


def _summary(version: Version) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "base": version.base,
        "method": version.manifest["method"],
        "created": version.manifest["created"],
    }


if __name__ == "__main__":
    main()
