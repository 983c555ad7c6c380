"""The tokenizer encodes every text without a change, and transformers reads the saved files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from huggingtweets.core.errors import BadData
from huggingtweets.core.text.characters import END_OF_TEXT
from huggingtweets.model.packing import pack
from huggingtweets.model.tokenizer import (
    byte_count,
    encode_all,
    end_of_text_id,
    save_tokenizer,
    train_tokenizer,
)


@pytest.fixture(scope="module")
def tokenizer(posts: list[str]) -> Tokenizer:
    return train_tokenizer(posts, 400)


@given(text=st.text())
def test_every_text_comes_back_as_it_was(tokenizer: Tokenizer, text: str) -> None:
    (ids,) = encode_all(tokenizer, [text])
    assert tokenizer.decode(ids.tolist(), skip_special_tokens=False) == text


@given(texts=st.lists(st.text(), min_size=1, max_size=5))
def test_tokens_know_how_many_bytes_they_stand_for(tokenizer: Tokenizer, texts: list[str]) -> None:
    rows = pack(encode_all(tokenizer, texts), 4_000, end_of_text_id(tokenizer))
    assert byte_count(tokenizer, rows) == sum(len(text.encode()) for text in texts)


def test_only_the_bytes_that_were_to_be_predicted_count(tokenizer: Tokenizer) -> None:
    text = "our rover looks at 日本 and the old telescope"
    (ids,) = encode_all(tokenizer, [text])
    rows = pack([ids], 6, end_of_text_id(tokenizer))
    assert byte_count(tokenizer, rows) == len(tokenizer.decode(ids[:6].tolist()).encode()) < len(text.encode())


@given(raw=st.binary())
def test_every_byte_string_comes_back_as_text_would(tokenizer: Tokenizer, raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    assert tokenizer.decode(encode_all(tokenizer, [text])[0].tolist(), skip_special_tokens=False) == text


def test_the_vocabulary_is_as_large_as_asked(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() == 400
    assert end_of_text_id(tokenizer) < 400


def test_frequent_words_are_single_tokens(tokenizer: Tokenizer) -> None:
    (ids,) = encode_all(tokenizer, [" writes"])
    assert len(ids) == 1


def test_the_marker_is_not_special_inside_a_text(tokenizer: Tokenizer) -> None:
    (ids,) = encode_all(tokenizer, [f"a{END_OF_TEXT}b"])
    assert end_of_text_id(tokenizer) not in ids
    assert tokenizer.decode(ids.tolist(), skip_special_tokens=False) == f"a{END_OF_TEXT}b"


def test_a_tokenizer_without_the_marker_is_refused() -> None:
    with pytest.raises(BadData, match="has no <|endoftext|>".replace("|", r"\|")):
        end_of_text_id(Tokenizer(models.BPE()))


def test_no_texts_are_no_tokens(tokenizer: Tokenizer) -> None:
    assert encode_all(tokenizer, []) == []


def test_transformers_loads_it_and_gives_the_same_tokens(tokenizer: Tokenizer, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    save_tokenizer(tokenizer, tmp_path, context=64)
    loaded = AutoTokenizer.from_pretrained(str(tmp_path))
    text = "the crew photographs Ünïcode 🚀  twice"
    assert loaded(text)["input_ids"] == encode_all(tokenizer, [text])[0].tolist()
    assert loaded.decode(loaded(text)["input_ids"]) == text
    assert loaded.model_max_length == 64
    assert loaded.eos_token == loaded.bos_token == loaded.pad_token == END_OF_TEXT
