"""`look`: what is understood of a file, before anything is learned from it.

Knows arguments and how a preview is shown. Does not know how files are read.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from huggingtweets.cli.context import Told, json_option, with_told
from huggingtweets.cli.examples import examples
from huggingtweets.cli.output import print_json
from huggingtweets.core.text.quoted import shown_path

if TYPE_CHECKING:
    from huggingtweets.sources.preview import Preview


@click.command(
    epilog=examples("look twitter-archive.zip", "look chat.txt --author Ann", "look a.csv --text-column said")
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@with_told
@json_option
def look(told: Told, files: tuple[Path, ...], as_json: bool) -> None:
    """Show what is understood of FILE: its form and encoding, whose it is, and what becomes of its tweets.

    Nothing is kept.
    """
    from huggingtweets.sources.owners import Owned
    from huggingtweets.sources.preview import preview

    for file in told.about([Owned(path) for path in files]):
        seen = preview(file)
        if as_json:
            print_json(seen.as_json())
        else:
            _show(seen)


def _show(seen: "Preview") -> None:
    counts = seen.counts
    written = f", written in {seen.encoding}" if seen.encoding else ""
    by = f"@{seen.account.handle}" if seen.account else "nobody that it names"
    name = f" ({seen.account.display_name})" if seen.account and seen.account.display_name else ""
    click.echo(f"{shown_path(seen.path)}: {seen.form}{written}, by {by}{name}.")
    period = f" from {seen.period[0]:%Y-%m-%d} to {seen.period[1]:%Y-%m-%d}" if seen.period else ", without dates"
    tweets = "1 tweet" if counts.downloaded == 1 else f"{counts.downloaded:,} tweets"
    click.echo(
        f"{tweets}{period}: {counts.retweets:,} retweets, {counts.short:,} too short, "
        f"{counts.kept:,} to learn from, {seen.contexts:,} of them with what was said before."
    )
    if seen.left_out:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in seen.left_out.items())
        click.echo(f"Left out: {reasons}.")
    for note in seen.notes:
        click.echo(note)
    for text in seen.texts:
        click.echo(f"- {text}")
