"""A phrase is its English sentence, and keeps what it was made of."""

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.text.phrases import Phrase


def test_a_phrase_reads_as_its_english_sentence_and_keeps_its_parts() -> None:
    phrase = Phrase("I know no voice called {name}.", name="ann")
    assert phrase == "I know no voice called ann."
    assert (phrase.template, phrase.values) == ("I know no voice called {name}.", {"name": "ann"})
    assert not Phrase()


def test_a_count_other_than_one_takes_the_plural() -> None:
    read = [Phrase("{count:,} message", plural="{count:,} messages", count=count) for count in (0, 1, 2, 1234)]
    assert read == ["0 messages", "1 message", "2 messages", "1,234 messages"]


def test_phrases_and_lists_are_values_and_braces_of_people_stay() -> None:
    inner = Phrase("it has {share:.0%}", share=0.25)
    assert Phrase("No: {why}, {names:or}, {all}.", why=inner, names=["a", "b"], all=("c", "d")) == (
        "No: it has 25%, a or b, c, d."
    )
    assert Phrase("{text}", text="{not a place}") == "{not a place}" == Phrase.verbatim("{not a place}")
    assert Phrase.verbatim(inner) is inner


def test_joining_leaves_out_what_is_empty() -> None:
    joined = Phrase.joined(" ", [Phrase("One."), "", Phrase(), "two"])
    assert joined == "One. two"
    assert isinstance(joined.values["part0"], Phrase)
    assert not Phrase.joined(" ", [])


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_is_a_phrase(again: Any) -> None:
    phrase = Phrase("{count} day", plural="{count} days", count=3)
    assert (again(phrase), again(phrase).values) == ("3 days", {"count": 3})


VALUES = st.one_of(st.text(), st.integers(), st.booleans(), st.lists(st.text(), max_size=3))


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES))
def test_json_brings_a_phrase_back(values: dict[str, Any]) -> None:
    inner = Phrase("and ".join(f"{{{name}}}" for name in values), **values)
    phrase = Phrase.joined("; ", [Phrase("{count} x", plural="{count} y", count=2), inner])
    again = Phrase.from_json(json.loads(json.dumps(phrase.as_json())))
    assert (again, again.as_json()) == (phrase, phrase.as_json())


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"template": "{name}", "plural": "", "values": {}},
        {"template": "x", "plural": "", "values": []},
        {"template": "{", "plural": "", "values": {}},
        {"template": 1, "plural": "", "values": {}},
        {"template": "{name.x}", "plural": "", "values": {"name": "ann"}},
    ],
)
def test_what_is_no_phrase_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Phrase.from_json(row)
