"""Text from outside is made to consist of whole characters.

A command line in another encoding, a page or a file can bring half a surrogate pair. Tokenizers, UTF-8 files and
answers in JSON refuse it, each in its own way and late. So it is repaired where it comes in.

Knows Unicode. Does not know what a text is for.
"""

import re

_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALVES = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    """`text` without halves of characters.

    Two halves that belong together become their character. A byte that Python could not decode on the command line is
    read as Latin-1. Any other half is removed.
    """
    paired = _PAIRS.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _HALVES.sub(_mended, paired)


def _mended(half: re.Match[str]) -> str:
    number = ord(half[0])
    return chr(number - 0xDC00) if 0xDC80 <= number <= 0xDCFF else ""
