"""Rows with habits draw from the mixture that the formula says, by every decoder, and nobody else's rows change."""

from pathlib import Path

import numpy as np
import pytest
import torch

from huggingtweets.generation.engine.batch import DraftJob
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.habits import Habits
from huggingtweets.generation.engine.rows import Sampling
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base as bases
from huggingtweets.model.causal import CausalLM
from huggingtweets.model.tokenizer import encode_all
from tests.huggingtweets.generation.engine.conftest import (
    BIT_IDENTICAL,
    END,
    VOCABULARY,
    Voice,
    drafts_of,
    held,
    recorded,
)
from tests.huggingtweets.generation.engine.test_batch import alone, together

# Words that the tiny base has never seen, each after any other.
OWN = [
    f"zarquon {word} blimfo {word[::-1]} quizzle {number}" for number, word in enumerate(["abba", "cdxc", "fgkf"] * 20)
]
GREEDY = Sampling(top_k=1, max_new_tokens=12)


def habits_of(*texts: list[int]) -> Habits:
    return Habits([np.array(text, np.int32) for text in texts], END, VOCABULARY)


def test_the_mixture_is_a_distribution_and_follows_its_formula() -> None:
    habits = habits_of([5, 9])
    even = np.full((2, VOCABULARY), 1 / VOCABULARY, np.float32)
    after_the_begin, after_an_unknown_token = habits.mixed(even, [END, 77])
    assert float(after_the_begin.sum()) == pytest.approx(1)
    assert float(after_an_unknown_token.sum()) == pytest.approx(1)
    ground = 0.8 / VOCABULARY + 0.2 / 3
    assert float(after_an_unknown_token[5]) == pytest.approx(ground)
    assert float(after_the_begin[5]) == pytest.approx((1 + 3 * ground) / (1 + 3)), "5 begins the only text"
    assert float(after_the_begin[9]) == pytest.approx(3 * ground / (1 + 3))


def test_a_pair_counts_as_often_as_it_stands_there() -> None:
    habits = habits_of([5, 9], [5, 9, 5, 9], [5, 7])
    even = np.full((1, VOCABULARY), 1 / VOCABULARY, np.float32)
    ground = 0.8 / VOCABULARY + 0.2 * np.array([3, 4, 3, 1]) / 11
    mixed = habits.mixed(even, [5])[0, [END, 5, 9, 7]]
    assert mixed == pytest.approx((np.array([0, 0, 3, 1]) + 6 * ground) / (4 + 6))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.4])
def test_a_draw_from_bent_logits_is_a_draw_from_the_mixture(temperature: float) -> None:
    habits, logits = habits_of([5, 9, 7]), torch.randn(2, VOCABULARY, generator=torch.Generator().manual_seed(1))
    temperatures = torch.tensor([temperature, 1.0])
    bent = torch.from_numpy(habits.bent(logits.numpy(), [9, 5], temperatures.numpy()))
    expected = habits.mixed(torch.softmax(logits / temperatures[:, None], -1).numpy(), [9, 5])
    torch.testing.assert_close(torch.softmax(bent / temperatures[:, None], -1), torch.from_numpy(expected))


@torch.inference_mode()
def test_a_persons_own_words_make_their_tweets_likelier(tiny_base: Path) -> None:
    base = bases.load(str(tiny_base))
    base.model.train(False)
    learned, unseen = encode_all(base.tokenizer, OWN[:50]), encode_all(base.tokenizer, OWN[50:])
    habits = Habits(learned, base.end_of_text, base.tokenizer.get_vocab_size())
    alone = mixed = 0.0
    for text in unseen:
        framed = [base.end_of_text, *text.tolist(), base.end_of_text]
        shares = torch.softmax(base.model.head(base.model.body(torch.tensor([framed[:-1]])))[0], -1).numpy()
        places, tokens = range(len(framed) - 1), framed[1:]
        alone -= float(np.log2(shares[places, tokens]).sum())
        mixed -= float(np.log2(habits.mixed(shares, framed[:-1])[places, tokens]).sum())
    assert mixed < 0.6 * alone


