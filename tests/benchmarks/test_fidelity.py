"""The yardsticks of the fidelity benchmark measure what they say."""

import math

import pytest

from benchmarks import fidelity
from benchmarks.ngram import END, SYMBOLS, WittenBell

TEXTS = ["abab", "abc", "ünï"]


@pytest.mark.parametrize("order", [1, 2, 4])
def test_what_may_follow_is_a_distribution(order: int) -> None:
    model = WittenBell(TEXTS, 4)
    for history in ((END,), (END, ord("a")), (ord("a"), ord("b")), (7, 8, 9)):
        assert sum(model.share(history, symbol, order) for symbol in range(SYMBOLS)) == pytest.approx(1)


def test_shares_follow_the_formula() -> None:
    model = WittenBell(["ab", "ac"], 2)
    # Six symbols were seen: a, a, b, c and two ends; four are different.
    alone = (1 + 4 / SYMBOLS) / (6 + 4)
    assert model.share((), ord("b"), 1) == pytest.approx(alone)
    # After a: b and c, once each.
    assert model.share((ord("a"),), ord("b"), 2) == pytest.approx((1 + 2 * alone) / (2 + 2))


def test_bits_are_over_the_bytes_of_the_texts() -> None:
    model = WittenBell(["ab"] * 1_000, 3)
    assert model.bits_per_byte(["ab"], 3) < 0.01
    assert model.bits_per_byte(["zz"], 1) > math.log2(SYMBOLS)


def test_a_table_has_a_line_a_method_and_means_over_accounts() -> None:
    rows = [
        {"account": account, "method": method, "attribution": share, "bits_per_byte": None}
        for account in ("ann", "bob")
        for method, share in (("real", 0.8), ("ours", 0.6 if account == "ann" else 0.8))
    ]
    table = fidelity.table(rows).splitlines()
    assert len(table) == 2 + len(fidelity.METHODS)
    assert table[2].startswith("| real held-out tweets | 80.0% | 100% |")
    assert table[3].startswith("| ours, tweets | 70.0% | 8")


def test_where_no_real_tweet_is_recognised_there_is_no_share_of_it() -> None:
    assert fidelity._share(0.3, 0.6) == "50.0%"
    assert fidelity._share(0.0, 0.6) == "0.0%"
    assert fidelity._share(0.3, 0.0) == fidelity._share(None, 0.5) == fidelity._share(0.5, None) == ""
