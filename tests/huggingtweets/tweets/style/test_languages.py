"""The languages somebody writes in: what tweets declare comes first, and how they look second."""

import pytest

from huggingtweets.core.records import Tweet
from huggingtweets.tweets.style.languages import detected, language_name, languages

ENGLISH = ["Good morning everybody, what a beautiful day it is", "I think the weather will be better tomorrow"] * 10
GERMAN = ["Guten Morgen zusammen, was für ein schöner Tag", "Ich glaube, morgen wird das Wetter wieder besser"] * 10
JAPANESE = ["おはようございます、今日はとてもいい天気ですね", "明日はもっと暖かくなると思います"] * 10


def tweets(texts: list[str], lang: str | None) -> list[Tweet]:
    return [Tweet(str(number), text, lang=lang) for number, text in enumerate(texts)]


@pytest.mark.parametrize(("texts", "code"), [(ENGLISH, "en"), (GERMAN, "de"), (JAPANESE, "ja")])
def test_a_language_is_known_by_its_texts(texts: list[str], code: str) -> None:
    assert detected(texts) == {code: 1.0}


def test_two_languages_are_both_named_the_more_frequent_first() -> None:
    assert set(detected(JAPANESE * 2 + ENGLISH)) == {"en", "ja"}
    assert list(languages(tweets(ENGLISH * 2, "en") + tweets(GERMAN, "de"))) == ["en", "de"]


def test_each_language_has_its_share_of_the_tweets() -> None:
    shares = languages(tweets(ENGLISH * 3, "en") + tweets(GERMAN, "de"))
    assert shares == {"en": 0.75, "de": 0.25}


@pytest.mark.parametrize(("code", "name"), [("es", "Spanish"), ("nb", "Norwegian Bokmål"), ("zh", "Chinese")])
def test_a_language_has_its_english_name(code: str, name: str) -> None:
    assert language_name(code) == name
    assert language_name("xx") == "xx"


def test_what_the_tweets_say_comes_before_what_they_look_like() -> None:
    assert list(languages(tweets(ENGLISH, "nl"))) == ["nl"]


def test_a_few_that_say_it_are_not_enough() -> None:
    assert languages(tweets(GERMAN, None) + tweets(ENGLISH[:3], "en")).get("de", 0) > 0.5


def test_a_rare_language_is_not_named() -> None:
    assert languages(tweets(ENGLISH * 5, "en") + tweets(GERMAN[:2], "de")).keys() == {"en"}


@pytest.mark.parametrize(("lang", "code"), [("in", "id"), ("iw", "he"), ("zh-CN", "zh"), ("EN", "en")])
def test_codes_are_todays(lang: str, code: str) -> None:
    assert languages(tweets(["x"], lang)) == {code: 1.0}


@pytest.mark.parametrize("lang", ["und", "qme", "zxx", "", "x!", None])
def test_no_language_is_no_code(lang: str | None) -> None:
    assert languages(tweets(ENGLISH, lang)) == {"en": 1.0}


def test_nothing_to_read_is_no_language() -> None:
    assert languages([]) == {}
    assert languages(tweets(["🚀", "https://t.co/x @ann #tag"], None)) == {}


def sentences(words: str, count: int) -> list[str]:
    """Different texts of the same language."""
    chosen = words.split()
    return [
        f"{number}: {' '.join(chosen[(number + step * 3) % len(chosen)] for step in range(9))}"
        for number in range(count)
    ]


SPANISH = sentences("hoy hemos visto las gaviotas volando sobre el puerto cuando empezaba la lluvia muy fuerte", 30)
OTHER = sentences("today we watched those seagulls flying over the harbour when heavy rain started falling", 30)


@pytest.mark.parametrize(("spanish", "english"), [(24, 6), (15, 15), (6, 24)])
def test_tweets_of_two_languages_that_alternate_are_counted_one_by_one(spanish: int, english: int) -> None:
    shares = detected(sorted([*SPANISH[:spanish], *OTHER[:english]]))  # by their numbers
    assert shares.keys() == {"es", "en"}
    assert shares["es"] == pytest.approx(spanish / 30, abs=0.07)


def test_a_language_that_needs_few_characters_has_its_share_of_the_tweets_all_the_same() -> None:
    japanese = [f"{number}日目、今日はとてもいい天気ですね" for number in range(6)]
    assert detected([*OTHER[:24], *japanese])["ja"] == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    "texts", [["BONG"] * 50, ["BONG BONG BONG", "BONG BONG"] * 200, ["lol", "ok", "10/10"], ["hm"]]
)
def test_nonsense_is_of_no_language(texts: list[str]) -> None:
    assert detected(texts) == {}
