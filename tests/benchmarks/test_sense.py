"""The benchmark of sense goes on account by account, and its tables say what its lines hold."""

from typing import Any

from benchmarks import sense


def row(account: str, base: str = "models/base", told_apart: float = 0.8) -> dict[str, Any]:
    figures = {"told_apart": [told_apart, 0.7, 0.9], "bits_ratio": [1.1, 1.0, 1.2], "bits_auc": [0.6, 0.5, 0.7]}
    ours = {**figures, "near_copies": [0.01], "distinct_2": [0.8]}
    return {"account": account, "base": base, "judge": "smollm2", "tweets": 90, "methods": {"ours": ours}}


def test_a_table_has_a_line_a_method_and_means_over_accounts() -> None:
    lines = sense.table([row("ann"), row("bob", told_apart=0.6)]).splitlines()
    assert lines[0] == "|  | told apart | bits ratio | bits auc | near copies | distinct 2 |"
    assert lines[2:] == ["| ours, tweets | 70% | 1.10 | 0.60 | 1.0% | 0.80 |"]


def test_methods_that_were_left_out_for_some_accounts_say_so() -> None:
    few = row("ann")
    few["methods"]["original"] = few["methods"]["ours"]
    assert "| the original's recipe and sampling (1 accounts) | 80% |" in sense.table([few, row("bob")])


def test_every_base_has_a_table_of_its_own_with_intervals() -> None:
    text = sense.document([row("ann"), row("ann", "smollm2")])
    assert text.count("## Voices on") == 2
    assert "| ann | ours, tweets | 80% (70% to 90%) | 1.10 (1.00 to 1.20) | 0.60 (0.50 to 0.70) |" in text


def test_without_a_judge_there_are_only_words() -> None:
    alone = row("ann")
    alone["judge"] = ""
    del alone["methods"]["ours"]["bits_ratio"], alone["methods"]["ours"]["bits_auc"]
    text = sense.document([alone])
    assert "judged by nobody" in text
    assert "| ours, tweets | 80% |  |  | 1.0% | 0.80 |" in text
    assert "| ann | ours, tweets | 80% (70% to 90%) |  |  |" in text
