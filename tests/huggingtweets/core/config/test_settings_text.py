"""Settings that were written as text are read again as they were."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from huggingtweets.core.config.settings import (
    CardSettings,
    GenerationSettings,
    Settings,
    StorageSettings,
    TrackingSettings,
    TrainingSettings,
    WordsSettings,
)
from huggingtweets.core.config.settings_text import settings_text

SINGLE_CHARACTERS = st.characters(exclude_categories=["Cs"])


def read_again(settings: Settings, folder: Path) -> Settings:
    file = folder / "written.toml"
    file.write_text(settings_text(settings), encoding="utf-8", newline="")
    return Settings.load(file, {})


def test_every_kind_of_value_comes_back(tmp_path: Path) -> None:
    settings = Settings(
        storage=StorageSettings(models=tmp_path / "my models", data=tmp_path / 'quoted "data"'),
        training=TrainingSettings(base="gpt2", lora_learning_rate=1e-07, replies=False),
        generation=GenerationSettings(precision="fp32", threads=3),
        words=WordsSettings(blocked=["one", "zwei 🚀", 'a "b" \\ c'], patterns=[r"\bbuy (now|today)\b"]),
        tracking=TrackingSettings(tracker="none"),
    )
    again = read_again(settings, tmp_path)
    assert again.model_dump(exclude={"collecting"}) == settings.model_dump(exclude={"collecting"})
    assert again.collecting.folder == settings.collecting.folder.absolute()


def test_secrets_are_left_out(tmp_path: Path) -> None:
    settings = Settings(tracking=TrackingSettings(wandb_key=SecretStr("hush")))
    assert "hush" not in settings_text(settings)
    assert read_again(settings, tmp_path).tracking.wandb_key is None


@given(st.text(SINGLE_CHARACTERS))
def test_any_text_comes_back(text: str) -> None:
    import tomllib

    settings = Settings(card=CardSettings(consent=text))
    assert tomllib.loads(settings_text(settings))["card"]["consent"] == text
