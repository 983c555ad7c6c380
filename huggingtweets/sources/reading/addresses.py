"""Addresses that others wrote, in their parts. Knows how one is written. Does not know what it leads to."""

from urllib.parse import SplitResult, urlsplit

_NONE = SplitResult("", "", "", "", "")


def parts_of(address: object) -> SplitResult:
    """The parts of `address`; all empty for what is none, such as half an address of IPv6 in brackets."""
    if not isinstance(address, str):
        return _NONE
    try:
        return urlsplit(address)
    except ValueError:
        return _NONE
