"""People who meet the bot for the first time are understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voices.wish import Wish, is_for_help, understood

VOICES = ("nasa", "neil_tyson", "nasa-neil_tyson", "dril", "me")


@pytest.mark.parametrize(
    ("text", "name", "prompt"),
    [
        ("nasa", "nasa", ""),
        ("NASA", "nasa", ""),
        ("Nasa,", "nasa", ""),
        ("Nasa, My dream is", "nasa", "My dream is"),
        ("nasa: My dream is", "nasa", "My dream is"),
        ("nasa!", "nasa", ""),
        ("nasa...", "nasa", ""),
        ("@nasa", "nasa", ""),
        ("#nasa", "nasa", ""),
        ("“nasa”", "nasa", ""),
        ("**nasa**", "nasa", ""),
        ("`nasa`", "nasa", ""),
        ("nasa please", "nasa", ""),
        ("nasa pls!", "nasa", ""),
        ("nasa I love you", "nasa", "I love you"),
        ("nasa Thank you", "nasa", "Thank you"),
        ("tweet like nasa", "nasa", ""),
        ("tweet like nasa please", "nasa", ""),
        ("Tweet like NASA, please!", "nasa", ""),
        ("please tweet like @nasa", "nasa", ""),
        ("can you tweet like nasa?", "nasa", ""),
        ("write something in the style of Neil_Tyson", "neil_tyson", ""),
        ("tweet as nasa: My dream is", "nasa", "My dream is"),
        ("tweet like nasa about Mars", "nasa", "Mars"),
        ("what would nasa say about Mars?", "nasa", "Mars?"),
        ("a tweet by nasa", "nasa", ""),
        ("hey, nasa", "nasa", ""),
        ("My dream is, as nasa", "nasa", "My dream is"),
        ("My dream is like nasa please", "nasa", "My dream is"),
        ("nasa's next tweet", "nasa", "next tweet"),
        ("nasa+dril My dream", "nasa+dril", "My dream"),
        ("tweet like nasa+0.5*dril", "nasa+0.5*dril", ""),
        ("NeilTyson-NASA", "", ""),
        ("Neil_Tyson-NASA hello", "nasa-neil_tyson", "hello"),
        ("tweet like me", "me", ""),
        ("give me nasa", "nasa", ""),
        ("<@5> hi", "<@5>", "hi"),
        ("<@!5>, hi", "<@!5>", "hi"),
        ("tweet like <@5> please", "<@5>", ""),
        ("nasa hello <@5>!", "nasa", "hello <@5>!"),
    ],
)
def test_a_voice_is_found_however_it_is_put(text: str, name: str, prompt: str) -> None:
    if name:
        assert understood(text, VOICES) == Wish(name, prompt, known=True)
    else:
        assert not understood(text, VOICES).known


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "   ",
            "😀",
            "?",
            "!!!",
            "...",
            "<:smile:123>",
            "help",
            "Help!",
            "help me",
            "hi",
            "Hello!",
            "hey there 👋",
        ),
        *(
            "who are you?",
            "Who are you",
            "what can you do",
            "how does this work?",
            "what's up",
            "tweet",
            "tweet please",
        ),
        *(
            "thanks!",
            "good morning everybody",
            "is this thing on?",
            "I love pizza",
            "you're funny",
            "ü",
            "日本語",
            "test",
        ),
        *("hello <@5>", "what do you think of <@5>?"),
    ],
)
def test_who_names_nobody_is_helped(text: str) -> None:
    assert understood(text, VOICES) == Wish()


@pytest.mark.parametrize(
    ("text", "name", "prompt"),
    [
        ("naza", "naza", ""),
        ("Naza, My dream is", "naza", "My dream is"),
        ("tweet like elonmusk please", "elonmusk", ""),
        ("elonmusk", "elonmusk", ""),
        ("@elonmusk My dream is", "elonmusk", "My dream is"),
        ("neil tyson", "neil", "tyson"),
    ],
)
def test_a_name_that_nobody_has_is_taken_as_one_where_it_is_meant_so(text: str, name: str, prompt: str) -> None:
    assert understood(text, VOICES) == Wish(name, prompt, known=False)


def test_small_talk_is_no_slip_in_a_name() -> None:
    assert understood("test it", ("tess",)) == Wish()
    assert understood("tesss it", ("tess",)) == Wish("tesss", "it")


@pytest.mark.parametrize("text", ["help", "Help!", "who are you?", "What can you do??"])
def test_a_cry_for_help_is_no_start_of_a_tweet(text: str) -> None:
    assert is_for_help(text)


@pytest.mark.parametrize("text", ["", "help is on its way", "who are you to say", "My dream is"])
def test_a_start_of_a_tweet_is_no_cry_for_help(text: str) -> None:
    assert not is_for_help(text)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*VOICES, "tweet", "like", ",", "please", "+", "*", "<@1>"])).map(" ".join)
)
def test_whatever_is_said_a_known_wish_names_a_voice(text: str) -> None:
    wish = understood(text, VOICES)
    assert wish.name or not wish.prompt
    if wish.known:
        assert wish.name.startswith("<@") or {part.rpartition("*")[2] for part in wish.name.split("+")} <= set(VOICES)
