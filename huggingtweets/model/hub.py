"""A model on the Hugging Face Hub: its files in the library's cache, or downloaded into a folder.

Knows `huggingface_hub` and its failures. Does not know what a base is, or what is in the files.
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingtweets.core import atomic
from huggingtweets.core.errors import first_line

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
MAIN = "main"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class HubFailed(Exception):
    """The Hub did not give the model. The message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    sha256: str


def cached(repository: str, name: str) -> Path:
    """A file of `repository` in the library's cache, where it is downloaded to if need be.

    Raises `HubFailed`, and `OSError` if the cache cannot be read or written.
    """
    from huggingface_hub import hf_hub_download

    try:
        return atomic.require_file(Path(hf_hub_download(repository, name)))
    except Exception as error:
        # The library raises exceptions of its own, and those of its HTTP client.
        raise _failed(error) from error


def cached_weights(repository: str) -> list[Path]:
    """The files of weights of `repository` in the library's cache, where they are downloaded to if need be.

    Raises as `cached` does.
    """
    try:
        return [cached(repository, WEIGHTS)]
    except HubFailed as error:
        if not _is_absent(error.__cause__):
            raise
    return [cached(repository, name) for name in _shards(cached(repository, INDEX))]


def download(repository: str, folder: Path, need_room: Callable[[int], None], told: Callable[[int, int], None]) -> str:
    """Download the model into `folder`, and check each file. Returns the commit that it is of.

    `need_room` is called with the bytes of all files, `told` with the bytes that came and those of all files.
    Raises `HubFailed`, `OSError` if a file cannot be written, and what `need_room` raises.
    """
    try:
        commit, config = _described(repository, CONFIG, MAIN)
        files = [config, _described(repository, TOKENIZER, commit)[1], *_weights(repository, commit, folder)]
    except Exception as error:
        # The library raises exceptions of its own, and those of its HTTP client.
        raise _failed(error) from error
    total, came = sum(file.size for file in files), 0
    need_room(total)

    def told_of(more: int) -> None:
        nonlocal came
        came = min(came + more, total)
        told(came, total)

    for file in files:
        _fetch(repository, file.name, commit, folder, told_of)
        _require_whole(folder / file.name, file)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    return commit


def _described(repository: str, name: str, revision: str) -> tuple[str, _File]:
    """The commit and the facts of a file, without its content."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    facts = get_hf_file_metadata(hf_hub_url(repository, name, revision=revision))
    if not facts.commit_hash or facts.size is None:
        raise HubFailed("what answers there is not the Hub")
    sha256 = facts.etag if facts.etag and _SHA256.fullmatch(facts.etag) else ""
    return facts.commit_hash, _File(name, facts.size, sha256)


def _weights(repository: str, commit: str, folder: Path) -> list[_File]:
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return [_described(repository, WEIGHTS, commit)[1]]
    except EntryNotFoundError:
        _fetch(repository, INDEX, commit, folder, lambda more: None)
        return [_described(repository, name, commit)[1] for name in _shards(folder / INDEX)]


def _shards(index: Path) -> list[str]:
    """The files that an index of weights names. Raises `HubFailed` if it is not an index of files beside it."""
    try:
        names = sorted(set(atomic.read_json(index)["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HubFailed(f"its {INDEX} cannot be read") from error
    if any(Path(name).name != name for name in names):
        raise HubFailed(f"its {INDEX} names a file outside of it")
    return names


def _fetch(repository: str, name: str, commit: str, folder: Path, told: Callable[[int], None]) -> None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        """Shows nothing. The library's two ways of downloading call different methods of it."""

        def __init__(self, *args: Any, **options: Any):
            super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, more: float | None = 1) -> None:
            told(int(more or 0))

        def update_transfer(self, more: float) -> None:
            """The same bytes, before they are written."""

        def set_transfer_postfix_str(self, *args: Any, **options: Any) -> None:
            """The speed."""

    try:
        hf_hub_download(repository, name, revision=commit, local_dir=folder, tqdm_class=Bar)
    except Exception as error:
        raise _failed(error) from error


def _require_whole(path: Path, file: _File) -> None:
    if path.stat().st_size != file.size:
        raise HubFailed(f"{file.name} was cut off on the way")
    if file.sha256:
        with path.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
                raise HubFailed(f"{file.name} was damaged on the way")


def _is_absent(error: BaseException | None) -> bool:
    """Returns True if the Hub has no such file. The library has a subclass of this error for a Hub that is away."""
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    return isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError)


def _failed(error: Exception) -> Exception:
    """`error` as `HubFailed`, or as itself if the disk is full or may not be written to."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        FileMetadataError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    # Some of these are subclasses of later ones.
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (LocalEntryNotFoundError, "the Hub cannot be reached"),
        (OfflineModeIsEnabled, "the Hub is not asked, because HF_HUB_OFFLINE is set"),
        (GatedRepoError, "its licence must be accepted on the Hub first, and HF_TOKEN must be set"),
        (RepositoryNotFoundError, "there is no such model on the Hub, or only some may see it"),
        (EntryNotFoundError, "the Hub has no config.json, tokenizer.json and *.safetensors of it"),
        (FileMetadataError, "what answers there is not the Hub"),
    )
    if isinstance(error, HubFailed):
        return error
    if why := next((why for kind, why in reasons if isinstance(error, kind)), ""):
        return HubFailed(why)
    if isinstance(error, HfHubHTTPError):
        return HubFailed(f"the Hub answered with status {error.response.status_code}")
    if isinstance(error, OSError):  # without a number it is the library's own check of the size
        return error if error.errno else HubFailed("a file was cut off on the way")
    is_of_client = "httpx" in type(error).__module__
    return HubFailed("the Hub cannot be reached" if is_of_client else first_line(error))
