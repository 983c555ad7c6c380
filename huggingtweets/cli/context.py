"""What commands work on: the settings of the file that `--config` names, the models to which they point, and what was
said about files.

Knows click's options, the settings and the registry. Does not know any command.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName, comparable
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry

if TYPE_CHECKING:
    from huggingtweets.sources.owners import Owned

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


@dataclass(frozen=True)
class Told:
    """What somebody says about the files they give: what the columns of a table mean, and whose posts are meant."""

    text_column: str = ""
    date_column: str = ""
    id_column: str = ""
    author_column: str = ""
    authors: tuple[str, ...] = ()

    def about(self, files: "Iterable[Owned]") -> "list[Owned]":
        """`files` with what was said about them."""
        from huggingtweets.sources.tables.named_columns import NamedColumns

        columns = NamedColumns(self.text_column, self.date_column, self.id_column, self.author_column)
        files = list(files)
        handles = {file.handle for file in files if file.handle}
        return [replace(file, columns=columns, author=self._author(file.handle, handles)) for file in files]

    def _author(self, handle: str | None, handles: Collection[str]) -> str:
        """Who is meant in a file of `handle`: `ann=NAME` is said of her files alone, and `NAME` of all others."""
        of_all = ""
        for text in self.authors:
            owner, equals, name = text.partition("=")
            if not equals or comparable(owner) not in handles:
                of_all = text
            elif comparable(owner) == handle:
                return name
        return of_all


_TOLD = (
    ("--text-column", "The column of a table, or the member in JSON, that holds the text."),
    ("--date-column", "The one that holds the date."),
    ("--id-column", "The one that holds the id."),
    ("--author-column", "The one that says who wrote a row."),
)
_AUTHOR = "Of several people in a file or a chat, the one to read. HANDLE=NAME says it of one person in the voice."


def with_told(function: Callable[Concatenate[Told, P], None]) -> Callable[..., None]:
    """Add the options of `Told` to a command. `function` gets a `Told` as its first argument."""

    @wraps(function)
    def with_options(*args: Any, **options: Any) -> None:
        told = {name: options.pop(name) for name in Told.__dataclass_fields__}
        function(Told(**told), *args, **options)

    click.option("--author", "authors", multiple=True, metavar="NAME", help=_AUTHOR)(with_options)
    for option, explanation in reversed(_TOLD):
        click.option(option, default="", metavar="NAME", help=explanation)(with_options)
    return with_options


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
