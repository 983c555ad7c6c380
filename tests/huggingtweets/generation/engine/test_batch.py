"""Rows of any voices, prompts and settings share a batch, join and leave, and each draws the same as alone."""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.generation.engine import batch as batches
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.decoder import AHEAD, Decoder
from huggingtweets.generation.engine.native_decoder import NativeDecoder
from huggingtweets.generation.engine.rows import Prompt, Sampling
from huggingtweets.generation.engine.sampling import row_seeds
from huggingtweets.generation.engine.weights import Weights
from tests.huggingtweets.generation.engine.conftest import (
    BIT_IDENTICAL,
    CONTEXT,
    END,
    EXACT,
    VOCABULARY,
    Voice,
    drafts_of,
    held,
    recorded,
)

Asked = tuple[int, list[int], int, Sampling, int]  # voice, prompt, count, sampling, seed
EXAMPLES = 10
GREEDY = Sampling(top_k=1, max_new_tokens=30)

samplings = st.builds(
    Sampling,
    temperature=st.sampled_from([0.7, 1.0, 1.3]),
    top_k=st.sampled_from([1, 5, 50, 1_000]),
    top_p=st.sampled_from([0.5, 0.95, 1.0]),
    max_new_tokens=st.integers(1, 25),
)
prompts = st.integers(0, 45).flatmap(lambda n: st.lists(st.integers(1, VOCABULARY - 1), min_size=n, max_size=n))
asked = st.tuples(st.integers(0, 3), prompts, st.sampled_from([1, 1, 2, 5]), samplings, st.integers(0, 2**32))


def job(decoder: Decoder, voices: list[Voice], asked: Asked) -> DraftJob:
    voice, prompt, count, sampling, seed = asked
    return DraftJob([END, *prompt], held(decoder, voices[voice].adapter), count, sampling, seed)


def alone(decoder: Decoder, job: DraftJob, end: int = END) -> list[list[int]]:
    batch = Batch(decoder, end)
    batch.join([job])
    while batch.rows:
        batch.step()
    return drafts_of(job)


def together(decoder: Decoder, jobs: list[DraftJob], seed: int, end: int = END) -> None:
    """Run `jobs` in one batch, which they join at random steps, several at a time."""
    chance, left, batch, done = random.Random(seed), list(jobs), Batch(decoder, end), []
    while left or batch.rows:
        if left and chance.random() < 0.4:
            count = chance.randint(1, 3)
            done += batch.join(left[:count])
            left = left[count:]
        done += batch.step()
    assert sorted(map(id, done)) == sorted(map(id, jobs))


def transformers_greedy(voice: Voice, prompt: list[int], most: int) -> list[int]:
    start = torch.tensor([[END, *prompt]])
    tokens = voice.merged.generate(
        start, attention_mask=torch.ones_like(start), max_new_tokens=most, do_sample=False, pad_token_id=END
    )
    return tokens[0, start.shape[1] :].tolist()


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=EXAMPLES)
@given(st.lists(st.tuples(st.integers(0, 3), prompts), min_size=1, max_size=4), st.integers(0, 99))
def test_greedy_tokens_are_those_of_transformers_on_the_merged_model(made, voices, name, asks, seed) -> None:
    jobs = [job(made[name], voices, (voice, prompt, 1, GREEDY, number)) for number, (voice, prompt) in enumerate(asks)]
    together(made[name], jobs, seed)
    for (voice, prompt), done in zip(asks, jobs, strict=True):
        assert drafts_of(done) == [transformers_greedy(voices[voice], prompt, 30)]


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=EXAMPLES)
@given(st.lists(asked, min_size=1, max_size=4, unique_by=lambda each: each[4]), st.integers(0, 99))
def test_logits_in_any_company_are_those_of_the_merged_model(made, voices, name, asks, seed) -> None:
    jobs = [job(made[name], voices, each) for each in asks]
    with pytest.MonkeyPatch.context() as patch, recorded(patch) as seen:
        together(made[name], jobs, seed)
    for each, done in zip(asks, jobs, strict=True):
        for row_seed, drawn in zip(row_seeds([each[4]], [each[2]])[0], drafts_of(done), strict=True):
            read = torch.tensor([[END, *each[1], *drawn[:-1]]])
            with torch.inference_mode():
                theirs = voices[each[0]].merged(read).logits[0, len(each[1]) :]
            ours = torch.stack([seen[row_seed, step] for step in range(len(drawn))])
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", BIT_IDENTICAL)
@settings(max_examples=EXAMPLES)
@given(st.lists(asked, min_size=2, max_size=4, unique_by=lambda each: each[4]), st.integers(0, 99))
def test_logits_are_the_same_to_the_last_bit_alone_and_in_company(made, voices, name, asks, seed) -> None:
    with pytest.MonkeyPatch.context() as patch:
        with recorded(patch) as company:
            together(made[name], [job(made[name], voices, each) for each in asks], seed)
        with recorded(patch) as solitude:
            for each in asks:
                alone(made[name], job(made[name], voices, each))
    assert company.keys() == solitude.keys()
    for key, logits in company.items():
        assert torch.equal(logits, solitude[key])


