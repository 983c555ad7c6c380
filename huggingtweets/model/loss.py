"""Cross-entropy of a model on packed rows, in nats, with a mask that hides documents from each other.

Knows tensors and our module. Does not know tokenizers, files, optimisers or what the documents are.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from huggingtweets.core.work import Did, nobody_counts
from huggingtweets.model.attention import bias
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.lora import LoraHead
from huggingtweets.model.packing import IGNORED, Rows

# The number of logits. 8 MiB in fp32 is the fastest of 4 to 32 MiB on two cores with 32 MiB of cache. A GPU is fastest
# with few large kernels. With a large vocabulary, fewer places than these would read the whole head for little work:
# 512 places of SmolLM2 take 1.29 s with 42 at once, 1.09 s with 170 (one core).
LOGITS_AT_ONCE = {"cpu": 1 << 21, "cuda": 1 << 28}
PLACES_AT_ONCE = 160


def summed_loss(model: CausalLM, rows: Rows) -> torch.Tensor:
    """The sum of the cross-entropy over all targets of `rows`, in nats; a scalar with gradients.

    The empty places are computed too, so that all batches have one shape. oneDNN generates new kernels for each shape,
    which would be 1.7 times slower and would take more and more memory.
    """
    device = model.device
    hidden = model.body(
        torch.from_numpy(rows.inputs).to(device, torch.int64),
        torch.from_numpy(rows.positions).to(device),
        _attention_mask(model, rows),
    )
    targets = torch.from_numpy(rows.targets.ravel()).to(device)
    flat = hidden.flatten(0, 1)
    head = model.head
    parts = head.parts(flat) if isinstance(head, LoraHead) else ((flat, head.get_parameter("weight")),)
    return linear_cross_entropy(parts, targets)


def linear_cross_entropy(parts: Sequence[tuple[torch.Tensor, torch.Tensor]], targets: torch.Tensor) -> torch.Tensor:
    """The summed cross-entropy of logits against `targets` [places].

    The logits are the sum over `parts` (hidden [places, n], weight [vocabulary, n]) of hidden @ weight.T. The function
    handles a few places at a time and computes their gradients at once, so the logits of a whole batch never exist
    (after Hsu et al. 2024, "Liger Kernel"). Products are in autocast's precision. Sums and softmax are in fp32.
    """
    flat = [tensor for part in parts for tensor in part]
    if not torch.is_grad_enabled():
        flat = [tensor.detach() for tensor in flat]  # or else the gradient of a head that is not frozen is computed
    return _LinearCrossEntropy.apply(targets, *flat)  # type: ignore[no-any-return, no-untyped-call]


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, targets: torch.Tensor, *parts: torch.Tensor) -> torch.Tensor:
        kind = targets.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else parts[0].dtype
        # Gradients are in fp32 like the parameters they are added to.
        gradients = [
            torch.zeros(part.shape, device=part.device) if needed else None
            for part, needed in zip(parts, ctx.needs_input_grad[1:], strict=True)
        ]
        with torch.autocast(kind, enabled=False):
            total = _loss_and_gradients([part.to(dtype) for part in parts], targets, gradients)
        ctx.save_for_backward(*gradients)
        return total

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return None, *(None if gradient is None else gradient * outer[0] for gradient in ctx.saved_tensors)


def _loss_and_gradients(
    parts: Sequence[torch.Tensor], targets: torch.Tensor, gradients: Sequence[torch.Tensor | None]
) -> torch.Tensor:
    """Returns the summed loss. Adds to those `gradients` that are not None."""
    hiddens, weights = parts[::2], parts[1::2]
    to_hiddens, to_weights = gradients[::2], gradients[1::2]
    total = torch.zeros((), device=targets.device)
    size = max(PLACES_AT_ONCE, LOGITS_AT_ONCE[targets.device.type] // len(weights[0]))
    for start in range(0, len(targets), size):
        here = slice(start, start + size)
        goals = targets[here]
        counted = goals != IGNORED
        index = goals.clamp(min=0).unsqueeze(1)
        logits = (hiddens[0][here] @ weights[0].T).float()
        for hidden, weight in zip(hiddens[1:], weights[1:], strict=True):
            logits += hidden[here] @ weight.T
        logits -= logits.amax(-1, keepdim=True)
        of_targets = logits.gather(1, index)
        normaliser = logits.exp_().sum(-1, keepdim=True)
        total += (normaliser.log() - of_targets).squeeze(1).masked_fill(~counted, 0.0).sum()
        if all(gradient is None for gradient in gradients):
            continue
        # The gradient of the loss with respect to the logits: the probabilities, minus one at the target.
        slope = logits.div_(normaliser)
        slope.scatter_add_(1, index, torch.full_like(normaliser, -1.0))
        slope = slope.mul_(counted.unsqueeze(1)).to(parts[0].dtype)
        for hidden, weight, to_hidden, to_weight in zip(hiddens, weights, to_hiddens, to_weights, strict=True):
            if to_hidden is not None:
                to_hidden[here] = slope @ weight
            if to_weight is not None:
                to_weight += slope.T @ hidden[here]
    return total


def _attention_mask(model: CausalLM, rows: Rows) -> torch.Tensor:
    device = model.device
    mask = document_mask(torch.from_numpy(rows.documents).to(device))
    if device.type != "cpu":
        return mask
    half = torch.is_autocast_enabled(device.type)
    return bias(mask, model.description.heads, torch.bfloat16 if half else torch.float32)


def document_mask(documents: torch.Tensor) -> torch.Tensor:
    """A bool mask [rows, 1, length, length]: true if the key is in the query's document and not after the query."""
    same = documents.unsqueeze(2) == documents.unsqueeze(1)
    return (same & torch.ones(same.shape[1:], dtype=torch.bool, device=same.device).tril()).unsqueeze(1)


@torch.no_grad()
def mean_loss(model: CausalLM, rows: Rows, batch_rows: int = 16, did: Did = nobody_counts) -> float:
    """Nats per target over all of `rows`, without dropout. Afterwards the model is in its earlier mode again."""
    was_training = model.training
    model.train(False)
    losses = []
    try:
        for batch in rows.batches(batch_rows):
            losses.append(summed_loss(model, batch).item())
            did("read", batch.token_count)
    finally:
        model.train(was_training)
    return math.fsum(losses) / rows.token_count


def bits_per_byte(nats: float, byte_count: int) -> float:
    """The summed loss of texts in bits, divided by their UTF-8 bytes. It is comparable between tokenizers.

    The end-of-text after a text costs bits but has no bytes. After Gao et al., "The Pile" (2020), section 3.1.
    """
    return nats / math.log(2) / byte_count
