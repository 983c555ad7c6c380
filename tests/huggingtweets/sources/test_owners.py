"""The command line or the file says whose tweets a file holds, or there is only one person."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Tweet
from huggingtweets.sources.owners import Owned, parse_owned, read_owned

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def saved(folder: Path, name: str, username: str | None, day: int = 0) -> Path:
    tweet = Tweet(str(day), f"a tweet of day {day}", FIRST + timedelta(days=day))
    path = folder / name
    path.write_text(json.dumps({**tweet.as_json(), **({"username": username} if username else {})}) + "\n")
    return path


def test_a_handle_of_the_model_before_an_equals_sign_is_whose_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_owned("ann=a.zip", VoiceName("ann-bob")) == Owned(Path("a.zip"), "ann")
    assert parse_owned("@Bob=x=y.zip", VoiceName("ann-bob")) == Owned(Path("x=y.zip"), "bob")
    assert parse_owned("zed=a.zip", VoiceName("ann-bob")) == Owned(Path("zed=a.zip"))
    assert parse_owned("a.zip", VoiceName("ann")) == Owned(Path("a.zip"))
    Path("ann=a.zip").touch()
    assert parse_owned("ann=a.zip", VoiceName("ann-bob")) == Owned(Path("ann=a.zip")), "a file that is there is meant"


def test_the_only_person_owns_all_files_and_the_earlier_comes_first(tmp_path: Path) -> None:
    late, early = saved(tmp_path, "late.jsonl", "Somebody", 9), saved(tmp_path, "early.jsonl", None, 1)
    read = read_owned(VoiceName("ann"), [Owned(late), Owned(early)])
    assert [collected.tweets[0].id for collected in read["ann"]] == ["1", "9"]


def test_of_several_people_a_file_says_whose_it_is_or_somebody_must(tmp_path: Path) -> None:
    ann, bob, nobody = (saved(tmp_path, f"{name}.jsonl", name) for name in ("Ann", "BOB", None))
    read = read_owned(VoiceName("ann-bob"), [Owned(ann), Owned(bob), Owned(nobody, "bob")])
    assert {handle: len(some) for handle, some in read.items()} == {"ann": 1, "bob": 2}
    with pytest.raises(Usage, match=r"It does not say; write --from ann=.*None\.jsonl"):
        read_owned(VoiceName("ann-bob"), [Owned(nobody)])
    with pytest.raises(Usage, match="It is by @bob"):
        read_owned(VoiceName("ann-zed"), [Owned(bob)])


def test_two_accounts_in_one_persons_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="another file is by"):
        read_owned(
            VoiceName("ann-bob"), [Owned(saved(tmp_path, f"{name}.jsonl", name), "ann") for name in ("Ann", "Zed")]
        )