def test_every_decoder_draws_by_habit_and_leaves_the_other_rows_alone(decoder: Decoder, voices: list[Voice]) -> None:
    chain, other = habits_of(*[[5, 9, 7, 3]] * 5_000), habits_of(*[[5, 3, 9]] * 5_000)

    def jobs() -> list[DraftJob]:
        adapters = [None, None, None, held(decoder, voices[2].adapter)]
        habits = [None, chain, other, chain]
        return [
            DraftJob([END, 5], adapter, 2, GREEDY, seed=1, habits=own)
            for adapter, own in zip(adapters, habits, strict=True)
        ]

    company = jobs()
    together(decoder, company, seed=3)
    plain = alone(decoder, DraftJob([END, 5], None, 2, GREEDY, seed=1))
    assert [drafts_of(job) for job in company] == [plain, [[9, 7, 3, END]] * 2, [[3, 9, END]] * 2, [[9, 7, 3, END]] * 2]


def some_jobs(decoder: Decoder, voices: list[Voice], count: int = 3) -> list[DraftJob]:
    """Jobs with and without habits, each with other settings and another voice."""
    mixtures = [None, habits_of([5, 9, 7], [9, 9, 2], [40, 41, 42]), habits_of(*[[1, 2, 3, 4]] * 9)]
    return [
        DraftJob(
            [END, *range(1, 2 + 3 * number)],
            held(decoder, voices[number % 4].adapter),
            count,
            Sampling(temperature=0.8 + number / 10, top_k=50 - 9 * number, max_new_tokens=9 + number),
            seed=number,
            habits=mixtures[number % 3],
        )
        for number in range(5)
    ]


@pytest.mark.parametrize("name", ["torch", *BIT_IDENTICAL])
def test_drafts_by_habit_are_the_same_alone_and_in_company(made, voices: list[Voice], name: str) -> None:
    company = some_jobs(made[name], voices)
    together(made[name], company, seed=1)
    assert [drafts_of(job) for job in company] == [alone(made[name], job) for job in some_jobs(made[name], voices)]


def test_the_logits_that_are_bent_are_the_models(made, voices: list[Voice], monkeypatch: pytest.MonkeyPatch) -> None:
    job = some_jobs(made["torch"], voices, count=1)[1]
    with recorded(monkeypatch) as seen:
        [drawn] = alone(made["torch"], job)
    read = [*job.prompt, *drawn[:-1]]
    with torch.inference_mode():
        theirs = voices[1].merged(torch.tensor([read])).logits[0, len(job.prompt) - 1 :]
    assert job.habits
    for step, logits in enumerate(theirs):
        before, temperature = read[len(job.prompt) - 1 + step], np.array([job.sampling.temperature], np.float32)
        [expected] = torch.from_numpy(job.habits.bent(logits[None].numpy(), [before], temperature))
        torch.testing.assert_close(seen[job.rows[0].seed, step], expected, atol=1e-3, rtol=0)


def test_rows_with_habits_leave_bursts_aside_and_draw_the_same(gpt2: CausalLM, voices: list[Voice]) -> None:
    drafts = []
    for steps in (1, 8):
        decoder = TorchDecoder(Weights.of(gpt2), steps=steps)
        jobs = some_jobs(decoder, voices)
        together(decoder, jobs, seed=1)
        drafts.append([drafts_of(job) for job in jobs])
    assert drafts[0] == drafts[1]


def test_the_first_token_by_habit_is_none_that_is_barred(decoder: Decoder) -> None:
    barred = torch.zeros(VOCABULARY, dtype=torch.bool)
    barred[9] = True
    habits = habits_of(*[[5, 9]] * 500, *[[5, 7]] * 50)
    assert alone(decoder, DraftJob([END, 5], None, 1, GREEDY, 1, barred=barred, habits=habits))[0][:2] == [7, END]
