"""Several steps at once draw what single steps do; a GPU gives the same logits within the precision of bfloat16."""

import pytest
import torch

from huggingtweets.generation.engine import torch_decoder
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.rows import Prompt, Row, Sampling
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model.causal import CausalLM
from tests.huggingtweets.generation.engine.conftest import END, Voice, drafts_of


def drafts(decoder: TorchDecoder, voices: list[Voice]) -> list[list[list[int]]]:
    """Of jobs that join one after the other, and end at end-of-text or at limits that no burst ends with."""
    jobs = [
        DraftJob([END, *range(1, 2 + 9 * n)], voice.adapter, 3, Sampling(top_k=5, max_new_tokens=7 + 6 * n), seed=n)
        for n, voice in enumerate(voices)
    ]
    batch = Batch(decoder, END)
    for job in jobs:
        batch.join([job])
        batch.step()
    while batch.rows:
        batch.step()
    return [drafts_of(job) for job in jobs]


@pytest.mark.parametrize("steps", [2, 8])
def test_several_steps_at_once_draw_the_same(gpt2: CausalLM, voices: list[Voice], steps: int) -> None:
    weights = Weights.of(gpt2)
    assert drafts(TorchDecoder(weights, steps=steps), voices) == drafts(TorchDecoder(weights), voices)


@pytest.mark.parametrize("steps", [1, 4])
def test_drafts_are_as_unlikely_as_the_model_finds_them(gpt2: CausalLM, steps: int) -> None:
    """However they are drawn, and whatever the decoder drew beyond their end."""
    job = DraftJob([END, 3], None, 6, Sampling(top_k=12, temperature=0.6, max_new_tokens=30), 1)
    batch = Batch(TorchDecoder(Weights.of(gpt2), steps=steps), 9)
    batch.join([job])
    while batch.rows:
        batch.step()
    assert len({len(row.drawn) for row in job.rows}) > 1
    for row in job.rows:
        tokens = torch.tensor([[*job.prompt, *row.drawn]])
        logits = gpt2(tokens)[0, len(job.prompt) - 1 : -1]
        expected = torch.nn.functional.cross_entropy(logits, tokens[0, len(job.prompt) :], reduction="sum").item()
        assert row.nats == pytest.approx(expected, rel=1e-4)


def test_bursts_stay_within_the_context(gpt2: CausalLM, voices: list[Voice]) -> None:
    job = DraftJob([END] * 70, voices[1].adapter, 2, Sampling(max_new_tokens=500), 1)
    batch = Batch(TorchDecoder(Weights.of(gpt2), steps=8), -1)
    batch.join([job])
    while batch.rows:
        batch.step()
    assert [len(draft) for draft in drafts_of(job)] == [11, 11]


def test_shapes_that_round_up_to_the_same_share_a_burst(gpt2: CausalLM, voices: list[Voice]) -> None:
    decoder = TorchDecoder(Weights.of(gpt2), steps=4)
    batch = Batch(decoder, -1)
    for count in (9, 10, 9, 17, 18, 20):
        batch.join([DraftJob([END, 1], voices[1].adapter, count, Sampling(max_new_tokens=20), count)])
        while batch.rows:
            batch.step()
    assert {len(burst.cells.tokens): burst.runs for burst in decoder._bursts.values()} == {10: 15, 20: 15}


def test_shapes_that_were_not_seen_for_long_are_forgotten(gpt2: CausalLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_decoder, "MOST_BURSTS", 3)
    decoder = TorchDecoder(Weights.of(gpt2), steps=2)
    batch = Batch(decoder, -1)
    for count in range(1, 6):
        batch.join([DraftJob([END, 1], None, count, Sampling(max_new_tokens=4), count)])
        while batch.rows:
            batch.step()
    assert len(decoder._bursts) == 3
    assert {len(burst.cells.tokens) for burst in decoder._bursts.values()} == {3, 4, 5}, "the first are gone"


def test_weights_that_are_right_already_are_not_copied(gpt2: CausalLM) -> None:
    weights = Weights.of(gpt2)
    same = weights.to(torch.device("cpu"), torch.float32)
    assert same.tokens is weights.tokens
    half = weights.to(torch.device("cpu"), torch.bfloat16)
    assert half.head is half.tokens
    assert half.layout == weights.layout


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-3), (torch.bfloat16, 0.3)])
def test_logits_on_a_gpu_are_those_on_a_cpu(
    gpt2: CausalLM, voices: list[Voice], dtype: torch.dtype, near: float
) -> None:
    prompts = [[END, 5, 9], [END, *range(1, 30)]]
    adapters = [voices[1].adapter, voices[3].adapter]

    def logits(decoder: TorchDecoder) -> torch.Tensor:
        return decoder.prefill(
            [
                Prompt(prompt, adapter, [Row(adapter, Sampling(), 0, len(prompt), 5, prompt[-1])])
                for prompt, adapter in zip(prompts, adapters, strict=True)
            ]
        ).float()

    weights = Weights.of(gpt2)
    ours = logits(TorchDecoder(weights, device="cuda", dtype=dtype))
    torch.testing.assert_close(ours, logits(TorchDecoder(weights)), atol=near, rtol=0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_drafts_on_a_gpu_in_fp32_are_those_on_a_cpu(gpt2: CausalLM, voices: list[Voice]) -> None:
    weights = Weights.of(gpt2)
    torch.backends.cuda.matmul.allow_tf32 = False
    assert drafts(TorchDecoder(weights, device="cuda", steps=8), voices) == drafts(TorchDecoder(weights), voices)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_captured_steps_draw_what_single_ones_do(gpt2: CausalLM, voices: list[Voice]) -> None:
    weights = Weights.of(gpt2)
    torch.backends.cuda.matmul.allow_tf32 = False
    decoder = TorchDecoder(weights, device="cuda", steps=2)
    for turn in range(3):
        jobs = {}
        for name, which in (("cuda", decoder), ("cpu", TorchDecoder(weights))):
            batch = Batch(which, -1)
            jobs[name] = [DraftJob([END, 5], voice.adapter, 3, Sampling(max_new_tokens=40), turn) for voice in voices]
            batch.join(jobs[name])
            while batch.rows:
                batch.step()
        assert [drafts_of(job) for job in jobs["cuda"]] == [drafts_of(job) for job in jobs["cpu"]]
        unlikely = {name: [row.nats for job in of for row in job.rows] for name, of in jobs.items()}
        assert unlikely["cuda"] == pytest.approx(unlikely["cpu"], rel=1e-3)
    assert any(burst.graph for burst in decoder._bursts.values())
