"""The base of a version is found in the folder where it was when the version was made."""

import shutil
from pathlib import Path

import pytest
import torch

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.model.merged import base_of, load_version
from huggingtweets.registry.version import Version
from huggingtweets.workflow.pipeline import Outcome


@pytest.fixture
def home(tiny_base: Path, tmp_path: Path) -> Path:
    """The folder of a settings file, with a base and the folder of models."""
    shutil.copytree(tiny_base, tmp_path / "home" / "bases" / "mine", ignore=shutil.ignore_patterns(".work"))
    return tmp_path / "home"


def version_in(home: Path, trained: tuple[Settings, Outcome], base: str) -> Version:
    version = trained[1].version
    folder = shutil.copytree(version.folder, home / "models" / "ann" / "v1")
    return Version(VoiceName("ann"), "v1", Path(folder), version.manifest.model_copy(update={"base": base}))


def test_a_relative_base_of_an_older_version_counts_from_beside_the_models(
    home: Path, trained: tuple[Settings, Outcome]
) -> None:
    old = version_in(home, trained, "bases/mine")
    assert base_of(old) == str(home / "bases" / "mine")
    ours, theirs = load_version(old).model, load_version(trained[1].version).model
    assert torch.equal(ours.body.tokens.weight, theirs.body.tokens.weight)


@pytest.mark.parametrize("base", ["models/base", "gpt2", "hub:owner/name", "/srv/base"])
def test_any_other_name_of_a_base_is_left_as_it_is(home: Path, trained: tuple[Settings, Outcome], base: str) -> None:
    assert base_of(version_in(home, trained, base)) == base
