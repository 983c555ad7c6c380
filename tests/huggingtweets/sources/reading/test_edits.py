"""Only the last version of an edited tweet counts, in whatever form the versions name each other."""

import json
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.sources import read
from huggingtweets.sources.reading.edits import superseded

IDS = ["90000", "100000"]


@pytest.mark.parametrize(
    "told",
    [
        {"edit_history_tweet_ids": IDS},
        {"edit_history_tweet_ids": str(IDS)},
        {"edit_control": {"edit_tweet_ids": IDS}},
        {"edit_control": {"edit_control_initial": {"edit_tweet_ids": IDS}}},
        {"edit_info": {"initial": {"editTweetIds": IDS}}},
        {"edit_info": {"edit": {"editControlInitial": {"editTweetIds": IDS}}}},
    ],
)
def test_only_the_last_version_in_a_table_counts(tmp_path: Path, told: dict[str, Any]) -> None:
    rows = [{"id": id_, "text": f"this is version {id_}"} | told for id_ in reversed(IDS)]
    rows += [{"id": "95000", "text": "another", "edit_history_tweet_ids": ["95000"]}, {"id": "95001", "text": "plain"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = read(tmp_path / "a.jsonl")
    assert [tweet.id for tweet in found.tweets] == ["100000", "95000", "95001"]
    assert found.withdrawn == {"90000"}


def test_a_version_is_only_superseded_by_one_that_is_there() -> None:
    assert superseded([("1", "2", "10")], ["1", "2"]) == {"1"}
    assert superseded([("1", "2", "10")], ["10"]) == {"1", "2"}
    assert superseded([("1", "2"), ("3",), ()], ["1", "3", "4"]) == set()
