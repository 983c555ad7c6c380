"""[bot], [jobs] and [store]: the process as a whole, trainings that it runs, and its database.

Knows the keys of these sections and what they may hold. Does not know who reads them.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.core.config.kinds import Seconds
from huggingtweets.core.config.settings import Count, Section


class BotSettings(Section):
    """The process as a whole."""

    sample_account: bool = True
    rank_by_feedback: bool = True
    stop_seconds: Seconds = 10.0
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_file: str = ""
    log_megabytes: Count = 10
    log_files: Count = 5

    @field_validator("log_file")
    @classmethod
    def _beside_the_settings(cls, file: str, info: ValidationInfo) -> str:
        return str(Path(info.context) / file) if file and info.context else file


class JobsSettings(Section):
    """Trainings that people and the clock ask for."""

    max_waiting: Count = 8
    hang_seconds: Seconds = 900.0
    niceness: Annotated[int, Field(ge=0, le=19)] = 19
    keep_versions: Count = 5


class StoreSettings(Section):
    """The database. Without a URL it is SQLite in [storage] data. A URL with a password comes from the environment."""

    url: str = ""
    strangers_days: Count = 30
    secret_url_env: str = "BOT_DATABASE_URL"  # noqa: S105  the name of a variable
    secret_url: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _without_password(cls, url: str) -> str:
        if "@" in url and ":" in url.partition("://")[2].rpartition("@")[0]:
            # The message does not repeat the URL, because pydantic shows it.
            raise ValueError("has a password, which does not belong in a file; put the URL into the environment")
        return url

    @field_validator("url")
    @classmethod
    def _beside_the_file(cls, url: str, info: ValidationInfo) -> str:
        """A relative path of an SQLite file is relative to the folder of config.toml, like every other path there."""
        begin, _, path = url.partition(":///")
        is_relative = begin.startswith("sqlite") and path and not path.startswith(("/", ":"))
        return f"{begin}:///{Path(info.context) / path}" if is_relative and info.context else url
