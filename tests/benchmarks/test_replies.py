"""The benchmark of replies passes over who has none, strips contexts, and its table says what its runs hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import replies
from huggingtweets.tweets.learned.dataset import Dataset, Example


def run(account: str, pairs: int = 30, with_context: float = 1.9) -> dict[str, Any]:
    figures = {"pairs": pairs, "without_context": 2.0, "with_context": with_context, "with_another": 2.1}
    voice = {**figures, "right_is_better": 0.8}
    losses = {"bits": 2.01, "bits_without_contexts": 2.0}
    return {"account": account, "seed": 1, "learned_pairs": 50, "replies": voice, "untrained": voice, **losses}


def test_the_table_has_each_account_and_all_replies_together() -> None:
    lines = replies.table([run("ann"), run("bob", pairs=90, with_context=1.8)]).splitlines()
    assert lines[2] == "| ann, seed 1 | 50 | 30 | 2.000 | 1.900 | 2.100 | 5.0% | 80% | 5.0% | +0.50% |"
    assert lines[4] == "| all | 100 | 120 | 2.000 | 1.825 | 2.100 | 8.8% | 80% | 8.8% | +0.50% |"


def test_the_voice_that_it_is_compared_with_has_the_same_tweets_and_no_context() -> None:
    data = Dataset((Example("one", context="what?"),), (Example("two", context="and then?"),))
    assert replies.without_contexts(data) == Dataset((Example("one"),), (Example("two"),))


def test_accounts_without_replies_are_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": str(n), "text": f"the red dust of day {n}", "created_at": "2026-01-01T00:00:00Z"} for n in range(40)]
    (tmp_path / "ann.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert list(replies.data_sets(tmp_path, [], 0.2)) == []
    said = capsys.readouterr().out
    assert "ann.jsonl is passed over: 0 held-out replies have a context" in said
    assert "picture.png is passed over: " in said
