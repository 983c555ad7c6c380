"""The colour of a person without a picture, on pages and in pictures: one hue, at the same lightness for everybody.

Knows handles. Does not know how a colour is shown.
"""

import zlib

LIGHTNESS, CHROMA = 0.52, 0.12  # in OKLCH: white letters are easy to read on all hues


def hue_of(handle: str) -> int:
    """The hue of a person in degrees, 0 to 359."""
    return zlib.crc32(handle.lower().encode()) % 360
