"""`generate`: tweets are drawn from a voice, or from a preview of one.

Knows arguments and how tweets are shown. Does not know how they are drawn.
"""

from collections.abc import Sequence

import click

from huggingtweets.cli.asking import answer_of_the_bot
from huggingtweets.cli.context import CommandContext, json_option, with_settings
from huggingtweets.cli.examples import examples
from huggingtweets.cli.output import alive, print_json
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Usage
from huggingtweets.generation.asking import Answer, Question, drawing_key
from huggingtweets.generation.drawing_options import (
    HIGHEST_TEMPERATURE,
    LENGTH_MEANS,
    LENGTHS,
    LOWEST_TEMPERATURE,
    MAX_SEED,
    SEED_MEANS,
    TEMPERATURE_MEANS,
    Length,
)

EXAMPLES = examples(
    'generate nasa "We are" -n 3',
    "generate nasa+0.5*dril",
    'generate nasa --reply-to "Is there life on Mars?" --length longer',
    "generate --preview --from twitter-archive.zip me",
)


@click.command(epilog=EXAMPLES)
@click.argument("name")
@click.argument("prompt", default="")
@click.option("-n", "--count", default=5, show_default=True, help="How many tweets.")
@click.option("--preview", is_flag=True, help="Without any training: the base, mixed with the habits of NAME's tweets.")
@click.option("--from", "files", multiple=True, help="With --preview: whose tweets.")
@click.option("--reply-to", default="", help="What somebody has said, which the tweets answer.")
@click.option(
    "--temperature",
    type=click.FloatRange(LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE),
    help=f"{TEMPERATURE_MEANS.capitalize()}.",
)
@click.option("--length", type=click.Choice(LENGTHS), default="usual", help=f"{LENGTH_MEANS.capitalize()}.")
@click.option("--seed", type=click.IntRange(0, MAX_SEED), help=f"{SEED_MEANS.capitalize()}.")
@json_option
@with_settings
def generate(
    context: CommandContext,
    name: str,
    prompt: str,
    count: int,
    preview: bool,
    files: tuple[str, ...],
    reply_to: str,
    temperature: float | None,
    length: Length,
    seed: int | None,
    as_json: bool,
) -> None:
    """Draw tweets of NAME that begin with PROMPT. NAME may be a blend of voices, such as nasa+0.5*dril."""
    if files and not preview:
        raise Usage("--from belongs to --preview here; a voice that is trained needs no files.")
    settings = context.settings
    question = Question(
        settings=drawing_key(settings),
        name=name,
        prompt=prompt,
        count=count,
        reply_to=reply_to,
        temperature=temperature,
        length=length,
        seed=seed,
    )
    with alive(f"Writing like {name}") as show:
        answer = None if preview else answer_of_the_bot(settings, question)
        if answer is None:
            show(f"Writing like {name}, after loading the base {settings.training.base}")
            answer = _drawn_here(settings, question, files if preview else None)
    for text in answer.texts:
        if as_json:
            print_json({"text": text, "model": answer.name, "version": answer.version, "seed": answer.seed})
        else:
            click.echo(text)
    if answer.shortfall:
        click.echo(answer.shortfall, err=True)


def _drawn_here(settings: Settings, question: Question, files: Sequence[str] | None) -> Answer:
    """The same answer from this process. With `files`, be it none, it is a preview of the voice."""
    from huggingtweets.api.voice import Voice

    if files is None:
        voice = Voice.load(question.name, config=settings)
    else:
        voice = Voice.preview(question.name, *files, config=settings)
    tweets = voice.draw(
        question.prompt,
        question.count,
        seed=question.seed,
        temperature=question.temperature,
        length=question.length,
        reply_to=question.reply_to,
    )
    return Answer(
        texts=tweets.texts, name=tweets.name, version=tweets.version, seed=tweets.seed, shortfall=tweets.shortfall
    )
