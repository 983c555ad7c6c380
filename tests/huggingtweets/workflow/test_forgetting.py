"""Forgetting leaves nothing of a person in any folder of the pipeline, under whatever name they are there."""

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.errors import Forgotten, OptedOut, Unavailable
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.publishing.publish import removals
from huggingtweets.registry.manifest import LearnedAccount, Manifest
from huggingtweets.registry.trainer import NOTE
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import MEMBER, Unwilling
from huggingtweets.tweets.learned.dataset import Dataset, Example
from huggingtweets.workflow.forgetting import affected, forget, leave_nothing


def settings_in(tmp_path: Path) -> Settings:
    return Settings(storage=StorageSettings(models=tmp_path / "models", data=tmp_path / "data"))


def keep_something_everywhere(settings: Settings, name: str) -> None:
    for folder in (settings.storage.models, settings.exports, settings.records / "artifacts"):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "file").write_text(f"of {name}")
    for kept in (f"{name}.db", f"{name}.db-wal", f"{name}.lock"):
        (settings.records / kept).write_text(f"of {name}")
    settings.avatars.mkdir(exist_ok=True)
    (settings.avatars / f"{name}.jpg").write_text(f"of {name}")
    TweetStore(settings.tweets).merge(name, Collected(Account(name), (Tweet("1", f"of {name}"),)))


def kept_of(tmp_path: Path, name: str) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file() and f"of {name}" in path.read_text()]


def test_everything_of_the_person_goes_and_nothing_of_others(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    keep_something_everywhere(settings, "ann")
    keep_something_everywhere(settings, "dan")
    others = len(kept_of(tmp_path, "dan"))
    assert forget(VoiceName("ann"), settings)
    assert kept_of(tmp_path, "ann") == []
    assert len(kept_of(tmp_path, "dan")) == others == 8


def test_a_full_disk_keeps_nobody_from_being_forgotten(small_disk: Path) -> None:
    settings = settings_in(small_disk)
    for name in ("ann", "ann-bob", "dan"):
        version = settings.storage.models / name / "v1"
        (version / "adapter").mkdir(parents=True)
        (version / "manifest.json").write_text("{}")
        (version / "adapter" / "weights").write_text("w" * 100_000)
    for name in ("ann", "dan"):
        TweetStore(settings.tweets).merge(name, Collected(Account(name), (Tweet("1", f"of {name}"),)))
    with contextlib.suppress(OSError), (small_disk / "other").open("wb", buffering=0) as other:
        while True:
            other.write(b"x" * 4_096)
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "more").write_text("x" * 10)
    assert forget(VoiceName("ann"), settings)
    assert kept_of(small_disk, "ann") == []
    assert Registry(settings.storage.models).kept() == ["dan"]
    assert TweetStore(settings.tweets).is_forgotten("ann")
    assert not TweetStore(settings.tweets).is_forgotten("dan")
    assert (settings.storage.models / "dan" / "v1" / "adapter" / "weights").read_text() == "w" * 100_000


def test_a_full_disk_with_nothing_but_tweets_keeps_nobody_either(small_disk: Path) -> None:
    settings = settings_in(small_disk)
    store = TweetStore(settings.tweets)
    store.merge("ann", Collected(Account("ann"), tuple(Tweet(str(n), f"of ann {n}") for n in range(100))))
    with contextlib.suppress(OSError), (small_disk / "other").open("wb", buffering=0) as other:
        while True:
            other.write(b"x" * 4_096)
    assert forget(VoiceName("ann"), settings)
    assert (store.tweets("ann"), store.is_forgotten("ann")) == ([], True)


def test_what_a_kill_left_goes_when_forgotten_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (settings.records / "media" / "ann").mkdir(parents=True)
    assert forget(VoiceName("ann"), settings)
    assert not forget(VoiceName("ann"), settings)


