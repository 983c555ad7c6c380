"""Text from outside is made of whole characters, whatever came in."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voices.tweeting import Ask
from bot.web.frame.rendering import environment
from huggingtweets.core.people.names import NO_VOICE
from huggingtweets.core.text.visible import typed
from huggingtweets.core.text.whole_text import whole
from huggingtweets.tweets.learned.clean import clean

ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("given_text", "mended"),
    [
        ("fog \ud83d half", "fog  half"),
        ("\ude80", ""),
        ("\ud83d\ude80", "🚀"),
        (os.fsdecode(b"Fog in the caf\xe9"), "Fog in the café"),
        ("café 🚀", "café 🚀"),
        ("", ""),
    ],
)
def test_halves_are_mended(given_text: str, mended: str) -> None:
    assert whole(given_text) == mended


@given(ANY)
def test_every_way_in_gives_text_that_utf8_can_hold(text: str) -> None:
    ask = Ask("test:1", NO_VOICE, text)
    shown = environment().from_string("{{ text }}").render(text=text)
    for mended in (whole(text), typed(text), clean(text), ask.prompt, shown):
        mended.encode()


@given(st.text())
def test_whole_text_stays_as_it_is(text: str) -> None:
    assert whole(text) == text
