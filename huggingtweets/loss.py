"""Cross-entropy of a GPT-2 on packed rows, in nats, with a mask that hides documents from each other.

Knows tensors and `GPT2LMHeadModel`. Does not know tokenizers, files, optimisers or what the documents are.
"""

import math
from typing import TYPE_CHECKING, Any

import torch

from huggingtweets.attention import PACKED, bias
from huggingtweets.packing import IGNORED, Rows

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel

LOGITS_AT_ONCE = 1 << 21  # numbers, 8 MiB in fp32: fastest of 4 to 32 MiB on two cores with 32 MiB of cache


def summed_loss(model: "GPT2LMHeadModel", rows: Rows) -> torch.Tensor:
    """The sum of the cross-entropy over all targets of `rows`, in nats; a scalar with gradients.

    The empty places are computed too: batches of one shape are worth more than the few places, because oneDNN
    generates its kernels anew for each shape (1.7 times slower, and memory grows).
    """
    device = model.device
    hidden = model.transformer(
        input_ids=torch.from_numpy(rows.inputs).to(device, torch.int64),
        position_ids=torch.from_numpy(rows.positions).to(device),
        attention_mask=_attention_mask(model, rows),
        use_cache=False,
    ).last_hidden_state
    targets = torch.from_numpy(rows.targets.ravel()).to(device)
    return linear_cross_entropy(hidden.flatten(0, 1), model.lm_head.weight, targets)


def linear_cross_entropy(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The summed cross-entropy of `hidden` [places, width] @ `weight` [vocabulary, width].T against `targets` [places].

    Goes over a few places at a time and works out the gradients on the way, so the logits of a whole batch never exist
    (after Hsu et al. 2024, "Liger Kernel"). Products are in autocast's precision, sums and softmax in fp32.
    """
    return _LinearCrossEntropy.apply(hidden, weight, targets)  # type: ignore[no-any-return, no-untyped-call]


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        kind = hidden.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype
        with torch.autocast(kind, enabled=False):
            return _loss_and_gradients(ctx, hidden.to(dtype), weight.to(dtype), targets)

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        to_hidden, to_weight = ctx.saved_tensors
        return (
            to_hidden * outer[0] if to_hidden is not None else None,
            to_weight.mul_(outer[0]) if to_weight is not None else None,
            None,
        )


def _loss_and_gradients(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    needs_hidden, needs_weight, _ = ctx.needs_input_grad
    # In fp32 like the parameters they are added to.
    to_hidden = torch.empty(hidden.shape, device=hidden.device) if needs_hidden else None
    to_weight = torch.zeros(weight.shape, device=weight.device) if needs_weight else None
    total = torch.zeros((), device=hidden.device)
    size = max(1, LOGITS_AT_ONCE // len(weight))
    for start in range(0, len(hidden), size):
        some, wanted = hidden[start : start + size], targets[start : start + size]
        counted = wanted != IGNORED
        index = wanted.clamp(min=0).unsqueeze(1)
        logits = (some @ weight.T).float()
        normaliser = logits.logsumexp(-1, keepdim=True)
        losses = (normaliser - logits.gather(1, index)).squeeze(1)
        total += losses.masked_fill(~counted, 0.0).sum()
        if not (needs_hidden or needs_weight):
            continue
        # The gradient of the loss by the logits: the probabilities, less one at the target.
        slope = logits.sub_(normaliser).exp_()
        slope.scatter_add_(1, index, torch.full_like(normaliser, -1.0))
        slope = slope.mul_(counted.unsqueeze(1)).to(hidden.dtype)
        if to_hidden is not None:
            to_hidden[start : start + size] = slope @ weight
        if to_weight is not None:
            to_weight += slope.T @ some
    ctx.save_for_backward(to_hidden, to_weight)
    return total


def _attention_mask(model: "GPT2LMHeadModel", rows: Rows) -> torch.Tensor:
    mask = document_mask(torch.from_numpy(rows.documents).to(model.device))
    if model.config._attn_implementation != PACKED:
        return mask
    half = torch.is_autocast_enabled(model.device.type)
    return bias(mask, model.config.n_head, torch.bfloat16 if half else torch.float32)


def document_mask(documents: torch.Tensor) -> torch.Tensor:
    """Who sees whom: bool [rows, 1, length, length], true where the key is of the query's document and not later."""
    same = documents.unsqueeze(2) == documents.unsqueeze(1)
    return (same & torch.ones(same.shape[1:], dtype=torch.bool, device=same.device).tril()).unsqueeze(1)


@torch.no_grad()
def mean_loss(model: "GPT2LMHeadModel", rows: Rows, batch_rows: int = 16) -> float:
    """Nats per target over all of `rows`, with dropout off; the model's mode is put back afterwards."""
    was_training = model.training
    model.train(False)
    try:
        total = math.fsum(summed_loss(model, batch).item() for batch in rows.batches(batch_rows))
    finally:
        model.train(was_training)
    return total / rows.token_count


def bits_per_byte(mean_nats: float, token_count: int, byte_count: int) -> float:
    """Loss that compares across tokenizers: bits over the UTF-8 bytes of the texts.

    The closing end-of-text costs bits and has no bytes.
    After Gao et al., "The Pile" (2020), section 3.1: bpb = (tokens / bytes) * loss / ln 2.
    """
    return mean_nats * token_count / byte_count / math.log(2)
