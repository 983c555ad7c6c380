"""What every command works on: the settings of the file that `--config` names, and the models to which they point.

Knows click's options, the settings and the registry. Does not know any command.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from huggingtweets.core.config import Settings
from huggingtweets.core.names import VoiceName
from huggingtweets.registry.versions import Registry, Version

P = ParamSpec("P")

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text.")
seed_option = click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The same seed gives the same result.")
background_option = click.option(
    "--background", is_flag=True, help="Give way to other processes, and end when the parent ends."
)
niceness_option = click.option(
    "--niceness", type=click.IntRange(0, 19), default=19, show_default=True, help="With --background."
)


@dataclass(frozen=True)
class CommandContext:
    """The settings, which are read when they are first needed."""

    config_file: Path | None

    @cached_property
    def settings(self) -> Settings:
        return Settings.load(self.config_file)

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.storage.models)

    def version(self, name: str, number: str | None) -> Version:
        """The version of the voice `name` with this number, or the one in use."""
        voice = VoiceName.parse(name)
        return self.registry.version(voice, number) if number else self.registry.current(voice)


def with_settings(function: Callable[Concatenate[CommandContext, P], None]) -> Callable[..., None]:
    """Add the option `--config` to a command. `function` gets a `CommandContext` as its first argument."""

    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="Settings to use; ./config.toml or the user's by default.",
    )
    @wraps(function)
    def with_context(*args: Any, config: Path | None, **options: Any) -> None:
        function(CommandContext(config), *args, **options)

    return with_context
