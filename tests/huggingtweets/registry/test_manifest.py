"""A manifest is read into what its type says, written as it always was, and told by name where it is wrong."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.records import Account, Counts, Estimate, Report, Sense, Verdict
from huggingtweets.registry.manifest import MANIFEST, LearnedAccount, Manifest, read, read_accounts

FIRST_FORM = Path(__file__).parent / "first_form" / "models" / "ann"
LEAST = {"base": "b", "created": "2026-03-01T00:00:00+00:00"}


def put(folder: Path, row: Any) -> Path:
    (folder / MANIFEST).write_text(json.dumps(row))
    return folder


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_first_form_is_read_whole_and_written_as_it_was(version: str, tmp_path: Path) -> None:
    manifest = read(FIRST_FORM / version)
    manifest.write(tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == (FIRST_FORM / version / MANIFEST).read_bytes()


def test_its_values_have_types() -> None:
    manifest = read(FIRST_FORM / "v2")
    assert manifest.counts == Counts(120, 5, 5)
    assert manifest.accounts[0].account == Account("Ann", "Ann O'Nymous")
    assert manifest.day == "2026-11-28"
    assert manifest.measured.previous
    assert manifest.measured.previous.version == manifest.training.start == "v1"
    assert manifest.training.curve[0]["epoch"] == 1
    assert manifest.verdict.passed


def test_what_older_software_did_not_write_may_be_missing_and_more_may_be_there(tmp_path: Path) -> None:
    manifest = read(put(tmp_path, LEAST | {"colour": "red"}))
    assert manifest == Manifest(**LEAST)
    assert (manifest.verdict, manifest.counts, manifest.report) == (Verdict(), Counts(0, 0, 0), None)


def test_the_sense_of_the_tweets_is_kept(tmp_path: Path) -> None:
    figure = Estimate(0.5, 0.4, 0.6)
    measured = Report(10, 1.5, 2.0, 200, 0, 1, 0.9, 150, 0.1, 0.1, 1)
    for sense in (None, Sense(10, figure, figure), Sense(10, figure, figure, "smollm2", figure, figure)):
        manifest = Manifest(**LEAST, report=replace(measured, sense=sense), verdict=Verdict(caution="Take care."))
        manifest.write(tmp_path)
        assert read(tmp_path) == manifest
    assert json.loads((tmp_path / MANIFEST).read_text())["report"]["sense"]["told_apart"]["low"] == 0.4


def test_half_a_surrogate_pair_in_a_name_is_kept(tmp_path: Path) -> None:
    account = LearnedAccount(handle="ann", display_name="Ann \ud83d", counts=Counts(3, 1, 1))
    manifest = Manifest(**LEAST, accounts=(account,), verdict=Verdict("Not used, because."))
    manifest.write(tmp_path)
    assert read(tmp_path) == manifest
    assert json.loads((tmp_path / MANIFEST).read_text())["accounts"][0]["counts"]["kept"] == 1


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ([], "valid dictionary"),
        ({"base": "b"}, "^created: Field required"),
        (LEAST | {"accounts": [{"handle": 5}]}, r"^accounts\.0\.handle: "),
        (LEAST | {"training": {"steps": "many"}}, r"^training\.steps: "),
        (LEAST | {"report": {"drafts": 1}}, r"^report\.held_out_tweets: Field required"),
    ],
)
def test_the_first_wrong_value_is_named(tmp_path: Path, row: Any, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        read(put(tmp_path, row))


def test_a_damaged_manifest_still_tells_whose_tweets_were_learned(tmp_path: Path) -> None:
    put(tmp_path, {"base": 5, "report": "none", "accounts": [{"handle": "NASA", "site": "x", "counts": None}]})
    with pytest.raises(ValueError, match="base"):
        read(tmp_path)
    assert [account.handle for account in read_accounts(tmp_path)] == ["NASA"]
    for row in ("none", [], {"accounts": 5}, {"accounts": [5]}):
        with pytest.raises(ValueError, match="should be a valid"):
            read_accounts(put(tmp_path, row))
