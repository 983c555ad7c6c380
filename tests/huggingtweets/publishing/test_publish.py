"""Versions on the Hub, with the real library against a hub on loopback: whole or not at all, whatever goes wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants, snapshot_download
from pydantic import SecretStr

from huggingtweets.core.config.settings import PublishingSettings
from huggingtweets.core.errors import Misconfigured, PipelineError, Unavailable
from huggingtweets.core.people.names import VoiceName
from huggingtweets.publishing.publish import (
    Published,
    begun,
    leave_for_removal,
    published,
    push,
    removals,
    repository_of,
    unpublish,
    want,
    wanted,
)
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version
from huggingtweets.remote.upstream import BadCredentials, Forbidden, InDoubt, NotReached, Patience, RateLimited, Refused
from tests.fakes.hub import READER, WRITER, Hub, running_hub

# huggingface_hub 2.4 hands files to httpx2 in a way that httpx2 does not like any more.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
HASTE = Patience(attempts=2, first_seconds=0.0)
CARD = "---\nlicense: mit\n---\n# Ann\n"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub, and a library that may be online and does not wait between its own retries."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda _: None))
    with running_hub() as hub:
        yield hub


@pytest.fixture
def publishing(hub: Hub) -> PublishingSettings:
    return PublishingSettings(enabled=True, owner="people", url=hub.url, timeout_seconds=5.0, token=SecretStr(WRITER))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of an exported version."""
    made = tmp_path / "exported"
    (made / "adapter").mkdir(parents=True)
    (made / "README.md").write_text(CARD)
    (made / "model.safetensors").write_bytes(b"weights" * 1_000)
    (made / "predictions.png").write_bytes(b"a picture")
    for name in ("config.json", "generation_config.json", "tokenizer.json", "adapter/adapter_config.json"):
        (made / name).write_text("{}")
    return made


