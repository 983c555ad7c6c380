"""JSON that is small enough to be held as a whole, and values in it that may be of any type.

Knows JSON. Does not know files, or what the values mean. Raises `BrokenJSON`, which the caller explains to people.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from huggingtweets.core.errors import BadSource
from huggingtweets.sources.reading.files import IN_SMALLER_PARTS, TOO_MANY_POSTS
from huggingtweets.sources.reading.json_array import BrokenJSON

Record = Mapping[str, object]

MAX_CHARACTERS = 1 << 28  # a hundred thousand posts with all that is known of them
_LONGEST_WORD = 12  # characters; -Infinity, and the two halves of an escaped emoji


def whole(path: Path, stream: TextIO) -> object:
    """The one value in `stream`. Raises `BrokenJSON`, and `BadSource` if it is too long."""
    text = bounded_text(path, stream)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        ends = error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - _LONGEST_WORD
        raise BrokenJSON(error.lineno, is_cut_off=ends) from error
    except (ValueError, RecursionError) as error:  # a number with thousands of digits, brackets without end
        raise BrokenJSON(1) from error


def bounded_text(path: Path, stream: TextIO) -> str:
    """All of `stream`. Raises `BadSource` if it is too long to be held."""
    text = stream.read(MAX_CHARACTERS + 1)
    if len(text) > MAX_CHARACTERS:
        why = f"it has more than the {MAX_CHARACTERS:,} characters of posts that are read at once"
        raise BadSource(path, why, IN_SMALLER_PARTS, told=TOO_MANY_POSTS)
    return text


def text_in(value: object) -> str:
    """`value` if it is a text; empty for anything else."""
    return value if isinstance(value, str) else ""


def id_in(value: object) -> str:
    """`value` as an id if it is a text or a number; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def record_in(value: object) -> Record:
    """`value` if it is an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def records_in(value: object) -> list[Record]:
    """The objects in `value`, if it is a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
