"""Trainings are recorded in real trackers without any network, and no tracker can harm a training."""

import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from huggingtweets.core.config.settings import Settings, StorageSettings, TrackingSettings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.tracking import lineage
from huggingtweets.tracking import trackers as tracking
from huggingtweets.tracking.in_wandb import Wandb
from huggingtweets.tracking.recorded import kept_of, recorded
from huggingtweets.tracking.trackers import Tracker, libraries
from huggingtweets.workflow import pipeline
from huggingtweets.workflow.forgetting import forget

# Every attempt to reach another machine fails at once.
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
TELL = """
import sys
from pathlib import Path
from huggingtweets.core.config.settings import Settings, StorageSettings, TrackingSettings
from huggingtweets.tracking.trackers import tracking
settings = Settings(storage=StorageSettings(data=Path(sys.argv[1])), tracking=TrackingSettings(tracker=sys.argv[2]))
with tracking("ann", settings) as tracker:
    tracker.start("import", {})
    tracker.make("tweets-ann", "raw-dataset", {"kept": 3})
    tracker.start("train", {"seed": 7})
    tracker.use("tweets-ann", "raw-dataset")
    for step in range(5):
        tracker.figures({"loss": 1.0 / (step + 1), "held_out_loss": None}, step)
    tracker.figures({"evaluation/bits": 2.0})
    tracker.table("examples", ("Input", "Prediction"), [("My dream is", "to fly")])
    tracker.make("ann", "finetuned-model", {"version": "v1"}, [Path(sys.argv[3])], ["registry-v1", "in-use"])
print("done", tracker.runs["train"])
"""


def told(folder: Path, tracker: str) -> subprocess.CompletedProcess[str]:
    """A process that records a small training in `tracker`, below `folder`."""
    weights = folder / "adapter.safetensors"
    weights.write_bytes(b"weights")
    return subprocess.run(
        [sys.executable, "-c", TELL, str(folder), tracker, str(weights)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3], env=os.environ | NO_NETWORK,
    )  # fmt: skip


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


LINKS = """
SELECT l.run_name, l.direction, a.name, a.type FROM run_artifact_links l
JOIN artifact_versions v ON v.id = l.artifact_version_id JOIN artifacts a ON a.id = v.artifact_id ORDER BY l.id
"""
ALIASES = """
SELECT s.alias, v.version, v.metadata FROM artifact_aliases s JOIN artifacts a ON a.id = s.artifact_id
JOIN artifact_versions v ON v.id = s.artifact_version_id WHERE a.type = 'finetuned-model'
"""


COMMANDS = """
import json, sqlite3, sys
from huggingtweets.cli.main import main
config, tweets, database, query = sys.argv[1:]
main(["train", "ann", "--json", "--from", tweets, "--config", config])
main(["train", "ann", "--json", "--seed", "2", "--config", config])
print(json.dumps(sqlite3.connect(database).execute(query).fetchall()))
main(["promote", "ann", "v1", "--config", config])
"""


