"""Patterns that the operator writes. RE2 searches them in linear time, so no pattern can hang the process.

Knows RE2. Does not know what the patterns are for.
"""

from typing import Protocol

from huggingtweets.core.text.quoted import quoted


class Searched(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> object: ...


def compiled(pattern: str) -> Searched:
    """`pattern` without regard to case. Raises `ValueError` with what is wrong with it."""
    # Imported only if there is a pattern, so `--check` stays fast.
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        searched: Searched = re2.compile(pattern, options)
    except re2.error as error:
        fault: object = error.args[0] if error.args else ""
        words = fault.decode(errors="replace") if isinstance(fault, bytes) else str(fault)
        raise ValueError(
            f"the pattern {quoted(pattern)} cannot be used: {words}; write one of RE2's syntax, "
            "which has no look-ahead and no back-reference"
        ) from None
    if searched.search(""):
        raise ValueError(f"the pattern {quoted(pattern)} fits every text; write one that needs at least one character")
    return searched
