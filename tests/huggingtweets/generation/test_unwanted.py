"""Slurs and blocked words are found however they are spelled, and ordinary words that hold them are not."""

import time
from collections.abc import Callable

import pytest

from huggingtweets.core.config.settings import Settings, WordsSettings
from huggingtweets.core.errors import Misconfigured
from huggingtweets.generation.checks import first_objection
from huggingtweets.generation.slurs import slurs
from huggingtweets.generation.unwanted import UNWANTED, ListedWords, Patterns, Slurs, operators_checks
from tests.huggingtweets.core.config.test_settings import saved

DISGUISES: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "full width": lambda word: "".join(chr(ord(letter) + 0xFEE0) for letter in word),
    "zero width": lambda word: "\u200b".join(word),
    "soft hyphens": lambda word: "\u00ad".join(word),
    "spaced": " ".join,
    "spaced among letters": lambda word: "I " + " ".join(word) + " a",
    "dotted": ".".join,
    "emoji": "🙂".join,
    "halved": lambda word: f"{word[: len(word) // 2]}-{word[len(word) // 2 :]}",
    "digits": lambda word: word.translate(str.maketrans("aeiost", "431057")),
    "signs": lambda word: word.translate(str.maketrans("ais", "@!$")),
    "Cyrillic": lambda word: word.translate(str.maketrans("aeopcxyi", "аеорсхуі")),
    "stretched": lambda word: "".join(letter * 4 for letter in word[:1]) + word[1:],
    "accents": lambda word: "\u0301".join(word) + "\u0301",
    "flags": lambda word: "".join(chr(0x1F1E6 + ord(letter) - 97) for letter in word),
    "small capitals": lambda word: word.translate(str.maketrans("abegkmnort", "ᴀʙᴇɢᴋᴍɴᴏʀᴛ")),
    "script letters": lambda word: "".join(chr(0x1D4EA + ord(letter) - 97) for letter in word),
}
# A short word with digits may be a number, as in 5G.
SHORTEST = 4


def latin_slurs() -> list[str]:
    return sorted(word for word in slurs().words | set(slurs().stems) if word.isascii() and word.isalpha())


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_slur_is_found_in_every_disguise(disguise: str) -> None:
    check = Slurs()
    words = [word for word in latin_slurs() if len(word) >= SHORTEST]
    assert len(words) > 90
    missed = [word for word in words if not check(f"so you are {DISGUISES[disguise](word)}, are you")]
    assert missed == [], disguise


@pytest.mark.parametrize("piece", [1, 2, 3])
def test_a_long_slur_is_found_in_pieces(piece: str) -> None:
    check, size = Slurs(), int(piece)
    words = [word for word in latin_slurs() if len(word) >= 6 and (size < 3 or len(word) == 6)]
    pieces = {word: " ".join(word[at : at + size] for at in range(0, len(word), size)) for word in words}
    assert [word for word, text in pieces.items() if not check(f"some {text} there")] == []


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe, Penistone, Lightwater, Clitheroe, Essex and Middlesex",
        "a snigger, a raccoon, a cockpit, a cocktail, a dagger and a vixen",
        "Niger and Nigeria lie north of the niggardly equator",
        "Dick Van Dyke found a chink in the armour of a Maine coon",
        "Homo sapiens, homogenous milk, Homophones",
        "arsenal, assassin, classic, basement, analysis, therapist, shiitake",
        "spick and span, allspice, conspicuous, auspicious",
        "Pakistan, Paris, Pakeha; Afghanistan and Kazakhstan",
        "el color negro, Río Negro, Montenegro, Negroni",
        "je suis en retard, fire-retardant foam, a transistor and a transmission",
        "more than 900k students and 600k nonprofits at 5pm, 4K video on 5G",
        "go ok then as is it so I am, to be or no to be",
        "Yes, we can! @ann @bob #c00l $AAPL €20 1|2 a/b",
        "woop woop! goooood morning, yesss, coooool",
        "Нос, сор, рак, хор и кот", "Το νερό και ο ήλιος", "今日は霧が深いです", "मैं घर जा रहा हूँ",
        "damn, shit, what the fuck, you bloody bastard",
        "",
    ],
)  # fmt: skip
def test_ordinary_words_and_mere_swearing_pass(text: str) -> None:
    assert Slurs()(text) is None


def test_a_call_for_violence_against_a_group_is_refused_and_a_statement_about_one_is_not() -> None:
    assert Slurs()("All immigrants should be killed.") == UNWANTED
    assert Slurs()("All immigrants should be heard.") is None


def test_the_operator_may_allow_a_word_of_the_list() -> None:
    word = latin_slurs()[0]
    assert Slurs()(word) == UNWANTED
    assert Slurs([word.upper()])(word) is None
    assert Slurs([word])(latin_slurs()[1]) == UNWANTED


@pytest.mark.parametrize(
    "text", ["so SPAM it is", "s p a m", "sp4m", "ѕраm", "s.p.a.m!", "two, words", "heckling", "h3ckling", "傻瓜啊"]
)
def test_a_listed_word_is_found(text: str) -> None:
    assert ListedWords(["Spam", "two words", "heck*", "傻瓜", ""])(text) == UNWANTED


@pytest.mark.parametrize("text", ["spammer", "two or three words", "good", "check", "año", "spas m"])
def test_a_listed_word_is_not_found_in_others(text: str) -> None:
    assert ListedWords(["spam", "two words", "god", "heck*", "ano"])(text) is None


def test_a_pattern_is_searched_as_it_stands_and_in_plain_letters() -> None:
    check = Patterns([r"\bbuy (now|today)\b", "é"])
    assert [bool(check(text)) for text in ("BUY NOW!", "ｂｕｙ today", "buy them", "café")] == [True, True, False, True]


def test_a_pattern_that_would_never_end_elsewhere_ends_at_once() -> None:
    check = Patterns([r"(a+)+$", r"(\w+\s?)*!$"])
    started = time.monotonic()
    assert check("a" * 100_000 + "b?") is None
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(", "missing )"), ("(?=a)b", "no look-ahead"), (r"(\w{999}){999}", "cannot be used"), ("a*", "every text")],
)
def test_a_pattern_that_cannot_be_used_is_told_with_its_place(tmp_path: object, pattern: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=r"\[words\] patterns\.0") as refused:
        Settings.load(saved(tmp_path, f"[words]\npatterns = ['{pattern}']\n"))  # type: ignore[arg-type]
    assert words in str(refused.value)


def test_the_operator_may_turn_the_lists_off() -> None:
    word = latin_slurs()[0]
    assert first_objection(operators_checks(WordsSettings()), word) == UNWANTED
    assert first_objection(operators_checks(WordsSettings(block_slurs=False, blocked=["spam"])), word) is None
    assert first_objection(operators_checks(WordsSettings(block_slurs=False, blocked=["spam"])), "spam") == UNWANTED
