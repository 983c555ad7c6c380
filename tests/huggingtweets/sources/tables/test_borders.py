"""Borders separate the tweets of a training text, on one line or on many. Without borders, each line is a tweet."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Tweet
from huggingtweets.sources import read
from huggingtweets.sources.reading.files import MAX_LINE
from huggingtweets.sources.tables import borders

START, END = "<|startoftext|>", "<|endoftext|>"
LINES = [f"this is line {number} of all" for number in range(40)]
WORDS = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=4).map(" ".join)


def texts(written: str) -> list[str]:
    return [str(row["text"]) for _, row in borders.plain(Path("x.txt"), io.StringIO(written))]


@pytest.mark.parametrize(
    "written",
    [
        "\n".join(LINES),
        END.join(LINES),
        f"{END}\n".join(LINES),
        f"\n{END}\n".join(LINES),
        f"{END}{END.join(LINES)}{END}",
        "".join(f"{START}{line}{END}\n" for line in LINES),
        "".join(f"{START} {line}\n" for line in LINES),
        "".join(f"<|StartOfText|>\n{line}\n\n<|end_of_text|>\n" for line in LINES),
        f"{START}\n" + "\n".join(LINES) + f"\n{END}",
    ],
)
def test_every_way_to_part_texts_gives_the_same(written: str) -> None:
    assert texts(written) == LINES


def test_a_text_of_several_lines_between_borders_is_one() -> None:
    written = "".join(f"{START}\n{line}\nand a second line\n\n{END}\n" for line in LINES)
    assert texts(written) == [f"{line}\nand a second line" for line in LINES]


def test_texts_of_several_lines_may_be_joined_within_a_line() -> None:
    written = [f"{line}\nand a second line" if number % 3 else line for number, line in enumerate(LINES)]
    assert texts(END.join(written)) == written


@pytest.mark.parametrize("lines", [LINES, LINES[:4]])
def test_a_border_in_the_middle_of_a_line_joins_no_lines(lines: list[str]) -> None:
    assert texts("\n".join([*lines, f"the mark {END} is odd"])) == [*lines, "the mark", "is odd"]


def test_lines_are_numbered_as_in_the_file() -> None:
    stream = io.StringIO(f"\n{START}\none\ntwo{END}\n\nthree{END}")
    assert [number for number, _ in borders.plain(Path("x.txt"), stream)] == [3, 6]


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(WORDS, min_size=1), st.sampled_from([END, START, "\n", f"\n{END}\n"]))
def test_whatever_parts_them_no_text_is_lost_or_joined(written: list[str], border: str) -> None:
    assert texts(border.join(written)) == written


def test_a_line_of_millions_of_characters_is_read_if_borders_part_it() -> None:
    many = [f"{number} " + "x" * 200 for number in range(10_000)]
    assert texts(END.join(many)) == many


def test_what_no_border_parts_is_refused_when_it_is_too_long() -> None:
    with pytest.raises(BadSource, match="line 2 is longer than"):
        texts("one\n" + "x" * (MAX_LINE + 10))
    with pytest.raises(BadSource, match="line 2 holds NUL"):
        texts("one\ntwo\0")


def test_tweets_that_one_cell_joins_are_as_many() -> None:
    joined = Tweet("7", f"{START}one two{END}\n{START}@bob three{END}RT @ann: four{END}", is_reply=True)
    assert list(borders.parted([joined, Tweet("8", "plain")])) == [
        Tweet("7", "one two", is_reply=True),
        Tweet("7.1", "@bob three", is_reply=True),
        Tweet("7.2", "RT @ann: four", is_retweet=True),
        Tweet("8", "plain"),
    ]
    assert list(borders.parted([Tweet("9", f"{START}{END}")])) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", f"{START}one two three{END}{START}four five six{END}"),
        ("a.csv", f'text\n"{START}one two three{END}"\n"{START}four five six{END}"\n'),
        ("a.csv", f"text\n{START}one two three{END}{START}four five six{END}\n"),
        ("a.jsonl", f'{{"text": "one two three{END}four five six"}}'),
        ("a.json", f'[{{"text": "{START}one two three"}}, {{"text": "{START}four five six"}}]'),
        ("a.txt", "'one two\\x20three'\n\"four five 'six\"".replace("'six", "six")),
    ],
)
def test_every_kind_of_table_knows_borders_and_literals(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert [tweet.text for tweet in read(tmp_path / name).tweets] == ["one two three", "four five six"]


def test_a_file_of_borders_alone_holds_no_tweets(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"text\n{START}{END}\n")
    with pytest.raises(BadSource, match="holds no tweets"):
        read(tmp_path / "a.csv")
