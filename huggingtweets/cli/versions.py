"""`evaluate`, `models`, `promote` and `rollback`: which versions there are, how good they are, and which is in use.

Knows arguments and how versions are shown. Does not know how they are measured or kept.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from huggingtweets.cli.context import CommandContext, json_option, with_settings
from huggingtweets.cli.examples import examples
from huggingtweets.cli.output import alive, print_json, print_table
from huggingtweets.cli.publishing import publish_after
from huggingtweets.core.people.names import VoiceName
from huggingtweets.evaluation import verdict
from huggingtweets.evaluation.figures import figures
from huggingtweets.model.base import base_name
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry


@click.command(epilog=examples("evaluate nasa", "evaluate nasa --version v2"))
@click.argument("name")
@click.option("--version", "number", help="Another version than the one in use, such as v2; it is held against that.")
@json_option
@with_settings
def evaluate(context: CommandContext, name: str, number: str | None, as_json: bool) -> None:
    """Measure the version of NAME that is in use, on tweets that it has not learned from."""
    from huggingtweets.evaluation.measure import measure
    from huggingtweets.evaluation.quality_gate import judge

    version = context.version(name, number)
    with alive(f"Measuring {version.name} {version.version}"):
        report = measure(version, context.settings, _compared_with(version, context.registry))
    gate = judge(report, context.settings.gate)
    how_good = verdict.in_words(report, version.manifest.counts.kept)
    if as_json:
        facts = {"name": version.name, "version": version.version, "base": version.base, **report.as_json()}
        gates = {"passes_the_gate": gate.passed, "why_not": gate.why_not, "caution": gate.caution}
        print_json(facts | gates | {"verdict": how_good})
        return
    click.echo(f"{version.name} {version.version}, on {base_name(version.base)}")
    for sentence in filter(None, (how_good, gate.why_not or "It may be used.", gate.caution)):
        click.echo(sentence)
    click.echo()
    print_table(("figure", "value", "what it says"), figures(report))


def _compared_with(version: Version, registry: Registry) -> Version | None:
    """The version in use, if it is another one than `version`."""
    if version.name not in registry.names():
        return None
    in_use = registry.current(version.name)
    return in_use if in_use.key != version.key else None


@click.command(epilog=examples("models", "models --json"))
@json_option
@with_settings
def models(context: CommandContext, as_json: bool) -> None:
    """List the models and their versions in use, and the versions that are not fit to be used."""
    registry = context.registry
    in_use = {version.name: version for version in registry.in_use()}
    names = sorted({*in_use, *registry.all_names()})
    if as_json:
        for name in names:
            summary = _summary(in_use[name]) if name in in_use else {"name": name, "version": None}
            reasons = {version.version: version.rejected for version in registry.rejected(name)}
            print_json(summary | {"versions": registry.versions(name), "rejected": reasons})
    elif names:
        rows = [row for name in names for row in _rows(in_use.get(name), registry.rejected(name))]
        print_table(("voice", "version", "base", "learned on", "how good"), rows)
    else:
        click.echo("There is no voice yet. Learn one: huggingtweets train NAME --from PATH")


def _rows(in_use: Version | None, rejected: Sequence[Version]) -> Iterator[list[str]]:
    """The version in use, and those that are not fit to be used, with the reason in place of how good they are."""
    for version in [*([in_use] if in_use else []), *rejected]:
        how_good = version.rejected or verdict.strength_of(version.manifest) or "not measured"
        day = version.manifest.created.partition("T")[0]
        yield [version.name, version.version, base_name(version.base), day, how_good]


def _summary(version: Version) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "base": version.base,
        "method": version.manifest.method,
        "created": version.manifest.created,
        "strength": verdict.strength_of(version.manifest),
        "verdict": verdict.of(version.manifest),
    }


@click.command(epilog=examples("promote nasa v2"))
@click.argument("name")
@click.argument("version")
@with_settings
def promote(context: CommandContext, name: str, version: str) -> None:
    """Put VERSION of NAME in use."""
    promoted = context.registry.promote(VoiceName.parse(name), version)
    click.echo(f"{promoted.name} {promoted.version} is in use.")
    _after_promotion(context, promoted)


@click.command(epilog=examples("rollback nasa"))
@click.argument("name")
@with_settings
def rollback(context: CommandContext, name: str) -> None:
    """Put the version of NAME in use that was in use before."""
    promoted = context.registry.rollback(VoiceName.parse(name))
    click.echo(f"{promoted.name} {promoted.version} is in use again.")
    _after_promotion(context, promoted)


def _after_promotion(context: CommandContext, version: Version) -> None:
    """Record the promotion, and publish the version if that is configured."""
    from huggingtweets.tracking.lineage import promoted
    from huggingtweets.tracking.trackers import tracking

    with tracking(version.name, context.settings) as tracker:
        promoted(tracker, version)
    publish_after(context, version)
