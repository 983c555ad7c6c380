"""Which version of a voice is in use, and which ones were before: the file `current.json` in the voice's folder.

Knows that file. Does not know whether the versions it names are there.
"""

from dataclasses import dataclass
from pathlib import Path

from huggingtweets.core import atomic
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.text.phrases import Phrase

CURRENT = "current.json"


@dataclass(frozen=True, slots=True)
class InUse:
    """The version in use, and the ones that were in use before, the latest first."""

    version: str
    before: tuple[str, ...] = ()

    def then(self, version: str) -> "InUse":
        """What is in use once `version` is put in use."""
        earlier = (self.version, *self.before)
        return InUse(version, tuple(other for other in earlier if other != version))

    def write(self, home: Path) -> None:
        """Write it into the voice's folder. The switch is one rename."""
        atomic.write_json(home / CURRENT, {"version": self.version, "before": list(self.before)})


def read(home: Path) -> InUse | None:
    """What is in use of the voice in the folder `home`. Raises `PipelineError` if the file is damaged."""
    path = home / CURRENT
    if not path.exists():
        return None
    try:
        row = atomic.read_json(path)
        return InUse(str(row["version"]), tuple(map(str, row["before"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PipelineError(
            f"{path} is damaged ({error}); delete it and promote a version again.",
            for_people=Phrase(
                "What is noted of the versions of {name} is damaged; whoever runs me finds in the log what to do.",
                name=home.name,
            ),
        ) from error