@pytest.mark.parametrize("name", BIT_IDENTICAL)
@settings(max_examples=EXAMPLES)
@given(
    st.lists(asked, min_size=1, max_size=4),
    st.integers(0, 99),
    st.sampled_from([END, 7, -1]),
    st.sampled_from([1e-4, 60]),
)
def test_steps_that_the_kernels_make_at_once_draw_what_single_steps_draw(
    made, gpt2, voices, name, asks, seed, end, seconds
) -> None:
    bursts = NativeDecoder(Weights.of(gpt2), threads=3, products=name.removeprefix("native "), burst_seconds=seconds)
    jobs = [job(bursts, voices, each) for each in asks]
    together(bursts, jobs, seed, end)
    for each, done in zip(asks, jobs, strict=True):
        single = job(made[name], voices, each)
        assert alone(made[name], single, end) == drafts_of(done)
        assert [row.nats for row in done.rows] == pytest.approx([row.nats for row in single.rows], rel=1e-6)


@pytest.mark.parametrize("name", BIT_IDENTICAL)
def test_the_kernels_go_on_until_a_row_ends_has_all_its_tokens_or_the_time_is_up(gpt2, name) -> None:
    def drawn(end: int, seconds: float) -> tuple[list[list[int]], int]:
        """The drafts, and how often the kernels were called for them."""
        decoder = NativeDecoder(Weights.of(gpt2), products=name.removeprefix("native "), burst_seconds=seconds)
        batch, wanted, calls = Batch(decoder, end), DraftJob([END], None, 6, Sampling(max_new_tokens=40), 1), 0
        batch.join([wanted])
        while batch.rows:
            batch.step()
            calls += 1
        return drafts_of(wanted), calls

    whole, calls = drawn(-1, 60)
    assert calls == -(-39 // AHEAD), "one token comes with the prompt"
    assert drawn(-1, 0) == (whole, 39)
    end = whole[0][20]
    ended, calls = drawn(end, 60)
    assert ended == [draft[: draft.index(end) + 1] if end in draft else draft for draft in whole]
    assert calls <= -(-39 // AHEAD) + len({len(draft) for draft in ended})


@settings(max_examples=EXAMPLES)
@given(st.lists(asked, min_size=2, max_size=4), st.integers(0, 99))
def test_torchs_seeded_drafts_are_the_same_alone_and_in_company(made, voices, asks, seed) -> None:
    jobs = [job(made["torch"], voices, each) for each in asks]
    together(made["torch"], jobs, seed)
    for each, done in zip(asks, jobs, strict=True):
        assert alone(made["torch"], job(made["torch"], voices, each)) == drafts_of(done)


def test_who_asks_the_same_of_the_same_voice_has_it_read_once(decoder: Decoder, voices, monkeypatch) -> None:
    read: list[tuple[int, int]] = []
    real = type(decoder).prefill

    def prefill(self: Decoder, prompts: list[Prompt]) -> torch.Tensor:
        read.extend((len(prompt.tokens), len(prompt.rows)) for prompt in prompts)
        return real(self, prompts)

    monkeypatch.setattr(type(decoder), "prefill", prefill)
    long, few = list(range(1, 40)), Sampling(max_new_tokens=5)
    asks = [(1, long, 7, few, 1), (1, long, 2, few, 2), (2, long, 1, few, 3), (1, long[1:], 1, few, 4)]
    jobs = [job(decoder, voices, each) for each in asks]
    batch = Batch(decoder, -1)
    batch.join(jobs)
    assert sorted(read) == [(39, 1), (40, 1), (40, 9)]
    while batch.rows:
        batch.step()
    assert len({tuple(draft) for draft in drafts_of(jobs[0])}) > 1
    for each, done in zip(asks, jobs, strict=True):
        assert drafts_of(done) == alone(decoder, job(decoder, voices, each), -1)


def test_who_asks_the_same_with_other_settings_in_between_draws_as_alone(decoder: Decoder, voices) -> None:
    """Those that begin alike choose from one row of logits."""
    likely, free = Sampling(top_k=3, max_new_tokens=6), Sampling(temperature=1.3, max_new_tokens=6)
    asks = [
        (1, [5, 6], count, sampling, seed)
        for seed, (count, sampling) in enumerate([(2, likely), (1, likely), (3, free), (2, likely)])
    ]
    jobs = [job(decoder, voices, each) for each in asks]
    barred = torch.arange(VOCABULARY) % 2 == 0
    jobs[1].barred = barred
    batch = Batch(decoder, -1)
    batch.join(jobs)
    while batch.rows:
        batch.step()
    for each, done in zip(asks, jobs, strict=True):
        single = job(decoder, voices, each)
        single.barred = done.barred
        assert drafts_of(done) == alone(decoder, single, -1)
    assert all(draft[0] % 2 for draft in drafts_of(jobs[1]))


def test_a_dropped_job_leaves_its_drafts_and_the_others_go_on(decoder: Decoder, voices) -> None:
    kept, dropped, late = (
        job(decoder, voices, (voice, [5, 6], 3, Sampling(max_new_tokens=20), 7)) for voice in (1, 2, 3)
    )
    batch = Batch(decoder, -1)
    batch.join([kept, dropped])
    for _ in range(4):
        batch.step()
    batch.drop(dropped)
    assert [len(draft) for draft in drafts_of(dropped)] == [5] * 3
    assert batch.rows == 3
    batch.join([late])
    while batch.rows:
        batch.step()
    assert [len(draft) for draft in drafts_of(dropped)] == [5] * 3
    for done, voice in ((kept, 1), (late, 3)):
        assert drafts_of(done) == alone(
            decoder, job(decoder, voices, (voice, [5, 6], 3, Sampling(max_new_tokens=20), 7)), -1
        )


def test_a_job_dropped_before_its_first_step_costs_nobody_anything(decoder: Decoder, voices) -> None:
    first, second = (job(decoder, voices, (voice, [9], 2, Sampling(max_new_tokens=9), 3)) for voice in (0, 1))
    batch = Batch(decoder, -1)
    batch.join([first])
    batch.join([second])
    batch.drop(first)
    while batch.rows:
        batch.step()
    assert [len(draft) for draft in drafts_of(second)] == [9, 9]


def test_a_cleared_batch_is_as_good_as_new(decoder: Decoder, voices) -> None:
    jobs = [job(decoder, voices, (voice, [3], 2, Sampling(), 3)) for voice in (0, 1)]
    batch = Batch(decoder, -1)
    batch.join(jobs)
    batch.step()
    assert batch.clear() == jobs
    assert batch.rows == 0
    assert batch.step() == []
    again = job(decoder, voices, (1, [3], 2, Sampling(max_new_tokens=5), 3))
    batch.join([again])
    while batch.rows:
        batch.step()
    assert drafts_of(again) == alone(decoder, job(decoder, voices, (1, [3], 2, Sampling(max_new_tokens=5), 3)), -1)


def test_the_last_place_of_the_context_is_used_and_no_other(decoder: Decoder, voices) -> None:
    full = job(decoder, voices, (1, [4] * (CONTEXT - 1), 2, Sampling(max_new_tokens=5_000), 1))
    most = job(decoder, voices, (1, [], 2, Sampling(max_new_tokens=5_000), 1))
    together(decoder, [full, most], seed=1, end=-1)
    assert [len(draft) for draft in drafts_of(full)] == [1, 1]
    assert [len(draft) for draft in drafts_of(most)] == [CONTEXT, CONTEXT]


def test_long_prompts_are_read_apart_from_short_ones() -> None:
    prompts = [Prompt([0] * length, None, []) for length in (3, 900, 8, 1_000, 700, 400)]
    groups = [sorted(len(prompt.tokens) for prompt in group) for group in batches._groups(prompts)]
    assert groups == [[900, 1_000], [400, 700], [3, 8]]
    assert batches._groups([]) == []
