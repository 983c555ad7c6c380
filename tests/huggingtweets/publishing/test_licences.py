"""The licence of a base decides which licence a voice on it may have."""

from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Misconfigured
from huggingtweets.model import prepared_bases
from huggingtweets.publishing.export import export
from huggingtweets.publishing.licences import is_allowed
from huggingtweets.registry.version import Version
from huggingtweets.workflow.pipeline import Outcome
from tests.huggingtweets.model.tiny_gguf import write_file


@pytest.mark.parametrize(
    ("licence", "of_base", "allowed"),
    [
        ("mit", "apache-2.0", True),
        ("cc-by-nc-4.0", "mit", True),
        ("mit", "", True),
        ("mit", "llama3.2", False),
        ("llama3.2", "llama3.2", True),
        ("apache-2.0", "cc-by-nc-4.0", False),
    ],
)
def test_a_base_that_is_not_permissive_wants_its_own_licence(licence: str, of_base: str, allowed: bool) -> None:
    assert is_allowed(licence, of_base) == allowed


def test_a_voice_is_not_given_to_others_under_a_licence_that_its_base_forbids(
    trained: tuple[Settings, Outcome], tiny_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gguf.GGUFWriter.add_license", lambda writer, _: writer.add_string("general.license", "llama3.2")
    )
    file = tmp_path / "small.gguf"
    write_file(file)
    folder = tiny_settings.storage.models / ".bases" / "files" / Path(*file.parts[1:])
    prepared_bases.make_ready(str(folder), lambda _: None)
    version = trained[1].version
    on_it = Version(version.name, "v1", version.folder, version.manifest.model_copy(update={"base": str(file)}))
    with pytest.raises(
        Misconfigured, match=r'under mit, because its base is under llama3.2; write license = "llama3.2"'
    ):
        export(on_it, tiny_settings)
    assert not tiny_settings.exports.exists()
