"""The kernels compute what torch computes from the same int8 weights, and draw what sampling.py draws."""

import copy
import ctypes
import ctypes.util
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from huggingtweets.generation.engine import native
from huggingtweets.generation.engine.adapters import Adapter, size
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.decoder import Cells, Decoder
from huggingtweets.generation.engine.native import PackedWeights
from huggingtweets.generation.engine.native_decoder import NativeDecoder
from huggingtweets.generation.engine.rows import Sampling
from huggingtweets.generation.engine.sampling import nats_of
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model.causal import CausalLM
from tests.huggingtweets.generation.engine.conftest import (
    END,
    KERNELS_RUN,
    PRODUCTS,
    VOCABULARY,
    drafts_of,
    prompt_of,
    random_gpt2,
)
from tests.huggingtweets.model.tiny_models import KINDS, ours, random_model

pytestmark = pytest.mark.skipif(not KERNELS_RUN, reason="needs a processor with AVX2 and a C compiler")
SOURCES = Path(native.__file__).parent
FLAGS = ("-ffp-contract=off", "-pthread", "-Wall", "-Wextra", "-Werror")
HALF = 1e-2  # the error that keys and values in fp16 may cause
BYTES = 0.05  # the share of the spread of logits by which rounding rows to int8 may change them
FINE = PRODUCTS[0] if PRODUCTS else ""  # products that round rows to int16


def rounded(matrix: torch.Tensor) -> torch.Tensor:
    """`matrix` [in, out] as int8 holds it."""
    scale = matrix.float().abs().amax(0) / 127  # the largest of each output is 127
    scale[scale == 0] = 1
    return (matrix.float() / scale).round() * scale


def rounded_model(model: CausalLM) -> CausalLM:
    given = copy.deepcopy(model)
    with torch.no_grad():
        for name, weight in given.named_parameters():
            if weight.ndim == 2 and "positions" not in name:
                weight.copy_(rounded(weight.T).T if "tokens" in name or "head" in name else rounded(weight))
    return given


