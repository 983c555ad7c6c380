"""What somebody typed, and the name of a file, as they stand in a message; and streams that print any message.

Knows how a text is made safe to show. Does not know what the message is.
"""

import codecs
import io
import os
import re
import sys

# Controls, what breaks a line or turns its direction, and bytes of a file's name that are not UTF-8.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPED = "huggingtweets.escaped"


def quoted(text: str, most: int = 60) -> str:
    """`text` in quotation marks, on one line and without what cannot be seen. A long text is cut."""
    from huggingtweets.core.text.visible import typed  # its patterns take a moment to compile

    line = typed(text)
    return f'"{line[:most]}…"' if len(line) > most else f'"{line}"'


def shown_path(path: str | os.PathLike[str]) -> str:
    """A path on one line. What cannot be shown of it is escaped, as a byte that is no UTF-8: `caf\\xe9.txt`."""
    return _UNSHOWN.sub(lambda match: _escape(match[0]), os.fspath(path))


def print_any_text() -> None:
    """From now on stdout and stderr print any text: a character that their encoding lacks is escaped."""
    codecs.register_error(_ESCAPED, _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPED)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_escape, error.object[error.start : error.end])), error.end


def _escape(character: str) -> str:
    # Python decodes a byte that it cannot read as U+DC80 and so on (PEP 383).
    byte = ord(character) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else character.encode("unicode_escape").decode()
