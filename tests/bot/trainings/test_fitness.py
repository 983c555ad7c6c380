"""What is said of a voice before it is learned: how much text there is, and whether the base writes the language."""

from pathlib import Path

from bot.trainings.fitness import expected
from bot.trainings.judged import Judged
from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.records import Tweet
from huggingtweets.tweets.kept.choices import NO_CHOICES, Choices


def judged(texts: list[str], lang: str) -> Judged:
    tweets = [Tweet(f"{lang}{number}", text, lang=lang) for number, text in enumerate(texts)]
    return Judged(tweets, hide_contacts=False)


SPANISH = judged([f"hoy vimos {number} gaviotas sobre el puerto" for number in range(60)], "es")
ENGLISH = judged([f"we saw {number} gulls over the harbour today" for number in range(20)], "en")


def test_a_base_that_does_not_write_the_language_is_named_with_one_that_does(tmp_path: Path) -> None:
    told = expected([(SPANISH, NO_CHOICES)], EMBEDDED, tmp_path)
    assert told.startswith("These tweets are mostly Spanish (100%), and what I know of language so far is English")
    assert "such as flax-community/gpt-2-spanish." in told
    assert "hub:" not in told


def test_each_tweet_of_several_people_counts_the_same(tmp_path: Path) -> None:
    told = expected([(ENGLISH, NO_CHOICES), (SPANISH, NO_CHOICES)], EMBEDDED, tmp_path)
    assert told.startswith("These tweets are mostly Spanish (75%)")
    assert "writes Spanish and English, such as Qwen/Qwen3-0.6B-Base." in told
    assert expected([(SPANISH, NO_CHOICES)], "hub:Qwen/Qwen3-0.6B-Base", tmp_path).startswith("There is as much text")


def test_what_was_struck_out_is_no_text_to_learn_from() -> None:
    before = ENGLISH.characters(NO_CHOICES)
    assert 0 < ENGLISH.characters(Choices(struck=frozenset({"en0"}))) < before