def as_packed(matrix: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`matrix` [in, out] as it reads after packing, and the largest error that each entry may have."""
    inputs, outputs = matrix.shape
    even, chunk = inputs + inputs % 2, native.CHUNK
    packed = native._Packed()
    linear = packed._linear(matrix, bits=bits)
    whole, scale = packed._kept
    assert (linear.inputs, linear.outputs, linear.bits) == (even, outputs, bits)
    blocks = whole.reshape(len(whole) // 16, -1)  # of 16 columns each
    if bits == 8:
        pairs = blocks.reshape(len(blocks), even // 2, 16, 2)
        steps = np.broadcast_to(scale, (even, len(whole)))
        values = steps * pairs.transpose(1, 3, 0, 2).reshape(even, len(whole))
    else:
        parts = [_of_chunk(blocks, start, min(chunk, even - start)) for start in range(0, even, chunk)]
        values, steps = (np.concatenate(each) for each in zip(*parts, strict=True))
    assert not values[:, outputs:].any()
    return torch.from_numpy(values[:inputs, :outputs]).float(), torch.from_numpy(steps[:inputs, :outputs] / 2)


def _of_chunk(blocks: np.ndarray, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` numbers of each column from `start` on, in four bits, and the steps that they are multiples of."""
    place = start // native.CHUNK * (64 + 8 * native.CHUNK)
    steps = 16 * blocks[:, place : place + 64].copy().view(np.float32).reshape(1, -1)
    pairs = blocks[:, place + 64 : place + 64 + 8 * count].reshape(len(blocks), count // 2, 8, 2)
    both = pairs.transpose(1, 3, 0, 2).reshape(count, len(blocks), 8)  # a byte has a number of two columns
    low = (both.astype(int) + 8) % 16 - 8
    numbers = np.concatenate([low, both / 16], axis=2).reshape(count, -1)
    return steps * numbers, np.broadcast_to(steps, numbers.shape)


def rounded_adapter(adapter: Adapter) -> Adapter:
    given = replace(adapter, flat=adapter.flat.clone())
    factors = given.factors()
    bits = dict.fromkeys((factor for pair in factors.linears for factor in pair), 4)
    if factors.embedding:
        bits |= zip(factors.embedding, (4, 8), strict=True)
    for factor, few in bits.items():
        factor.copy_(as_packed(factor, few)[0])
    return given


def assert_near(found: torch.Tensor, expected: torch.Tensor, products: str) -> None:
    """`found` is what torch computes, as closely as `products` round."""
    if products in native.IN_BYTES:
        assert (found - expected).std() < BYTES * expected.std()
    else:
        torch.testing.assert_close(found, expected, atol=HALF, rtol=0)


def logits(decoder: Decoder, adapter: Adapter | None, *prompts: list[int]) -> torch.Tensor:
    """After each of `prompts`."""
    return decoder.prefill([prompt_of(decoder, adapter, each) for each in prompts])


PROMPTS = [[END], [END, 5, 6], [END, *range(1, 70)], [VOCABULARY - 1] * 33]


def compiled(folder: Path, *flags: str) -> ctypes.CDLL:
    """The kernels compiled with `flags`."""
    compiler, library = shutil.which("gcc"), folder / "kernels.so"
    if not compiler:
        pytest.skip("needs gcc")
    subprocess.run(
        [compiler, "-O1", *FLAGS, "-fPIC", "-shared", *flags, "-o", library, SOURCES / "kernels.c", "-lm"], check=True
    )
    return native.load_library(str(library))


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The kernels with the instructions of VNNI emulated, for processors that do not have them."""
    header = Path(__file__).with_name("emulated_vnni.h")
    return compiled(tmp_path_factory.mktemp("kernels"), f'-DEMULATED_VNNI="{header}"')


@pytest.fixture(scope="session")
def coarse(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The kernels with products of int16 that round no finer than int8 does."""
    return compiled(tmp_path_factory.mktemp("kernels"), "-DLARGEST_SHORT=127")


def numbers(weights: Weights, adapters: list[Adapter | None], products: str, threads: int) -> list[torch.Tensor]:
    """The logits of prompts of every length and number that tiles tell apart, with every adapter."""
    decoder = NativeDecoder(weights, threads=threads, products=products)
    prompts = [[END, *range(1, length)] for length in range(1, 29)]
    return [logits(decoder, adapter, *prompts[:count]) for adapter in adapters for count in (1, 2, 5, 28)]


def multiplied(
    models: list[tuple[CausalLM, list[Adapter | None]]], library: ctypes.CDLL | None, products: str, threads: int
) -> list[torch.Tensor]:
    """The logits of all `models`, by the kernels of `library` or by those that are installed."""
    with pytest.MonkeyPatch.context() as patched:
        if library:
            patched.setattr(native, "_library", lambda: library)
        return [each for model, own in models for each in numbers(Weights.of(model), own, products, threads)]


@pytest.mark.parametrize("products", native.PRODUCTS)
def test_all_products_that_round_alike_give_the_same_bits(gpt2, voices, request, products: str) -> None:
    """With one thread and with three. Those of int8 are compared with those of int16 that round as coarsely."""
    library = None
    if products not in PRODUCTS:
        if "VNNI" not in products or "AVX2" not in PRODUCTS:
            pytest.skip(f"needs a processor with {products}")
        library = request.getfixturevalue("emulated")
    wide = random_gpt2(5, n_embd=272, n_head=2, n_layer=1, n_inner=1040)
    models = [(gpt2, [voice.adapter for voice in voices]), (wide, [None])]
    other = request.getfixturevalue("coarse") if products in native.IN_BYTES else None
    expected = multiplied(models, other, PRODUCTS[0], threads=1)
    for threads in (1, 3):
        for found, same in zip(multiplied(models, library, products, threads), expected, strict=True):
            assert torch.equal(found, same)


@pytest.mark.parametrize("products", [name for name in PRODUCTS if "VNNI" in name])
def test_what_is_emulated_is_what_the_processor_does(gpt2, voices, emulated: ctypes.CDLL, products: str) -> None:
    models = [(gpt2, [voice.adapter for voice in voices])]
    real = multiplied(models, None, products, threads=2)
    for found, same in zip(multiplied(models, emulated, products, threads=2), real, strict=True):
        assert torch.equal(found, same)


def steps_of(compiler: str, folder: Path, *flags: str, run_by: Sequence[str] = ()) -> set[str]:
    """What the kernels of `compiler` compute in `kernels_alone.c`, run by an emulator or as it is."""
    program = folder / compiler
    here = Path(__file__).with_name("kernels_alone.c")
    subprocess.run([compiler, "-O2", *FLAGS, *flags, "-static", f"-I{SOURCES}", "-o", program, here, "-lm"], check=True)
    return set(subprocess.run([*run_by, program], check=True, capture_output=True, text=True).stdout.splitlines())


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_arm64_computes_the_same_bits(tmp_path: Path) -> None:
    """Alone and in company as well, which the program itself compares. Rows are rounded to int16 and to int8."""
    ours = steps_of("gcc", tmp_path) | steps_of("gcc", tmp_path, "-DLARGEST_SHORT=127")
    assert len(ours) == 2 * 35
    if not (shutil.which("aarch64-linux-gnu-gcc") and shutil.which("qemu-aarch64")):
        pytest.skip("needs gcc-aarch64-linux-gnu and qemu-user")
    assert steps_of("aarch64-linux-gnu-gcc", tmp_path, run_by=["qemu-aarch64"]) == ours


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_logits_are_those_of_the_rounded_weights(gpt2, voices, threads: int) -> None:
    theirs = TorchDecoder(Weights.of(rounded_model(gpt2)))
    for products in PRODUCTS:
        ours = NativeDecoder(Weights.of(gpt2), threads=threads, products=products)
        for adapter, same in ((None, None), (voices[1].adapter, rounded_adapter(voices[1].adapter))):
            assert_near(logits(ours, adapter, *PROMPTS), logits(theirs, same, *PROMPTS), products)


@pytest.mark.parametrize("number", [2, 3])
def test_an_adapter_on_the_embedding_counts_in_full(gpt2, voices, number: int) -> None:
    adapter = rounded_adapter(voices[number].adapter)
    found = logits(NativeDecoder(Weights.of(gpt2)), voices[number].adapter, *PROMPTS)
    expected = logits(TorchDecoder(Weights.of(gpt2)), adapter, *PROMPTS)
    plain = replace(adapter, flat=adapter.flat.clone())
    plain.factors().embedding[0].zero_()
    without = logits(TorchDecoder(Weights.of(gpt2)), plain, *PROMPTS)
    assert (found - expected).std() < 0.05 * expected.std()
    assert (without - expected).std() > 0.3 * expected.std()


@pytest.mark.parametrize("products", PRODUCTS)
def test_layers_that_an_adapter_leaves_alone_take_no_memory_and_stay_as_they_are(gpt2, voices, products: str) -> None:
    adapter = replace(voices[1].adapter, flat=voices[1].adapter.flat.clone())
    every = NativeDecoder(Weights.of(gpt2), products=products)
    whole = every.hold(adapter).bytes
    for _, b in adapter.factors().linears[1::2]:
        b.zero_()
    assert 0.3 * whole < every.hold(adapter).bytes < 0.7 * whole
    expected = logits(TorchDecoder(Weights.of(rounded_model(gpt2))), rounded_adapter(adapter), *PROMPTS)
    assert_near(logits(every, adapter, *PROMPTS), expected, products)
    prompts = [prompt_of(every, each, PROMPTS[2]) for each in (voices[1].adapter, adapter, None)]
    apart = [every.prefill([prompt]) for prompt in prompts]
    assert torch.equal(every.prefill(prompts), torch.cat(apart)), "beside voices that change all layers, or none"


shapes = st.fixed_dictionaries(
    {
        "n_head": st.sampled_from([1, 2, 3]),
        "size": st.sampled_from([16, 48, 80, 128, 256]),
        "n_layer": st.integers(1, 2),
        "n_inner": st.sampled_from([16, 80, 272]),
        "vocab_size": st.sampled_from([17, 64, 100, 307]),
    }
)
ranks = st.sampled_from([1, 3, 16, 64, 256])


@hypothesis.settings(max_examples=15)
@hypothesis.given(shapes, ranks, st.sampled_from([0, 1, 5, 200]), st.sampled_from(PRODUCTS or [""]))
def test_every_shape_that_loads_is_computed(
    shape: dict[str, int], rank: int, embedding_rank: int, products: str
) -> None:
    """With the sanitizers of `sanitized.sh` this finds reads and writes out of bounds."""
    shape = {**shape, "n_embd": shape["n_head"] * shape["size"]}
    del shape["size"]
    model = random_gpt2(7, initializer_range=0.02, **shape)
    weights = Weights.of(model)
    torch.manual_seed(rank)
    adapter = Adapter(
        weights.layout, rank, embedding_rank, 0.02 * torch.randn(size(weights.layout, rank, embedding_rank))
    )
    ours = NativeDecoder(weights, threads=3, products=products)
    theirs = TorchDecoder(Weights.of(rounded_model(model)))
    last = shape["vocab_size"] - 1
    prompts = [[END], [END, last], [END, *[last // 2] * 40], [last] * 33]
    expected = logits(theirs, rounded_adapter(adapter), *prompts)
    assert_near(logits(ours, adapter, *prompts), expected, products)


def random_adapter(weights: Weights, rank: int, embedding_rank: int, spread: float = 0.02) -> Adapter:
    torch.manual_seed(rank)
    count = size(weights.layout, rank, embedding_rank)
    return Adapter(weights.layout, rank, embedding_rank, spread * torch.randn(count))


# The kernels turn halves of heads, so these must be a multiple of 16 numbers wide.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("gpt2")])
def test_every_family_is_computed(kind: str) -> None:
    model = ours(random_model(kind, head_dim=16))
    weights = Weights.of(model)
    native_decoder = NativeDecoder(weights, threads=3, products=FINE)
    torch_decoder = TorchDecoder(Weights.of(rounded_model(model)))
    for adapter in (
        None,
        random_adapter(weights, 3, 0, 0.15),
        random_adapter(weights, 9, 5 * weights.layout.tied, 0.15),
    ):
        found = logits(native_decoder, adapter, *PROMPTS)
        expected = logits(torch_decoder, adapter and rounded_adapter(adapter), *PROMPTS)
        assert (found - expected).std() < 0.01 * expected.std()


llama_shapes = st.fixed_dictionaries(
    {
        "heads": st.sampled_from([(1, 1), (2, 1), (3, 3), (6, 2)]),
        "head_dim": st.sampled_from([16, 48, 64, 256]),
        "hidden_size": st.sampled_from([48, 96, 144]),  # transformers wants a multiple of the heads
        "intermediate_size": st.sampled_from([16, 80, 272]),
        "vocab_size": st.sampled_from([17, 64, 100, 307]),
        "tie_word_embeddings": st.booleans(),
    }
)


@hypothesis.settings(max_examples=15)
@hypothesis.given(llama_shapes, ranks, st.sampled_from(["smollm2", "qwen3"]), st.sampled_from(PRODUCTS or [""]))
def test_every_shape_of_llama_is_computed(shape: dict[str, Any], rank: int, kind: str, products: str) -> None:
    heads, key_heads = shape["heads"]
    settings = {name: value for name, value in shape.items() if name != "heads"}
    model = ours(random_model(kind, 7, 0.02, num_attention_heads=heads, num_key_value_heads=key_heads, **settings))
    weights = Weights.of(model)
    rank = min(rank, shape["hidden_size"])
    adapter = random_adapter(weights, rank, rank // 3 if shape["tie_word_embeddings"] else 0)
    last = shape["vocab_size"] - 1
    prompts = [[END], [END, last], [END, *[last // 2] * 40], [last] * 33]
    expected = logits(TorchDecoder(Weights.of(rounded_model(model))), rounded_adapter(adapter), *prompts)
    found = logits(NativeDecoder(weights, threads=3, products=products), adapter, *prompts)
    assert_near(found, expected, products)


def test_what_is_banned_is_never_drawn() -> None:
    model = ours(random_model("smollm2", head_dim=16))
    free = logits(NativeDecoder(Weights.of(model)), None, *PROMPTS)
    best = tuple(free.argmax(1).tolist())
    bound = logits(NativeDecoder(Weights.of(model, banned=best)), None, *PROMPTS)
    others = [token for token in range(VOCABULARY) if token not in best]
    assert torch.equal(bound[:, others], free[:, others])
    assert not torch.isfinite(bound[:, best]).any()


@pytest.mark.parametrize("activation", ["gelu_new", "gelu", "relu", "silu"])
def test_every_activation_and_untied_heads_are_known(activation: str) -> None:
    model = random_gpt2(
        2, activation_function=activation, tie_word_embeddings=False, scale_attn_by_inverse_layer_idx=True
    )
    model.head.weight.data = torch.randn(VOCABULARY, 64) / 5
    expected = logits(TorchDecoder(Weights.of(rounded_model(model))), None, *PROMPTS)
    found = logits(NativeDecoder(Weights.of(model), products=FINE), None, *PROMPTS)
    torch.testing.assert_close(found, expected, atol=HALF, rtol=0)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(top_k=1),
        Sampling(top_k=5, top_p=0.5, temperature=0.7),
        Sampling(top_k=50, top_p=0.95, temperature=1.3),
        Sampling(top_k=1_000, top_p=1.0),
        Sampling(top_k=20, top_p=0.0001),
    ],
)
def test_tokens_are_drawn_as_sampling_says_and_are_as_unlikely_as_the_logits_say(
    gpt2, monkeypatch, sampling: Sampling
) -> None:
    """Rows with other settings are in the same batch."""
    expected: list[int] = []
    tokens: list[int] = []
    real = NativeDecoder.advance

    def advance(decoder: NativeDecoder, cells: Cells):
        uniform = cells.uniform().clone()
        drawn = real(decoder, cells)
        logits = torch.from_numpy(decoder._decoding.logits[:, :VOCABULARY])
        wanted = cells._likeliest(logits, slice(None)).drawn(uniform)
        expected.extend(wanted.tolist())
        tokens.extend(drawn.tokens[0].tolist())
        assert drawn.nats[0] == pytest.approx(nats_of(logits, wanted).numpy(), abs=1e-4)
        return drawn

    monkeypatch.setattr(NativeDecoder, "advance", advance)
    batch = Batch(NativeDecoder(Weights.of(gpt2), burst_seconds=0), -1)
    batch.join(
        [DraftJob([END, 3], None, 8, sampling, 1), DraftJob([END, 3], None, 3, Sampling(top_k=7, temperature=0.3), 2)]
    )
    while batch.rows:
        batch.step()
    assert len(expected) >= 11 * 70
    assert tokens == expected


@pytest.mark.parametrize("top_k", [1, 3, 40])
def test_of_many_equal_logits_the_first_tokens_are_left(top_k: int) -> None:
    """There are more equal logits than the kernels sort at once. They do not choose the first token, after a prompt."""
    model = random_gpt2(1, tie_word_embeddings=False)
    model.head.weight.data = torch.randn(1, 64).repeat(VOCABULARY, 1)
    batch = Batch(NativeDecoder(Weights.of(model)), -1)
    jobs = [DraftJob([END, 3], None, 8, Sampling(top_k=top_k, top_p=1.0, max_new_tokens=60), seed) for seed in (1, 2)]
    batch.join(jobs)
    while batch.rows:
        batch.step()
    assert {token for job in jobs for draft in drafts_of(job) for token in draft[1:]} == set(range(top_k))


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (23, 15), (64, 64), (65, 100), (150, 40)])
def test_what_is_packed_is_off_by_half_a_step_at_most(bits: int, inputs: int, outputs: int) -> None:
    matrix = torch.randn(inputs, outputs)
    matrix[:, 0] = 0
    packed, most = as_packed(matrix, bits)
    assert ((packed - matrix).abs() <= most * 1.001).all()
    assert not packed[:, 0].any()
    if bits == 8:
        torch.testing.assert_close(packed, rounded(matrix), atol=1e-2, rtol=0)


def test_a_voice_is_kept_in_about_four_bits_a_number() -> None:
    weights = Weights.of(random_gpt2(1, n_embd=256, n_head=4))
    numbers = size(weights.layout, 64)
    adapter = Adapter(weights.layout, 64, 0, torch.randn(numbers))
    assert numbers / 2 < NativeDecoder(weights).hold(adapter).bytes < 0.6 * numbers


@pytest.mark.parametrize("shape", [{"n_embd": 40}, {"n_embd": 48, "n_head": 4}, {"n_inner": 100}])
def test_shapes_that_the_kernels_cannot_do_are_refused(shape: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no kernels for"):
        PackedWeights(Weights.of(random_gpt2(3, **shape)))


def swapped(fields: Sequence[tuple[str, object]], one: str, other: str) -> list[tuple[str, object]]:
    names = {one: other, other: one}
    return [(names.get(name, name), kind) for name, kind in fields]


def test_kernels_whose_fields_stand_elsewhere_are_refused(monkeypatch) -> None:
    """Two fields of one type have changed places, so the size of the structure is the same."""
    mistaken = type("Call", (ctypes.Structure,), {"_fields_": swapped(native.CallStruct._fields_, "values", "maxima")})
    assert ctypes.sizeof(mistaken) == ctypes.sizeof(native.CallStruct)
    native._library.cache_clear()
    monkeypatch.setitem(native.STRUCTURES, "Call", mistaken)
    with pytest.raises(RuntimeError, match="install again"):
        native._library()


def test_another_library_is_refused() -> None:
    with pytest.raises(RuntimeError, match="install again"):
        native.load_library(ctypes.util.find_library("m") or "libm.so.6")
