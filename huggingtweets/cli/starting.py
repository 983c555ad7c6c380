"""`init` and `bot`: the settings are written, the bot is started.

Knows where settings belong, and the name of the bot's package. Does not know what the bot does.
"""

import runpy
import sys
from pathlib import Path

import click

from huggingtweets.core import atomic
from huggingtweets.core.errors import Usage
from huggingtweets.core.user_folders import SETTINGS, home_of, shipped, user_settings

_OF_THE_FILE = "the folder of this file"


@click.command()
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


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
    short_help="Start the bot: Discord, the local page, posts.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bot(arguments: tuple[str, ...]) -> None:
    """Start the bot. What it takes is told by `huggingtweets bot --help`."""
    sys.argv = ["huggingtweets bot", *arguments]
    # The pipeline imports no platform; the bot's package is only run, as by `python -m bot`.
    runpy.run_module("bot", run_name="__main__")
