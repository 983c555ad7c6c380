"""Drafts are what the model predicts, each has its own seed, and no prompt makes drawing fail."""

from pathlib import Path

import pytest
import torch

from huggingtweets.generation.engine.decode import Draft, Sampling, decode
from huggingtweets.generation.engine.start import start_of
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.model.tokenizer import encode_all
from tests.huggingtweets.model.tiny_models import as_transformers

GREEDY = Sampling(top_k=1, max_new_tokens=40)


@pytest.fixture(scope="module")
def voice(tiny_base: Path) -> Base:
    voice = bases.load(str(tiny_base))
    voice.model.train(False)
    return voice


@pytest.mark.parametrize("prompt", ["", "the crew", "🚀"])
def test_greedy_is_transformers_greedy(voice: Base, prompt: str) -> None:
    begun = start_of(voice, prompt, GREEDY.max_new_tokens)
    start = torch.tensor([begun.tokens])
    barred = [] if begun.barred is None else begun.barred.nonzero().ravel().tolist()
    theirs = (
        as_transformers(voice.model)
        .generate(
            start,
            attention_mask=torch.ones_like(start),
            do_sample=False,
            max_new_tokens=GREEDY.max_new_tokens,
            temperature=None,
            top_p=None,
            top_k=None,
            begin_suppress_tokens=barred or None,
        )[0, start.shape[1] :]
        .tolist()
    )
    ended = voice.end_of_text in theirs
    kept = theirs[: theirs.index(voice.end_of_text)] if ended else theirs
    assert decode(voice, prompt, 1, GREEDY, seed=0) == [Draft(begun.text + voice.tokenizer.decode(kept), ended)]


def test_a_draft_is_the_same_alone_and_in_company(voice: Base) -> None:
    together = decode(voice, "the crew", 7, Sampling(), seed=5)
    assert decode(voice, "the crew", 1, Sampling(), seed=5) == together[:1]
    assert decode(voice, "the crew", 4, Sampling(), seed=5) == together[:4]
    assert len({draft.text for draft in together}) > 1


def test_another_seed_gives_other_drafts(voice: Base) -> None:
    assert decode(voice, "", 3, Sampling(), seed=1) == decode(voice, "", 3, Sampling(), seed=1)
    assert decode(voice, "", 3, Sampling(), seed=1) != decode(voice, "", 3, Sampling(), seed=2)


@pytest.mark.parametrize("prompt", ["", " ", "🚀🚀🚀", "👨‍👩‍👧", "日本", "<|endoftext|>", "\ud83d"[:0], "x" * 3_000])
def test_every_draft_begins_with_its_prompt(voice: Base, prompt: str) -> None:
    drafts = decode(voice, prompt, 3, Sampling(max_new_tokens=10), seed=1)
    assert len(drafts) == 3
    assert all(draft.text.startswith(prompt) for draft in drafts)
    assert any(len(draft.text) > len(prompt) for draft in drafts)


def test_a_long_prompt_keeps_its_end_and_leaves_room(voice: Base, caplog: pytest.LogCaptureFixture) -> None:
    prompt = "one two three " * 100 + "the end"
    cut = start_of(voice, prompt, room=100).tokens
    assert len(cut) == voice.context - 100
    assert cut[0] == voice.end_of_text
    assert cut[1:] == encode_all(voice.tokenizer, [prompt])[0].tolist()[-27:]
    assert "was cut to its last 27" in caplog.text


def test_more_tokens_than_the_context_are_not_drawn(voice: Base) -> None:
    (draft,) = decode(voice, "the crew", 1, Sampling(top_k=1, max_new_tokens=5_000), seed=1)
    assert draft.text.startswith("the crew")
    assert start_of(voice, "the crew", room=5_000).tokens == [voice.end_of_text]


def test_no_more_tokens_than_asked_are_drawn(voice: Base) -> None:
    drafts = decode(voice, "", 20, Sampling(max_new_tokens=3), seed=1)
    lengths = [len(encode_all(voice.tokenizer, [draft.text])[0]) for draft in drafts]
    assert max(lengths) <= 3
    assert not all(draft.ended for draft in drafts)


def test_a_stop_ends_the_drafts_where_they_are(voice: Base) -> None:
    asked = iter([False, False, True])
    (whole,) = decode(voice, "", 1, GREEDY, seed=1)
    (stopped,) = decode(voice, "", 1, GREEDY, seed=1, stop=lambda: next(asked))
    assert not stopped.ended
    assert whole.text.startswith(stopped.text)
    assert len(encode_all(voice.tokenizer, [stopped.text])[0]) <= 3


def test_a_draft_that_has_ended_does_not_go_on_with_the_others(voice: Base) -> None:
    drafts = decode(voice, "", 30, Sampling(), seed=3)
    assert {draft.ended for draft in drafts} == {True} or len(drafts) == 30
    assert not any("<|endoftext|>" in draft.text for draft in drafts)
