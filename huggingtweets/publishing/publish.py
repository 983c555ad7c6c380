"""A version on the Hugging Face Hub: one commit and one tag, or nothing.

Before a push creates anything on the Hub, the folder is whole, the token was tested, and the repository is written
down here. If the push created a repository and could not fill it, it deletes it again. A push is safe to repeat: files
that are already there are not sent again.

Knows huggingface_hub, and what went to which repository or is to go there (`published.json` and `publish-wanted` beside
a model's versions). Does not know how the folder is made.
"""

import contextlib
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from huggingtweets.core import atomic
from huggingtweets.core.config.settings import PublishingSettings
from huggingtweets.core.errors import Misconfigured, Unavailable
from huggingtweets.registry.version import Version
from huggingtweets.remote.upstream import (
    BadCredentials,
    Forbidden,
    InDoubt,
    NotFound,
    NotReached,
    Patience,
    RateLimited,
    Refused,
    Upstream,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

log = logging.getLogger(__name__)
T = TypeVar("T")
HUB = "The Hub"
RECORD, WISH, REMOVAL = "published.json", "publish-wanted", ".on-the-hub-"
NEEDED = ("README.md", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json")
PASSING = (NotReached, InDoubt, RateLimited)
CONFLICTS = (409, 412)  # another commit came in between, so look again and push on top of it


@dataclass(frozen=True, slots=True)
class Published:
    """A model on the Hub: the last version pushed from here. The version is empty while a push is not complete."""

    repository: str
    version: str
    commit: str
    url: str


def repository_of(name: str, settings: PublishingSettings) -> str:
    """The repository of the model `name`: `owner/name`. Empty without an owner."""
    return f"{settings.owner}/{name}" if settings.owner else ""


def published(models: Path, name: str) -> Published | None:
    """The publication of `name` on the Hub, or None. A name forgotten here counts; an unfinished push does not."""
    publication = begun(models, name)
    return publication if publication and publication.version else None


def begun(models: Path, name: str) -> Published | None:
    """Like `published`, but a repository that a killed push may have made counts, too. An unpublish deletes it."""
    for path in (models / name / RECORD, _removal(models, name)):
        with contextlib.suppress(FileNotFoundError):
            return Published(**atomic.read_json(path))
    return None


def leave_for_removal(models: Path, name: str) -> None:
    """Note what is on the Hub of `name`, outside its folder, so that it is deleted there after the folder is gone."""
    with contextlib.suppress(FileNotFoundError):
        (models / name / RECORD).replace(_removal(models, name))
        atomic.sync_folder(models)


def removals(models: Path) -> list[str]:
    """The names that were forgotten here and are still on the Hub, sorted."""
    return sorted(path.stem.removeprefix(REMOVAL) for path in models.glob(f"{REMOVAL}*.json"))


def _removal(models: Path, name: str) -> Path:
    return models / f"{REMOVAL}{name}.json"


def want(models: Path, name: str) -> None:
    """Note that the version of `name` in use is to go to the Hub. The note stays until it is there."""
    atomic.write_text(models / name / WISH, "")


def forego(models: Path, name: str) -> None:
    """Delete the note that `name` is to go to the Hub."""
    (models / name / WISH).unlink(missing_ok=True)


def wanted(models: Path) -> list[str]:
    """The names whose version in use is still to go to the Hub, sorted."""
    return sorted(path.parent.name for path in models.glob(f"*/{WISH}"))


def refuse_unconfigured(settings: PublishingSettings) -> None:
    """Raises `Misconfigured` unless publishing is on and has a token."""
    if not settings.enabled:
        raise Misconfigured("Publishing is off: set enabled = true and an owner under [publishing] in config.toml.")
    if not settings.token:
        raise Misconfigured(
            f"There is no token for the Hub: put one with write access into the environment as {settings.token_env}."
        )


def refuse_moved(version: Version, settings: PublishingSettings) -> None:
    """Raises `Misconfigured` if the model is in another repository than `settings` say. We would lose track of it."""
    publication, repository = begun(version.folder.parent.parent, version.name), repository_of(version.name, settings)
    if publication and publication.repository != repository:
        raise Misconfigured(
            f"{version.name} is on the Hub as {publication.repository}, and would go to {repository}; "
            f"say huggingtweets unpublish {version.name} first, or set the owner under [publishing] back."
        )


def refuse_token(settings: PublishingSettings, patience: Patience | None = None) -> None:
    """Raises what `upstream` draws if the Hub does not take the token, or cannot be reached."""
    with _api(settings) as api:
        _insist(api.whoami, patience or Patience(attempts=settings.attempts))


def push(version: Version, folder: Path, settings: PublishingSettings, patience: Patience | None = None) -> Published:
    """Make the repository hold `folder` and nothing else, tag it as the version, and write that down.

    Raises `Misconfigured`, `Unavailable` for a folder that is not whole, and what `upstream` draws.
    """
    refuse_unconfigured(settings)
    refuse_moved(version, settings)
    if missing := [name for name in NEEDED if not (folder / name).exists()]:
        raise Unavailable(f"{folder} is not whole: {missing[0]} is missing; run publish again.")
    repository = repository_of(version.name, settings)
    home, url = version.folder.parent, f"{settings.url}/{repository}"
    patience = patience or Patience(attempts=settings.attempts)
    with _api(settings) as api:
        _insist(api.whoami, patience)
        # From here on we may own the repository, even if the answer to the request is lost.
        is_ours = not _insist(lambda: _is_there(api, repository, settings.private), patience)
        try:
            if is_ours:
                # So it is known even after a kill, and can be deleted.
                atomic.write_json(home / RECORD, asdict(Published(repository, "", "", url)))
                _insist(lambda: api.create_repo(repository, private=settings.private, exist_ok=True), patience)
            commit = _insist(lambda: _commit(api, repository, folder, version.version), patience)
            _insist(lambda: _tag(api, repository, version.version, commit), patience)
        except BaseException:
            if is_ours and _take_away(api, repository):
                (home / RECORD).unlink(missing_ok=True)
            raise
    publication = Published(repository, version.version, commit, url)
    atomic.write_json(home / RECORD, asdict(publication))
    (home / WISH).unlink(missing_ok=True)
    return publication


def unpublish(models: Path, name: str, settings: PublishingSettings, patience: Patience | None = None) -> bool:
    """Delete the repository that `name` was pushed to, with its history. Returns True if there was one.

    A version that was waiting for its push is not pushed any more. Raises `Misconfigured` without a token, and what
    `upstream` draws.
    """
    (models / name / WISH).unlink(missing_ok=True)
    publication = begun(models, name)
    if not publication:
        return False
    if not settings.token:
        raise Misconfigured(
            f"{publication.url} cannot be deleted without a token: put one with write access into the environment as "
            f"{settings.token_env}."
        )
    with _api(settings) as api:
        _insist(
            lambda: api.delete_repo(publication.repository, missing_ok=True), patience or Patience(settings.attempts)
        )
    for path in (models / name / RECORD, _removal(models, name)):
        path.unlink(missing_ok=True)
    return True


def _is_there(api: "HfApi", repository: str, private: bool) -> bool:
    """Returns True if there is such a repository. If it should be private and is public, it is made private first."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        is_private = api.repo_info(repository).private
    except RepositoryNotFoundError:
        return False
    if private and not is_private:
        api.update_repo_settings(repository, private=True)
    return True


def _commit(api: "HfApi", repository: str, folder: Path, version: str) -> str:
    """Make the repository equal to `folder` by one commit. Returns the id of the last commit, new or not."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    head = api.repo_info(repository).sha
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    gone = set(api.list_repo_files(repository)) - set(files) - {".gitattributes"}
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=path) for name, path in sorted(files.items())
    ]
    operations += [CommitOperationDelete(path_in_repo=name) for name in sorted(gone)]
    new_commit = api.create_commit(repository, operations, commit_message=f"Version {version}", parent_commit=head)
    return str(new_commit.oid)


