"""`pretrain`: a base model is trained from nothing.

Knows arguments. Does not know how a base is trained.
"""

from pathlib import Path

import click

from huggingtweets.cli.context import CommandContext, json_option, seed_option, with_settings
from huggingtweets.cli.examples import examples
from huggingtweets.cli.output import print_json, progress_shown


@click.command(epilog=examples("pretrain --corpus posts.jsonl --out models/mine"))
@click.option(
    "--corpus",
    "corpora",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="A file of texts to learn from; may be repeated.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder of the new base model.")
@click.option("--tokens", type=click.IntRange(1_000), help="How many tokens to learn from.")
@click.option("--vocabulary", type=click.IntRange(300, 65_536), help="How many tokens the tokenizer has.")
@click.option("--width", type=click.IntRange(16), help="Size of the hidden state; a multiple of --heads.")
@click.option("--layers", type=click.IntRange(1), help="How many blocks the model has.")
@click.option("--heads", type=click.IntRange(1), help="How many heads each block has.")
@click.option("--context", "window", type=click.IntRange(16), help="Tokens that the model sees at once.")
@click.option(
    "--row-tokens", type=click.IntRange(16), help="Length of the shortest rows that documents are packed into."
)
@click.option("--batch-tokens", type=click.IntRange(16), help="Tokens in each step.")
@click.option("--micro-batch-tokens", type=click.IntRange(16), help="Tokens that are in memory at once.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="The highest rate of the run.")
@seed_option
@json_option
@with_settings
def pretrain(
    context: CommandContext,
    /,
    corpora: tuple[Path, ...],
    out: Path,
    as_json: bool,
    window: int | None,
    **options: float | None,
) -> None:
    """Train a tokenizer and a small GPT-2 from nothing; a run that was stopped goes on where it was."""
    from huggingtweets.training.pretrain import pretrain as run
    from huggingtweets.training.pretraining_plan import Plan

    plan = {key: value for key, value in {**options, "context": window}.items() if value is not None}
    with progress_shown(as_json) as say:
        bits = run(corpora, out, Plan(**plan), say=lambda step: say(step.as_progress()))  # type: ignore[arg-type]
    if as_json:
        print_json({"event": "done", "out": str(out), "held_out_bits_per_byte": bits})
    else:
        click.echo(f"{out} has {bits:.4f} bits per byte on the held-out documents.")
