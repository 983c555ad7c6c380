"""OpenVINO in int8 costs next to nothing in quality, and its cache grows and is shared out without a slip."""

import sys

import numpy as np
import pytest
import torch

from huggingtweets import base as bases
from huggingtweets.engine import devices
from huggingtweets.engine.batch import Batch, Job
from huggingtweets.engine.openvino_decoder import OpenVinoDecoder
from huggingtweets.engine.openvino_graph import BLOCK, quantized
from huggingtweets.engine.rows import Prompt, Row, Sampling
from huggingtweets.engine.torch_decoder import TorchDecoder
from huggingtweets.engine.weights import Weights
from huggingtweets.tokenizer import encode_all


def mean_loss(decoder: OpenVinoDecoder, texts: list[list[int]]) -> float:
    """Of every token of `texts` after the first: each prefix is read, and then one token more by a step."""
    losses = []
    for tokens in texts:
        batch = Batch(decoder, -1)
        job = Job(tokens[:1], None, 1, Sampling(top_k=1, max_new_tokens=len(tokens)), 0)
        batch.join([job])
        logits = decoder.prefill([Prompt(tokens[:1], None, job.rows)])
        for position in range(1, len(tokens)):
            losses.append(
                torch.nn.functional.cross_entropy(logits, torch.tensor(tokens[position : position + 1])).item()
            )
            logits = decoder.prefill([Prompt(tokens[: position + 1], None, job.rows)])
    return float(np.mean(losses))


def test_the_loss_in_int8_is_within_one_per_cent(posts: list[str]) -> None:
    base = bases.load("models/base")
    weights = Weights.of(base.model)
    texts = [
        [base.end_of_text, *tokens.tolist()[:12]]
        for tokens in encode_all(base.tokenizer, ["I have no idea what I am doing here, to be honest.", *posts[:2]])
    ]
    exact, whole = (mean_loss(OpenVinoDecoder(weights, precision=kind, threads=1), texts) for kind in ("fp32", "int8"))
    assert whole == pytest.approx(exact, rel=0.01)
    assert whole != exact


def test_quantized_rows_are_near_and_zeros_stay() -> None:
    matrix = torch.cat([torch.randn(5, 8), torch.zeros(1, 8)])
    whole, scale = quantized(matrix)
    assert np.abs(whole).max() == 127
    np.testing.assert_allclose(whole * scale, matrix.numpy(), atol=float(scale.max()) / 2 + 1e-6)
    assert not whole[5].any()


def test_blocks_are_nobodys_twice_and_come_back(gpt2) -> None:
    decoder = OpenVinoDecoder(Weights.of(gpt2), precision="int8", threads=1)
    batch = Batch(decoder, -1)
    for turn in range(12):
        jobs = [Job([0] * (1 + 9 * n), None, 3, Sampling(max_new_tokens=3 + 12 * n), turn) for n in range(4)]
        batch.join(jobs)
        for _ in range(3):
            batch.step()
            rows = [row for row in batch._grid.cells if row]
            held = np.concatenate([row.kept for row in rows])
            assert len(set(held.tolist())) == len(held)
            assert 0 not in held
            assert all(len(row.kept) * BLOCK >= row.most for row in rows)
        for job in jobs[turn % 3 :]:
            batch.drop(job)
        while turn % 4 == 0 and batch.rows:
            batch.step()
    assert decoder._cache.blocks <= 400


def test_without_adapters_the_graph_has_no_place_for_them(gpt2) -> None:
    weights = Weights.of(gpt2)
    plain = OpenVinoDecoder(weights, precision="fp32", threads=1, adapted=False)
    prompt = Prompt([0, 5, 6], None, [Row(None, Sampling(), 0, 3, 5)])
    torch.testing.assert_close(
        plain.prefill([prompt]),
        TorchDecoder(weights).prefill([prompt]),
        atol=1e-5,
        rtol=0,
    )


def test_the_decoder_is_chosen_from_the_settings_and_the_machine(gpt2, tiny_generation, monkeypatch, caplog) -> None:
    def chosen(precision: str) -> str:
        settings = tiny_generation.model_copy(update={"precision": precision})
        return type(devices.make_decoder(Weights.of(gpt2), settings, adapted=True)).__name__

    assert chosen("auto") == chosen("int8") == "OpenVinoDecoder"
    assert chosen("fp32") == "TorchDecoder"
    monkeypatch.setitem(sys.modules, "huggingtweets.engine.openvino_decoder", None)
    assert chosen("auto") == "TorchDecoder"
    assert "OpenVINO cannot be used" in caplog.text
