"""A base's name is turned into a path once. The embedded base keeps its name."""

from pathlib import Path

import pytest

from huggingtweets.core.config.base_folders import EMBEDDED, embedded_folder, find_folder, resolve_base
from huggingtweets.core.config.user_folders import CHECKOUT


def base_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").touch()
    return folder


def test_a_folder_counts_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ours = base_in(tmp_path / "bases" / "mine")
    assert find_folder("bases/mine") == find_folder(str(ours)) == ours
    assert find_folder("models/none") is None


def test_the_embedded_base_is_ours_whatever_folder_of_that_name_is_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base_in(tmp_path / EMBEDDED)
    monkeypatch.chdir(tmp_path)
    assert find_folder(EMBEDDED) == embedded_folder() == CHECKOUT / EMBEDDED


def test_a_folder_below_the_start_becomes_an_absolute_path(tmp_path: Path) -> None:
    base = base_in(tmp_path / "bases" / "mine")
    assert resolve_base("bases/mine", tmp_path) == str(base)
    assert resolve_base("../mine", tmp_path / "bases" / "mine") == str(base)
    assert resolve_base("mine", tmp_path) == "mine", "there is no such folder"
    assert resolve_base(str(base), tmp_path) == str(base)


@pytest.mark.parametrize("name", ["gpt2", "hub:gpt2", "hub:owner/name", "no/such/folder", "", "a\0b"])
def test_a_name_of_no_folder_is_returned_as_it_is(tmp_path: Path, name: str) -> None:
    assert resolve_base(name, tmp_path) == name


@pytest.mark.parametrize("written", [EMBEDDED, f"./{EMBEDDED}", f"tests/../{EMBEDDED}"])
def test_the_embedded_base_keeps_its_name_however_it_is_written(written: str) -> None:
    assert resolve_base(written, CHECKOUT) == EMBEDDED


def test_another_base_in_a_folder_of_the_same_name_is_not_taken_for_the_embedded_one(tmp_path: Path) -> None:
    theirs = base_in(tmp_path / EMBEDDED)
    assert resolve_base(EMBEDDED, tmp_path) == str(theirs)
