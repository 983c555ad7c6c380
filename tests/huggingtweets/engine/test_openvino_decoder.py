"""OpenVINO in int8 costs next to nothing in quality, and its cache grows and is shared out without a slip."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from huggingtweets import base as bases
from huggingtweets.engine import adapters, devices, openvino_decoder
from huggingtweets.engine.adapters import Adapter
from huggingtweets.engine.batch import Batch, Job
from huggingtweets.engine.decoder import Decoder
from huggingtweets.engine.grid import Grid
from huggingtweets.engine.openvino_decoder import OpenVinoDecoder
from huggingtweets.engine.openvino_graph import BLOCK, quantized
from huggingtweets.engine.rows import Prompt, Row, Sampling
from huggingtweets.engine.torch_decoder import TorchDecoder
from huggingtweets.engine.weights import Weights
from huggingtweets.tokenizer import encode_all
from tests.huggingtweets.engine.conftest import save_adapter


def mean_loss(decoder: Decoder, adapter: Adapter | None, texts: list[list[int]]) -> float:
    """Of every token of `texts` after the first, each predicted from its prefix."""
    losses = []
    for tokens in texts:
        prefixes = [tokens[:end] for end in range(1, len(tokens))]
        prompts = [Prompt(prefix, adapter, [Row(adapter, Sampling(), 0, len(prefix), limit=1)]) for prefix in prefixes]
        losses.append(torch.nn.functional.cross_entropy(decoder.prefill(prompts), torch.tensor(tokens[1:])))
        decoder.arrange(Grid(1, (), ()))
    return float(torch.stack(losses).mean())


def test_the_loss_in_int8_is_within_one_per_cent(posts: list[str], tmp_path: Path) -> None:
    base = bases.load("models/base")
    weights = Weights.of(base.model)
    save_adapter(base.model, tmp_path, seed=1, rank=64, embedding_rank=64, spread=0.05)
    adapter = adapters.load(tmp_path, weights.layout, torch.float32)
    texts = [[base.end_of_text, *tokens.tolist()[:40]] for tokens in encode_all(base.tokenizer, posts[:20])]
    whole = OpenVinoDecoder(weights, precision="int8", threads=1)
    exact = TorchDecoder(weights)
    for voice in (None, adapter):
        expected = mean_loss(exact, voice, texts)
        assert mean_loss(whole, voice, texts) == pytest.approx(expected, rel=0.01)
        assert mean_loss(whole, voice, texts) != expected
    assert abs(mean_loss(exact, adapter, texts) - mean_loss(exact, None, texts)) > 0.1


def test_adapters_are_multiplied_in_fp32_where_there_is_no_bfloat16(gpt2, voices, monkeypatch) -> None:
    weights = Weights.of(gpt2)
    logits = []
    for has in (True, False):
        monkeypatch.setattr(openvino_decoder, "has_bfloat16", lambda has=has: has)
        decoder = OpenVinoDecoder(weights, precision="int8", threads=1)
        adapter = voices[2].adapter
        logits.append(decoder.prefill([Prompt([0, 5, 6], adapter, [Row(adapter, Sampling(), 0, 3, 5)])]))
    assert not torch.equal(*logits)
    torch.testing.assert_close(*logits, atol=0.1, rtol=0)


def test_quantized_rows_are_near_and_zeros_stay() -> None:
    matrix = torch.cat([torch.randn(5, 8), torch.zeros(1, 8)])
    whole, scale = quantized(matrix)
    assert np.abs(whole).max() == 127
    np.testing.assert_allclose(whole * scale, matrix.numpy(), atol=float(scale.max()) / 2 + 1e-6)
    assert not whole[5].any()


def test_a_signal_finds_its_stack_after_decoders_have_come_and_gone(gpt2) -> None:
    weights = Weights.of(gpt2)
    first = OpenVinoDecoder(weights, precision="int8", threads=1)
    second = OpenVinoDecoder(weights, precision="int8", threads=1)
    del first
    del second
    received: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: received.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
    assert received == [signal.SIGUSR1]


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
