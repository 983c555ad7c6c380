"""Which languages a base writes: by its name, or by its README."""

from pathlib import Path

import pytest

from huggingtweets.core.config.base_folders import EMBEDDED, NAMED, located
from huggingtweets.model.base_languages import ANY, base_languages
from huggingtweets.model.suggested_bases import SUGGESTED_BASES, SuggestedBase


def folder_with(readme: str | None, folder: Path) -> str:
    (folder / "config.json").write_text("{}")
    if readme is not None:
        (folder / "README.md").write_text(readme)
    return str(folder)


@pytest.mark.parametrize("base", [EMBEDDED, "gpt2", "gpt2-large", "hub:HuggingFaceTB/SmolLM2-360M"])
def test_these_write_english(base: str) -> None:
    assert base_languages(base) == {"en"}


def test_every_named_base_says_what_it_writes(tmp_path: Path) -> None:
    assert {name: base_languages(located(name, tmp_path)) for name in NAMED} == {"smollm2": {"en"}}


def test_a_base_of_very_many_languages_has_none_to_warn_of() -> None:
    assert base_languages("hub:Qwen/Qwen2.5-0.5B") == ANY


@pytest.mark.parametrize("base", SUGGESTED_BASES, ids=lambda base: base.hub_id)
def test_a_suggested_base_is_known_without_asking_the_hub(base: SuggestedBase) -> None:
    assert base_languages(base.base) == base.languages


@pytest.mark.parametrize(
    ("language", "codes"),
    [
        ("es", {"es"}),
        ("[en, fr]", {"en", "fr"}),
        ("\n- zh-CN\n- pt_BR\n- yue", {"zh", "pt", "yue"}),
        ("multilingual", ANY),
        ("[en, code, multilingual]", ANY),
        ("7", ANY),
        ("no", ANY),  # for YAML that is False
        ('"no"', {"no"}),
        ("", ANY),
    ],
)
def test_a_folder_says_it_in_its_readme(language: str, codes: set[str], tmp_path: Path) -> None:
    assert base_languages(folder_with(f"---\nlicense: mit\nlanguage: {language}\n---\n# A base\n", tmp_path)) == codes


@pytest.mark.parametrize("readme", [None, "", "# A base", "---\nlanguage: [\n---\n", "---\n- en\n---\n", "\x00"])
def test_of_a_folder_that_says_nothing_nothing_is_known(readme: str | None, tmp_path: Path) -> None:
    assert base_languages(folder_with(readme, tmp_path)) == ANY


def test_of_what_is_no_base_nothing_is_known() -> None:
    assert base_languages("there/is no such thing") == ANY


def test_a_model_on_the_hub_says_it_in_its_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_with("---\nlanguage: de\n---\n", tmp_path)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda repository, name: str(tmp_path / name))
    assert base_languages("hub:someone/german-gpt2") == {"de"}


def test_of_a_model_on_the_hub_without_a_readme_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(repository: str, name: str) -> str:
        raise OSError(f"{repository} has no {name}")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", missing)
    assert base_languages("hub:someone/gpt2") == ANY
