"""The command line: `huggingtweets COMMAND`. Results go to stdout, progress and errors to stderr.

Knows which commands there are. Does not know what they do.
"""

import logging
import sys
from collections.abc import Sequence

import click

from huggingtweets import __version__
from huggingtweets.cli import bases, drawing, learning, pretraining, publishing, removal, starting, versions
from huggingtweets.cli.exit_codes import errors_as_exit_codes

COMMANDS = (
    starting.init,
    starting.bot,
    learning.train,
    learning.collect,
    drawing.generate,
    versions.evaluate,
    versions.models,
    versions.promote,
    versions.rollback,
    publishing.card,
    publishing.publish,
    removal.unpublish,
    removal.forget,
    pretraining.pretrain,
    bases.bases,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, commands=COMMANDS)
@click.version_option(__version__)
def cli() -> None:
    """From a person's tweets to a model that writes like them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; a failure is one sentence on stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    # huggingface_hub warns at every retry. Its last failure is raised as an error.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    with errors_as_exit_codes():
        cli.main(arguments, prog_name="huggingtweets", standalone_mode=False)


if __name__ == "__main__":
    main()
