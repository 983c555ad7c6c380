"""`train` and `collect`: a voice is learned, and tweets are read from where they are.

Knows arguments and how results are shown. Does not know how anything is learned.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from huggingtweets.cli.context import (
    CommandContext,
    background_option,
    json_option,
    niceness_option,
    seed_option,
    with_settings,
)
from huggingtweets.cli.output import events_file, progress_shown
from huggingtweets.cli.publishing import publish_after
from huggingtweets.core.background import work_in_background
from huggingtweets.core.base_folders import resolve_base
from huggingtweets.core.config import Settings
from huggingtweets.core.errors import TooFewNew, Unavailable, Usage
from huggingtweets.core.events import Skipped, write_event
from huggingtweets.core.names import VoiceName
from huggingtweets.evaluation import verdict

if TYPE_CHECKING:
    from huggingtweets.core.events import Say
    from huggingtweets.sources.networks.network import Gathered
    from huggingtweets.sources.owners import Owned
    from huggingtweets.sources.remote_sources import Collector
    from huggingtweets.workflow.pipeline import Outcome


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--from",
    "sources",
    multiple=True,
    help="An X archive (zip or folder), a table of tweets (JSON lines, CSV, text), x:HANDLE, or bluesky:HANDLE. "
    "May be given several times; for a model of several people such as ann-bob, write ann=PATH.",
)
@click.option("--base", help="The base model: a folder, or one on the Hub (gpt2, hub:owner/name).")
@click.option("--method", type=click.Choice(["lora", "full"]), help="Train an adapter, or all weights.")
@click.option("--threads", type=click.IntRange(1), help="How many cores to use; all of them by default.")
@click.option("--min-new", type=click.IntRange(0), default=0, help="Only with so many tweets since the version in use.")
@background_option
@niceness_option
@click.option("--progress-fd", type=click.IntRange(3), help="Write events as JSON lines to this open descriptor.")
@seed_option
@json_option
@with_settings
def train(
    context: CommandContext,
    /,
    names: tuple[str, ...],
    sources: tuple[str, ...],
    min_new: int,
    background: bool,
    niceness: int,
    progress_fd: int | None,
    as_json: bool,
    **overrides: str | int | None,
) -> None:
    """Learn the voice NAME, or one voice of several people.

    The new version is in use if it is no worse than the one before and copies nobody.
    """
    if background:
        work_in_background(progress_fd, niceness)
    settings = with_overrides(context.settings, overrides)
    voice = VoiceName.together(map(VoiceName.parse, names))
    with events_file(progress_fd) as events, progress_shown(as_json, events) as say:
        outcome = _learn(voice, sources, settings, min_new, say, events)
    if outcome is None:
        return
    if as_json:
        write_event(outcome.event, sys.stdout)
    else:
        _show_outcome(outcome)
    if outcome.verdict.passed:
        publish_after(context, outcome.version, as_json=as_json, later=background)


def with_overrides(settings: Settings, overrides: Mapping[str, Any]) -> Settings:
    """`settings` with those of `overrides` that were given, in [training]. A base counts from the working directory."""
    values = {key: value for key, value in overrides.items() if value is not None}
    if "base" in values:
        values["base"] = resolve_base(values["base"], Path.cwd())
    return settings.model_copy(update={"training": settings.training.model_copy(update=values)})


def _learn(
    voice: VoiceName, sources: Sequence[str], settings: Settings, min_new: int, say: "Say", events: TextIO | None
) -> "Outcome | None":
    """Read the sources and train. Returns None if there is too little new, and somebody who reads events was told."""
    from huggingtweets.workflow import pipeline

    files = _read_remote(voice, sources, settings)
    try:
        outcome = pipeline.run(voice, files, settings, say=say, min_new=min_new)
    except TooFewNew as error:
        if not events:
            raise
        write_event(Skipped(name=voice, new=error.new, why=error.for_people), events)
        return None
    if events:
        write_event(outcome.event, events)
    return outcome


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
    for said in (verdict.in_words(report, counts.kept), outcome.verdict.why_not):
        if said:
            click.echo(said)
    for text in outcome.samples:
        click.echo(f"- {text}")


@click.command()
@click.argument("name")
@click.option("--from", "sources", multiple=True, help="x:HANDLE or bluesky:HANDLE.")
@with_settings
def collect(context: CommandContext, name: str, sources: tuple[str, ...]) -> None:
    """Read what is new of NAME, and drop what was deleted there; without --from, where it was read before."""
    from huggingtweets.sources.remote_sources import Collector

    voice, settings = VoiceName.parse(name), context.settings
    if sources:
        if _read_remote(voice, sources, settings):
            raise Usage("collect reads x:HANDLE and bluesky:HANDLE; files are read by train.")
        return
    collector = Collector(settings)
    for handle in voice.handles:
        if not asyncio.run(collector.sources(handle)):
            raise Unavailable(
                f"Tweets of {handle} were never read from X or Bluesky; "
                f"say where they are with --from x:HANDLE or --from bluesky:HANDLE."
            )
    for handle in voice.handles:
        _show_gathered(handle, asyncio.run(collector.refresh(handle)), collector)


def _read_remote(voice: VoiceName, sources: Sequence[str], settings: Settings) -> "list[Owned]":
    """Read the sources at X and Bluesky into the store. Returns the others, which are files."""
    from huggingtweets.sources.owners import parse_owned

    owned = [parse_owned(source, voice) for source in sources]
    if not any(":" in source.written for source in owned):
        return owned
    from huggingtweets.sources.remote_sources import Collector, Origin, parse_origin

    origins_by_handle: dict[str, list[Origin]] = {}
    files: list[Owned] = []
    for source in owned:
        if origin := parse_origin(source.written):
            origins_by_handle.setdefault(source.handle or _only_handle(voice, source.written), []).append(origin)
        else:
            files.append(source)
    collector = Collector(settings)
    for handle, origins in origins_by_handle.items():
        _show_gathered(handle, asyncio.run(collector.collect(handle, origins)), collector, err=True)
    return files


def _show_gathered(handle: str, gathered: "Gathered", collector: "Collector", *, err: bool = False) -> None:
    click.echo(f"{gathered.new:,} new tweets of {handle}, {gathered.dropped:,} gone at their source.", err=err)
    if shortfall := collector.shortfall():
        click.echo(shortfall, err=True)


def _only_handle(voice: VoiceName, source: str) -> str:
    """The handle of the one person in `voice`; raises `Usage` if there are several."""
    if not voice.is_of_one:
        raise Usage(f"Whose tweets are at {source}? Write --from {voice.handles[0]}={source}.")
    return voice
