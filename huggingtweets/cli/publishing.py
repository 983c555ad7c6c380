"""`card`, `export` and `publish`: what others see of a version, and the version as files and on the Hugging Face Hub.

Knows arguments and how results are shown. Does not know how a version is published.
"""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO

import click

from huggingtweets.cli.context import (
    CommandContext,
    background_option,
    json_option,
    niceness_option,
    with_settings,
)
from huggingtweets.cli.examples import examples
from huggingtweets.cli.output import events_written, print_json, progress_shown
from huggingtweets.core.process.background import work_in_background
from huggingtweets.registry.version import Version

if TYPE_CHECKING:
    from huggingtweets.publishing.folders import Form

version_option = click.option("--version", "number", help="Another version than the one in use.")


@click.command(epilog=examples("card nasa", "card nasa --out folder"))
@click.argument("name")
@version_option
@click.option("--out", type=click.Path(path_type=Path), help="A folder for the card and its pictures.")
@with_settings
def card(context: CommandContext, name: str, number: str | None, out: Path | None) -> None:
    """Print the model card of NAME; with --out, write it and its pictures there."""
    from huggingtweets.publishing.export import CARD, write_card
    from huggingtweets.publishing.publish import repository_of

    version, settings = context.version(name, number), context.settings
    with TemporaryDirectory() as temporary:
        folder = out or Path(temporary)
        write_card(version, settings, folder, repository_of(version.name, settings.publishing))
        click.echo(folder if out else (folder / CARD).read_text(encoding="utf-8"), nl=bool(out))


@click.command(epilog=examples("export nasa", "export nasa --format gguf"))
@click.argument("name")
@version_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["transformers", "gguf"]),
    default="transformers",
    show_default=True,
    help="For transformers and what reads its files, or for llama.cpp and what is built on it.",
)
@background_option
@niceness_option
@click.option("--events", "writes_events", is_flag=True, hidden=True, help="Write all that happens as JSON lines.")
@json_option
@with_settings
def export(
    context: CommandContext,
    /,
    name: str,
    number: str | None,
    form: "Form",
    background: bool,
    niceness: int,
    writes_events: bool,
    as_json: bool,
) -> None:
    """Make NAME an ordinary model in a folder, for other programs, and print its path last. Nothing is sent."""
    from huggingtweets.publishing.publication import refuse_private

    if background:
        work_in_background(niceness=niceness)
    version = context.version(name, number)
    with events_written(writes_events) as events:
        refuse_private(version.name, context.settings)
        _prepare(context, version, as_json, form, events)


@click.command(epilog=examples("publish nasa --dry-run", "publish nasa"))
@click.argument("name")
@version_option
@click.option("--dry-run", is_flag=True, help="Make the folder, print its path last, and send nothing.")
@background_option
@niceness_option
@json_option
@with_settings
def publish(
    context: CommandContext,
    /,
    name: str,
    number: str | None,
    dry_run: bool,
    background: bool,
    niceness: int,
    as_json: bool,
) -> None:
    """Put NAME on the Hugging Face Hub, as [publishing] in config.toml says."""
    if background:
        work_in_background(niceness=niceness)
    version = context.version(name, number)
    if dry_run:
        _prepare(context, version, as_json)
    else:
        _publish(context, version, as_json)


def _prepare(
    context: CommandContext,
    version: Version,
    as_json: bool,
    form: "Form" = "transformers",
    events: TextIO | None = None,
) -> None:
    from huggingtweets.publishing import publication

    with progress_shown(as_json, events) as say:
        folder = publication.prepare(version, context.settings, say, form)
    if events:
        return
    if as_json:
        print_json({"event": "done", "folder": str(folder)})
    else:
        click.echo(folder)


def _publish(context: CommandContext, version: Version, as_json: bool) -> None:
    from huggingtweets.publishing import publication

    with progress_shown(as_json) as say:
        published = publication.publish(version, context.settings, say)
    if as_json:
        print_json({"event": "done", **asdict(published)})
    else:
        click.echo(f"{version.name} {published.version} is on the Hub: {published.url}")


def publish_after(context: CommandContext, version: Version, *, as_json: bool = False, later: bool = False) -> None:
    """Publish `version` after it was promoted, if that is configured. A failure is shown; the promotion stands.

    `later` leaves the publishing to the bot, because the trainings that it starts get no token.
    """
    if not context.settings.publishing.enabled:
        return
    from huggingtweets.publishing.publication import publish_if_configured, want_if_public

    if later:
        want_if_public(version.name, context.settings)
        return
    with progress_shown(as_json) as say:
        published = publish_if_configured(version, context.settings, say)
    if isinstance(published, str):
        click.echo(f"Warning: {published}", err=True)
    elif published and as_json:
        print_json({"event": "published", **asdict(published)})
    elif published:
        click.echo(f"It is on the Hub: {published.url}")
