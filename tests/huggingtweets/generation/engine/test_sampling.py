"""Tokens are drawn from the very distribution that temperature, top-k and top-p leave."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.generation.engine import sampling


def seeds_of(seed: int, rows: int) -> torch.Tensor:
    [seeds] = sampling.row_seeds([seed], [rows])
    return torch.tensor(seeds)


def uniforms(seeds: torch.Tensor, step: int) -> torch.Tensor:
    return sampling.uniforms(seeds, torch.full_like(seeds, step))


def sample(
    logits: torch.Tensor, uniform: torch.Tensor, *, temperature: float, top_k: int, top_p: float
) -> torch.Tensor:
    """Every row with the same settings."""
    rows = len(logits)
    likeliest = sampling.likeliest(
        logits,
        temperature=torch.full((rows,), temperature),
        top_k=torch.full((rows,), top_k),
        top_p=torch.full((rows,), top_p),
        widest=top_k,
    )
    return likeliest.drawn(uniform)


def reference(logits: list[float], temperature: float, top_k: int, top_p: float) -> dict[int, float]:
    """The distribution in its plain form: sort, keep k, keep up to p, normalise."""
    ranked = sorted(range(len(logits)), key=lambda token: -logits[token])[:top_k]
    weights = [math.exp((logits[token] - logits[ranked[0]]) / temperature) for token in ranked]
    total, reached, kept = sum(weights), 0.0, {}
    for token, weight in zip(ranked, weights, strict=True):
        if reached >= top_p:
            break
        kept[token] = weight
        reached += weight / total
    return {token: weight / sum(kept.values()) for token, weight in kept.items()}


def inverse(distribution: dict[int, float], uniform: float) -> int:
    """The token whose stretch of [0, 1) holds `uniform`, the likeliest first."""
    reached = 0.0
    for token, share in distribution.items():
        reached += share
        if uniform < reached:
            return token
    return token


@settings(max_examples=60)
@given(st.integers(1, 5), st.integers(1, 1_500), st.integers(1, 60), st.integers(0, 2**31))
def test_the_largest_are_those_of_topk(rows: int, vocabulary: int, k: int, seed: int) -> None:
    k = min(k, vocabulary)
    generator = torch.Generator().manual_seed(seed)
    # Permutations have no two alike, whose order nothing prescribes.
    logits = torch.stack([torch.randperm(vocabulary, generator=generator) for _ in range(rows)]).float()
    for ours, theirs in zip(sampling._largest(logits, k), logits.topk(k), strict=True):
        assert torch.equal(ours, theirs)


distinct_logits = st.lists(st.integers(-80, 80), min_size=2, max_size=30, unique=True).map(
    lambda values: [value / 10 for value in values]
)


@settings(max_examples=200)
@given(distinct_logits, st.floats(0.2, 3), st.integers(1, 40), st.floats(0.05, 1), st.integers(0, 99))
def test_the_token_is_the_references(
    logits: list[float], temperature: float, top_k: int, top_p: float, percent: int
) -> None:
    uniform = (percent + 0.5) / 100
    distribution = reference(logits, temperature, top_k, top_p)
    edges = np.cumsum(list(distribution.values()))
    ranked = reference(logits, temperature, top_k, 2.0)
    if np.abs(edges - uniform).min() < 1e-5 or np.abs(np.cumsum(list(ranked.values())) - top_p).min() < 1e-5:
        return  # so near an edge that rounding decides
    drawn = sample(
        torch.tensor([logits]),
        torch.tensor([uniform], dtype=torch.float64),
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
    )
    assert drawn.tolist() == [inverse(distribution, uniform)]


def test_many_draws_have_the_shares_of_the_distribution() -> None:
    logits = [2.0, 1.0, 0.5, 0.0, -1.0, -5.0]
    count = 20_000
    drawn = sample(
        torch.tensor([logits]).expand(count, -1), uniforms(seeds_of(1, count), 0), temperature=0.8, top_k=5, top_p=0.9
    )
    shares = np.bincount(drawn.numpy(), minlength=6) / count
    expected = reference(logits, 0.8, 5, 0.9)
    assert shares == pytest.approx([expected.get(token, 0.0) for token in range(6)], abs=0.015)


def test_top_k_one_is_the_likeliest() -> None:
    logits = torch.randn(50, 30, generator=torch.Generator().manual_seed(1))
    drawn = sample(logits, uniforms(seeds_of(1, 50), 0), temperature=1.0, top_k=1, top_p=1.0)
    assert torch.equal(drawn, logits.argmax(-1))


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_the_ends_of_the_unit_interval_draw_a_kept_token(uniform: float) -> None:
    logits = torch.tensor([[0.0, 3.0, -2.0, 1.0]])
    edge = torch.tensor([uniform], dtype=torch.float64)
    assert sample(logits, edge, temperature=1.0, top_k=50, top_p=0.9).item() in reference([0, 3, -2, 1], 1, 50, 0.9)


def test_the_rows_numbers_are_even_and_not_alike() -> None:
    numbers = np.stack([uniforms(seeds_of(seed, 50), step).numpy() for seed in range(20) for step in range(20)])
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert len(np.unique(numbers)) == numbers.size
    assert np.histogram(numbers, 10, (0, 1))[0] / numbers.size == pytest.approx([0.1] * 10, abs=0.01)
    assert abs(np.corrcoef(numbers[:-1].ravel(), numbers[1:].ravel())[0, 1]) < 0.02


@given(st.integers(-(2**70), 2**70), st.integers(1, 40), st.integers(0, 500))
def test_a_rows_numbers_do_not_depend_on_the_other_rows(seed: int, rows: int, step: int) -> None:
    together = uniforms(seeds_of(seed, 40), step)
    assert uniforms(seeds_of(seed, rows), step).tolist() == together[:rows].tolist()
    assert uniforms(seeds_of(seed, 40)[rows - 1 : rows], step).item() == together[rows - 1].item()


def test_each_row_has_settings_of_its_own() -> None:
    logits = torch.randn(4, 40, generator=torch.Generator().manual_seed(2))
    uniform = torch.tensor([0.1, 0.7, 0.4, 0.9], dtype=torch.float64)
    temperature, top_k, top_p = (
        torch.tensor([0.5, 1.0, 2.0, 1.0]),
        torch.tensor([3, 40, 1, 9]),
        torch.tensor([1.0, 0.8, 1.0, 0.3]),
    )
    likeliest = sampling.likeliest(logits, temperature=temperature, top_k=top_k, top_p=top_p, widest=40)
    together = likeliest.drawn(uniform)
    for row in range(4):
        own = sample(
            logits[row : row + 1],
            uniform[row : row + 1],
            temperature=temperature[row].item(),
            top_k=int(top_k[row]),
            top_p=top_p[row].item(),
        )
        assert own.item() == together[row]


def test_the_numbers_are_those_of_splitmix64() -> None:
    # The first outputs of the reference implementation for the seed 1234567.
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    state = torch.tensor([sampling._signed((1234567 + n * 0x9E3779B97F4A7C15) % 2**64) for n in range(1, 6)])
    assert [value % 2**64 for value in sampling._mixed(state).tolist()] == expected


def test_the_seeds_of_requests_do_not_depend_on_what_is_asked_beside_them() -> None:
    seeds, counts = [3, 2**64 - 1, 3], [2, 1, 4]
    together = sampling.row_seeds(seeds, counts)
    assert together == [seeds_of(seed, count).tolist() for seed, count in zip(seeds, counts, strict=True)]
    assert together[0] == together[2][:2]
    assert sampling.row_seeds([], []) == []