def test_models_that_others_are_in_too_go_as_well(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for name in ("ann", "ann-bob", "anna", "bob"):
        (settings.storage.models / name / "v1").mkdir(parents=True)
        (settings.storage.models / name / "v1" / "manifest.json").write_text("{}")
    assert affected(VoiceName("ann"), settings) == ["ann", "ann-bob"]
    assert forget(VoiceName("ann"), settings)
    assert sorted(path.name for path in settings.storage.models.iterdir()) == ["anna", "bob"]


def test_a_tombstone_stays_though_a_training_keeps_the_models_from_going(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    keep_something_everywhere(settings, "ann")
    (settings.storage.models / "ann" / "v1").mkdir()
    with Registry(settings.storage.models).staged("ann"), pytest.raises(Unavailable, match="is being trained"):
        forget(VoiceName("ann"), settings)
    assert TweetStore(settings.tweets).is_forgotten("ann")
    assert forget(VoiceName("ann"), settings)
    assert kept_of(tmp_path, "ann") == []


TRAINING = """
import signal, sys
from pathlib import Path
from huggingtweets.registry.versions import Registry
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with Registry(Path(sys.argv[1])).training("ann-bob") as folder:
    (folder / "checkpoint").write_text("of ann")
    print("at work", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("hears", ["well", "deaf"])
def test_a_training_in_another_process_is_ended_first(
    tmp_path: Path, hears: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingtweets.registry.trainer.SECONDS_TO_END", 1.0 if hears == "deaf" else 100.0)
    settings = settings_in(tmp_path)
    keep_something_everywhere(settings, "ann")
    command = [sys.executable, "-c", TRAINING, settings.storage.models, hears]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout
        assert trainer.stdout.readline() == "at work\n"
        assert forget(VoiceName("ann"), settings)
        assert trainer.wait(100) == (-signal.SIGTERM if hears == "well" else -signal.SIGKILL)
    assert kept_of(tmp_path, "ann") == []
    assert Registry(settings.storage.models).kept() == []


def test_a_note_of_a_process_that_is_gone_ends_nobody(tmp_path: Path) -> None:
    """Another process may have its number by now."""
    registry = Registry(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (tmp_path / "ann").mkdir()
        (tmp_path / "ann" / NOTE).write_text(json.dumps({"process": stranger.pid, "began": 1.0}))
        registry.end_training("ann")
        assert stranger.poll() is None
        stranger.kill()
    with registry.training("bob") as folder:
        registry.end_training("bob")  # not this process either
        assert folder.exists()
    assert not (tmp_path / "bob" / NOTE).exists()


def test_models_with_others_go_from_the_hub_too(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    models = settings.storage.models
    for name in ("ann", "ann-bob", "bob"):
        (models / name).mkdir(parents=True)
        record = {"repository": f"people/{name}", "version": "v1", "commit": "c", "url": f"https://hub/{name}"}
        (models / name / "published.json").write_text(json.dumps(record))
    assert forget(VoiceName("ann"), settings)
    assert removals(models) == ["ann", "ann-bob"]
    assert "people/ann-bob" in (models / ".on-the-hub-ann-bob.json").read_text()


def test_what_was_published_can_stay_and_half_a_push_cannot(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    models = settings.storage.models
    for name, version in (("ann", "v1"), ("ann-bob", "")):
        (models / name).mkdir(parents=True)
        record = {"repository": f"people/{name}", "version": version, "commit": "", "url": f"https://hub/{name}"}
        (models / name / "published.json").write_text(json.dumps(record))
    assert forget(VoiceName("ann"), settings, keep_published=True)
    assert removals(models) == ["ann-bob"]


def test_a_training_of_a_model_with_others_leaves_nothing_once_it_has_ended(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for name in ("ann", "ann-bob", "ann-carl"):
        keep_something_everywhere(settings, name)
    TweetStore(settings.tweets).forget("ann-bob"), TweetStore(settings.tweets).forget("ann-carl")
    with Registry(settings.storage.models).staged("ann-bob"), pytest.raises(Unavailable, match="ann-bob is being"):
        forget(VoiceName("ann"), settings)
    assert affected(VoiceName("ann"), settings) == ["ann", "ann-bob"], "the other one was whole in going"
    assert forget(VoiceName("ann"), settings)
    assert kept_of(tmp_path, "ann") == []
    assert affected(VoiceName("ann"), settings) == ["ann"]
    assert not forget(VoiceName("ann"), settings)


@pytest.mark.parametrize(
    "left",
    ["models/ann-bob/.staged/dataset.jsonl", "models/.forgotten-ann-bob/v1/manifest.json", "data/exports/ann-bob/v1/x",
     "data/tracking/ann-bob.db", "data/tracking/artifacts/ann-bob/x"],
)  # fmt: skip
def test_a_model_with_others_is_found_by_whatever_is_left_of_it(tmp_path: Path, left: str) -> None:
    settings = settings_in(tmp_path)
    for path in (tmp_path / left, tmp_path / left.replace("ann-bob", "anna-bob")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("of somebody")
    assert affected(VoiceName("ann"), settings) == ["ann", "ann-bob"]
    assert forget(VoiceName("ann"), settings)
    assert not (tmp_path / left).exists()
    assert (tmp_path / left.replace("ann-bob", "anna-bob")).exists()


def test_pictures_go_by_every_name_of_the_account(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = TweetStore(settings.tweets)
    store.merge("space", Collected(Account("Ann"), (Tweet("1", "a"),)))
    store.merge("space", Collected(Account("Ann_Now"), (Tweet("1", "a"), Tweet("2", "b"))))
    settings.avatars.mkdir(parents=True)
    for picture in ("space.png", "ann.jpg", "ann_now.jpeg", "anna.png"):
        (settings.avatars / picture).touch()
    assert forget(VoiceName("space"), settings)
    assert [path.name for path in settings.avatars.iterdir()] == ["anna.png"]


def test_a_picture_that_a_kill_left_goes_when_forgotten_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = TweetStore(settings.tweets)
    store.merge("space", Collected(Account("Ann"), (Tweet("1", "a"),)))
    store.forget("space")
    settings.avatars.mkdir(parents=True)
    (settings.avatars / "ann.jpg").touch()
    for _ in range(2):
        forget(VoiceName("space"), settings)
    assert not list(settings.avatars.iterdir())


def learned(settings: Settings, name: str, *handles: str, site: str = "x") -> None:
    """A whole version of `name` whose manifest names the accounts it learned from."""
    registry = Registry(settings.storage.models)
    with registry.staged(name) as staged:
        accounts = tuple(LearnedAccount(handle=handle, site=site) for handle in handles)
        registry.release(name, staged, Manifest(base="b", created="now", accounts=accounts))


def archive_of(handle: str, *ids: str) -> Collected:
    return Collected(Account(handle, site="x"), tuple(Tweet(one, f"text {one}") for one in ids or ("1", "2")))


@pytest.mark.parametrize("asked", ["circle", "edited", "lampkeeper"])
def test_one_account_under_several_names_goes_by_any_of_them(tmp_path: Path, asked: str) -> None:
    settings = settings_in(tmp_path)
    store = TweetStore(settings.tweets)
    for name in ("circle", "edited"):
        store.merge(name, archive_of("Lampkeeper"))
        learned(settings, name, "Lampkeeper")
    store.merge("dan", archive_of("dan", "8", "9"))
    learned(settings, "dan", "dan")
    learned(settings, "dan-edited", "dan", "Lampkeeper")
    others = sorted({"circle", "edited", "dan-edited"} - {asked})
    assert affected(asked, settings) == [asked, *others]
    assert forget(asked, settings)
    assert Registry(settings.storage.models).names() == store.handles() == ["dan"]
    for name in ("circle", "edited", "lampkeeper", "another"):
        with pytest.raises(Forgotten):
            store.merge(name, archive_of("lampkeeper"))
    with pytest.raises(Forgotten, match=r"^lampkeeper asked to be forgotten .* forget lampkeeper --lift"):
        store.merge("lampkeeper", archive_of("Lampkeeper"))
    assert store.lift("lampkeeper")
    assert store.forgotten() == []
    assert store.merge("circle", archive_of("lampkeeper")) == 2


def test_who_was_learned_is_known_by_the_version_when_the_tweets_are_gone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    learned(settings, "me", "Ann")
    learned(settings, "bob-me", "bob", "Ann")
    assert affected(VoiceName("ann"), settings) == ["ann", "bob-me", "me"]
    assert forget(VoiceName("ann"), settings)
    assert Registry(settings.storage.models).kept() == []


def test_a_file_that_names_nobody_is_known_by_its_tweets(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store, ids = TweetStore(settings.tweets), [str(number) for number in range(10, 30)]
    store.merge("ann", archive_of("ann", *ids))
    store.merge("me", Collected(None, archive_of("ann", *ids[:12]).tweets))
    store.merge("dan", Collected(None, archive_of("dan", *ids[:3], "50", "51", "52", "53").tweets))
    assert affected(VoiceName("ann"), settings) == ["ann", "me"], "dan has only quoted a little"
    forget(VoiceName("me"), settings)
    assert store.handles() == ["dan"]


def test_a_name_on_discord_is_nobodys_handle_at_x(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = TweetStore(settings.tweets)
    store.merge("space", archive_of("nasa"))
    store.merge("nasa", Collected(Account("nasa", site=MEMBER), (Tweet("discord:1", "I am no agency"),)))
    assert affected(VoiceName("nasa"), settings) == ["nasa"]
    forget(VoiceName("nasa"), settings)
    assert store.handles() == ["space"]
    assert store.merge("space", archive_of("nasa", "1", "2", "3")) == 1
    forget(VoiceName("joined"), settings, site=MEMBER)
    assert store.merge("other", archive_of("joined", "7")) == 1, "there were no messages to say where that is"


def test_a_kill_while_two_names_are_forgotten_is_made_good_by_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    store = TweetStore(settings.tweets)
    for name in ("circle", "edited"):
        store.merge(name, archive_of("lampkeeper"))
        learned(settings, name, "lampkeeper")
    monkeypatch.setattr("huggingtweets.workflow.forgetting.leave_for_removal", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        forget(VoiceName("circle"), settings)
    monkeypatch.undo()
    assert store.forgotten() == ["circle", "edited"], "the tombstones come first"
    assert forget(VoiceName("edited"), settings)
    assert Registry(settings.storage.models).kept() == store.handles() == []


def test_an_archive_of_somebody_who_opted_out_is_refused_under_whatever_name(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store, unwilling = TweetStore(settings.tweets), Unwilling(settings.tweets)
    unwilling.note_opted_out({"nasa": ["x:@nasa"]})
    for name in ("nasa", "space"):
        with pytest.raises(OptedOut, match=r"nasa.* does not want to be imitated"):
            store.merge(name, archive_of("NASA"))
    assert store.handles() == []
    unwilling.note_opted_out({})
    assert store.merge("space", archive_of("NASA")) == 2


def test_what_ended_without_a_version_leaves_nothing_and_a_version_keeps_its_tweets(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store, registry = TweetStore(settings.tweets), Registry(settings.storage.models)
    for name in ("ann", "bob", "old"):
        store.merge(name, archive_of(name, f"{name}1"))
    learned(settings, "bob", "bob")
    with registry.staged("ann-bob-old") as staged:
        (staged / "dataset.jsonl").write_text("secret")
    leave_nothing(VoiceName("ann-bob-old"), settings, kept_before=["old"])
    assert store.handles() == ["bob", "old"], "bob is learned, old was there before"
    assert registry.kept() == ["bob"]
    assert store.forgotten() == []
    leave_nothing(VoiceName("bob"), settings, kept_before=[])
    assert store.handles() == ["bob", "old"]


def test_what_the_person_said_before_the_tweets_of_others_goes_out_of_their_data_sets(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    bob, dan = "bluesky:did:plc:bob", "bluesky:did:plc:dan"
    store = TweetStore(settings.tweets)
    store.merge("bob", Collected(Account("bob.example"), (Tweet("b1", "is it thick?", source=bob),)))
    answers = [
        Example("so it is", "1", "ann", context="is it thick?", said_by=bob),
        Example("and it stays", "2", "ann", context="is it cold?", said_by=dan),
    ]
    version = settings.storage.models / "ann" / "v1"
    staged = settings.storage.models / "ann" / ".staged" / "stages"
    for folder in (version, staged):
        folder.mkdir(parents=True)
    Dataset(tuple(answers), ()).save(version / "dataset.jsonl")
    Dataset((), tuple(answers)).save(staged / "kept.jsonl")
    (settings.storage.models / "damaged" / "v1").mkdir(parents=True)
    (settings.storage.models / "damaged" / "v1" / "dataset.jsonl").write_text('{"said_by": "')
    forget(VoiceName("bob"), settings)
    left = Dataset.load(version / "dataset.jsonl").learned_examples
    assert [(one.text, one.context, one.said_by) for one in left] == [
        ("so it is", "", ""),
        ("and it stays", "is it cold?", dan),
    ]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "is it thick?" in path.read_text()]
