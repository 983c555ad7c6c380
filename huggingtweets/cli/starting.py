"""`init`, `bot`, `token`, `backup`, `restore`: settings are written, the bot is started, what it keeps is kept.

Knows where settings belong, and the names of the bot's packages. Does not know what they do.
"""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import click

from huggingtweets.cli.examples import examples
from huggingtweets.core import atomic
from huggingtweets.core.config.user_folders import SETTINGS, home_of, shipped, user_settings
from huggingtweets.core.errors import Usage

_OF_THE_FILE = "the folder of this file"


@click.command(epilog=examples("init", "init my-bot"))
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path | None) -> None:
    """Write a config.toml with every setting and a comment on each.

    With FOLDER, it is written there, and voices and tweets are kept beside it. Without FOLDER, the file is your own: it
    counts wherever you run a command, unless the working directory has another.
    """
    file = folder / SETTINGS if folder else user_settings()
    if file.exists():
        raise Usage(f"{file} is there already; edit it, or move it away first.")
    home = home_of(file)
    text = shipped(SETTINGS, SETTINGS).read_text(encoding="utf-8")
    atomic.write_text(file, text if folder else text.replace(_OF_THE_FILE, str(home), 1))
    click.echo(f"Settings: {file}\nVoices and tweets: {home}")
    named = f" --config {file}" if folder and file.resolve() != Path(SETTINGS).resolve() else ""
    click.echo(f"Start the bot: huggingtweets bot{named}")


def _run_as_module(module: str, program: str, arguments: tuple[str, ...]) -> None:
    """Run a program of the bot's package, as by `python -m`. The pipeline imports none of it."""
    sys.argv = [program, *arguments]
    runpy.run_module(module, run_name="__main__")


def _passed_on(function: Callable[[tuple[str, ...]], None]) -> click.Command:
    """A command whose arguments are read by the program that it runs."""
    settings = {"ignore_unknown_options": True}
    taken = click.argument("arguments", nargs=-1, type=click.UNPROCESSED)(function)
    return click.command(add_help_option=False, context_settings=settings)(taken)


@_passed_on
def bot(arguments: tuple[str, ...]) -> None:
    """Start the bot. What it takes is told by `huggingtweets bot --help`."""
    _run_as_module("bot", "huggingtweets bot", arguments)


@_passed_on
def backup(arguments: tuple[str, ...]) -> None:
    """Write a backup. What it takes is told by `huggingtweets backup --help`."""
    _run_as_module("bot.keeping", "huggingtweets", ("backup", *arguments))


@_passed_on
def restore(arguments: tuple[str, ...]) -> None:
    """Restore a backup. What it takes is told by `huggingtweets restore --help`."""
    _run_as_module("bot.keeping", "huggingtweets", ("restore", *arguments))


@_passed_on
def token(arguments: tuple[str, ...]) -> None:
    """Make, list or revoke tokens for other programs. `huggingtweets token --help` tells how."""
    _run_as_module("bot.token_command", "huggingtweets token", arguments)
