"""What cannot be seen goes, each kind where it is nobody's writing."""

import pytest

from huggingtweets.core.text.visible import seen, typed, visible, written


@pytest.mark.parametrize("mark", ["\x00", "\x9f", "\ud83d", "\ufeff", "\u202e", "\u2066"])
def test_what_programs_leave_is_learned_by_nobody(mark: str) -> None:
    assert written(f"a{mark}b") == "ab"


@pytest.mark.parametrize("text", ["a\tb\nc", "\u200bไทย", "می\u200cخواهم", "👩\u200d🚀", "soft\u00adhyphen"])
def test_what_people_write_is_learned_as_it_is(text: str) -> None:
    assert written(text) == text


def test_nothing_invisible_is_left_in_what_is_shown() -> None:
    assert visible("a\u200bb\u202ec\u2066d\ufeffe\u00adf") == "abcdef"
    assert visible("👩\u200d🚀 می\u200cخواهم") == "👩\u200d🚀 می\u200cخواهم", "these join what is seen"
    assert seen(" is\u200b\nfine ") == " is fine ", "blanks at the edges part it from what is around it"
    assert typed(" My\x07 dream\r\n\tis\ud83d 🚀 ") == "My dream is 🚀"
