"""Every kind of GPT-2 computes as transformers has it."""

import pytest
import torch

from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.rows import Prompt, Sampling
from huggingtweets.generation.engine.weights import Weights
from tests.huggingtweets.generation.engine.conftest import DECODERS, END, EXACT, random_gpt2
from tests.huggingtweets.model.tiny_models import as_transformers

KINDS: list[dict[str, object]] = [
    {"activation_function": "gelu"},
    {"activation_function": "relu"},
    {"activation_function": "silu"},
    {"scale_attn_weights": False},
    {"scale_attn_by_inverse_layer_idx": True, "n_inner": 40, "layer_norm_epsilon": 1e-3},
    {"tie_word_embeddings": False},
]


def first_logits(decoder: Decoder, prompt: list[int]) -> torch.Tensor:
    job = DraftJob(prompt, None, 1, Sampling(), 0)
    Batch(decoder, END).join([job])
    return decoder.prefill([Prompt(prompt, None, job.rows)])[0].clone()


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: ",".join(kind))
def test_logits_are_those_of_transformers(name: str, kind: dict[str, object]) -> None:
    model = random_gpt2(seed=2, **kind)
    prompt = [END, 5, 17, 300]
    with torch.inference_mode():
        theirs = as_transformers(model)(torch.tensor([prompt])).logits[0, -1]
    torch.testing.assert_close(first_logits(DECODERS[name](Weights.of(model)), prompt), theirs, atol=1e-4, rtol=0)


def test_weights_that_are_shared_count_once() -> None:
    tied, untied = random_gpt2(seed=2), random_gpt2(seed=2, tie_word_embeddings=False)
    assert Weights.of(tied).description.parameters == sum(parameter.numel() for parameter in tied.parameters())
    assert Weights.of(untied).description.parameters == sum(parameter.numel() for parameter in untied.parameters())
