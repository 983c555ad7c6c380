"""OpenVINO takes adapters or none, in either precision, and leaves the process as it was."""

import os
import signal

import numpy as np
import torch

from huggingtweets.engine import openvino_decoder
from huggingtweets.engine.openvino_decoder import OpenVinoDecoder
from huggingtweets.engine.openvino_graph import quantized
from huggingtweets.engine.rows import Prompt, Row, Sampling
from huggingtweets.engine.torch_decoder import TorchDecoder
from huggingtweets.engine.weights import Weights


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
