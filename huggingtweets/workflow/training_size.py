"""How much work a training is: its tokens, its drafts, and the models that are measured.

Knows a data set, the settings and the base's tokenizer. Does not know how long anything takes.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from huggingtweets.model import base as bases
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow.training_run import TrainingRun
from huggingtweets.workflow.work_plan import Amounts

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def amounts(run: TrainingRun, dataset: Dataset) -> Amounts:
    """What there is to do in this training. Raises `BadBase`."""
    from huggingtweets.evaluation.measure import TRIES
    from huggingtweets.evaluation.replying import MIN_PAIRS
    from huggingtweets.evaluation.sense import MAX_TEXTS, judges
    from huggingtweets.training.recipe import epochs_within
    from huggingtweets.workflow.describing import SAMPLES
    from huggingtweets.workflow.selecting import drafts_wanted

    settings = run.settings
    tokenizer = bases.tokenizer_of(run.base)
    learned, held_out = (_tokens(tokenizer, texts) for texts in (dataset.repeated.learned, dataset.held_out))
    of_a_text = held_out / max(1, len(dataset.held_out))
    pairs = dataset.held_out_pairs
    answers = _tokens(tokenizer, [pair.text for pair in pairs])
    contexts = _tokens(tokenizer, [pair.context for pair in pairs])
    judge = next(judges(run.base, settings.storage.models), None)
    return Amounts(
        parameters=bases.describe_base(run.base).parameters,
        learned=learned,
        passes=epochs_within(run.training, learned),
        held_out=held_out,
        paired=3 * answers + 2 * contexts if len(pairs) >= MIN_PAIRS else 0,
        compared=3 if run.in_use else 2,
        drafts=settings.gate.drafts + drafts_wanted(settings) + TRIES * SAMPLES,
        draft_tokens=round(of_a_text),
        judge=bases.describe_base(judge).parameters if judge else 0,
        judged=round(3 * min(MAX_TEXTS, len(dataset.held_out)) * of_a_text) if judge else 0,
        is_base_ready=True,
    )


def _tokens(tokenizer: "Tokenizer", texts: Iterable[str]) -> int:
    """The tokens of `texts`, each with its end."""
    from huggingtweets.model.tokenizer import encode_all

    return sum(len(tokens) + 1 for tokens in encode_all(tokenizer, list(texts)))
