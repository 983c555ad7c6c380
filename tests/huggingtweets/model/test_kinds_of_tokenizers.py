"""A folder whose tokenizer can write every text is a base. Any other is refused in a sentence."""

import shutil
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models

from huggingtweets.core.config.base_folders import located
from huggingtweets.core.errors import BadBase
from huggingtweets.generation.engine.decode import Sampling, decode
from huggingtweets.model import base
from tests.huggingtweets.model.tiny_gguf import sentence_pieces, write_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as TinyLlama has it on the Hub: a BPE over characters with a token for each byte."""
    write_file(tmp_path / "small.gguf", "tinyllama", pre="")
    made = base.prepare(located(str(tmp_path / "small.gguf"), tmp_path / "models"))
    folder = Path(shutil.copytree(made, tmp_path / "tiny-llama"))
    sentence_pieces().save(str(folder / "tokenizer.json"))
    return folder


def test_drafts_continue_a_prompt_with_the_blank_that_belongs_there(folder: Path) -> None:
    loaded = base.load(str(folder))
    blank_and_word = loaded.tokenizer.token_to_id("▁breakfast")
    assert blank_and_word
    sampling = Sampling(max_new_tokens=12)
    for prompt, begin in (("our rover", "our rover"), ("", "")):
        for draft in decode(loaded, prompt, 3, sampling, 1):
            assert draft.text.startswith(begin)
            assert not draft.text.startswith(" ")
    ids = [loaded.tokenizer.token_to_id("▁our"), blank_and_word]
    assert loaded.tokenizer.decode(ids) == " our breakfast"
    assert loaded.tokenizer.decode([blank_and_word]) == " breakfast", "also in the middle of a text"


def test_a_folder_with_a_tokenizer_of_sentencepiece_alone_is_told_what_to_do(folder: Path) -> None:
    (folder / "tokenizer.json").rename(folder / "tokenizer.model")
    with pytest.raises(BadBase, match=r"it has only a tokenizer\.model; save its tokenizer as tokenizer\.json with"):
        base.load(str(folder))


def test_a_tokenizer_that_cannot_write_every_text_is_refused(folder: Path) -> None:
    Tokenizer(models.WordLevel({"<unk>": 0, "</s>": 2}, "<unk>")).save(str(folder / "tokenizer.json"))
    with pytest.raises(BadBase, match=r"its tokenizer \(WordLevel\) cannot write every text"):
        base.load(str(folder))
    without_bytes = Tokenizer.from_str(sentence_pieces().to_str())
    without_bytes.model.byte_fallback = False
    without_bytes.save(str(folder / "tokenizer.json"))
    with pytest.raises(BadBase, match=r"its tokenizer \(BPE\) cannot write every text"):
        base.load(str(folder))
