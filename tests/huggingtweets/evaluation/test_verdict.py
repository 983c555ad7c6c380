"""How good a voice is in words: a pure function of its report."""

from dataclasses import replace

import pytest

from huggingtweets.core.records import Report
from huggingtweets.evaluation.verdict import Strength, in_words, of, strength, strength_of
from huggingtweets.registry.manifest import Manifest

REPORT = Report(
    held_out_tweets=100,
    held_out_bits_per_byte=1.9,
    base_held_out_bits_per_byte=2.2,
    drafts=200,
    exact_copies=0,
    near_copies=0,
    distinct_2=0.9,
    tweets=180,
    length_divergence=0.1,
    emoji_divergence=0.1,
    accounts=1,
)


@pytest.mark.parametrize(
    ("bits_per_byte", "how_good"),
    [(2.4, Strength.FAINT), (2.2, Strength.FAINT), (2.1, Strength.FAINT), (2.08, Strength.FAIR), (1.3, Strength.FAIR)],
)
def test_a_voice_is_as_good_as_what_it_gains_over_its_base(bits_per_byte: float, how_good: Strength) -> None:
    assert strength(replace(REPORT, held_out_bits_per_byte=bits_per_byte)) is how_good


def test_a_voice_with_sentences_that_go_astray_needs_more_tweets_and_then_a_larger_model() -> None:
    said = "Fair: it has picked up the words and topics, but its sentences often lose the thread; "
    assert in_words(REPORT, 300) == f"{said}more tweets would help most."
    assert in_words(REPORT, 3_000) == f"{said}a larger model to begin with would help most."


def test_a_faint_voice_says_so() -> None:
    assert in_words(replace(REPORT, held_out_bits_per_byte=2.19), 90) == (
        "Faint: it has picked up little of how they write, and its sentences often lose the thread; "
        "more tweets would help most."
    )


def test_a_voice_whose_sentences_hold_together_is_not_blamed_for_them() -> None:
    said = in_words(replace(REPORT, held_out_bits_per_byte=1.45), 500)
    assert said == "Fair: it has picked up the words and topics; more tweets would help most."


@pytest.mark.parametrize("copies", [{"exact_copies": 1}, {"near_copies": 3}])
def test_a_voice_that_copies_is_told_to_learn_from_more(copies: dict[str, int]) -> None:
    assert in_words(replace(REPORT, **copies), 5_000).endswith(
        "but it often repeats pieces of real tweets; more tweets would help most."
    )
    assert "repeats" not in in_words(replace(REPORT, near_copies=2), 5_000), "one in a hundred is chance"


def test_a_report_without_a_loss_of_the_base_gives_no_verdict() -> None:
    assert strength(replace(REPORT, base_held_out_bits_per_byte=0.0)) is None
    assert in_words(replace(REPORT, base_held_out_bits_per_byte=0.0), 100) == ""
    assert in_words(None, 100) == ""


def test_a_version_has_the_verdict_of_its_report_and_its_tweets() -> None:
    counts = {"downloaded": 400, "retweets": 50, "short": 50}
    manifest = Manifest.model_validate(
        {
            "base": "models/base",
            "created": "2026-01-01",
            "report": REPORT,
            "accounts": [{"handle": "ann", "counts": counts}],
        }
    )
    assert (strength_of(manifest), of(manifest)) == (Strength.FAIR, in_words(REPORT, 300))


def test_a_version_without_a_report_has_no_verdict() -> None:
    manifest = Manifest(base="models/base", created="2026-01-01")
    assert (strength_of(manifest), of(manifest)) == (None, "")
