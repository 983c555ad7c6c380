"""Models that the benchmarks write for other libraries are the models that they were given."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.generation import EIGHT, MANY, ONE, WARM_UP_TOKENS, Figures, Plan, take_turns
from benchmarks.peers import Request
from huggingtweets.core import atomic
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import checkpoint
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.families import describe
from tests.huggingtweets.model.tiny_models import ours, random_model

TOKENS = [0, 5, 17, 300, 3, 9]
PRECISIONS = ("KV_CACHE_PRECISION", "INFERENCE_PRECISION_HINT")


@pytest.mark.parametrize("kind", ["gpt2", "smollm2", "tinyllama"])
def test_the_graph_for_openvino_computes_the_same_logits(kind: str, tmp_path: Path) -> None:
    """A prompt, and one more token that reads the graph's own cache."""
    openvino = pytest.importorskip("openvino")
    from benchmarks.genai import graph_of

    model = ours(random_model(kind))
    expected = model(torch.tensor([TOKENS])).detach().numpy()[0]
    # On processors with bfloat16, OpenVINO computes in it unless it is told not to.
    graph, exact = graph_of(Weights.of(model), int8=False), dict.fromkeys(PRECISIONS, "f32")
    request = openvino.Core().compile_model(graph, "CPU", exact).create_infer_request()
    for start, end in ((0, 4), (4, 6)):
        request.infer(
            {
                "input_ids": np.array([TOKENS[start:end]]),
                "attention_mask": np.ones((1, end), np.int64),
                "position_ids": np.arange(start, end)[None],
                "beam_idx": np.zeros(1, np.int32),
            }
        )
        np.testing.assert_allclose(request.get_tensor("logits").data[0], expected[start:end], atol=1e-3)


def test_a_voice_for_llama_cpp_reads_back_as_it_was(tmp_path: Path) -> None:
    from gguf import GGMLQuantizationType

    from benchmarks.llama_peer import write_gguf
    from huggingtweets.model.gguf_file import convert
    from tests.huggingtweets.model.tiny_gguf import write_file

    write_file(tmp_path / "base.gguf")
    convert(tmp_path / "base.gguf", tmp_path)
    voice = read(tmp_path)
    with torch.no_grad():
        for weight in voice.parameters():
            weight.mul_(0.9)
    (tmp_path / "voice").mkdir()
    checkpoint.write(voice, tmp_path / "voice", torch.float32)
    write_gguf(tmp_path / "base.gguf", tmp_path / "voice", tmp_path / "voice.gguf", GGMLQuantizationType.Q8_0)
    convert(tmp_path / "voice.gguf", tmp_path)
    back = dict(read(tmp_path).named_parameters())
    for name, weight in voice.named_parameters():
        assert (back[name] - weight).abs().max() <= weight.abs().max() / 200


def read(folder: Path) -> CausalLM:
    return checkpoint.read(describe(atomic.read_json(folder / "config.json")), [folder / "model.safetensors"])


def test_a_run_that_was_stopped_goes_on_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "figures.jsonl"
    before = Figures(file)
    before.add("embedded", "a", "fast", seconds=2.0, tokens=240)
    before.add("embedded", "a", "slow", seconds=9.0, tokens=240)
    figures = Figures(file)
    assert figures.speed("embedded", "a", "fast") == 120.0
    assert figures.speed("embedded", "b", "fast") is None
    assert not figures.is_complete("embedded", "a", "fast", rounds=2)
    assert figures.is_complete("embedded", "a", "fast", rounds=1)
    assert figures.is_complete("embedded", "a", "slow", rounds=2)  # a slow contender has one round


def test_copies_that_made_room_for_others_are_in_memory_again_before_they_are_timed() -> None:
    class Library:
        """Holds the copies of ten people, and notes how many it loads in each draw."""

        name = "a library with copies"

        def __init__(self) -> None:
            self.held: list[int] = []
            self.draws: list[tuple[int, int, int]] = []  # requests, tokens of a draft, loaded

        def draw(self, requests: Sequence[Request], tokens: int) -> int:
            missing = [person for person in dict.fromkeys(r.person for r in requests) if person not in self.held]
            self.held = [*self.held, *missing][-10:]
            self.draws.append((len(requests), tokens, len(missing)))
            return tokens

    library, figures = Library(), Figures(None)
    plan: Plan = {name: [(Library, requests)] for name, requests in (("a", ONE), ("b", EIGHT), ("c", MANY))}
    take_turns("embedded", plan, {Library: library}, 2, figures, 48)
    timed = [(requests, loaded) for requests, tokens, loaded in library.draws if tokens != WARM_UP_TOKENS]
    assert [requests for requests, _ in timed] == 2 * [len(ONE), len(EIGHT), len(MANY)]
    assert {loaded for requests, loaded in timed if requests != len(MANY)} == {0}
    assert all(loaded > 0 for requests, loaded in timed if requests == len(MANY))
    assert len(figures.entries) == len(timed)