def version(tmp_path: Path, number: int = 1) -> Version:
    home = tmp_path / "models" / "ann" / f"v{number}"
    home.mkdir(parents=True, exist_ok=True)
    return Version(VoiceName("ann"), f"v{number}", home, Manifest(base="b", created="now"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_push_is_one_commit_and_a_tag_with_the_very_files(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    done = push(version(tmp_path), folder, publishing, HASTE)
    repository = hub.repositories["people/ann"]
    assert repository.messages == ["Version v1"]
    assert repository.tags == {"v1": done.commit}
    assert repository.commits[done.commit] == contents(folder)
    assert repository.private
    assert done == Published("people/ann", "v1", done.commit, f"{hub.url}/people/ann")
    assert published(tmp_path / "models", "ann") == done


def test_nothing_is_made_before_the_files_are_ready_and_the_token_is_known(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    push(version(tmp_path), folder, publishing, HASTE)
    assert hub.asked.index("GET /api/whoami-v2") < hub.asked.index("POST /api/repos/create")
    (folder / "model.safetensors").unlink()
    asked = len(hub.asked)
    with pytest.raises(Unavailable, match=r"is not whole: model\.safetensors is missing"):
        push(version(tmp_path, 2), folder, publishing, HASTE)
    assert len(hub.asked) == asked


def test_the_same_push_again_changes_nothing(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    first = push(version(tmp_path), folder, publishing, HASTE)
    assert push(version(tmp_path), folder, publishing, HASTE) == first
    assert hub.repositories["people/ann"].messages == ["Version v1"]


def test_a_newer_version_takes_the_place_of_the_older_and_keeps_its_history(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    first = push(version(tmp_path), folder, publishing, HASTE)
    old = contents(folder)
    (folder / "predictions.png").unlink()
    (folder / "curve.png").write_bytes(b"another")
    second = push(version(tmp_path, 2), folder, publishing, HASTE)
    repository = hub.repositories["people/ann"]
    assert repository.tags == {"v1": first.commit, "v2": second.commit}
    assert repository.commits[first.commit] == old
    assert repository.commits[repository.head] == contents(folder), "what is not in the folder is gone"


def test_a_tag_is_downloaded_as_it_was_pushed(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    push(version(tmp_path), folder, publishing, HASTE)
    old = contents(folder)
    (folder / "config.json").write_text('{"a": 1}')
    push(version(tmp_path, 2), folder, publishing, HASTE)
    got = snapshot_download(
        "people/ann", revision="v1", endpoint=hub.url, token=READER, cache_dir=tmp_path / "cache", max_workers=1
    )
    assert contents(Path(got)) == old


def test_a_public_repository_is_hidden_before_anything_goes_into_it(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    push(version(tmp_path), folder, publishing.model_copy(update={"private": False}), HASTE)
    assert not hub.repositories["people/ann"].private
    hub.asked.clear()
    push(version(tmp_path, 2), folder, publishing, HASTE)
    assert hub.repositories["people/ann"].private
    commit = next((at for at, asked in enumerate(hub.asked) if "/commit/" in asked), len(hub.asked))
    assert hub.asked.index("PUT /api/models/people/ann/settings") < commit


@pytest.mark.parametrize(
    ("fault", "status", "kind", "told"),
    [
        ("POST /api/repos/create", 403, Forbidden, "may not write there"),
        ("POST /api/models/people/ann/commit", 403, Forbidden, "may not write there"),
        ("PUT /large/", 403, Forbidden, "may not write there"),
        ("PUT /large/", 500, InDoubt, "status 500"),
        ("PUT /large/", None, InDoubt, "no usable answer"),
        ("POST /api/models/people/ann/commit", 503, InDoubt, "status 503"),
        ("POST /api/models/people/ann/commit", 409, InDoubt, "status 409"),
        ("POST /api/models/people/ann/commit", None, InDoubt, "no usable answer"),
        ("POST /api/models/people/ann/tag", 500, InDoubt, "status 500"),
        ("POST /api/models/people/ann/preupload", 429, RateLimited, "no more requests"),
        ("POST /api/models/people/ann/commit", 413, Refused, "status 413"),
    ],
)
def test_a_first_push_that_fails_leaves_no_repository(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path,
    fault: str, status: int | None, kind: type[PipelineError], told: str,
) -> None:  # fmt: skip
    hub.fail(fault, status)
    with pytest.raises(kind, match=told) as failed:
        push(version(tmp_path), folder, publishing, HASTE)
    assert hub.repositories == {}
    assert begun(tmp_path / "models", "ann") is None
    assert WRITER not in str(failed.value)
    assert failed.value.exit_code == 69


@pytest.mark.parametrize(
    "fault",
    ["PUT /large/", "POST /api/models/people/ann/commit", "POST /api/models/people/ann/tag", "POST /api/repos/create",
     "GET /api/whoami-v2", "POST /api/validate-yaml"],
)  # fmt: skip
@pytest.mark.parametrize("status", [500, None, 0])
def test_a_fault_that_passes_is_waited_out(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path, fault: str, status: int | None
) -> None:
    hub.fail(fault, status, times=1)
    done = push(version(tmp_path), folder, publishing, HASTE)
    assert hub.repositories["people/ann"].messages == ["Version v1"], "not twice, whatever became of the answer"
    assert hub.repositories["people/ann"].commits[done.commit] == contents(folder)
    assert hub.repositories["people/ann"].tags == {"v1": done.commit}


def test_a_later_push_that_fails_leaves_the_version_before(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    first = push(version(tmp_path), folder, publishing, HASTE)
    (folder / "model.safetensors").write_bytes(b"other weights")
    hub.fail("PUT /large/", None)
    with pytest.raises(InDoubt):
        push(version(tmp_path, 2), folder, publishing, HASTE)
    repository = hub.repositories["people/ann"]
    assert (repository.head, repository.tags) == (first.commit, {"v1": first.commit})
    assert published(tmp_path / "models", "ann") == first


def test_a_commit_that_came_in_between_is_built_upon(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    push(version(tmp_path), folder, publishing, HASTE)
    (folder / "config.json").write_text('{"a": 1}')
    repository = hub.repositories["people/ann"]

    def somebody_commits() -> None:
        repository.commits["f" * 40] = {**repository.commits[repository.head], "theirs.txt": b"x"}

    hub.before.append((re.compile("POST .*/commit/"), somebody_commits))
    done = push(version(tmp_path, 2), folder, publishing, HASTE)
    assert list(repository.commits)[-2:] == ["f" * 40, done.commit]
    assert repository.commits[done.commit] == contents(folder)


def test_a_tag_of_a_forgotten_model_of_that_name_moves(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    push(version(tmp_path), folder, publishing, HASTE)
    (folder / "config.json").write_text('{"new": 1}')
    again = push(version(tmp_path), folder, publishing, HASTE)
    assert hub.repositories["people/ann"].tags == {"v1": again.commit}


def test_a_wrong_token_is_told_and_not_repeated(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    wrong = publishing.model_copy(update={"token": SecretStr("hf_wrong")})
    with pytest.raises(BadCredentials, match="does not know the token") as failed:
        push(version(tmp_path), folder, wrong, HASTE)
    assert "hf_wrong" not in str(failed.value)
    assert hub.asked == ["GET /api/whoami-v2"]


def test_a_token_that_may_only_read_makes_nothing(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = publishing.model_copy(update={"token": SecretStr(READER)})
    with pytest.raises(Forbidden, match=r"may not write there.*no write access"):
        push(version(tmp_path), folder, reader, HASTE)
    assert hub.repositories == {}
    assert "could not be filled" not in caplog.text
    assert begun(tmp_path / "models", "ann") is None


def test_somebody_elses_name_space_is_refused(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(Forbidden, match="have the rights"):
        push(version(tmp_path), folder, publishing.model_copy(update={"owner": "others"}), HASTE)
    assert push(version(tmp_path), folder, publishing, HASTE), "what was never made is in nobody's way"


def test_a_card_that_the_hub_does_not_take_makes_no_repository(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    (folder / "README.md").write_text("---\nbase_model: /srv/secret path\n---\n")
    with pytest.raises(Refused, match=r"does not take the model.*base_model"):
        push(version(tmp_path), folder, publishing, HASTE)
    assert hub.repositories == {}


def test_no_hub_at_all_is_told(publishing: PublishingSettings, folder: Path, tmp_path: Path) -> None:
    nobody = publishing.model_copy(update={"url": "http://127.0.0.1:9"})
    with pytest.raises(NotReached, match="cannot be reached"):
        push(version(tmp_path), folder, nobody, HASTE)


def test_offline_mode_is_told(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NotReached, match="HF_HUB_OFFLINE is set"):
        push(version(tmp_path), folder, publishing, HASTE)


def test_a_hub_that_says_nothing_is_not_waited_for_forever(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    hub.before += [(re.compile("whoami"), lambda: time.sleep(1))] * 2
    impatient = publishing.model_copy(update={"timeout_seconds": 0.1})
    with pytest.raises(InDoubt, match="no usable answer"):
        push(version(tmp_path), folder, impatient, Patience(attempts=1))


def test_the_library_is_left_as_it_was(hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path) -> None:
    before = constants.HF_HUB_DISABLE_XET
    push(version(tmp_path), folder, publishing, HASTE)
    assert before == constants.HF_HUB_DISABLE_XET


def test_what_could_not_be_taken_away_is_known_and_can_be_deleted_later(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub.fail("POST /api/models/people/ann/commit", 403)
    hub.fail("DELETE", 403, times=1)
    with pytest.raises(Forbidden):
        push(version(tmp_path), folder, publishing, HASTE)
    assert "people/ann was made and could not be filled or deleted" in caplog.text
    assert "people/ann" in hub.repositories
    models = tmp_path / "models"
    assert published(models, "ann") is None
    leave_for_removal(models, "ann")
    assert removals(models) == ["ann"]
    assert unpublish(models, "ann", publishing, HASTE)
    assert hub.repositories == {}
    assert removals(models) == []


PUSHING = """
import sys
from pathlib import Path
from pydantic import SecretStr
from huggingtweets.core.config.settings import PublishingSettings
from huggingtweets.publishing.publish import push
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version
home, folder, url, token = sys.argv[1:]
settings = PublishingSettings(enabled=True, owner="people", url=url, token=SecretStr(token))
push(Version("ann", "v1", Path(home), Manifest(base="b", created="now")), Path(folder), settings)
"""


@pytest.mark.parametrize("at", ["POST /api/repos/create", "POST .*/commit/", "POST .*/tag/"])
def test_a_repository_of_a_push_that_was_killed_is_known(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path, at: str
) -> None:
    models = tmp_path / "models"
    command = [sys.executable, "-c", PUSHING, str(version(tmp_path).folder), str(folder), hub.url, WRITER]
    child: list[subprocess.Popen[bytes]] = []
    hub.before.append((re.compile(at), lambda: os.kill(child[0].pid, signal.SIGKILL)))
    with subprocess.Popen(command, env={**os.environ, "HF_HUB_OFFLINE": "0"}) as pushing:
        child.append(pushing)
    assert pushing.returncode == -signal.SIGKILL
    assert published(models, "ann") is None, "it is not whole"
    assert begun(models, "ann") == Published("people/ann", "", "", f"{hub.url}/people/ann")
    done = push(version(tmp_path), folder, publishing, HASTE)
    assert published(models, "ann") == done == begun(models, "ann")


def test_another_owner_is_refused_while_the_model_is_with_the_one_before(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    first = push(version(tmp_path), folder, publishing, HASTE)
    other, models = publishing.model_copy(update={"owner": "others"}), tmp_path / "models"
    hub.asked.clear()
    for _ in range(2):
        with pytest.raises(Misconfigured, match=r"ann is on the Hub as people/ann, .*say huggingtweets unpublish ann"):
            push(version(tmp_path, 2), folder, other, HASTE)
        assert hub.asked == []
        assert published(models, "ann") == first
        leave_for_removal(models, "ann")
    unpublish(models, "ann", publishing, HASTE)
    with pytest.raises(Forbidden):
        push(version(tmp_path, 2), folder, other, HASTE)


@pytest.mark.parametrize("was_published", [True, False])
def test_what_is_unpublished_does_not_go_there_again(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path, was_published: bool
) -> None:
    models, made = tmp_path / "models", version(tmp_path)
    if was_published:
        push(made, folder, publishing, HASTE)
    want(models, "ann")
    assert unpublish(models, "ann", publishing, HASTE) is was_published
    assert wanted(models) == []


def test_unpublishing_deletes_the_repository_and_the_record(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    assert not unpublish(models, "ann", publishing, HASTE), "nothing was published yet"
    push(version(tmp_path), folder, publishing, HASTE)
    hub.fail("DELETE", 503, times=1)
    assert unpublish(models, "ann", publishing, HASTE)
    assert hub.repositories == {}
    assert published(models, "ann") is None


def test_unpublishing_what_is_gone_already_is_no_failure(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    push(version(tmp_path), folder, publishing, HASTE)
    hub.repositories.clear()
    assert unpublish(tmp_path / "models", "ann", publishing, HASTE)
    assert published(tmp_path / "models", "ann") is None


def test_unpublishing_that_fails_keeps_the_record(
    hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path
) -> None:
    push(version(tmp_path), folder, publishing, HASTE)
    hub.fail("DELETE", 500)
    with pytest.raises(InDoubt):
        unpublish(tmp_path / "models", "ann", publishing, HASTE)
    with pytest.raises(Misconfigured, match="cannot be deleted without a token"):
        unpublish(tmp_path / "models", "ann", publishing.model_copy(update={"token": None}), HASTE)
    assert published(tmp_path / "models", "ann") is not None


def test_nothing_is_pushed_unless_it_is_configured(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="Publishing is off"):
        push(version(tmp_path), folder, PublishingSettings(), HASTE)
    with pytest.raises(Misconfigured, match="into the environment as MY_TOKEN"):
        push(version(tmp_path), folder, PublishingSettings(enabled=True, owner="people", token_env="MY_TOKEN"), HASTE)
    with pytest.raises(ValueError, match="has no owner"):
        PublishingSettings(enabled=True)
    assert repository_of("ann", PublishingSettings()) == ""
    assert repository_of("ann", PublishingSettings(owner="people")) == "people/ann"


def test_the_record_is_plain_json(hub: Hub, publishing: PublishingSettings, folder: Path, tmp_path: Path) -> None:
    push(version(tmp_path), folder, publishing, HASTE)
    record = (tmp_path / "models" / "ann" / "published.json").read_text()
    assert json.loads(record)["repository"] == "people/ann"
    assert WRITER not in record
