"""What may not be posted: links in any form, mentions, cashtags, blocked words, and what was posted before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.post_text.post_checks import as_post, checks_for, likeness, objection, words_of
from huggingtweets.generation.checks import defused

CHECKS = checks_for(["Spam", "heck*", "two words", ""], ["I saw the sea today", "short"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a fine day at the shore", None),
        ("3.14 is not 3,14, e.g. here... and so on", None),
        ("costs $5, or 5$, or US$", None),
        ("mail me at ann at home", None),
        ("see https://t.co/abc", "a link"),
        ("see HTTP://t.co", "a link"),
        ("www.example", "a link"),
        ("go to example.com now", "a link"),
        ("go to example.com/a?b=c", "a link"),
        ("straße.de ist schön", "a link"),
        ("ask @ann about it", "a mention"),
        (defused("ask @ann about it"), "a mention"),
        (defused("see https://t.co/abc"), "a link"),
        (defused("discord.gg/abc"), "a link"),
        ("ask ＠ann", "a mention"),
        ("ann@home", "a mention"),
        ("at 5 @ the shore", None),
        ("buy $TSLA", "a cashtag"),
        ("buy $brk.b!", "a cashtag"),
        ("this is SPAM!", "a blocked word"),
        ("spammer", None),
        ("what the heckling", "a blocked word"),
        ("two, words", "a blocked word"),
        ("I SAW the sea, today!!", "what was posted before"),
        ("", "empty"),
        ("x" * 281, "too long"),
        ("a <|endoftext|> b", "broken"),
    ],
)
def test_each_fault_has_its_reason(text: str, reason: str | None) -> None:
    assert objection(CHECKS, as_post(text)) == reason


@pytest.mark.parametrize(
    ("word", "text"), [("馬鹿", "お前は馬鹿だね"), ("傻瓜", "你真是个傻瓜啊"), ("บ้า", "คนบ้านั้น"), ("ばか*", "ばかばか")]
)
def test_a_blocked_word_is_found_where_no_blanks_bound_it(word: str, text: str) -> None:
    assert objection(checks_for([word, "spam"], []), text) == "a blocked word"
    assert objection(checks_for([word], []), "a fine day, 良い日") is None


def test_likeness_is_told_without_blanks_too() -> None:
    fog, ship = "今日は霧が深いです", "船の姿が見えません"
    known = [words_of(fog), words_of(ship)]
    assert likeness("今日は霧が濃いです", known) > 0.5
    assert likeness("明朝紅茶飲", known) == 0.0


def test_without_blocked_words_none_is_found() -> None:
    assert objection(checks_for([], []), "spam") is None


@given(st.text())
def test_a_post_is_stored_as_it_is_read(text: str) -> None:
    post = as_post(text)
    assert as_post(post) == post
    assert "\n" not in post


def test_a_post_hides_nothing() -> None:
    assert as_post("\u202enasa\u2066 is\u200b here\u3164") == "nasa is here"


def test_likeness_is_to_the_nearest() -> None:
    known = [words_of("the sea is calm"), words_of("a fine day")]
    assert likeness("The sea is calm!", known) == 1.0
    assert 0 < likeness("the sea is wild", known) < 1
    assert likeness("nothing shared", known) == 0.0
    assert likeness("anything", []) == 0.0