def test_a_training_leaves_its_whole_lineage_in_trackio(tiny_base: Path, sample_file: Path, tmp_path: Path) -> None:
    """Commands as people use them: the second version takes the alias of the first, until that is promoted."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'[training]\nbase = "{tiny_base}"\nthreads = 1\nmin_characters = 1000\nmax_epochs = 3\npatience = 3\n'
        "lora_rank = 2\n"
        "[gate]\ndrafts = 8\nmax_exact_copies = 8\nmax_near_copies = 1.0\nmax_worse = 1.0\n"
        "[generation]\nthreads = 1\nmax_new_tokens = 40\n"
    )
    database = tmp_path / "data" / "tracking" / "ann.db"
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, config, sample_file, database, ALIASES],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3], env=os.environ | NO_NETWORK,
    )  # fmt: skip
    *told, before, _ = done.stdout.splitlines()
    events = [json.loads(line) for line in told]
    assert [event["in_use"] for event in events if event["event"] == "done"] == [True, True]
    assert {event["event"] for event in events} == {"progress", "done"}, "the tracker's own words are not among them"

    first = rows(database, LINKS)[:7]
    assert first == [
        ("@ann-import", "output", "tweets-ann", "raw-dataset"),
        ("@ann-import", "output", "base", "pretrained-model"),
        ("@ann-preprocess", "input", "tweets-ann", "raw-dataset"),
        ("@ann-preprocess", "output", "dataset-ann", "train-dataset"),
        ("@ann-train", "input", "dataset-ann", "train-dataset"),
        ("@ann-train", "input", "base", "pretrained-model"),
        ("@ann-train", "output", "ann", "finetuned-model"),
    ]
    aliases = {alias: json.loads(facts)["version"] for alias, _, facts in json.loads(before)}
    assert aliases == {"latest": "v2", "in-use": "v2", "registry-v1": "v1", "registry-v2": "v2"}
    aliases = {alias: json.loads(facts)["version"] for alias, _, facts in rows(database, ALIASES)}
    assert aliases["in-use"] == "v1", "the alias goes where people put the version in use"
    assert (aliases["registry-v1"], aliases["registry-v2"]) == ("v1", "v2")
    configs = [json.loads(row[0]) for row in rows(database, "SELECT config FROM configs WHERE run_name='@ann-train'")]
    assert (configs[1]["data_seed"], configs[1]["training_seed"], configs[1]["lora_rank"]) == (2, 2, 2)
    assert configs[0]["libraries"]["torch"]
    assert str(tiny_base) not in json.dumps(configs), "no path of this machine"
    metrics = [json.loads(row[0]) for row in rows(database, "SELECT metrics FROM metrics ORDER BY id")]
    curve = [row for row in metrics if "learning_rate" in row]
    assert len(curve) >= 2 * 5
    assert curve[0]["loss"] > 0
    manifests = [json.loads((tmp_path / f"models/ann/v{n}/manifest.json").read_text()) for n in (1, 2)]
    passes = [row for manifest in manifests for row in manifest["training"]["curve"]]
    told_losses = [row["held_out_loss"] for row in metrics if "held_out_loss" in row]
    assert told_losses == pytest.approx([row["held_out_loss"] for row in passes]), (
        "each pass's own, not the best so far"
    )
    assert len(told_losses) == 6
    assert "batch_tokens" not in configs[0], "what follows the data is told once it is known"
    [batch_tokens, _] = [row["training/batch_tokens"] for row in metrics if "training/batch_tokens" in row]
    assert batch_tokens == manifests[0]["training"]["batch_tokens"] >= 256
    assert max(row["learning_rate"] for row in curve) <= max(m["training"]["learning_rate"] for m in manifests)
    assert any("examples" in row for row in metrics)
    assert any("evaluation/held_out_bits_per_byte" in row for row in metrics)

    manifest = json.loads((tmp_path / "models" / "ann" / "v1" / "manifest.json").read_text())
    assert manifest["tracking"]["tracker"] == "trackio"
    written = b"".join(path.read_bytes() for path in (tmp_path / "data" / "tracking").rglob("*") if path.is_file())
    tweets = [json.loads(line)["text"] for line in (tmp_path / "models/ann/v1/dataset.jsonl").read_text().splitlines()]
    assert not [text for text in tweets if len(text) > 50 and text.encode() in written], "no tweet is in the record"

    assert forget("ann", Settings.load(config))
    assert kept_of("ann", tmp_path / "data" / "tracking") == []
    left = [path for path in (tmp_path / "data" / "tracking").rglob("*") if path.is_file()]
    assert left == []


def test_wandb_offline_keeps_what_a_later_sync_needs(tmp_path: Path) -> None:
    done = told(tmp_path, "wandb")
    assert done.stdout == "done @ann-train\n"
    folder = tmp_path / "tracking" / "wandb" / "ann" / "wandb"
    runs = [path.read_bytes() for path in folder.glob("offline-run-*/*.wandb")]
    assert len(runs) == 2
    # The names of their folders hold the second and chance, so their order does not show which run is which.
    (train,) = (run for run in runs if b"finetuned-model" in run)
    assert b"tweets-ann (raw-dataset)" in train, "inputs are named, as there is no lineage offline"
    assert b"weights" not in b"".join(path.read_bytes() for path in folder.rglob("*.safetensors")), "no weights"
    assert list(folder.glob("offline-run-*/files/media/table/examples*.table.json"))
    assert not (tmp_path / ".netrc").exists()


class Slow:
    """A backend that does as the test wants."""

    def __init__(self, start: Any = None, figures: Any = None) -> None:
        self.seen: list[object] = []
        self._start, self._figures = start or (lambda: None), figures or (lambda: None)

    def start(self, run: str, job: str, config: dict[str, Any]) -> str:
        self.seen.append((run, job, config))
        self._start()
        return ""

    def use(self, artifact: str, kind: str) -> None:
        self.seen.append(artifact)

    def make(
        self, artifact: str, kind: str, facts: dict[str, Any], files: Sequence[Path], aliases: Sequence[str]
    ) -> None:
        self.seen.append((artifact, tuple(aliases)))

    def figures(self, step: int | None, figures: Mapping[str, float]) -> None:
        self._figures()
        self.seen.append((step, figures))

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.seen.append((name, rows))

    def finish(self) -> None:
        self.seen.append("finished")


def fails() -> None:
    raise ConnectionError("the tracker's server is down")


def test_what_is_told_arrives_in_order_and_the_run_is_ended() -> None:
    backend = Slow()
    tracker = Tracker("ann", lambda: backend)
    tracker.start("train", {"seed": 1})
    tracker.figures({"loss": 2.0, "held_out_loss": None}, 3)
    tracker.table("examples", ("Input",), [("x",)])
    tracker.close()
    assert backend.seen == [
        ("@ann-train", "train", {"seed": 1, "job_type": "train"}),
        (3, {"loss": 2.0}), ("examples", [["x"]]), "finished",
    ]  # fmt: skip
    assert tracker.runs == {"train": "@ann-train"}


@pytest.mark.parametrize("where", ["import", "start", "figures"])
def test_a_tracker_that_fails_is_warned_about_once_and_left_alone(where: str, caplog: pytest.LogCaptureFixture) -> None:
    backend = Slow(start=fails if where == "start" else None, figures=fails if where == "figures" else None)

    def made() -> Slow:
        if where == "import":
            fails()
        return backend

    tracker = Tracker("ann", made)
    with caplog.at_level(logging.WARNING):
        tracker.start("train", {})
        for step in range(50):
            tracker.figures({"loss": 1.0}, step)
        tracker.close()
        tracker.figures({"loss": 1.0}, 51)
        tracker.close()
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning == (
        "the tracker failed (ConnectionError: the tracker's server is down); the training goes on without it"
    )
    assert "finished" not in backend.seen


def test_a_tracker_that_hangs_costs_no_time_and_no_memory_without_bound(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracking, "MAX_WAITING", 10)
    released = threading.Event()
    tracker = Tracker("ann", lambda: Slow(start=released.wait))
    tracker.start("train", {})
    started = time.monotonic()
    for step in range(1_000):
        tracker.figures({"loss": 1.0}, step)
    tracker.close(seconds=0.2)
    assert time.monotonic() - started < 2
    assert "has not answered" in caplog.text
    released.set()


def test_without_a_tracker_nothing_is_started(tmp_path: Path) -> None:
    settings = Settings(storage=StorageSettings(data=tmp_path), tracking=TrackingSettings(tracker="none"))
    before = threading.active_count()
    with tracking.tracking("ann", settings) as tracker:
        tracker.start("train", {})
        tracker.figures({"loss": 1.0}, 1)
        assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


def test_a_training_whose_tracker_cannot_write_is_a_training(
    tiny_settings: Settings, sample_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_settings.storage.data.mkdir(parents=True)
    tiny_settings.records.write_text("a file where a folder should be")
    short = tiny_settings.training.model_copy(update={"max_epochs": 1})
    settings = tiny_settings.model_copy(update={"tracking": TrackingSettings(), "training": short})
    assert pipeline.run(VoiceName("ann"), [sample_file], settings).version.version == "v1"
    assert "the tracker failed" in caplog.text


def test_a_key_goes_to_wandb_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path))
    backend = Wandb("ann", TrackingSettings(tracker="wandb", wandb_key=SecretStr("s3cret")), tmp_path)
    assert backend._key == "s3cret"
    assert "s3cret" not in repr(TrackingSettings(wandb_key=SecretStr("s3cret")))


def test_the_record_of_others_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    for name in ("ann.db", "ann.db-wal", "ann_system.parquet", "anna.db", "bo-ann.db", "ann_b.db"):
        (tmp_path / name).touch()
    for name in ("artifacts/ann", "artifacts/anna", "media/ann"):
        (tmp_path / name).mkdir(parents=True)
    assert {path.relative_to(tmp_path).as_posix() for path in kept_of("ann", tmp_path)} == {
        "ann.db", "ann.db-wal", "ann_system.parquet", "artifacts/ann", "media/ann",
    }  # fmt: skip
    assert kept_of("ann", tmp_path / "none") == []
    assert recorded(tmp_path) == {"ann", "anna", "bo-ann", "ann_b"}
    assert recorded(tmp_path / "none") == set()


def test_versions_of_the_libraries_are_known() -> None:
    assert libraries().keys() >= {"python", "torch", "transformers"}


@pytest.mark.parametrize(
    ("base", "name"),
    [("gpt2", "gpt2"), ("hub:openai-community/gpt2", "openai-community-gpt2"), ("/srv/my base", "my-base")],
)
def test_a_base_has_a_name_that_trackers_take(base: str, name: str) -> None:
    assert lineage.artifact_name(base) == name