def _tag(api: "HfApi", repository: str, version: str, commit: str) -> None:
    """Put the tag `version` on `commit`. A tag of that name elsewhere belongs to a model that was forgotten."""
    tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(repository).tags}
    if tags.get(version) == commit:
        return
    if version in tags:
        api.delete_tag(repository, tag=version)
    api.create_tag(repository, tag=version, revision=commit)


def _take_away(api: "HfApi", repository: str) -> bool:
    """Delete the repository that this push made and could not fill. Returns True if it is gone."""
    try:
        try:
            _translated(lambda: api.delete_repo(repository, missing_ok=True))
        except Forbidden:
            # Whoever may make a repository may usually delete it.
            if _translated(lambda: _is_there(api, repository, private=False)):
                raise
    except Upstream as error:
        log.warning("%s was made and could not be filled or deleted (%s); look at it on the Hub", repository, error)
        return False
    return True


@contextmanager
def _api(settings: PublishingSettings) -> Iterator["HfApi"]:
    """The Hub's client with a deadline for every request, which it does not have by itself."""
    import httpx2
    import huggingface_hub
    from huggingface_hub import HfApi, constants
    from huggingface_hub.utils._http import default_client_factory
    from huggingface_hub.utils.tqdm import disable_progress_bars

    def client() -> httpx2.Client:
        http = default_client_factory()
        http.timeout = httpx2.Timeout(settings.timeout_seconds)
        return http

    assert settings.token
    if not sys.stderr.isatty():
        disable_progress_bars()
    # Its other way to upload, Xet, runs in native threads, which keep no deadline of ours and connect to other hosts.
    xet, constants.HF_HUB_DISABLE_XET = constants.HF_HUB_DISABLE_XET, True
    huggingface_hub.set_client_factory(client)
    try:
        yield HfApi(endpoint=settings.url, token=settings.token.get_secret_value(), library_name="huggingtweets")
    finally:
        constants.HF_HUB_DISABLE_XET = xet
        huggingface_hub.set_client_factory(default_client_factory)


