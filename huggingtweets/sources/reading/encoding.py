"""Which encoding a text has: by the mark at its beginning, by its bytes, or by which encoding makes words of it.

If nothing decides, the text is refused: `detect` raises `UnicodeError`. Knows bytes. Does not know files, or what the
text says.
"""

import codecs
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain

import chardet

_MARKS = (  # a mark of UTF-32 begins with one of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 17  # bytes of the lines that are not plain ASCII
_MUCH_MORE = 4
_TYPOGRAPHIC = frozenset("‘’‚“”„–—…•€™")
_WINDOWS = "cp1252"
_APART = frozenset({"LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI"})  # scripts that share no word
_WORDS = 2_000  # words by which an encoding is judged
_ODD = 0.2  # share of these words that may look wrong
_FEW = 4  # bytes beyond ASCII; fewer do not show a language, and most spreadsheets come from Windows
_ESCAPES = b"\x1b$"  # how Japanese letters begin in old mail, which had seven bits a byte
# Files that claim one of these encodings nearly always use letters that a newer one added.
_NEWER = {"iso8859-1": _WINDOWS, "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to decode a text. `guess` is the encoding's name for people, if only the letters gave it away."""

    name: str
    errors: str = "strict"
    guess: str = ""


def detect(chunks: Iterable[bytes]) -> Encoding:
    """The encoding of the text that `chunks` make together."""
    pieces = iter(chunks)
    head = next(pieces, b"")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    if b"\0" in head:
        return _without_mark(head)
    if _ESCAPES in head:
        return _by_letters(head)
    is_utf8, sample = _Decoder(), _Sample()
    for piece in chain([head], pieces):
        sample.add(piece)
        if not is_utf8.goes_on(piece) and sample.is_full:
            break
    return Encoding("utf-8-sig") if is_utf8.goes_on(b"", final=True) else _by_letters(sample.whole())


class _Decoder:
    """Decodes a text piece by piece, to see if it is UTF-8."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True

    def goes_on(self, piece: bytes, *, final: bool = False) -> bool:
        if self._is_utf8:
            try:
                self._decoder.decode(piece, final)
            except UnicodeDecodeError:
                self._is_utf8 = False
        return self._is_utf8


class _Sample:
    """The lines that are not plain ASCII, up to a size."""

    def __init__(self) -> None:
        self.lines = b""
        self._begun = b""

    @property
    def is_full(self) -> bool:
        return len(self.lines) >= _SAMPLE

    def add(self, piece: bytes) -> None:
        """Take the next piece of the text. The line at its end may go on in the piece after it."""
        if not self.is_full:
            *lines, self._begun = (self._begun + piece[:_SAMPLE]).split(b"\n")
            self.lines += b"".join(line + b"\n" for line in lines if not line.isascii())
            if len(self._begun) > _SAMPLE:
                self.lines, self._begun = self.lines + self._begun, b""

    def whole(self) -> bytes:
        """The whole sample, with the last line even if it has no end."""
        return self.lines + (b"" if self._begun.isascii() else self._begun)


def _without_mark(head: bytes) -> Encoding:
    """UTF-16 without its mark: wherever the text is ASCII, every second byte is NUL."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > _MUCH_MORE * even:
        return Encoding("utf-16-le")
    if even > _MUCH_MORE * odd:
        return Encoding("utf-16-be")
    raise UnicodeError("NUL bytes, but not UTF-16")


def _by_letters(sample: bytes) -> Encoding:
    """The encoding in which `sample` looks most like text. Raises `UnicodeError` if there is none."""
    name = _most_likely(sample)
    if name is None:
        raise UnicodeError("no encoding makes text of it")
    # Windows does not define five bytes, but some programs write them anyway.
    return Encoding(name, "replace" if name == _WINDOWS else "strict", name.replace("cp125", "Windows-125"))


def _most_likely(sample: bytes) -> str | None:
    names: list[str] = []
    for guess in chardet.detect_all(sample, ignore_threshold=True, compat_names=False):
        if guess["encoding"]:
            name = codecs.lookup(guess["encoding"]).name
            names.append(_NEWER.get(name, name))
    likely = [name for name in dict.fromkeys(names) if name != "utf-8" and is_plausible(_decoded(sample, name))]
    few = sum(byte >= 0x80 for byte in sample) < _FEW
    if few and is_plausible(_decoded(sample, _WINDOWS)):
        return _WINDOWS
    # In plain English, typographic quotation marks of Windows look like Czech letters of an old Mac.
    if likely and likely[0] == "mac-latin2" and _is_typographic(sample):
        return _WINDOWS
    return next(iter(likely), None)


def _decoded(sample: bytes, name: str) -> str:
    """The decoded sample, whose last letter may be cut; empty if it cannot be in this encoding."""
    try:
        return codecs.getincrementaldecoder(name)("replace" if name == _WINDOWS else "strict").decode(sample)
    except UnicodeDecodeError:
        return ""


def is_plausible(text: str) -> bool:
    """Returns True if `text` has no control characters, and few words that nobody would write."""
    if not text or any(unicodedata.category(character) == "Cc" for character in set(text) - set("\t\n\r\f\v")):
        return False
    words = [word for word in text.split() if not word.isascii()][:_WORDS]
    return sum(map(_is_odd, words)) <= _ODD * len(words)


def _is_odd(word: str) -> bool:
    """Returns True if `word` mixes scripts, or has a capital or a sign among small letters, as in KettleÕs, co√te."""
    scripts = {_script(character) for character in word if character.isalpha()}
    if len(scripts & _APART) > 1:
        return True
    if len(word) > 2 and word[-2].islower() and word[-1].isupper() and not word[-1].isascii():
        return True
    return any(
        one.islower() and two.islower() and (middle.isupper() or unicodedata.category(middle) in ("Sm", "So", "Sk"))
        for one, middle, two in zip(word, word[1:], word[2:], strict=False)
        if not middle.isascii()
    )


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def _is_typographic(sample: bytes) -> bool:
    special = [character for character in sample.decode(_WINDOWS, "replace") if not character.isascii()]
    return sum(character in _TYPOGRAPHIC for character in special) * 2 > len(special)
