"""Every token of every document is in exactly one row, between end-of-text tokens, and the rows are full."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.model.packing import IGNORED, Rows, Tokens, pack, pack_by_length, spans

END = 0
documents = st.lists(st.lists(st.integers(1, 99), max_size=30), min_size=1, max_size=40)


def tokens(*texts: list[int]) -> list[Tokens]:
    return [np.array(text, np.int32) for text in texts]


def unpacked(rows: Rows) -> list[tuple[list[int], list[int], list[int]]]:
    """(inputs, targets, positions) of each document, as they stand in the rows."""
    contents: list[tuple[list[int], list[int], list[int]]] = []
    for inputs, targets, positions, owners in zip(
        rows.inputs, rows.targets, rows.positions, rows.documents, strict=True
    ):
        for document in range(owners.max() + 1):
            place = owners == document
            contents.append((inputs[place].tolist(), targets[place].tolist(), positions[place].tolist()))
    return contents


@given(documents, st.integers(2, 40))
def test_every_document_is_framed_and_cut_at_the_row(texts: list[list[int]], length: int) -> None:
    framed = ([END, *text, END][: length + 1] for text in texts)
    expected = [(whole[:-1], whole[1:], list(range(len(whole) - 1))) for whole in framed]
    assert sorted(unpacked(pack(tokens(*texts), length, END))) == sorted(expected)


@given(documents, st.integers(2, 40))
def test_empty_places_count_for_nothing(texts: list[list[int]], length: int) -> None:
    rows = pack(tokens(*texts), length, END)
    assert rows.inputs.shape == rows.targets.shape == rows.positions.shape == rows.documents.shape
    assert ((rows.targets == IGNORED) == (rows.documents == -1)).all()
    assert rows.token_count == sum(min(len(text) + 1, length) for text in texts)


def test_documents_that_fit_together_share_a_row() -> None:
    rows = pack(tokens([1] * 5, [2] * 3, [4] * 9), 10, END)
    assert len(rows) == 2
    assert (rows.documents != -1).all()


def test_little_room_is_wasted_on_texts_of_many_lengths() -> None:
    chance = np.random.default_rng(1)
    texts = [np.ones(size, np.int32) for size in chance.integers(3, 60, 5_000)]
    rows = pack(texts, 256, END)
    assert (rows.documents == -1).mean() < 0.01


def test_rows_can_be_taken_and_batched_in_order() -> None:
    rows = pack(tokens(*([number] * 9 for number in range(1, 6))), 10, END)
    sizes = [len(batch) for batch in rows.batches(2)]
    assert sizes == [2, 2, 1]
    assert np.concatenate([batch.inputs for batch in rows.batches(2)]).tolist() == rows.inputs.tolist()
    assert rows.take(np.array([4, 0])).inputs.tolist() == rows.inputs[[4, 0]].tolist()


def test_no_documents_are_no_rows() -> None:
    assert len(pack([], 8, END)) == 0


def test_spans_cut_a_flat_array_into_its_documents() -> None:
    cut = spans(np.array([0, 2, 2, 5]), np.arange(5, dtype=np.uint16))
    assert [text.tolist() for text in cut] == [[0, 1], [], [2, 3, 4]]
    assert cut[0].dtype == np.uint16


def test_each_document_lies_in_rows_of_the_shortest_length_that_holds_it() -> None:
    texts = [np.arange(1, size + 1) for size in (3, 7, 4, 15, 16, 40)]
    short, long = pack_by_length(texts, (8, 16), 0)
    assert (short.length, long.length) == (8, 16)
    assert short.token_count == (3 + 1) + (7 + 1) + (4 + 1)
    # A document of 16 tokens and one of 40 lose the tokens after the 16th place.
    assert long.token_count == 16 * 3
    assert long.closing.tolist().count(0) == 1
