"""Which process wrote a note, and whether that very process still lives. A number alone may have a new owner by now.

Knows processes. Does not know what the notes are for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psutil


def this_process() -> dict[str, Any]:
    """What a note says of the process that writes it."""
    import psutil

    process = psutil.Process()
    return {"process": process.pid, "began": process.create_time()}


def process_of(note: Any) -> "psutil.Process | None":
    """The process that wrote `note`, if it still lives. Whatever else `note` is counts as nobody's."""
    import psutil

    try:
        process = psutil.Process(int(note["process"]))
        return process if process.create_time() == note["began"] else None
    except (ValueError, KeyError, TypeError, OverflowError, psutil.Error):
        return None
