"""A version is complete or not there, one process changes a name at a time, and a forgotten voice is gone."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from huggingtweets.core.errors import PipelineError, Unavailable, UnknownModel, UnknownVersion, Usage
from huggingtweets.core.records import Verdict
from huggingtweets.registry.in_use import CURRENT
from huggingtweets.registry.manifest import MANIFEST, Manifest
from huggingtweets.registry.trainer import is_to_end
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


MADE = Manifest(base="b", created="2026-03-01T00:00:00+00:00")


def add(registry: Registry, name: str = "ann") -> Version:
    with registry.staged(name) as folder:
        (folder / "adapter").mkdir(exist_ok=True)
        (folder / "adapter" / "weights").write_text("w")
        return registry.add(name, folder, MADE)


def test_an_empty_registry_knows_nobody(registry: Registry) -> None:
    assert registry.names() == []
    assert registry.versions("ann") == []
    with pytest.raises(UnknownModel, match="There is no model of ann yet"):
        registry.current("ann")
    with pytest.raises(UnknownModel):
        registry.version("ann", "v1")
    with pytest.raises(UnknownModel):
        registry.rollback("ann")
    assert registry.forget("ann") is False


def test_a_version_is_there_when_added_and_in_use_when_promoted(registry: Registry) -> None:
    added = add(registry)
    assert registry.versions("ann") == ["v1"]
    assert registry.names() == []
    with pytest.raises(UnknownModel):
        registry.current("ann")
    assert registry.promote("ann", "v1") == added
    assert registry.current("ann") == added
    assert registry.names() == ["ann"]
    assert (added.base, added.manifest.name, added.manifest.version) == ("b", "ann", "v1")
    assert (added.adapter / "weights").read_text() == "w"
    assert not added.model.exists()
    assert added.dataset == added.folder / "dataset.jsonl"


def test_versions_count_up_and_are_in_that_order(registry: Registry) -> None:
    for number in range(1, 12):
        assert add(registry).version == f"v{number}"
    assert registry.versions("ann") == [f"v{number}" for number in range(1, 12)]


def test_the_number_of_a_broken_version_is_not_used_again(registry: Registry) -> None:
    (add(registry).folder / MANIFEST).unlink()
    assert add(registry).version == "v2"
    assert registry.versions("ann") == ["v2"]


def test_an_unknown_version_is_told_with_the_known_ones(registry: Registry) -> None:
    add(registry)
    for version in ("v2", "../ann", "", "v²"):
        with pytest.raises(UnknownVersion, match=r"it has v1\."):
            registry.promote("ann", version)


def test_rolling_back_goes_step_by_step(registry: Registry) -> None:
    for version in ("v1", "v2", "v3"):
        add(registry)
        registry.promote("ann", version)
    assert registry.rollback("ann").version == "v2"
    assert registry.rollback("ann").version == "v1"
    with pytest.raises(Usage, match="ann has no earlier version than v1 to go back to"):
        registry.rollback("ann")
    assert registry.current("ann").version == "v1"


def test_promoting_twice_is_promoting_once(registry: Registry) -> None:
    add(registry), add(registry)
    for version in ("v1", "v2", "v2"):
        registry.promote("ann", version)
    assert registry.rollback("ann").version == "v1"
    registry.promote("ann", "v2")
    registry.promote("ann", "v1")
    assert registry.rollback("ann").version == "v2"


def test_rolling_back_passes_over_versions_that_are_gone(registry: Registry) -> None:
    for version in ("v1", "v2", "v3"):
        add(registry)
        registry.promote("ann", version)
    shutil.rmtree(registry.root / "ann" / "v2")
    assert registry.rollback("ann").version == "v1"


def test_pruning_keeps_the_newest_the_one_in_use_and_the_one_to_go_back_to(registry: Registry) -> None:
    for number in range(1, 8):
        add(registry)
        if number in (1, 2, 3):
            registry.promote("ann", f"v{number}")
    assert registry.prune("ann", 2) == ["v1", "v4", "v5"]
    assert registry.versions("ann") == ["v2", "v3", "v6", "v7"]
    assert registry.rollback("ann").version == "v2"
    assert registry.prune("ann", 9) == registry.prune("nobody", 1) == []
    assert add(registry).version == "v8"


def test_a_pruning_that_was_killed_leaves_nothing_half(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        add(registry)
    registry.promote("ann", "v3")
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            registry.prune("ann", 1)
    assert registry.versions("ann") == ["v2", "v3"]
    registry.sweep()
    assert sorted(path.name for path in (registry.root / "ann").iterdir() if path.is_dir()) == ["v2", "v3"]


def test_a_killed_run_finds_what_it_left(registry: Registry) -> None:
    with contextlib.suppress(RuntimeError), registry.staged("ann") as folder:
        (folder / "checkpoint").write_text("half")
        raise RuntimeError
    with registry.staged("ann") as folder:
        assert (folder / "checkpoint").read_text() == "half"


def test_a_kill_before_the_last_rename_leaves_no_version(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    add(registry)
    registry.promote("ann", "v1")

    def power_cut(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, contextlib.suppress(RuntimeError):
        patch.setattr(Path, "rename", power_cut)
        add(registry)
    assert registry.versions("ann") == ["v1"]
    assert registry.current("ann").version == "v1"
    assert add(registry).version == "v2"


def test_a_kill_while_promoting_leaves_the_old_version_in_use(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(registry), add(registry)
    registry.promote("ann", "v1")

    def power_cut(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, contextlib.suppress(RuntimeError):
        patch.setattr(Path, "replace", power_cut)
        registry.promote("ann", "v2")
    assert registry.current("ann").version == "v1"


def test_what_is_forgotten_is_gone_and_others_stay(registry: Registry) -> None:
    for name in ("ann", "anna"):
        add(registry, name)
        registry.promote(name, "v1")
    assert registry.forget("ann") is True
    assert registry.names() == ["anna"]
    assert [path.name for path in registry.root.iterdir()] == ["anna"]
    assert registry.forget("ann") is False
    assert add(registry).version == "v1"


def test_a_forgetting_that_was_killed_can_be_ended(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    add(registry)
    registry.promote("ann", "v1")

    def power_cut(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, contextlib.suppress(RuntimeError):
        patch.setattr(shutil, "rmtree", power_cut)
        registry.forget("ann")
    assert registry.names() == []
    assert len(list(registry.root.rglob("weights"))) == 1
    assert registry.forget("ann") is True
    assert list(registry.root.iterdir()) == []


def test_sweeping_ends_every_deletion_that_was_killed(registry: Registry) -> None:
    add(registry)
    (registry.root / "ann").rename(registry.root / ".forgotten-ann")
    add(registry, "bob")
    registry.sweep()
    assert [path.name for path in registry.root.iterdir()] == ["bob"]


@pytest.mark.parametrize("act", ["forget", "staged"])
def test_a_base_model_is_no_voice_to_delete_or_train(registry: Registry, act: str) -> None:
    base = registry.root / "base"
    base.mkdir(parents=True)
    (base / "config.json").write_text("{}")
    acts = {"forget": lambda: registry.forget("base"), "staged": lambda: registry.staged("base").__enter__()}
    with pytest.raises(Usage, match="is a base model and no voice"):
        acts[act]()
    assert [path.name for path in base.iterdir()] == ["config.json"]
    assert registry.names() == []


HOLDING = """
import sys
import threading
from pathlib import Path
from huggingtweets.registry.versions import Registry
with Registry(Path(sys.argv[1])).staged("ann") as folder:
    (folder / "made").touch()
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def trainer(registry: Registry) -> Iterator[subprocess.Popen[str]]:
    """Another process that is training ann."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, registry.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


def test_two_processes_do_not_train_or_forget_one_name(registry: Registry, trainer: "subprocess.Popen[str]") -> None:
    with pytest.raises(Unavailable, match="ann is being trained or forgotten right now"), registry.staged("ann"):
        pytest.fail("two train at once")
    with pytest.raises(Unavailable):
        registry.forget("ann")
    assert (registry.root / "ann" / ".staged" / "made").exists()
    assert add(registry, "bob").version == "v1"


def test_the_lock_of_a_killed_process_is_free(registry: Registry, trainer: "subprocess.Popen[str]") -> None:
    trainer.kill()
    trainer.wait()
    with registry.staged("ann") as folder:
        assert (folder / "made").exists()


def test_a_version_can_be_promoted_while_the_next_is_trained(
    registry: Registry, trainer: "subprocess.Popen[str]"
) -> None:
    shutil.copytree(add(registry, "bob").folder, registry.root / "ann" / "v1")
    assert registry.promote("ann", "v1").name == "ann"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "v1"}', "null"])
def test_a_damaged_state_is_told_with_the_mend(registry: Registry, text: str) -> None:
    add(registry)
    (registry.root / "ann" / CURRENT).write_text(text)
    with pytest.raises(PipelineError, match=r"is damaged .*; delete it and promote a version again"):
        registry.current("ann")


def test_a_damaged_manifest_is_told_with_the_mend(registry: Registry) -> None:
    (add(registry).folder / MANIFEST).write_text("{")
    with pytest.raises(Unavailable, match=r"cannot be read .*; promote another version, or move the folder of ann"):
        registry.version("ann", "v1")


def test_a_manifest_is_readable_by_people(registry: Registry) -> None:
    text = (add(registry).folder / MANIFEST).read_text()
    assert json.loads(text) == {"name": "ann", "version": "v1", "base": "b", "created": "2026-03-01T00:00:00+00:00"}
    assert text.count("\n") == 6


def test_a_damaged_model_does_not_hide_the_others(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("ann", "bob"):
        registry.promote(name, add(registry, name).version)
    (registry.root / "ann" / CURRENT).write_text("{")
    assert [version.name for version in registry.in_use()] == ["bob"]
    assert "the model ann is left out" in caplog.text


ODD = {
    "nothing in it": "{}",
    "a list": "[]",
    "a number for a date": '{"base": "b", "created": 5}',
    "no base": '{"created": "2026"}',
    "accounts that are none": '{"base": "b", "created": "2026", "accounts": [5]}',
    "counts that are none": '{"base": "b", "created": "2026", "accounts": [{"handle": "a", "counts": {"kept": []}}]}',
    "samples that are none": '{"base": "b", "created": "2026", "samples": [{}]}',
    "a verdict that is none": '{"base": "b", "created": "2026", "verdict": "yes"}',
    "a number without end": '{"base": "b", "created": "2026", "seed": ' + "9" * 5_000 + "}",
    "nested without end": "[" * 200_000,
    "no text": "\udcff",
    "empty": "",
}
SPECIAL = {"a folder": Path.mkdir, "a pipe": os.mkfifo, "a link to itself": lambda path: path.symlink_to(path)}


def put(path: Path, odd: str) -> None:
    path.unlink()
    if odd in SPECIAL:
        SPECIAL[odd](path)
    else:
        path.write_text(ODD[odd], errors="surrogateescape")


@pytest.mark.parametrize("odd", [*ODD, *SPECIAL])
@pytest.mark.parametrize("file", [f"v1/{MANIFEST}", CURRENT])
def test_one_odd_version_spoils_no_list_and_is_told_when_it_is_asked_for(
    registry: Registry, caplog: pytest.LogCaptureFixture, file: str, odd: str
) -> None:
    for name in ("ann", "bob"):
        registry.promote(name, add(registry, name).version)
    put(registry.root / "ann" / file, odd)
    assert [version.name for version in registry.in_use()] == ["bob"]
    assert registry.rejected("ann") == []
    assert registry.all_names()[-1] == registry.names()[-1] == "bob"
    if registry.names() == ["ann", "bob"]:
        assert "the model ann is left out" in caplog.text
        with pytest.raises(PipelineError, match=r"cannot be read|is damaged|There is no model"):
            registry.current("ann")
    assert registry.forget("ann")


def test_a_kill_between_the_version_and_its_promotion_is_made_good(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, contextlib.suppress(RuntimeError), registry.staged("ann") as folder:
        patch.setattr(Registry, "promote", power_cut)
        registry.release("ann", folder, MADE)
    assert registry.versions("ann") == ["v1"]
    assert registry.names() == []
    with registry.staged("ann"):
        assert registry.current("ann").version == "v1"
    registry.promote("ann", add(registry).version)
    registry.rollback("ann")
    with registry.staged("ann"):
        assert registry.current("ann").version == "v1", "it is made good once"


def test_what_was_never_released_is_not_put_in_use(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, contextlib.suppress(RuntimeError), registry.staged("ann") as folder:
        patch.setattr(Registry, "add", power_cut)
        registry.release("ann", folder, MADE)
    with registry.staged("ann"):
        assert registry.versions("ann") == registry.names() == []


def test_what_is_discarded_leaves_older_versions(registry: Registry) -> None:
    with registry.staged("ann"):
        registry.discard("ann")
    assert not (registry.root / "ann").exists()
    add(registry)
    with registry.staged("ann") as folder:
        registry.discard("ann")
        assert not folder.exists()
    assert registry.versions("ann") == ["v1"]


def test_versions_that_are_not_fit_say_why(registry: Registry) -> None:
    add(registry)
    with registry.staged("ann") as folder:
        verdict = Verdict("Not used, because.")
        bad = registry.add("ann", folder, MADE.model_copy(update={"verdict": verdict}))
    (add(registry).folder / MANIFEST).write_text("{")
    assert registry.rejected("ann") == [bad]
    assert bad.rejected == "Not used, because."
    assert bad.as_event(seconds=1).why_not == "Not used, because."
    told = bad.manifest.model_copy(update={"verdict": Verdict("Not used, because 0.5 > 0.1.", "Not used, because.")})
    assert replace(bad, manifest=told).as_event(seconds=1).why_not == "Not used, because."
    assert registry.all_names() == ["ann"]


def test_what_is_staged_or_half_deleted_is_still_kept_and_a_base_model_is_none_of_it(registry: Registry) -> None:
    assert registry.kept() == []
    add(registry, "ann")
    with registry.staged("bob"):
        pass
    (registry.root / ".forgotten-carl").mkdir()
    (registry.root / "base").mkdir()
    (registry.root / "base" / "config.json").write_text("{}")
    (registry.root / ".on-the-hub-dan.json").write_text("{}")
    assert registry.kept() == ["ann", "bob", "carl"]
    assert registry.all_names() == ["ann"]


def test_a_training_on_another_machine_finds_the_wish_that_it_ends(registry: Registry) -> None:
    """The two machines share the folder, and no process of the other one is known here."""
    with registry.training("ann"):
        note = registry.root / "ann" / ".trainer.json"
        note.write_text(note.read_text().replace(socket.gethostname(), "another-machine"))
        ending = threading.Thread(target=registry.end_training, args=("ann",))
        ending.start()
        while not is_to_end(registry.root / "ann"):
            assert ending.is_alive()
    ending.join()
    assert not is_to_end(registry.root / "ann")
    with registry.training("ann"):
        assert not is_to_end(registry.root / "ann"), "the next training ends at once"
