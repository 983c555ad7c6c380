"""What tells two artifacts of a kind apart, as the file that the artifact consists of."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingtweets.core.records import JSON


@contextmanager
def facts_file(facts: JSON) -> Iterator[Path]:
    """A file that holds `facts`, there for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="huggingtweets-") as folder:
        path = Path(folder) / "facts.json"
        path.write_text(json.dumps(facts, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
        yield path
