"""`train` and `collect`: a voice is learned, and tweets are read from where they are.

Knows arguments and how results are shown. Does not know how anything is learned.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

import click

from huggingtweets.api.learning import gathered_in_words, outcome_of, read_remote, with_overrides
from huggingtweets.cli.context import (
    CommandContext,
    Told,
    background_option,
    json_option,
    niceness_option,
    seed_option,
    with_settings,
    with_told,
)
from huggingtweets.cli.examples import examples
from huggingtweets.cli.output import events_written, progress_shown
from huggingtweets.cli.publishing import publish_after
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import TooFewNew, Unavailable
from huggingtweets.core.events import skipped, write_event
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.process.background import work_in_background
from huggingtweets.evaluation import verdict

if TYPE_CHECKING:
    from huggingtweets.core.events import Say
    from huggingtweets.sources.owners import Owned
    from huggingtweets.workflow.pipeline import Outcome


EXAMPLES = examples(
    "train me --from twitter-archive.zip",
    "train ann --from bluesky:ann.bsky.social",
    "train ann bob --from ann=ann.csv --from bob=bob.zip",
)


@click.command(epilog=EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--from",
    "sources",
    multiple=True,
    help="An archive of X or another service (zip or folder), a table of tweets (JSON lines, CSV, text), x:HANDLE, "
    "bluesky:HANDLE, or @USER@SERVER of Mastodon. May be given several times; for a model of several people such as "
    "ann-bob, write ann=PATH.",
)
@click.option("--base", help="The base model: a folder, or one on the Hub (gpt2, hub:owner/name).")
@click.option("--method", type=click.Choice(["lora", "full"]), help="Train an adapter, or all weights.")
@click.option("--threads", type=click.IntRange(1), help="How many cores to use; all of them by default.")
@click.option("--min-new", type=click.IntRange(0), default=0, help="Only with so many tweets since the version in use.")
@background_option
@niceness_option
@click.option("--events", "writes_events", is_flag=True, hidden=True, help="Write all that happens as JSON lines.")
@seed_option
@json_option
@with_told
@with_settings
def train(
    context: CommandContext,
    told: Told,
    /,
    names: tuple[str, ...],
    sources: tuple[str, ...],
    min_new: int,
    background: bool,
    niceness: int,
    writes_events: bool,
    as_json: bool,
    **overrides: str | int | None,
) -> None:
    """Learn the voice NAME, or one voice of several people.

    The new version is in use if it is no worse than the one before and copies nobody.
    """
    if background:
        work_in_background(niceness)
    settings = with_overrides(context.settings, overrides)
    voice = VoiceName.together(map(VoiceName.parse, names))
    with events_written(writes_events) as events, progress_shown(as_json, events) as say:
        outcome = _learn(voice, sources, settings, told, min_new, say, events)
    if outcome is None:
        return
    if as_json:
        write_event(outcome.event, sys.stdout)
    else:
        _show_outcome(outcome)
    if outcome.verdict.passed:
        publish_after(context, outcome.version, as_json=as_json, later=background)


def _learn(
    voice: VoiceName,
    sources: Sequence[str],
    settings: Settings,
    told: Told,
    min_new: int,
    say: "Say",
    events: TextIO | None,
) -> "Outcome | None":
    """Read the sources and train. Returns None if there is too little new, and somebody who reads events was told."""
    try:
        outcome = outcome_of(voice, sources, settings, say=say, tell=_tell, min_new=min_new, told_about=told.about)
    except TooFewNew as error:
        if not events:
            raise
        write_event(skipped(voice, error.new, error.for_people), events)
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


@click.command(
    epilog=examples("collect ann --from bluesky:ann.bsky.social", "collect ann --from chat.txt", "collect ann")
)
@click.argument("name")
@click.option("--from", "sources", multiple=True, help="x:HANDLE, bluesky:HANDLE, @USER@SERVER, or a file as in train.")
@with_told
@with_settings
def collect(context: CommandContext, told: Told, /, name: str, sources: tuple[str, ...]) -> None:
    """Read what is new of NAME, and drop what was deleted there; without --from, where it was read before."""
    from huggingtweets.sources.remote_sources import Collector

    voice, settings = VoiceName.parse(name), context.settings
    if sources:
        _take_in(voice, told.about(read_remote(voice, sources, settings, _tell)), settings)
        return
    collector = Collector(settings)
    for handle in voice.handles:
        if not asyncio.run(collector.sources(handle)):
            raise Unavailable(
                f"Tweets of {handle} were never read from X, Bluesky or Mastodon; "
                f"say where they are with --from x:HANDLE, --from bluesky:HANDLE or --from @USER@SERVER."
            )
    for handle in voice.handles:
        gathered = asyncio.run(collector.refresh(handle))
        click.echo(gathered_in_words(handle, gathered.new, gathered.dropped))
        if shortfall := collector.shortfall():
            click.echo(shortfall)


def _take_in(voice: VoiceName, files: "Sequence[Owned]", settings: Settings) -> None:
    """Put the tweets in `files` into the store."""
    from huggingtweets.registry.accounts import Accounts
    from huggingtweets.sources.owners import read_owned
    from huggingtweets.tweets.kept.tweet_store import TweetStore

    Accounts(settings).refuse(voice)
    store = TweetStore(settings.tweets)
    for handle, sources in read_owned(voice, files).items():
        for collected in sources:
            for note in collected.notes:
                _tell(note)
            change = store.take_in(handle, collected)
            click.echo(gathered_in_words(handle, change.new, change.deleted))


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
