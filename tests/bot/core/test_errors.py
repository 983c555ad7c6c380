"""Every failure becomes one sentence with an id, and the log has the rest."""

import logging
import re

import pytest

from bot.core.errors import NotAllowed, told
from huggingtweets.core.errors import Busy, Usage


def test_a_refusal_is_told_as_it_is_with_an_id(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        sentence = told(NotAllowed("You may not do this."))
    found = re.fullmatch(r"You may not do this\. \((\w{6})\)", sentence)
    assert found
    assert found[1] in caplog.text


def test_a_busy_engine_says_when_to_come_back() -> None:
    assert "in 7 s" in told(Busy(7.2))


def test_a_fault_of_our_own_is_not_told_but_logged(caplog: pytest.LogCaptureFixture) -> None:
    sentence = told(RuntimeError("/home/secret/path"))
    found = re.search(r"\((\w{6})\)$", sentence)
    assert found
    assert "secret" not in sentence
    assert found[1] in caplog.text
    assert "/home/secret/path" in caplog.text


def test_what_a_person_typed_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert "my private words" in told(Usage("I do not know 'my private words'."))
    assert "private" not in caplog.text
