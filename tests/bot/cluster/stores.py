"""Places where a store of voices may lie, for tests: a folder, and a bucket of a server that speaks S3.

The server is moto's, in a process of its own on this machine, and s3fs speaks with it. Where they are not installed,
tests that need them are left out.
"""

import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.cluster.storage import Store

KEYS = "testing"


@dataclass(frozen=True)
class Place:
    """A store at `url`, for machines whose copies lie below `home`."""

    url: str
    models: Path
    home: Path

    def store(self, machine: str, cache: Path | None = None) -> Store:
        """The store as this machine sees it."""
        return Store(self.models, self.url, cache or self.home / machine)

    def names(self) -> list[str]:
        """Every file that is there, but for the mark."""
        from fsspec.core import url_to_fs

        files, root = url_to_fs(self.url, use_listings_cache=False)
        names = [str(path).removeprefix(root.rstrip("/") + "/") for path in files.find(root)]
        return [name for name in names if name != ".cluster.json"]


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a server that speaks S3, which is a process of its own."""
    if not (find_spec("moto") and find_spec("s3fs")):
        pytest.skip("the packages s3fs and moto[server] are not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            assert process.poll() is None, "the server has ended"
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def file_place(models: Path, home: Path) -> Iterator[Place]:
    """A place in a folder below `home`, with a copy of `models`, whose voices may be offered."""
    shutil.copytree(models, home / "models")
    yield Place(f"file://{home}/store", home / "models", home)


@contextmanager
def s3_place(models: Path, home: Path, server: str, config_file: Path) -> Iterator[Place]:
    """The same in a new bucket of `server`. What AWS's clients need to know is in `config_file` meanwhile."""
    import fsspec

    shutil.copytree(models, home / "models")
    config_file.write_text(
        f"[default]\nendpoint_url = {server}\nregion = us-east-1\n"
        f"aws_access_key_id = {KEYS}\naws_secret_access_key = {KEYS}\n"
    )
    bucket = f"voices-{secrets.token_hex(4)}"
    fsspec.filesystem("s3").mkdir(bucket)
    try:
        yield Place(f"s3://{bucket}/house", home / "models", home)
    finally:
        config_file.unlink()
