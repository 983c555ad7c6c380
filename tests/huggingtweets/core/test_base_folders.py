"""A base's name is turned into a path once. The embedded base keeps its name."""

from pathlib import Path

import pytest

from huggingtweets.core import base_folders
from huggingtweets.core.base_folders import EMBEDDED, REPOSITORY, find_folder, resolve_base


def base_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").touch()
    return folder


def test_a_folder_is_looked_for_in_the_working_directory_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_folder(EMBEDDED) == REPOSITORY / EMBEDDED
    monkeypatch.chdir(tmp_path)
    assert find_folder(EMBEDDED) == REPOSITORY / EMBEDDED
    ours = base_in(tmp_path / EMBEDDED)
    assert find_folder(EMBEDDED) == ours
    assert find_folder(str(ours)) == ours
    assert find_folder("models/none") is None


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
    assert resolve_base(written, REPOSITORY) == EMBEDDED


def test_the_embedded_base_keeps_its_name_where_the_software_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_folders, "REPOSITORY", tmp_path / "site-packages")
    base_in(tmp_path / "home" / EMBEDDED)
    monkeypatch.chdir(tmp_path / "home")
    assert resolve_base(EMBEDDED, tmp_path / "home") == EMBEDDED


def test_another_base_in_a_folder_of_the_same_name_is_not_taken_for_the_embedded_one(tmp_path: Path) -> None:
    theirs = base_in(tmp_path / EMBEDDED)
    assert resolve_base(EMBEDDED, tmp_path) == str(theirs)
