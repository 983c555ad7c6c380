"""Cross-entropy of a GPT-2 on packed rows, in nats, with a mask that hides documents from each other.

Knows tensors and `GPT2LMHeadModel`. Does not know tokenizers, files, optimisers or what the documents are.
"""

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from huggingtweets.attention import PACKED, bias
from huggingtweets.packing import IGNORED, Rows

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel


def summed_loss(model: "GPT2LMHeadModel", rows: Rows) -> torch.Tensor:
    """The sum of the cross-entropy over all targets of `rows`, in nats; a scalar with gradients.

    Logits are computed in fp32 and at the empty places too: batches of one shape are worth more than the few places,
    because oneDNN generates its kernels anew for each shape (1.7 times slower, and memory grows).
    """
    device = model.device
    hidden = model.transformer(
        input_ids=torch.from_numpy(rows.inputs).to(device, torch.int64),
        position_ids=torch.from_numpy(rows.positions).to(device),
        attention_mask=_attention_mask(model, rows),
        use_cache=False,
    ).last_hidden_state
    logits = model.lm_head(hidden.flatten(0, 1))
    targets = torch.from_numpy(rows.targets.ravel()).to(device)
    return functional.cross_entropy(logits.float(), targets, ignore_index=IGNORED, reduction="sum")


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
