"""`card`, `publish`, `unpublish` and `forget` on the command line, with a trained voice and a hub on loopback."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from huggingface_hub import constants
from safetensors.torch import load

from huggingtweets.cli import learning
from huggingtweets.cli.main import main
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.publishing.publish import Published, published, removals, want, wanted
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import MEMBER, Unwilling
from huggingtweets.workflow.forgetting import forget
from huggingtweets.workflow.pipeline import Outcome
from tests.fakes.hub import WRITER, Hub, running_hub

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", WRITER)
    with running_hub() as hub:
        yield hub


@pytest.fixture
def home(trained: tuple[Settings, Outcome], tmp_path: Path) -> Path:
    """A copy of the trained voice, to be changed."""
    shutil.copytree(trained[0].storage.models, tmp_path / "models")
    return tmp_path


@pytest.fixture
def config(home: Path, hub: Hub, tiny_base: Path) -> Path:
    path = home / "config.toml"
    path.write_text(
        f'[training]\nbase = "{tiny_base}"\nthreads = 1\n[generation]\nthreads = 1\n[tracking]\ntracker = "none"\n'
        f'[publishing]\nenabled = true\nowner = "people"\nurl = "{hub.url}"\nattempts = 1\n'
    )
    return path


@pytest.fixture
def off(config: Path) -> Path:
    """The same settings with publishing off."""
    config.write_text(config.read_text().replace("enabled = true", "enabled = false"))
    return config


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def test_a_dry_run_makes_the_folder_prints_its_path_last_and_asks_nobody(run: Run, off: Path, hub: Hub) -> None:
    code, out, _ = run("publish", "ann", "--dry-run", "--config", off)
    assert code == 0
    folder = Path(out.splitlines()[-1])
    assert folder == off.parent / "data" / "exports" / "ann" / "v1"
    from transformers import AutoModelForCausalLM

    assert AutoModelForCausalLM.from_pretrained(folder).config.model_type == "gpt2"
    assert hub.asked == []


def test_publishing_that_is_off_is_told_before_any_work(run: Run, off: Path, hub: Hub) -> None:
    code, out, err = run("publish", "ann", "--config", off)
    assert (code, out) == (78, "")
    assert err == (
        "huggingtweets: Publishing is off: set enabled = true and an owner under [publishing] in config.toml.\n"
    )
    assert hub.asked == []
    assert not (off.parent / "data" / "exports").exists()


def test_a_voice_is_published_by_a_process_of_its_own(config: Path, hub: Hub) -> None:
    """As the bot does it: with only the token, and with events for a program."""
    done = subprocess.run(
        [sys.executable, "-m", "huggingtweets", "publish", "ann", "--json", "--config", str(config)],
        env={"PATH": os.environ["PATH"], "HF_TOKEN": WRITER, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    *progress, last = map(json.loads, done.stdout.splitlines())
    assert [row["stage"] for row in progress if row["done"] == row["total"]] == ["export", "push"]
    assert (last["event"], last["repository"], last["version"]) == ("done", "people/ann", "v1")
    repository = hub.repositories["people/ann"]
    assert repository.tags == {"v1": last["commit"]}
    assert not (config.parent / "data" / "exports" / "ann" / "v1").exists(), "what has arrived is not kept twice"
    assert load(repository.commits[repository.head]["model.safetensors"])["transformer.wte.weight"].shape[1] == 32
    assert b"resolve/main/predictions.png" in repository.commits[repository.head]["README.md"]
    assert WRITER not in done.stdout + done.stderr


def test_a_hub_that_is_down_is_one_sentence(run: Run, config: Path, hub: Hub) -> None:
    hub.fail("whoami", 403)
    code, out, err = run("publish", "ann", "--config", config)
    assert (code, out) == (69, "")
    assert err.splitlines()[-1].startswith("huggingtweets: The token may not write there (403")
    assert not (config.parent / "data" / "exports").exists(), "the folder takes a while, and nobody would take it"


def test_a_promotion_publishes_and_stands_when_that_fails(run: Run, config: Path, hub: Hub) -> None:
    hub.fail("repos/create", 403, times=1)
    code, out, err = run("promote", "ann", "v1", "--config", config)
    assert (code, out.splitlines()[0]) == (0, "ann v1 is in use.")
    assert "Warning: ann v1 is in use here, but not on the Hub: The token may not write there" in err
    assert hub.repositories == {}
    assert wanted(config.parent / "models") == ["ann"], "it is not forgotten"
    code, out, _ = run("promote", "ann", "v1", "--config", config)
    assert (code, out.splitlines()[-1]) == (0, f"It is on the Hub: {hub.url}/people/ann")
    assert hub.repositories["people/ann"].tags.keys() == {"v1"}
    assert wanted(config.parent / "models") == []


def test_a_training_of_the_bot_leaves_publishing_to_the_bot(
    run: Run, config: Path, hub: Hub, sample_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "work_in_background", lambda *_: None)
    config.write_text(
        config.read_text().replace("threads = 1\n[gen", "threads = 1\nmin_characters = 1000\nmax_epochs = 1\n[gen")
        + "[gate]\ndrafts = 8\nmax_exact_copies = 8\nmax_near_copies = 1.0\nmax_worse = 1.0\n"
    )
    assert run("train", "bea", "--background", "--from", sample_file, "--config", config)[0] == 0
    assert wanted(config.parent / "models") == ["bea"]
    assert hub.asked == []


def test_forgetting_asks_about_the_hub_and_deletes_there_first(run: Run, config: Path, hub: Hub) -> None:
    run("publish", "ann", "--config", config)
    code, _, err = run("forget", "ann", "--yes", "--config", config)
    assert code == 64
    assert f"ann is on the Hub, too ({hub.url}/people/ann); say --unpublish or --keep-published." in err
    hub.fail("DELETE", 403, times=1)
    assert run("forget", "ann", "--yes", "--unpublish", "--config", config)[0] == 69
    assert published(config.parent / "models", "ann"), "nothing went while the Hub refused"
    assert run("forget", "ann", "--yes", "--unpublish", "--config", config) == (
        0, f"{hub.url}/people/ann is deleted.\nann is forgotten.\n", "",
    )  # fmt: skip
    assert hub.repositories == {}
    assert not (config.parent / "models" / "ann").exists()
    assert not (config.parent / "data" / "exports" / "ann").exists()


def test_what_is_on_the_hub_can_be_kept(run: Run, config: Path, hub: Hub) -> None:
    run("publish", "ann", "--config", config)
    assert run("forget", "ann", "--yes", "--keep-published", "--config", config)[1] == "ann is forgotten.\n"
    assert "people/ann" in hub.repositories
    assert removals(config.parent / "models") == []


def test_what_was_forgotten_without_a_word_about_the_hub_is_remembered(run: Run, config: Path, hub: Hub) -> None:
    """As the bot forgets: the repository goes as soon as somebody with a token looks."""
    run("publish", "ann", "--config", config)
    forget("ann", Settings.load(config))
    assert removals(config.parent / "models") == ["ann"]
    assert run("unpublish", "ann", "--yes", "--config", config)[1] == "ann is gone from the Hub.\n"
    assert hub.repositories == {}
    assert removals(config.parent / "models") == []


def test_half_a_push_is_deleted_with_a_yes_and_forgotten_without_a_question(run: Run, config: Path, hub: Hub) -> None:
    run("publish", "ann", "--config", config)
    models = config.parent / "models"
    record = models / "ann" / "published.json"
    record.write_text(json.dumps(asdict(Published("people/ann", "", "", f"{hub.url}/people/ann"))))
    assert run("unpublish", "ann", "--config", config)[0] == 64
    assert run("forget", "ann", "--yes", "--config", config)[1] == "ann is forgotten.\n"
    assert removals(models) == ["ann"]
    assert run("unpublish", "ann", "--yes", "--config", config)[1] == "ann is gone from the Hub.\n"
    assert hub.repositories == {}


def test_another_owner_is_told_before_any_work(run: Run, config: Path, hub: Hub) -> None:
    run("publish", "ann", "--config", config)
    config.write_text(config.read_text().replace('owner = "people"', 'owner = "others"'))
    code, out, err = run("publish", "ann", "--config", config)
    assert (code, out) == (78, "")
    assert err.startswith("huggingtweets: ann is on the Hub as people/ann, and would go to others/ann; ")


def test_unpublishing_wants_a_yes_and_leaves_what_is_here(run: Run, config: Path, hub: Hub) -> None:
    run("publish", "ann", "--config", config)
    assert run("unpublish", "ann", "--config", config)[0] == 64
    assert run("unpublish", "ann", "--yes", "--config", config)[1] == "ann is gone from the Hub.\n"
    assert hub.repositories == {}
    assert (config.parent / "models" / "ann" / "v1").exists()
    assert run("unpublish", "ann", "--config", config)[1] == "ann was not published from here.\n"


def test_the_card_is_printed_or_written_with_its_pictures(run: Run, off: Path) -> None:
    code, out, _ = run("card", "ann", "--config", off)
    assert code == 0
    assert out.startswith("---\n")
    assert "AI BOT" in out
    folder = off.parent / "shown"
    assert run("card", "ann", "--version", "v1", "--out", folder, "--config", off)[1] == f"{folder}\n"
    assert (folder / "README.md").read_text() == out
    assert (folder / "predictions.png").exists()
    assert "has no version v9" in run("card", "ann", "--version", "v9", "--config", off)[2]


def test_what_a_member_lent_to_the_bot_and_who_opted_out_do_not_go_to_the_hub(
    run: Run, config: Path, home: Path, hub: Hub
) -> None:
    settings = Settings.load(config)
    Unwilling(settings.tweets).note_opted_out({"me": ["x:@ann"]})
    want(home / "models", "ann")
    code, _, err = run("publish", "ann", "--config", config)
    assert (code, "ann does not want to be imitated" in err) == (65, True)
    assert wanted(home / "models") == [], "it is not tried again"
    assert run("promote", "ann", "v1", "--config", config)[:2] == (0, "ann v1 is in use.\n")
    Unwilling(settings.tweets).note_opted_out({})
    TweetStore(settings.tweets).merge("ann", Collected(Account("ann", site=MEMBER), (Tweet("discord:1", "a"),)))
    code, _, err = run("publish", "ann", "--config", config)
    assert (code, "lent to the bot alone" in err) == (65, True)
    assert hub.repositories == {}
