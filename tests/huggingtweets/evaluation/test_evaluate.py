"""Every figure of a report follows from its formula."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from huggingtweets.core.records import Report
from huggingtweets.evaluation.evaluate import Judged, TextLosses, evaluate, passing, text_losses
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.model.loss import bits_per_byte, mean_loss
from huggingtweets.model.tokenizer import byte_count, encode_all
from huggingtweets.training.finetune import tokenized_rows
from huggingtweets.tweets.learned.dataset import Dataset
from tests.conftest import sentences

LEARNED = tuple(sentences(80, seed=11))
HELD_OUT = tuple(sentences(10, seed=12))
JUDGED = Judged(
    TextLosses(np.array([30.0]) * math.log(2), np.array([10])),
    TextLosses(np.array([40.0]) * math.log(2), np.array([10])),
    None,
    {},
)


@pytest.fixture(scope="module")
def voice(tiny_base: Path) -> Base:
    return bases.load(str(tiny_base))


@torch.no_grad()
def test_bits_are_those_of_each_text_by_itself(voice: Base) -> None:
    texts = ["the crew looks at rain", "ünïcode 🚀", "a", *sentences(40, seed=3)]
    of_each = []
    for ids in encode_all(voice.tokenizer, texts):
        framed = torch.tensor([[voice.end_of_text, *ids.tolist(), voice.end_of_text]])
        shares = torch.log_softmax(voice.model.train(False)(framed[:, :-1])[0], -1)
        of_each.append(-shares.gather(1, framed[0, 1:].unsqueeze(1)).sum().item() / math.log(2))
    measured = text_losses(voice, texts, 128)
    assert measured.bits == pytest.approx(of_each, rel=1e-4)
    assert measured.sizes.tolist() == [len(text.encode()) for text in texts]
    assert measured.per_byte == pytest.approx(sum(of_each) / measured.sizes.sum(), rel=1e-5)


def test_texts_that_are_cut_are_measured_as_training_measures_them(voice: Base) -> None:
    texts = ["the crew " * 40, "our rover", "ünïcode 🚀 " * 12]
    rows = tokenized_rows(voice, texts, 32)
    expected = bits_per_byte(mean_loss(voice.model, rows) * rows.token_count, byte_count(voice.tokenizer, rows))
    assert text_losses(voice, texts, 32).per_byte == pytest.approx(expected, rel=1e-5)


def report(drafts: list[Draft], judged: Judged = JUDGED) -> Report:
    return evaluate("ann", Dataset.of_texts(LEARNED, HELD_OUT), judged, drafts)


def test_copies_are_counted_among_drafts_that_no_check_has_seen() -> None:
    drafts = [
        Draft(LEARNED[0].upper(), ended=True),
        Draft(HELD_OUT[0], ended=False),
        Draft("quite a new one", ended=True),
    ]
    made = report(drafts)
    assert (made.drafts, made.exact_copies, made.near_copies, made.tweets) == (3, 2, 2, 1)
    assert (made.held_out_tweets, made.held_out_bits_per_byte, made.base_held_out_bits_per_byte) == (
        10,
        pytest.approx(3.0),
        pytest.approx(4.0),
    )


def test_what_people_see_are_the_drafts_that_pass() -> None:
    drafts = [
        *(Draft(text, ended=True) for text in (LEARNED[0], "fine\nand more", "fine", "x" * 300, "@ann hello")),
        Draft("cut off", ended=False),
    ]
    assert passing(Dataset.of_texts(LEARNED, HELD_OUT), drafts) == ("fine", "@\u200bann hello")


def test_the_profiles_are_held_against_the_learned_tweets() -> None:
    alike = report([Draft(text, ended=True) for text in sentences(60, seed=99)])
    unlike = report([Draft(f"no {number} 🦄", ended=True) for number in range(60)])
    assert alike.length_divergence < 0.2 < unlike.length_divergence
    assert alike.emoji_divergence < 0.2 < unlike.emoji_divergence


def test_without_other_accounts_there_is_nobody_to_be_taken_for() -> None:
    alone = report([Draft("a new one", ended=True)])
    assert (alone.accounts, alone.attribution, alone.held_out_attribution) == (1, None, None)


def test_tweets_are_attributed_among_all_accounts_known() -> None:
    others = {"loud": [text.upper() + "!!!" for text in sentences(60, seed=21)]}
    judged = Judged(JUDGED.loss, JUDGED.base_loss, None, others)
    drafts = [Draft("the crew waits for the tide", ended=True), Draft("NOBODY LISTENS!!!", ended=True)]
    made = report(drafts, judged)
    assert (made.accounts, made.tweets, made.attribution, made.held_out_attribution) == (2, 2, 0.5, 1.0)


def test_a_report_survives_json() -> None:
    made = report([Draft("a new one", ended=True)])
    assert Report.from_json(made.as_json()) == made
