"""`bases`: which base models there are, what each costs, and making one ready.

Knows arguments and how bases are shown. Does not know how one is read.
"""

import click

from huggingtweets.cli.context import CommandContext, json_option, with_settings
from huggingtweets.cli.output import print_json
from huggingtweets.core.base_folders import located
from huggingtweets.model import base as base_models
from huggingtweets.model.named_bases import NAMED_BASES


@click.group(invoke_without_command=True)
@json_option
@with_settings
def bases(context: CommandContext, as_json: bool) -> None:
    """List the base models that have a name: parameters, download, disk space, and whether each is here."""
    if click.get_current_context().invoked_subcommand:
        return
    for offer in base_models.catalogue(context.settings.storage.models):
        if as_json:
            print_json(offer.as_json())
        else:
            click.echo(
                f"{offer.name}\t{offer.parameters / 1e6:.0f}M parameters\t{offer.download} to download\t"
                f"{offer.disk} on the disk\t{offer.state}"
            )


@bases.command()
@click.argument("name", type=click.Choice(list(NAMED_BASES)))
@json_option
@with_settings
def get(context: CommandContext, name: str, as_json: bool) -> None:
    """Make the base NAME ready for use. This is done once."""
    folder = located(name, context.settings.storage.models)
    base = base_models.load(folder)
    if as_json:
        print_json({"name": name, "folder": folder, "parameters": base.model.description.parameters})
    else:
        click.echo(f"{name} is ready, in {folder}.")
