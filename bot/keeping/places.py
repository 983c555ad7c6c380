"""What belongs into a backup, under which name, and where each name belongs on the way back.

    backup.json                       which release made it, and when
    database.db                       the whole database
    settings/config.toml              the settings, which hold no secret
    models/<voice>/...                every version, the version in use, and what is noted of the Hub
    models/.on-the-hub-<voice>.json   what is still to be deleted there
    tweets/...                        the tweets of every account, who was forgotten and who opted out
    avatars/...                       pictures of people
    x-reads.json                      what reading X has cost in this month

Not in it: bases, which can be fetched again; what is being trained; exports for the Hub, which are made again; the
records of trainings; files that wait for a training; secrets.

Knows names and folders. Does not know archives, or what the files say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core.config import Config
from bot.keeping.archive import FACTS, parts_of
from huggingtweets.publishing.publish import RECORD, REMOVAL, WISH
from huggingtweets.registry.in_use import CURRENT

DATABASE, SETTINGS, READS = "database.db", "settings/config.toml", "x-reads.json"
STAGING = ".restoring"
BESIDE_VERSIONS = (CURRENT, RECORD, WISH)
_VOICE = re.compile(r"[a-z0-9_-]{1,200}")
_VERSION = re.compile(r"v[0-9]{1,9}")
FOLDERS = ("tweets", "avatars")  # of the data, with files and no folders in them


@dataclass(frozen=True)
class Staging:
    """Where a backup is unpacked: beside what it will replace, so that this takes renames and no copies."""

    data: Path
    models: Path

    @classmethod
    def of(cls, config: Config) -> "Staging":
        """The folders for these settings. They may be missing."""
        return cls(config.storage.data / STAGING, config.storage.models / STAGING)

    @property
    def snapshot(self) -> Path:
        """The database as it was in the backup."""
        return self.data / DATABASE

    @property
    def database(self) -> Path:
        """The database as it will be."""
        return self.data / "bot.db"

    @property
    def settings(self) -> Path:
        """The settings of the backup."""
        return self.data / SETTINGS

    def place(self, name: str) -> Path:
        """Where the file `name` of a backup is unpacked. Raises `ValueError` if no backup has such a file."""
        match parts_of(name):
            case (file,) if file in (FACTS, DATABASE, READS):
                return self.data / file
            case ("settings", "config.toml"):
                return self.settings
            case (folder, file) if folder in FOLDERS:
                return self.data / folder / file
            case ("models", file) if file.startswith(REMOVAL) and file.endswith(".json"):
                return self.models / file
            case ("models", voice, file) if _VOICE.fullmatch(voice) and file in BESIDE_VERSIONS:
                return self.models / voice / file
            case ("models", voice, version, *inside) if _VOICE.fullmatch(voice) and _VERSION.fullmatch(version):
                return self.models.joinpath(voice, version, *inside)
        raise ValueError("no backup has a file of this name")


def files_of_data(data: Path) -> Iterator[tuple[str, Path]]:
    """The names and paths of what is kept beside models and database."""
    for folder in FOLDERS:
        for path in sorted((data / folder).glob("*")):
            if path.is_file() and not path.name.endswith((".new", ".lock")):
                yield f"{folder}/{path.name}", path
    if (data / READS).is_file():
        yield READS, data / READS


def files_of_version(version: Path) -> list[tuple[str, Path]]:
    """The names and paths of one version's files."""
    models = version.parent.parent
    files = (path for path in sorted(version.rglob("*")) if path.is_file())
    return [(f"models/{path.relative_to(models).as_posix()}", path) for path in files]


def files_beside_versions(home: Path) -> list[tuple[str, Path]]:
    """The names and paths of what stands beside the versions of a voice."""
    files = (home / name for name in BESIDE_VERSIONS)
    return [(f"models/{home.name}/{path.name}", path) for path in files if path.is_file()]
