"""A version as a folder for others: plain transformers draws from it, and nothing of the person's is in it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from huggingtweets.core.atomic import locked
from huggingtweets.core.config.base_folders import located
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Unavailable
from huggingtweets.core.people.names import VoiceName
from huggingtweets.model import base, gguf_file
from huggingtweets.model.base import base_name
from huggingtweets.model.merged import load_version
from huggingtweets.pictures import render as draw
from huggingtweets.publishing import export
from huggingtweets.registry.manifest import TrainingFacts
from huggingtweets.registry.version import Version
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow import pipeline
from huggingtweets.workflow.pipeline import Outcome

Trained = tuple[Settings, Outcome]


@pytest.fixture(scope="module")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings, outcome = trained
    data = tmp_path_factory.mktemp("exported")
    elsewhere = settings.model_copy(update={"storage": settings.storage.model_copy(update={"data": data})})
    return export.export(outcome.version, elsewhere, repository="people/ann")


def test_the_folder_has_what_the_hub_shows_and_transformers_reads(exported: Path) -> None:
    names = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert names == {
        "README.md", "config.json", "generation_config.json", "model.safetensors",
        "tokenizer.json", "tokenizer_config.json", "discriminator.safetensors",
        "predictions.png", "predictions-dark.png", "pipeline.png", "curve.png", "profile.png", "avatar-Ann.png",
    }  # fmt: skip


def test_every_file_may_be_read_by_whoever_may_read_new_files(exported: Path, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    usual = (tmp_path / "new").stat().st_mode
    for folder in (exported, trained[1].version.folder):
        unlike = [path.name for path in folder.rglob("*") if path.is_file() and path.stat().st_mode != usual]
        assert unlike == []


def test_an_adapter_goes_along_only_where_peft_can_find_its_base(trained: Trained, tmp_path: Path) -> None:
    """peft asks the Hub for the base's name, where a stranger may have a `models/base`."""
    version = trained[1].version
    for base_id, goes_along in (("hub:openai-community/gpt2", True), ("models/base", False), (version.base, False)):
        one = Version(VoiceName("ann"), "v1", version.folder, version.manifest.model_copy(update={"base": base_id}))
        assert export._has_adapter(one) is goes_along
        export.write_card(one, trained[0], tmp_path, with_model=True)
        assert ("`adapter/`" in (tmp_path / "README.md").read_text()) is goes_along
        assert "models/base" not in (tmp_path / "README.md").read_text()
        assert export._boxes(one)[2].title == {"models/base": "embedded base"}.get(base_id, base_name(base_id))


