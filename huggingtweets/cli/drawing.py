"""`generate`: tweets are drawn from a voice, or from a preview of one.

Knows arguments and how tweets are shown. Does not know how they are drawn.
"""

import click

from huggingtweets.cli.context import CommandContext, json_option, seed_option, with_settings
from huggingtweets.cli.output import alive, print_json
from huggingtweets.core.errors import Usage

EXAMPLES = """\b
Examples:
  huggingtweets generate nasa "We are" -n 3
  huggingtweets generate nasa+0.5*dril
  huggingtweets generate --preview --from twitter-archive.zip me
"""


@click.command(epilog=EXAMPLES)
@click.argument("name")
@click.argument("prompt", default="")
@click.option("-n", "--count", default=5, show_default=True, help="How many tweets.")
@click.option("--preview", is_flag=True, help="Without any training: the base, mixed with the habits of NAME's tweets.")
@click.option("--from", "files", multiple=True, help="With --preview: whose tweets.")
@seed_option
@json_option
@with_settings
def generate(
    context: CommandContext,
    name: str,
    prompt: str,
    count: int,
    preview: bool,
    files: tuple[str, ...],
    seed: int | None,
    as_json: bool,
) -> None:
    """Draw tweets of NAME that begin with PROMPT. NAME may be a blend of voices, such as nasa+0.5*dril."""
    if files and not preview:
        raise Usage("--from belongs to --preview here; a voice that is trained needs no files.")
    settings = context.settings
    with alive(f"Writing like {name}"):
        from huggingtweets.api.voice import Voice  # this takes a moment

        voice = Voice.preview(name, *files, config=settings) if preview else Voice.load(name, config=settings)
        tweets = voice.draw(prompt, count, seed=seed)
    for text in tweets.texts:
        if as_json:
            print_json({"text": text, "model": tweets.name, "version": tweets.version, "seed": tweets.seed})
        else:
            click.echo(text)
    if tweets.shortfall:
        click.echo(tweets.shortfall, err=True)
