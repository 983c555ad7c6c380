"""A text that a program wrote as a literal becomes the original text. What a person wrote stays as it is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.sources.reading.literals import Row, undone

ENGLISH = ["Fog at six. Kettle's on.", "Nobody came, and I said so.", 'He said "no" and left.']


def column(*texts: str) -> list[object]:
    rows: list[tuple[int, Row]] = [(number, {"text": text}) for number, text in enumerate(texts)]
    return [row["text"] for _, row in undone(rows)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"b'caf\xc3\xa9 \xe2\x9a\x93'", "café ⚓"),
        (r"""b"Kettle's on\n\xf0\x9f\x8c\xab" """, "Kettle's on\n🌫"),
        (r"b'Kettle\'s on \\o/'", r"Kettle's on \o/"),
        (r"B'RT @ann: hi'", "RT @ann: hi"),
        (r"u'caf\xe9'", "café"),
        (r"u'caf\xe9 \u2693 \U0001f40d'", "café ⚓ 🐍"),
        (r"b'caf\xe9 \x93so\x94'", "café “so”"),
        (r"b'cut \xe2\x9a\x93 in an emoji \xf0\x9f'", "cut ⚓ in an emoji "),
    ],
)
def test_a_literal_with_a_prefix_is_read_even_alone(written: str, meant: str) -> None:
    assert column(written, *ENGLISH) == [meant, *ENGLISH]


def test_a_column_of_bytes_may_be_cut_off() -> None:
    assert column(r"b'one \xe2\x9a\x93'", r"b'two \xe2\x9a\x93 and so", r'b"three') == [
        "one ⚓",
        "two ⚓ and so",
        "three",
    ]


# Not the characters that repr() may write as the bytes of others: "Ã©" and "é" in Latin-1 and UTF-8.
LATIN_1 = "".join(map(chr, range(0x80, 0x100)))
WRITTEN = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), exclude_characters=LATIN_1)
TEXTS = st.text(WRITTEN, min_size=1, max_size=8)


@pytest.mark.parametrize("write", [json.dumps, repr, ascii])
@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(TEXTS, min_size=20, max_size=24))
def test_what_a_program_wrote_is_what_it_had(write, texts: list[str]) -> None:
    assert column(*map(write, texts)) == texts


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1))
def test_so_it_is_with_bytes(texts: list[str]) -> None:
    assert column(*(repr(text.encode()) for text in texts)) == texts


def test_line_breaks_and_pairs_of_surrogates_come_back() -> None:
    assert column(r'"one\ntwo \ud83c\udf2b"', '"three"') == ["one\ntwo 🌫", "three"]


def test_a_literal_within_a_literal_is_read() -> None:
    assert column("\"b'one \\\\xe2\\\\x9a\\\\x93'\"", "\"b'two'\"") == ["one ⚓", "two"]


def test_quotes_that_a_table_doubled_are_single() -> None:
    assert column('"he said ""no"""', '"plain"') == ['he said "no"', "plain"]


def test_bare_escapes_are_read_with_the_line_breaks_beside_them() -> None:
    assert column(r"one \xe2\x9a\x93\ntwo", r"Kettle\'s on\u2026") == ["one ⚓\ntwo", "Kettle's on…"]


def test_one_bare_escape_in_a_large_table_says_nothing_of_the_others() -> None:
    texts = [*ENGLISH * 20, r"so \xe2\x9a\x93 it is", r"in C:\new\dir"]
    assert column(*texts) == [*texts[:-2], "so ⚓ it is", texts[-1]]


@pytest.mark.parametrize(
    "text",
    [
        "b'day cake for all",
        "b'day, and 'twas good'",
        '"To be or not to be"',
        "'quoted' and 'quoted'",
        r"C:\users\new and \x41",
        r"¯\_(ツ)_/¯",
        "",
        '"',
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert column(text, *ENGLISH) == [text, *ENGLISH]


def test_a_few_quotations_stay_quotations() -> None:
    quotations = ['"To be or not to be"', '"All the world is a stage"']
    assert column(*quotations) == quotations


def test_other_columns_and_values_are_not_touched() -> None:
    rows: list[tuple[int, Row]] = [(7, {"text": r"b'\xc3\xa9'", "id": 3, "user": {"name": "b'x'"}, "none": None})]
    assert list(undone(rows)) == [(7, {"text": "é", "id": 3, "user": {"name": "b'x'"}, "none": None})]
