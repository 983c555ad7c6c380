"""The command line: `huggingtweets COMMAND`. Results go to stdout, progress and errors to stderr.

Knows which commands there are. Does not know what they do.
"""

import importlib
import logging
import sys
from collections.abc import Sequence

import click

from huggingtweets import __version__
from huggingtweets.cli.exit_codes import errors_as_exit_codes

MODULES = {
    "bases": "bases",
    "bot": "starting",
    "card": "publishing",
    "collect": "learning",
    "evaluate": "versions",
    "forget": "removal",
    "generate": "drawing",
    "init": "starting",
    "models": "versions",
    "pretrain": "pretraining",
    "promote": "versions",
    "publish": "publishing",
    "rollback": "versions",
    "train": "learning",
    "unpublish": "removal",
}
"""The command of each name is in this module, which is imported when the command is used."""


class Commands(click.Group):
    """Imports the module of the command that is run, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        command = getattr(importlib.import_module(f"huggingtweets.cli.{MODULES[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


EXAMPLES = """\b
Examples:
  huggingtweets train me --from twitter-archive.zip
  huggingtweets generate me "My dream is" -n 3
  huggingtweets bot
"""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES)
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
