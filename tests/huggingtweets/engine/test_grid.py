"""Rows stand in columns of their voices, as cheaply as can be."""

from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.engine.adapters import Adapter
from huggingtweets.engine.grid import arranged
from huggingtweets.engine.rows import Row, Sampling


def rows(*counts: int) -> list[Row]:
    voices = [Adapter(None, 0, 0, None) for _ in counts]  # type: ignore[arg-type]  # nobody looks inside
    return [Row(voice, Sampling(), 0, 1, 1) for voice, count in zip(voices, counts, strict=True) for _ in range(count)]


@given(st.lists(st.integers(1, 9), max_size=8), st.floats(0, 5), st.randoms())
def test_every_row_has_one_cell_in_a_column_of_its_voice(counts: list[int], column_cost: float, chance) -> None:
    shuffled = rows(*counts)
    chance.shuffle(shuffled)
    grid = arranged(shuffled, column_cost)
    assert len(grid.cells) == grid.depth * len(grid.columns)
    assert sorted(map(id, filter(None, grid.cells))) == sorted(map(id, shuffled))
    for cell, row in enumerate(grid.cells):
        assert row is None or row.adapter is grid.columns[cell // grid.depth]


def shape(*counts: int, column_cost: float = 1.0) -> tuple[int, int]:
    grid = arranged(rows(*counts), column_cost)
    return len(grid.columns), grid.depth


def test_equal_voices_waste_no_cell() -> None:
    assert shape(7) == (1, 7)
    assert shape(4, 4, 4) == (3, 4)
    assert shape(1, 1, 1) == (3, 1)
    assert shape() == (0, 1)


def test_one_voice_with_many_rows_does_not_make_the_others_pay() -> None:
    assert shape(50, 1, 1, 1, 1, 1) == (55, 1)
    assert shape(8, 4, 4) == (4, 4)


def test_columns_that_cost_more_are_deeper() -> None:
    assert shape(5, 1, 1, 1) == (8, 1)
    assert shape(5, 1, 1, 1, column_cost=9.0) == (4, 5)
