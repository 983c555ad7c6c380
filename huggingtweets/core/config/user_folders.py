"""Where settings and state are if nobody names a file: the folders that the system has for a person's programs.

Knows platformdirs and the working directory. Does not know what is in the settings.
"""

from importlib.resources import files
from pathlib import Path

import platformdirs

APPLICATION = "huggingtweets"
SETTINGS = "config.toml"
CHECKOUT = Path(__file__).resolve().parents[3]
"""The folder of the packages. In a checkout what a wheel has inside stands here."""


def user_home() -> Path:
    """The folder of voices, tweets and everything else, for whoever has no settings in the working directory."""
    return platformdirs.user_data_path(APPLICATION, appauthor=False)


def user_settings() -> Path:
    """The file of settings that counts wherever a command is run, unless the working directory has one."""
    return platformdirs.user_config_path(APPLICATION, appauthor=False) / SETTINGS


def settings_file(named: Path | None = None) -> Path | None:
    """The file to read: the one that was named, ./config.toml, or the user's. Returns None if there is none."""
    return named or next((file for file in (Path(SETTINGS), user_settings()) if file.exists()), None)


def home_of(file: Path | None) -> Path:
    """The folder from which paths in `file` count: its own. For the user's file, and for none, it is `user_home`."""
    return user_home() if file is None or file == user_settings() else file.resolve().parent


def shipped(name: str, in_checkout: str) -> Path:
    """A file or folder that comes with this software: `name` inside the package, `in_checkout` in a checkout."""
    packaged = Path(str(files("huggingtweets").joinpath(name)))  # an installed wheel is always unpacked
    return packaged if packaged.exists() else CHECKOUT / in_checkout
