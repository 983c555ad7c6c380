"""Voices on a base of any family: joins, leaves, adapters and long prompts, compared with transformers and peft."""

from pathlib import Path

import pytest
import torch

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.generation.engine import adapters
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.devices import make_decoder
from huggingtweets.generation.engine.rows import Sampling
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model.causal import CausalLM
from tests.huggingtweets.generation.engine.conftest import drafts_of, prompt_of, save_adapter
from tests.huggingtweets.model.tiny_models import (
    CONTEXT,
    END,
    FAMILIES,
    VOCABULARY,
    as_transformers,
    ours,
    random_model,
)

GREEDY = Sampling(top_k=1, max_new_tokens=25)
RANKS = [(4, 0), (9, 3)]  # of two people's adapters, on linear layers and on the embedding
PROMPTS = [[END], [END, 5, 17, 300], [END, *range(1, CONTEXT - 10)], [END, 9], [END, 8, 7]]

pytestmark = [
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"),  # peft 0.21's
    pytest.mark.filterwarnings("ignore:fan_in_fan_out is set to True:UserWarning"),
    pytest.mark.filterwarnings("ignore:Found missing adapter keys:UserWarning"),
]


@pytest.fixture(scope="module", params=[*FAMILIES, "tinyllama", "llama 3.2", "llama biases", "llama wide heads"])
def base(request: pytest.FixtureRequest) -> CausalLM:
    return ours(random_model(request.param, seed=3))


@pytest.fixture(scope="module")
def folders(base: CausalLM, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two people's adapters."""
    made = []
    for number, (rank, embedding_rank) in enumerate(RANKS):
        made.append(tmp_path_factory.mktemp("adapter"))
        save_adapter(base, made[-1], seed=number, rank=rank, embedding_rank=embedding_rank)
    return made


@pytest.fixture(scope="module")
def voices(base: CausalLM, folders: list[Path]) -> list[tuple[adapters.Adapter | None, torch.nn.Module]]:
    """The base and the two people, each with the model that peft makes of them."""
    from peft import PeftModel

    layout = Weights.of(base).layout
    people = [
        (adapters.load(folder, layout, torch.float32), PeftModel.from_pretrained(as_transformers(base), str(folder)))
        for folder in folders
    ]
    return [(None, as_transformers(base)), *people]


@pytest.fixture(scope="module")
def greedy_of_peft(voices) -> list[list[int]]:
    """What peft draws after each of `PROMPTS`, with one voice after the other."""
    drawn = []
    for number, prompt in enumerate(PROMPTS):
        start = torch.tensor([prompt])
        tokens = voices[number % 3][1].generate(
            input_ids=start,
            attention_mask=torch.ones_like(start),
            max_new_tokens=min(25, CONTEXT - len(prompt) + 1),
            do_sample=False,
            pad_token_id=END,
        )
        drawn.append(tokens[0, len(prompt) :].tolist())
    return drawn


@pytest.mark.parametrize("steps", [1, 4])
def test_greedy_tokens_are_those_of_peft_while_others_join_and_leave(base, voices, greedy_of_peft, steps: int) -> None:
    batch, jobs = Batch(TorchDecoder(Weights.of(base), steps=steps), END), []
    for number, prompt in enumerate(PROMPTS):
        jobs.append(DraftJob(prompt, voices[number % 3][0], 1 + number % 2, GREEDY, number))
        batch.join([jobs[-1]])
        batch.step()
    while batch.rows:
        batch.step()
    for job, tokens in zip(jobs, greedy_of_peft, strict=True):
        assert drafts_of(job) == [tokens] * job.count


@torch.inference_mode()
def test_logits_after_prompts_of_any_length_are_those_of_peft(base, voices) -> None:
    decoder = TorchDecoder(Weights.of(base))
    prompts = [prompt_of(decoder, adapter, tokens) for adapter, _ in voices for tokens in PROMPTS]
    logits = iter(decoder.prefill(prompts))
    for _, model in voices:
        for tokens in PROMPTS:
            theirs = model(input_ids=torch.tensor([tokens])).logits[0, -1]
            torch.testing.assert_close(next(logits), theirs, atol=1e-4, rtol=0)


@torch.inference_mode()
def test_a_blend_adds_up(base, voices) -> None:
    decoder = TorchDecoder(Weights.of(base))
    first, second = voices[1][0], voices[2][0]
    blend = adapters.blend([(0.5, first), (0.5, first)])
    assert blend.rank == 2 * first.rank
    alone, mixed, other = (
        decoder.prefill([prompt_of(decoder, each, PROMPTS[1])])
        for each in (first, blend, adapters.blend([(1, second)]))
    )
    torch.testing.assert_close(mixed, alone, atol=1e-4, rtol=0)
    assert not torch.allclose(other, alone, atol=1e-2)


def test_what_is_banned_is_never_drawn(base) -> None:
    free = Batch(TorchDecoder(Weights.of(base)), -1)
    job = DraftJob([END, 5], None, 40, Sampling(temperature=1.5, top_k=VOCABULARY, top_p=1.0, max_new_tokens=20), 1)
    free.join([job])
    while free.rows:
        free.step()
    drawn = {token for draft in drafts_of(job) for token in draft}
    banned = tuple(sorted(drawn))[:100]
    assert len(banned) == 100, "much is drawn"
    batch = Batch(TorchDecoder(Weights.of(base, banned)), -1)
    again = DraftJob(job.prompt, None, 40, job.sampling, 1)
    batch.join([again])
    while batch.rows:
        batch.step()
    assert not drawn.isdisjoint(banned)
    assert {token for draft in drafts_of(again) for token in draft}.isdisjoint(banned)


@pytest.mark.parametrize("kind", FAMILIES)
def test_torch_draws_where_the_kernels_cannot_do_the_shape(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    shape = {"n_head": 12} if kind == "gpt2" else {"head_dim": 8}  # heads of 4 and of 8
    base = ours(random_model(kind, **shape))
    decoder = make_decoder(Weights.of(base), GenerationSettings(threads=1))
    assert isinstance(decoder, TorchDecoder)
    assert decoder.bytes == 4 * base.description.parameters
    assert "no kernels for a width of 48" in caplog.text
