"""A long text in parts: nothing is lost, each fits with its label, and parts end where sentences do."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.post_text.ai_label import Fits
from bot.core.post_text.room import room_on_bluesky
from bot.core.post_text.threads import parts_of

LABEL = "🤖 AI"
SENTENCE = "The fog came in early and the gulls were not pleased with it at all. "


def test_what_fits_is_one_part() -> None:
    assert parts_of("  gulls over the pier ", LABEL, 1) == ["gulls over the pier"]
    assert parts_of("", LABEL, 3) == []


def test_parts_end_with_sentences_and_nothing_is_lost() -> None:
    text = (SENTENCE * 9).strip()
    parts = parts_of(text, LABEL, 5)
    assert [part.count(".") for part in parts] == [3, 3, 3]
    assert all(part.endswith(".") for part in parts)
    assert " ".join(parts) == text


def test_without_sentences_parts_end_with_words_and_an_early_end_does_not_count() -> None:
    text = "Well. " + "gull " * 100
    first, second = parts_of(text, LABEL, 2)
    assert f"{first} {second}" == text.strip()
    assert len(first) > 200


def test_a_text_of_too_many_parts_or_of_one_endless_word_has_none() -> None:
    assert parts_of(SENTENCE * 9, LABEL, 2) == []
    assert parts_of("x" * 500, LABEL, 9) == []


def test_each_network_has_its_own_room() -> None:
    text = "x" * 140 + " " + "y" * 153
    assert parts_of(text, LABEL, 1) == []
    assert parts_of(text, LABEL, 1, room_on_bluesky) == [text]


def test_sentences_without_blanks_are_parted_too() -> None:
    text = "霧が早く来た。カモメは喜ばなかった。" * 12
    parts = parts_of(text, LABEL, 9)
    assert "".join(parts) == text
    assert all(part.endswith("。") for part in parts)


@given(st.text(alphabet="ab .!é霧👍\n", max_size=900), st.integers(1, 6))
def test_every_part_fits_and_all_words_come_back(text: str, most: int) -> None:
    parts = parts_of(text, LABEL, most)
    if parts:
        assert len(parts) <= most
        assert "".join("".join(parts).split()) == "".join(text.split())
        assert not any(Fits(LABEL)(part) for part in parts)
