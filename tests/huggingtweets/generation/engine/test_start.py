"""A draft goes on after the prompt's last word, or completes it where it was cut off; it is never glued to it."""

from pathlib import Path

import pytest
import regex
import torch

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.config.user_folders import CHECKOUT
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.decode import Sampling, decode, read_drafts
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.devices import make_decoder
from huggingtweets.generation.engine.habits import Habits
from huggingtweets.generation.engine.start import start_of, vocabulary_of
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.model.tokenizer import encode_all
from tests.conftest import sentences
from tests.huggingtweets.generation.engine.conftest import DECODERS

_WHOLE = """
Mars | NASA | My dream is | I love | The best thing about space | Sun | Car | COVID | Art | War | Earth |
Discord | JWST | Rock | astronaut | A star | And | Trump | Hubble | Frodo | Elon Musk | Sea | Man | But |
Star | Saturn | Our rover | Jupiter | Müller | Gdańsk | naïve | Tesla | Music | lol | Book | vegan | Berlin |
hate | Beethoven | The moon | Football | Bob | I hate Mondays | freedom | SpaceX | Who | Bitcoin | Sushi |
hello | Perseverance | Kubernetes | #Mars | @nasa | Mars, | Well... | Is it true? | (really) | Привет |
🚀 Mars
"""
WHOLE = [each.strip() for each in _WHOLE.replace(" |\n", " | ").split(" | ")]
CUT = {
    "tomorr": "tomorrow",
    "astro": "astron",
    "I lov": "I lov(e|ing)",
    "The presid": "The president",
    "Congratul": "Congratulations",
    "Happy birthd": "Happy birthday",
    "I am so exci": "I am so excite?(d|ing|ment)",
    "Thanksgivi": "Thanksgiving",
    "peop": "people",
    "#scien": "#scien(ce|tist)",
}
NOT_A_WORDS_GOING_ON = regex.compile(r"[^\w\p{M}]|$")
FEW = Sampling(max_new_tokens=6)


@pytest.fixture(scope="module")
def base() -> Base:
    """The embedded one, as people use it."""
    voice = bases.load(str(CHECKOUT / "models" / "base"))
    voice.model.train(False)
    return voice


@pytest.fixture(scope="module", params=DECODERS)
def decoder(request: pytest.FixtureRequest, base: Base) -> Decoder:
    return DECODERS[request.param](Weights.of(base.model))


def job_of(base: Base, prompt: str, count: int, seed: int, habits: Habits | None = None) -> DraftJob:
    start = start_of(base, prompt, FEW.max_new_tokens)
    return DraftJob(start.tokens, None, count, FEW, seed, start.text, start.barred, habits)


def drawn(batch: Batch, base: Base, jobs: list[DraftJob]) -> list[list[str]]:
    batch.join(jobs)
    while batch.rows:
        batch.step()
    return [[draft.text.strip() for draft in read_drafts(base, job)] for job in jobs]


def test_no_draft_of_any_decoder_is_glued_to_a_whole_word(base: Base, decoder: Decoder) -> None:
    jobs = [job_of(base, prompt, 8, number) for number, prompt in enumerate(WHOLE)]
    for prompt, texts in zip(WHOLE, drawn(Batch(decoder, base.end_of_text), base, jobs), strict=True):
        assert all(text.startswith(prompt) for text in texts), texts
        assert all(NOT_A_WORDS_GOING_ON.match(text[len(prompt) :]) for text in texts), texts
        assert all(len(text) > len(prompt) for text in texts), "a first token that adds nothing is a draft in vain"


def test_a_word_that_was_cut_off_is_completed_by_every_decoder(base: Base, decoder: Decoder) -> None:
    jobs = [job_of(base, prompt, 8, number) for number, prompt in enumerate(CUT)]
    for prompt, texts in zip(CUT, drawn(Batch(decoder, base.end_of_text), base, jobs), strict=True):
        assert all(regex.match(CUT[prompt], text) for text in texts), texts


def test_a_seed_gives_the_same_drafts_alone_and_beside_other_prompts(base: Base, decoder: Decoder) -> None:
    prompts = ["Mars", "Mar", "I lov", "I", "tomorr", ""]
    together = drawn(Batch(decoder, base.end_of_text), base, [job_of(base, prompt, 3, seed=7) for prompt in prompts])
    for prompt, texts in zip(prompts, together, strict=True):
        assert drawn(Batch(decoder, base.end_of_text), base, [job_of(base, prompt, 3, seed=7)]) == [texts]


def test_what_evaluation_and_the_running_bot_draw_is_not_glued_either(base: Base) -> None:
    decoder = make_decoder(Weights.of(base.model), GenerationSettings())
    for prompt in ("Mars", "Earth", "Sun"):
        texts = [draft.text for draft in decode(base, prompt, 10, FEW, seed=3)]
        texts += drawn(Batch(decoder, base.end_of_text), base, [job_of(base, prompt, 10, seed=3)])[0]
        assert all(NOT_A_WORDS_GOING_ON.match(text[len(prompt) :]) for text in texts), texts


def test_a_preview_is_not_glued_and_completes(base: Base, decoder: Decoder) -> None:
    texts = encode_all(base.tokenizer, sentences(60, seed=4))
    habits = Habits(texts, base.end_of_text, decoder.layout.vocabulary)
    jobs = [job_of(base, "Mars", 20, 1, habits), job_of(base, "tomorr", 5, 1, habits)]
    whole, cut = drawn(Batch(decoder, base.end_of_text), base, jobs)
    assert all(NOT_A_WORDS_GOING_ON.match(text[4:]) for text in whole), whole
    assert all(text.startswith("tomorrow") for text in cut), cut


@pytest.mark.parametrize(
    "prompt", ["火星", "火星に", "สวัสดี", "한글", "🚀", "(", '"', "#", "well-", "don'", "3.", "At 10:", " "]
)
def test_anything_may_follow_where_words_are_glued_on(base: Base, prompt: str) -> None:
    start = start_of(base, prompt, 10)
    assert (start.text, start.barred) == (prompt, None)


def test_without_a_prompt_a_draft_begins_as_it_likes(base: Base) -> None:
    start = start_of(base, "", 10)
    assert (start.tokens, start.barred) == ([base.end_of_text], None)


def test_whole_words_are_read_as_they_stand(base: Base) -> None:
    for prompt in WHOLE:
        start = start_of(base, prompt, 10)
        assert start.text == prompt
        assert start.barred is vocabulary_of(base.tokenizer).going_on


def test_signs_and_halves_of_them_may_follow_and_pieces_of_words_may_not(base: Base) -> None:
    barred = vocabulary_of(base.tokenizer).going_on

    def first(text: str) -> bool:
        return bool(barred[base.tokenizer.encode(text).ids[0]])

    assert [first(text) for text in (" is", "!", ", and", "🚀", "🦖", "…", "’s", "-")] == [False] * 8
    assert [first(text) for text in ("or", "s", "2", "_", "é", "ż", "火")] == [True] * 7
    assert barred[base.end_of_text]
    assert barred.dtype is torch.bool


def test_any_tokenizer_of_the_kind_has_a_vocabulary(tiny_base: Path) -> None:
    tiny = bases.load(str(tiny_base))
    barred = vocabulary_of(tiny.tokenizer).going_on
    assert 0 < int(barred.sum()) < len(barred) == tiny.tokenizer.get_vocab_size()
