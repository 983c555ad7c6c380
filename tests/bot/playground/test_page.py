"""The page's HTML: nothing that a model or a person wrote is markup."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from bot.playground.chat import Drawn, Learning, Picture, Said
from bot.playground.page import as_html, plain


@given(st.text())
def test_plain_shows_any_text_as_it_is(text: str) -> None:
    shown = plain(text)
    assert html.unescape(shown) == text or "\r" in text or "\0" in text
    assert not re.search(r"[<>`*_\[\]$|\\]", shown)


def test_a_tweet_is_marked_as_ai_and_cannot_break_out() -> None:
    shown = as_html(Drawn("nasa", "v2", ("<script>alert(1)</script> **bold** $x$",)))
    assert "AI parody" in shown
    assert "@nasa" in html.unescape(shown)
    assert "<script" not in shown
    assert "**" not in shown


def test_progress_has_a_bar() -> None:
    assert 'value="43"' in as_html(Learning("nasa", "learning, 43 %", 43))
    assert "mostly <b>" not in as_html(Learning("nasa", "learning, 43 %", 43, "These tweets are mostly <b>Spanish."))
    assert "Spanish" in as_html(Learning("nasa", "learning, 43 %", 43, "These tweets are mostly <b>Spanish."))


def test_sentences_keep_their_lines() -> None:
    assert "pre-wrap" in as_html(Said("one\ntwo"))


def test_a_picture_is_in_the_page_itself_and_described() -> None:
    shown = as_html(Picture(b"\x89PNG", 'AI parody: "hi" <b>'))
    assert 'src="data:image/png;base64,iVBORw=="' in shown
    assert 'alt="AI parody: &quot;hi&quot; &lt;b&gt;"' in shown
