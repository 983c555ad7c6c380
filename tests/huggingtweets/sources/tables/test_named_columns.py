"""Columns that somebody names are believed, whatever the others are called."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.sources import read
from huggingtweets.sources.tables.named_columns import NamedColumns

TABLE = """text;id;said when;user;gesagt;Nr.;wer
label;1;05/01/2022;system;der Nebel ist heute dick;a1;Ann
label;1;06/01/2022;system;ist er das;a2;Bob
label;1;20/01/2022;system;und er bleibt noch lange;a3;Ann
"""
ALL = NamedColumns(text="Gesagt", date="said when", id="Nr.", author="WER")


def saved(tmp_path: Path, content: str, name: str = "a.csv") -> Path:
    (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path / name


def test_each_named_column_is_read_in_place_of_the_usual_one(tmp_path: Path) -> None:
    collected = read(saved(tmp_path, TABLE), ["ann"], ALL)
    assert [(tweet.id, tweet.text) for tweet in collected.tweets] == [
        ("a1", "der Nebel ist heute dick"),
        ("a3", "und er bleibt noch lange"),
    ]
    assert collected.tweets[0].created_at == datetime(2022, 1, 5, tzinfo=UTC)
    assert collected.account is not None
    assert collected.account.handle == "Ann"
    assert collected.left_out == {"by others": 1}


def test_several_people_are_refused_by_the_named_column(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"several people: Ann \(2\) and Bob \(1\)"):
        read(saved(tmp_path, TABLE), columns=NamedColumns(text="gesagt", author="wer"))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('[{"words": "the fog"}, {"words": "the lamp"}]', "words"),
        ('{"words": "the fog"}\n{"words": "the lamp"}\n', "words"),
        ('{"data": [{"words": "the fog"}, {"words": "the lamp"}]}', "words"),
        ('[{"inner": {"Words": "the fog"}}, {"inner": {"Words": "the lamp"}}]', "inner.words"),
        (
            '[{"text": "x", "inner": {"words": "the fog"}}, {"text": "y", "inner": {"words": "the lamp"}}]',
            "inner.words",
        ),
        ("nr,words\n1,the fog\n2,the lamp\n", "words"),
        ("nr\twords\n1\tthe fog\n2\tthe lamp\n", "WORDS"),
    ],
)
def test_a_column_is_found_in_any_form_of_table(tmp_path: Path, content: str, name: str) -> None:
    collected = read(saved(tmp_path, content, "a.json" if content[0] in "[{" else "a.csv"), (), NamedColumns(text=name))
    assert [tweet.text for tweet in collected.tweets] == ["the fog", "the lamp"]


def test_a_text_that_is_a_number_or_nothing_is_read_as_a_text(tmp_path: Path) -> None:
    path = saved(tmp_path, json.dumps([{"words": 41}, {"words": ""}]), "a.json")
    assert [tweet.text for tweet in read(path, (), NamedColumns(text="words")).tweets] == ["41", ""]


@pytest.mark.parametrize(
    "columns", [NamedColumns(text="gesgt"), NamedColumns(id="x"), NamedColumns(author="user.name")]
)
def test_a_name_that_is_no_column_is_answered_with_those_there_are(tmp_path: Path, columns: NamedColumns) -> None:
    with pytest.raises(
        BadSource, match=r"it has no column .*; name one of its columns: text, id, saidwhen, user, gesagt"
    ):
        read(saved(tmp_path, TABLE), ["ann"], columns)