def test_the_snippet_of_the_card_works_in_plain_transformers(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this package cannot be imported."""
    snippet = (exported / "README.md").read_text().split("```python\n")[1].split("```")[0]
    assert 'generator("My dream is", num_return_sequences=5)' in snippet
    program = snippet.replace('"people/ann"', repr(str(exported))).replace("generator(", "texts = generator(")
    for name in [name for name in sys.modules if name.partition(".")[0] == "huggingtweets"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "huggingtweets", None)
    names: dict[str, Any] = {}
    exec(compile(program, "card.py", "exec"), names)
    texts = [text["generated_text"] for text in names["texts"]]
    assert len(texts) == 5
    assert len(set(texts)) > 1, "it samples"
    assert all(text.startswith("My dream is") for text in texts)


def test_the_weights_are_the_voice_itself(exported: Path, trained: Trained) -> None:
    from transformers import AutoModelForCausalLM

    ours = load_version(trained[1].version).model
    plain = AutoModelForCausalLM.from_pretrained(exported)
    assert plain.dtype == torch.float32
    tokens = torch.tensor([[0, 5, 9, 30]])
    with torch.inference_mode():
        difference = (plain(tokens).logits - ours(tokens)).abs().max()
    assert difference < 1e-4, "but for two ways to work out a gelu they are one"


def test_a_prompt_begins_with_end_of_text_as_the_tweets_did(exported: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(exported)
    tokens = tokenizer("My dream is")["input_ids"]
    assert tokens[0] == tokenizer.eos_token_id
    assert tokenizer.decode(tokens, skip_special_tokens=True) == "My dream is"


def test_the_generation_settings_are_ours(exported: Path, trained: Trained) -> None:
    written = json.loads((exported / "generation_config.json").read_text())
    chosen = trained[0].generation
    assert written["do_sample"] is True
    for key in ("temperature", "top_k", "top_p", "max_new_tokens"):
        assert written[key] == getattr(chosen, key)


def test_no_tweet_and_no_path_of_this_machine_leaves_it(exported: Path, trained: Trained) -> None:
    settings, outcome = trained
    written = b"".join(
        path.read_bytes() for path in exported.rglob("*") if path.is_file() and path.suffix != ".safetensors"
    ).decode("utf-8", "ignore")
    tweets = [text for text in Dataset.load(outcome.version.dataset).texts if len(text) > 40]
    assert tweets
    assert not [text for text in tweets if text in written]
    assert str(settings.storage.models.parent) not in written
    assert settings.training.base not in written, "not even in the adapter's settings"


def test_the_card_is_of_this_version_and_for_this_repository(exported: Path, trained: Trained) -> None:
    published = ModelCard.load(exported / "README.md")
    assert published.data.thumbnail == "https://huggingface.co/people/ann/resolve/main/predictions.png"
    assert published.data.eval_results[0].metric_value == pytest.approx(
        trained[1].report.as_json()[published.data.eval_results[0].metric_type], abs=1e-6
    )
    for picture in ("predictions.png", "pipeline.png", "curve.png", "avatar-Ann.png"):
        assert picture in published.content
        Image.open(exported / picture).verify()


def test_half_precision_halves_the_weights(exported: Path, trained: Trained, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    settings, outcome = trained
    half = settings.model_copy(update={"publishing": settings.publishing.model_copy(update={"weights": "float16"})})
    export.write_model(outcome.version, half, tmp_path)
    assert AutoModelForCausalLM.from_pretrained(tmp_path).dtype == torch.float16
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (tmp_path, exported)]
    assert sizes[0] < 0.6 * sizes[1]


def test_a_full_fine_tune_is_exported_too(tiny_settings: Settings, sample_file: Path) -> None:
    from transformers import AutoModelForCausalLM

    full = tiny_settings.training.model_copy(update={"method": "full", "max_epochs": 1})
    settings = tiny_settings.model_copy(update={"training": full})
    version = pipeline.run(VoiceName("ann"), [sample_file], settings).version
    folder = export.export(version, settings)
    assert not (folder / "adapter").exists()
    plain, ours = AutoModelForCausalLM.from_pretrained(folder), load_version(version).model
    assert torch.equal(plain.transformer.wte.weight, ours.body.tokens.weight)
    text = (folder / "README.md").read_text()
    assert "All weights were trained." in text
    assert 'model=".")  # in the folder of this card' in text
    assert (folder / "model.safetensors").stat().st_mode == (folder / "README.md").stat().st_mode
    assert (version.model / "model.safetensors").stat().st_mode == (folder / "README.md").stat().st_mode


def test_an_avatar_in_the_data_folder_is_used(trained: Trained, tmp_path: Path) -> None:
    settings, outcome = trained
    elsewhere = settings.model_copy(update={"storage": settings.storage.model_copy(update={"data": tmp_path})})
    elsewhere.avatars.mkdir()
    Image.new("RGB", (10, 10), (0, 200, 0)).save(elsewhere.avatars / "ann.jpg")
    (person,) = export.people(outcome.version, elsewhere)
    assert person.avatar == elsewhere.avatars / "ann.jpg"
    assert export.people(outcome.version, settings)[0].avatar is None


def test_a_version_without_a_curve_has_a_card_all_the_same(trained: Trained, tmp_path: Path) -> None:
    settings, outcome = trained
    manifest = outcome.version.manifest
    without = manifest.model_copy(update={"training": TrainingFacts()})
    written = export.write_card(Version(VoiceName("ann"), "v1", outcome.version.folder, without), settings, tmp_path)
    assert tmp_path / "curve.png" not in written
    assert "curve.png" not in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("kept", [0, 1])
def test_the_curve_says_whether_a_pass_was_kept(trained: Trained, tmp_path: Path, kept: int) -> None:
    settings, outcome = trained
    manifest = outcome.version.manifest
    training = manifest.training.model_copy(update={"kept_epoch": kept})
    version = Version(
        VoiceName("ann"), "v1", outcome.version.folder, manifest.model_copy(update={"training": training})
    )
    export.write_card(version, settings, tmp_path)
    expected = draw.curve(training.curve, is_kept=bool(kept))
    assert (tmp_path / "curve.png").read_bytes() == expected
    assert expected != draw.curve(training.curve, is_kept=not kept)


def test_an_export_that_fails_leaves_the_one_before(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, outcome = trained
    elsewhere = settings.model_copy(update={"storage": settings.storage.model_copy(update={"data": tmp_path})})
    folder = elsewhere.exports / "ann" / outcome.version.version
    folder.mkdir(parents=True)
    (folder / "old").write_text("whole")
    gone = Version(VoiceName("ann"), outcome.version.version, tmp_path / "nowhere", outcome.version.manifest)
    with pytest.raises(OSError, match="nowhere"):
        export.export(gone, elsewhere)
    assert [path.name for path in folder.iterdir()] == ["old"]


def test_two_exports_at_once_are_refused(trained: Trained, tmp_path: Path) -> None:
    settings, outcome = trained
    elsewhere = settings.model_copy(update={"storage": settings.storage.model_copy(update={"data": tmp_path})})
    (elsewhere.exports / "ann").mkdir(parents=True)
    with locked(elsewhere.exports / "ann" / ".lock", wait=False), pytest.raises(Unavailable, match="another process"):
        export.export(outcome.version, elsewhere)


def test_a_version_is_a_file_for_llama_cpp_without_a_tweet_or_a_path(trained: Trained, tmp_path: Path) -> None:
    settings, outcome = trained
    elsewhere = settings.model_copy(update={"storage": settings.storage.model_copy(update={"data": tmp_path})})
    folder = export.export(outcome.version, elsewhere, form="gguf")
    assert folder.name == "v1-gguf"
    [file] = folder.glob("*.gguf")
    assert file.name == "ann-v1.gguf"
    assert "ann-v1.gguf" in (folder / "README.md").read_text()
    again = base.load(located(str(file), tmp_path / "models"))
    tokens = torch.tensor([[0, 5, 9, 30]])
    with torch.inference_mode():
        ours = load_version(outcome.version).model(tokens)
        torch.testing.assert_close(again.model(tokens), ours, atol=2e-2, rtol=0)
    written = file.read_bytes()
    tweets = [text for text in Dataset.load(outcome.version.dataset).texts if len(text) > 40]
    assert not [text for text in tweets if text.encode() in written]
    assert str(settings.storage.models.parent).encode() not in written
    assert b"AI parody of @Ann" in written


def test_a_model_that_llama_cpp_does_not_know_is_told_in_a_sentence(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise gguf_file.Unwritable("llama.cpp scales attention in another way")

    monkeypatch.setattr(gguf_file, "write", refuse)
    with pytest.raises(Unavailable, match=r"cannot be a GGUF file: llama\.cpp scales attention in another way;"):
        export.write_gguf(trained[1].version, trained[0], tmp_path)
