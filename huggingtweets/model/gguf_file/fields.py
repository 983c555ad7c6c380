"""The key-value pairs of a GGUF file.

Knows the `gguf` library. Does not know what the pairs mean.
"""

from typing import Any

from gguf import GGUFReader


class Unreadable(Exception):
    """The GGUF file is damaged or unsupported. The message is the end of a sentence."""


class Fields:
    """The pairs of one file. Each value is read once: a list of all tokens takes a second."""

    def __init__(self, reader: GGUFReader):
        self._reader = reader
        self._values: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """The value of `name`, or None if the file does not have it."""
        if name not in self._values:
            field = self._reader.get_field(name)
            self._values[name] = None if field is None else field.contents()
        return self._values[name]

    def need(self, name: str) -> Any:
        """The value of `name`. Raises `Unreadable` if the file does not have it."""
        value = self.get(name)
        if value is None:
            raise Unreadable(f"it does not name its {name}")
        return value

    @property
    def family(self) -> str:
        """The architecture, as GGUF names it."""
        return str(self.need("general.architecture"))

    def of_family(self, name: str) -> Any:
        """The value of `name` among those of the architecture. Raises `Unreadable` if the file does not have it."""
        return self.need(f"{self.family}.{name}")

    def of_family_or_none(self, name: str) -> Any:
        """The value of `name` among those of the architecture, or None if the file does not have it."""
        return self.get(f"{self.family}.{name}")
