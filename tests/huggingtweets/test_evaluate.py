"""Every figure of a report follows from its formula."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets import base as bases
from huggingtweets.base import Base
from huggingtweets.dataset import Dataset
from huggingtweets.engine.decode import Sampling
from huggingtweets.evaluate import DRAFTS, distinct_n, evaluate, exact_copies, held_out_bits
from huggingtweets.tokenizer import encode_all


@pytest.fixture(scope="module")
def voice(tiny_base: Path) -> Base:
    return bases.load(str(tiny_base))


@torch.no_grad()
def test_bits_are_those_of_each_text_by_itself(voice: Base) -> None:
    texts = ["the crew looks at rain", "ünïcode 🚀", "a"]
    nats = 0.0
    for ids in encode_all(voice.tokenizer, texts):
        framed = torch.tensor([[voice.end_of_text, *ids.tolist(), voice.end_of_text]])
        shares = torch.log_softmax(voice.model.train(False)(framed[:, :-1]).logits[0], -1)
        nats -= shares.gather(1, framed[0, 1:].unsqueeze(1)).sum().item()
    expected = nats / math.log(2) / sum(len(text.encode()) for text in texts)
    assert held_out_bits(voice, texts, 128) == pytest.approx(expected, rel=1e-5)


def test_distinct_pairs_are_counted_by_hand() -> None:
    assert distinct_n(["a b c", "a b d"], 2) == 3 / 4
    assert distinct_n(["a a a"], 1) == 1 / 3
    assert distinct_n(["a", "b", ""], 2) == 0.0
    assert distinct_n([], 2) == 0.0


@given(st.lists(st.text("ab "), max_size=6), st.integers(1, 3))
def test_distinct_is_a_share(texts: list[str], n: int) -> None:
    assert 0 <= distinct_n(texts, n) <= 1


def test_copies_are_counted_whatever_their_dress() -> None:
    known = ["Hello, World!", "🚀", "other"]
    assert exact_copies(["hello world", "HELLO world 🚀", "hello", "", "!!"], known) == 2


def test_the_report_is_of_the_unchecked_drafts(voice: Base) -> None:
    dataset = Dataset(("the crew dreams of orbit",), ("she waits for rain on Venus as always…",))
    sampling = Sampling(top_k=1, max_new_tokens=30)
    report, drafts = evaluate(voice, 9.0, dataset, sampling=sampling, row_tokens=128, seed=1)
    assert (report.drafts, len(drafts), report.held_out_tweets) == (DRAFTS, DRAFTS, 1)
    assert report.base_held_out_bits_per_byte == 9.0
    assert report.held_out_bits_per_byte == held_out_bits(voice, dataset.held_out, 128)
    texts = [draft.text for draft in drafts]
    assert len(set(texts)) == 1, "greedy drafts are all one"
    words = texts[0].split()
    assert report.distinct_2 == pytest.approx(len(set(pairwise(words))) / (DRAFTS * (len(words) - 1)))
    copied, _ = evaluate(voice, 9.0, Dataset((texts[0],), ("x",)), sampling=sampling, row_tokens=128, seed=1)
    assert copied.exact_copies == DRAFTS
