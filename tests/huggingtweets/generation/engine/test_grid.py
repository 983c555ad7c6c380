"""Rows stand in columns of their voices, in the cheapest grid."""

from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.generation.engine.adapters import Adapter
from huggingtweets.generation.engine.grid import arranged, bucket, padded
from huggingtweets.generation.engine.rows import Row, Sampling


def rows(*counts: int) -> list[Row]:
    voices = [Adapter(None, 0, 0, None) for _ in counts]  # type: ignore[arg-type]  # nobody looks inside
    return [
        Row(voice, Sampling(), 0, 1, 1, 0) for voice, count in zip(voices, counts, strict=True) for _ in range(count)
    ]


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


@given(st.integers(0, 10_000))
def test_a_bucket_is_at_most_a_quarter_larger_and_rounds_to_itself(count: int) -> None:
    assert count <= bucket(count) <= 1.25 * count
    assert bucket(bucket(count)) == bucket(count)


def test_buckets_are_few() -> None:
    assert [bucket(count) for count in range(1, 14)] == [1, 2, 3, 4, 5, 6, 7, 8, 10, 10, 12, 12, 14]
    assert len({bucket(count) for count in range(1, 257)}) < 30


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_a_padded_grid_has_the_same_columns_and_idle_cells_besides(counts: list[int]) -> None:
    grid = arranged(rows(*counts), 1.0)
    whole, places = padded(grid)
    assert (len(whole.columns), whole.depth) == (bucket(len(grid.columns)), bucket(grid.depth))
    assert [whole.cells[place] for place in places] == list(grid.cells)
    assert sum(cell is not None for cell in whole.cells) == sum(counts)
    for place in places:
        row = whole.cells[place]
        assert row is None or row.adapter is whole.columns[place // whole.depth]