def _insist(call: Callable[[], T], patience: Patience) -> T:
    """The result of `call`, with the library's errors translated. Only for calls that may be made twice."""
    for attempt in range(patience.attempts - 1):
        with contextlib.suppress(*PASSING):
            return _translated(call)
        time.sleep(patience.delay(attempt))
    return _translated(call)


def _translated(call: Callable[[], T]) -> T:
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        return call()
    except HfHubHTTPError as error:
        raise _meaning(error) from error
    except OfflineModeIsEnabled as error:
        raise NotReached(HUB, "HF_HUB_OFFLINE is set") from error
    except httpx2.ConnectError as error:
        raise NotReached(HUB, str(error) or "no connection") from error
    except httpx2.HTTPError as error:
        raise InDoubt(HUB, str(error) or type(error).__name__) from error
    except RuntimeError as error:
        # A file was not accepted. The reason is in the cause.
        if isinstance(error.__cause__, HfHubHTTPError):
            raise _meaning(error.__cause__) from error
        if isinstance(error.__cause__, httpx2.HTTPError):
            raise InDoubt(HUB, f"{error}".rstrip(".")) from error
        raise
    except ValueError as error:
        # Metadata or a name that the Hub does not accept, or an answer that is no JSON.
        if isinstance(error, json.JSONDecodeError):
            raise InDoubt(HUB, "its answer cannot be read") from error
        raise Refused(HUB, f"The Hub does not take the model: {' '.join(str(error).split()).rstrip('.')}.") from error


def _meaning(error: "HfHubHTTPError") -> Upstream:
    """The error for an answer with a status of 400 or more."""
    status = error.response.status_code
    said = " ".join(str(error.server_message or "").split())[:200]
    if status == 401:
        return BadCredentials(HUB, "The Hub does not know the token (401); make a new one with write access.")
    if status == 403:
        return Forbidden(
            HUB, f"The token may not write there (403{': ' + said if said else ''}); check its rights and the owner."
        )
    if status == 429:
        return RateLimited(HUB)
    if status >= 500 or status in CONFLICTS or status == 408:
        return InDoubt(HUB, f"status {status}{': ' + said if said else ''}")
    kind = NotFound if status == 404 else Refused
    return kind(HUB, f"The Hub refuses (status {status}{': ' + said if said else ''}); check [publishing] owner.")
