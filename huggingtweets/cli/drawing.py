"""`generate`: tweets are drawn from a voice, or from a preview of one.

Knows arguments and how tweets are shown. Does not know how they are drawn.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from huggingtweets.cli.context import CommandContext, json_option, seed_option, with_settings
from huggingtweets.cli.output import print_json
from huggingtweets.core.errors import Unavailable, Usage
from huggingtweets.core.names import BlendName, VoiceName
from huggingtweets.tweets.tweet_store import TweetStore

if TYPE_CHECKING:
    from huggingtweets.generation.engine.preview_voice import Drawable
    from huggingtweets.generation.writer import Tweets


@click.command()
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
    blend = BlendName.parse(name)
    _refuse_forgotten(context, blend)
    voice = _preview_voice(context, blend.single, files) if preview else _voice(context, blend)
    tweets = asyncio.run(_write(context, voice, prompt, count, seed))
    for text in tweets.texts:
        if as_json:
            print_json({"text": text, "model": tweets.name, "version": tweets.version, "seed": tweets.seed})
        else:
            click.echo(text)
    if tweets.shortfall:
        click.echo(tweets.shortfall, err=True)


def _refuse_forgotten(context: CommandContext, blend: BlendName) -> None:
    """Raises `Forgotten` or `OptedOut` if one of the people in `blend` wants no voice here."""
    from huggingtweets.registry.accounts import Accounts

    accounts = Accounts(context.settings)
    for voice in blend.voices:
        accounts.refuse(voice)


async def _write(context: CommandContext, voice: "Drawable", prompt: str, count: int, seed: int | None) -> "Tweets":
    from huggingtweets.generation.engine import Engine
    from huggingtweets.generation.writer import Writer

    async with Engine(context.settings.generation) as engine:
        return await Writer(engine).write(voice, prompt, count, seed)


def _voice(context: CommandContext, blend: BlendName) -> "Drawable":
    from huggingtweets.registry.blend import find_voice

    return find_voice(blend, context.registry.current)


def _preview_voice(context: CommandContext, voice: VoiceName, files: Sequence[str]) -> "Drawable":
    from huggingtweets.generation.engine.preview_voice import preview_voice
    from huggingtweets.sources.owners import parse_owned, texts_of

    texts, counts = texts_of(voice, [parse_owned(file, voice) for file in files], TweetStore(context.settings.tweets))
    if not counts.downloaded:
        raise Unavailable(
            f"There are no tweets of {voice} to begin with; name a file or archive of theirs with --from."
        )
    return preview_voice(voice, texts, context.settings.base, counts)
