"""How good a voice is in words: a pure function of its report."""

from dataclasses import replace

import pytest

from huggingtweets.core.records import Estimate, Report, Sense
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


def sense(told_apart: float, *, own: float = 0.55, ratio: float | None = 1.0, width: float = 0.08) -> Sense:
    estimates = [Estimate(value, value - width, value + width) for value in (told_apart, own, ratio or 0.0)]
    return Sense(100, estimates[0], estimates[1], "judge" if ratio else "", estimates[2] if ratio else None)


@pytest.mark.parametrize(
    ("seen", "how_good"),
    [
        (sense(0.6), Strength.STRONG),
        (sense(0.69), Strength.STRONG),
        (sense(0.6, width=0.25), Strength.FAIR),  # so few tweets that it may be chance
        (sense(0.75), Strength.FAIR),
        (sense(0.75, own=0.8), Strength.STRONG),  # the person's own earlier tweets do no better
        (sense(0.6, ratio=1.2), Strength.FAIR),
        (sense(0.6, ratio=0.8), Strength.FAIR),
        (sense(0.98, width=0.01), Strength.FAINT),
    ],
)
def test_a_voice_is_strong_only_if_its_tweets_pass_for_real_ones(seen: Sense, how_good: Strength) -> None:
    assert strength(replace(REPORT, sense=seen)) is how_good


def test_no_test_of_its_tweets_makes_a_strong_voice_of_one_that_gains_nothing_or_copies() -> None:
    assert strength(replace(REPORT, sense=sense(0.55), held_out_bits_per_byte=2.2)) is Strength.FAINT
    assert strength(replace(REPORT, sense=sense(0.55), exact_copies=1)) is Strength.FAIR


@pytest.mark.parametrize(
    ("seen", "lacks"),
    [
        (sense(0.8), ", but its tweets are still easy to tell from real ones;"),
        (sense(0.8, ratio=1.13), ", but its sentences often lose the thread;"),
        (sense(0.8, ratio=0.76), ", but it is tamer than they are;"),
        (sense(0.8, ratio=None), ", but its sentences often lose the thread;"),  # by its bits per byte
        (sense(0.72), "topics;"),
    ],
)
def test_what_a_voice_lacks_is_said_by_what_was_seen_of_its_tweets(seen: Sense, lacks: str) -> None:
    assert lacks in in_words(replace(REPORT, sense=seen), 500)


def test_a_strong_voice_is_praised_without_advice() -> None:
    assert in_words(replace(REPORT, sense=sense(0.6)), 500) == "Strong: it writes much as they do."


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
