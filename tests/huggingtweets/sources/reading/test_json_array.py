"""An array of any size is read item by item. For anything else the error names the line."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.sources.reading import json_array
from huggingtweets.sources.reading.json_array import BrokenJSON, items

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def values(text: str, begun: str = "") -> list[object]:
    return [value for _, value in items(io.StringIO(text), begun)]


@settings(deadline=None)  # a busy machine is no failure
@given(array=st.lists(VALUES, max_size=6), indent=st.sampled_from([None, 1]), chunk=st.integers(1, 9), data=st.data())
def test_an_array_comes_out_as_it_went_in_wherever_it_is_cut(
    array: list[Any], indent: int | None, chunk: int, data: st.DataObject
) -> None:
    written = json.dumps(array, indent=indent)
    begun = data.draw(st.integers(0, len(written)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_array, "CHUNK", chunk)
        assert values(written[begun:], written[:begun]) == array


def test_each_item_comes_with_its_line() -> None:
    text = '[\n1,\n\n{"a":\n2}\n, "x"]\n;\n'
    assert list(items(io.StringIO(text))) == [(2, 1), (4, {"a": 2}), (6, "x")]


@pytest.mark.parametrize("chunk", [1, 2, 1 << 20])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1), ("\n{}", 2), ("[", 1), ("[1", 1), ("[1,", 1), ("[1,]", 1), ("[1 2]", 1), ("[\n1\n]\n]", 4),
        ("[\n1\n];;", 3), ('[\n"ab', 2), ("[\n" + "[" * 3_000, 2), ("[\n\n" + "1" * 5_000 + "]", 3), ("[nul]", 1),
    ],
)  # fmt: skip
def test_what_is_no_array_is_told_with_its_line(
    text: str, line: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_array, "CHUNK", chunk)
    with pytest.raises(BrokenJSON) as broken:
        values(text)
    assert broken.value.line == line


def test_an_item_without_end_is_given_up_long_before_the_end_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "CHUNK", 10)
    monkeypatch.setattr(json_array, "MAX_ITEM", 100)
    stream = io.StringIO('["' + "x" * 1_000)
    with pytest.raises(BrokenJSON):
        list(items(stream))
    assert stream.tell() < 200


@pytest.mark.parametrize(
    ("text", "is_cut_off"),
    [
        ('[{"text": "one"}, {"te', True), ('[{"text": "one"}', True), ('[{"text": "one"},', True), ("[", True),
        ('[{"text": "one"}]]', False), ("[{'text': 'one'}]", False), ("[1 2]", False), ("[nul]", False),
        ("[nul", False),
    ],
)  # fmt: skip
def test_what_ends_in_the_middle_is_told_from_what_is_no_json(text: str, is_cut_off: bool) -> None:
    with pytest.raises(BrokenJSON) as broken:
        values(text)
    assert broken.value.is_cut_off is is_cut_off


def test_a_fault_is_told_at_once_however_much_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "CHUNK", 100)
    stream = io.StringIO('[{"a": 1, b: 2}, ' + "1, " * 1_000 + "1]")
    with pytest.raises(BrokenJSON):
        list(items(stream))
    assert stream.tell() <= 200
