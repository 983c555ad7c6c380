"""Settings as the text of a config.toml, for a process that is to work with the very same ones, perhaps elsewhere.

Knows the form of the file. Does not know what a setting means. Secrets are left out.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from huggingtweets.core.config.settings import Settings


def settings_text(settings: Settings) -> str:
    """The pipeline's part of `settings`, without secrets. `Settings.load` gives the same settings for it."""
    lines: list[str] = []
    for name in Settings.model_fields:
        section: BaseModel = getattr(settings, name)
        lines.append(f"[{name}]")
        values = {key: getattr(section, key) for key in type(section).model_fields}
        lines += [f"{key} = {_written(value)}" for key, value in values.items() if not _is_left_out(value)]
    return "\n".join([*lines, ""])


def _is_left_out(value: Any) -> bool:
    return value is None or isinstance(value, SecretStr)


def _written(value: Any) -> str:
    # JSON's strings, numbers, booleans and lists of them are TOML, but for one character that only TOML escapes.
    plain = str(value.absolute()) if isinstance(value, Path) else value
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
