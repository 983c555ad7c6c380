"""The command line: `huggingtweets COMMAND`. Results go to stdout, progress and errors to stderr.

Knows which commands there are. Does not know what they do.
"""

import importlib
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from huggingtweets import __version__
from huggingtweets.cli.examples import examples
from huggingtweets.cli.exit_codes import errors_as_exit_codes
from huggingtweets.core.process import pydantic_plugins


@dataclass(frozen=True, slots=True)
class Listed:
    """A command as the list of all commands has it: the module in which it is, and a sentence of one line."""

    module: str
    says: str


COMMANDS = {
    "backup": Listed("starting", "Write all that the bot keeps to one file, while it runs."),
    "bases": Listed("bases", "List the base models; get one ready."),
    "bot": Listed("starting", "Start the bot: Discord, the local page, posts."),
    "card": Listed("publishing", "Print the model card of a voice, or write it."),
    "collect": Listed("learning", "Read what is new of a voice where its tweets are."),
    "evaluate": Listed("versions", "Measure how good a voice is."),
    "export": Listed("publishing", "Make a voice a folder for other programs."),
    "forget": Listed("removal", "Delete everything of a person, for good."),
    "generate": Listed("drawing", "Draw tweets of a voice."),
    "init": Listed("starting", "Write a config.toml with every setting."),
    "look": Listed("looking", "Show what is understood of a file."),
    "models": Listed("versions", "List the voices and their versions."),
    "pretrain": Listed("pretraining", "Train a small base model from nothing."),
    "promote": Listed("versions", "Put a version of a voice in use."),
    "publish": Listed("publishing", "Put a voice on the Hugging Face Hub."),
    "restore": Listed("starting", "Put a backup in place."),
    "rollback": Listed("versions", "Put the version in use that was in use before."),
    "token": Listed("starting", "Make, list or revoke tokens for other programs."),
    "train": Listed("learning", "Learn a voice from a person's tweets."),
    "unpublish": Listed("removal", "Delete a voice from the Hugging Face Hub."),
}
"""Every command. Its module is imported when the command is used, and not when it is listed."""


class Commands(click.Group):
    """Imports the module of the command that is run, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"huggingtweets.cli.{COMMANDS[cmd_name].module}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Click would import every command for its first sentence, which takes longer than all else."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].says) for name in self.list_commands(ctx)])


EXAMPLES = examples(
    "train me --from twitter-archive.zip",
    'generate me "My dream is" -n 3',
    "bot",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES)
@click.version_option(__version__)
def cli() -> None:
    """From a person's tweets to a model that writes like them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; a failure is one sentence on stderr."""
    pydantic_plugins.look_for_none()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    # huggingface_hub warns at every retry. Its last failure is raised as an error. It sets its own level when it is
    # imported, from this variable.
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    with errors_as_exit_codes():
        cli.main(arguments, prog_name="huggingtweets", standalone_mode=False)


if __name__ == "__main__":
    main()
