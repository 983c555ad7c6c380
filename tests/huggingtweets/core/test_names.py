"""A name that is accepted is safe as a folder, and one set of people has one name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.errors import Usage
from huggingtweets.core.names import join_handles, parse_handle, parse_name

handles = st.from_regex(r"[A-Za-z0-9_]{1,30}", fullmatch=True)


@pytest.mark.parametrize(("text", "handle"), [("@NASA", "nasa"), (" nasa ", "nasa"), ("Neil_Tyson1", "neil_tyson1")])
def test_a_handle_is_lower_case_without_its_at(text: str, handle: str) -> None:
    assert parse_handle(text) == handle


@pytest.mark.parametrize("text", ["", "@", "@@a", "a b", "../etc", "a/b", ".", "ü", "🚀", "a" * 31, "a\n b", "a\0"])
def test_what_cannot_be_a_handle_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="is not a name: use up to 30 letters, digits and _"):
        parse_handle(text)


def test_a_long_refused_name_is_shown_in_part() -> None:
    with pytest.raises(Usage) as refused:
        parse_handle("é" * 10_000)
    assert len(str(refused.value)) < 200


@given(st.lists(handles, min_size=1, max_size=5))
def test_order_case_and_repeats_do_not_matter(people: list[str]) -> None:
    name = parse_name("-".join(people))
    assert name == parse_name("-".join(f"@{person.upper()}" for person in reversed(people)))
    assert name == parse_name(name) == join_handles(person.lower() for person in people)


@given(st.text(max_size=40))
def test_what_is_accepted_is_safe_as_a_folder(text: str) -> None:
    try:
        name = parse_name(text)
    except Usage:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert not name.startswith("-")


@pytest.mark.parametrize("text", ["a-", "-a", "a--b", "-"])
def test_a_missing_part_is_refused(text: str) -> None:
    with pytest.raises(Usage):
        parse_name(text)


def test_more_people_than_a_folder_can_name_are_refused() -> None:
    with pytest.raises(Usage, match="too long"):
        parse_name("-".join(f"person_number_{number}" for number in range(20)))
