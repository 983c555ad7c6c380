"""A text is given to the account whose character n-grams it has."""

import random

import pytest

from huggingtweets.evaluation import attribution
from huggingtweets.evaluation.attribution import Attribution
from tests.conftest import sentences

SHOUTING = [text.upper() + "!!!" for text in sentences(60, seed=5)]
WHISPERING = [text.lower() + " ~" for text in sentences(60, seed=6)]


def test_unseen_texts_find_their_account() -> None:
    fitted = Attribution({"loud": SHOUTING[:40], "soft": WHISPERING[:40]})
    assert fitted.of([SHOUTING[50], WHISPERING[50]]) == ["loud", "soft"]
    assert fitted.share(SHOUTING[40:], ["loud"]) == 1.0
    assert fitted.share(SHOUTING[40:], ["soft"]) == 0.0
    assert fitted.share([SHOUTING[50], WHISPERING[50]], ["loud", "soft"]) == 1.0


def test_texts_of_nobody_in_particular_are_given_by_chance() -> None:
    texts = sentences(400, seed=7)
    random.Random(1).shuffle(texts)
    fitted = Attribution({"a": texts[:150], "b": texts[150:300]})
    assert 0.3 < fitted.share(texts[300:], ["a"]) < 0.7


def test_an_account_with_more_texts_is_not_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "MAX_TEXTS", 40)
    fitted = Attribution({"loud": SHOUTING[:20], "soft": WHISPERING * 20})
    assert fitted.share(SHOUTING[40:], ["loud"]) == 1.0


def test_no_texts_have_no_account_and_an_empty_one_has_some() -> None:
    fitted = Attribution({"loud": SHOUTING, "soft": WHISPERING})
    assert fitted.of([]) == []
    assert fitted.share([], ["loud"]) == 0.0
    assert fitted.of([""])[0] in ("loud", "soft")


def test_one_account_is_nothing_to_choose_from() -> None:
    with pytest.raises(ValueError, match="two accounts"):
        Attribution({"loud": SHOUTING})
