"""Texts that a program wrote as literals: Python's `b'...'`, `u'...'` and repr(), JSON strings, bare `\\xe2\\x80`.

Scrapers that store `str(text.encode())` or `repr(text)` leave such files. A literal with a prefix is certain. A text in
quotes may be a quotation, so its whole column decides. Knows how literals are written. Does not know what columns mean.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

Row = dict[str, object]

SAMPLE = 200  # rows by which a column is judged
NEARLY_ALL = 0.9
OFTEN = 0.05  # share of texts with a letter or sign beyond ASCII, even in English
ENOUGH = 20  # if so many texts are in quotes, without exception, these are no quotations

_PREFIXED = re.compile(r"""[bBuU](?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.DOTALL)
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.|"")*\"""", re.DOTALL)
_BEGUN = re.compile(r"""b(['"])""")
_ESCAPE = re.compile(r"\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))", re.DOTALL)
# Escapes that nobody types: several bytes of UTF-8 beyond ASCII, or code units.
_BARE = re.compile(r"(?:\\x[\da-fA-F]{2}){2,}|(?:\\u[\da-fA-F]{4})+")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": "\f", "v": "\v", "a": "", "0": ""}


def undone(rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """The rows with every text as it was before a program wrote it as a literal."""
    numbered = iter(rows)
    sample = list(islice(numbered, SAMPLE))
    columns = {name for _, row in sample for name in row}
    kinds = {name: _kind([text for _, row in sample if isinstance(text := row.get(name), str)]) for name in columns}
    for number, row in chain(sample, numbered):
        yield number, {name: _read(value, kinds.get(name, "")) for name, value in row.items()}


def _kind(texts: list[str]) -> str:
    """How a program wrote the texts of a column: `bytes`, `quoted`, `escaped`, or empty for plain texts."""
    filled = [text.strip() for text in texts if text.strip()]
    if filled and sum(bool(_BEGUN.match(text)) for text in filled) >= len(filled) / 2:
        return "bytes"
    quoted = [text for text in filled if len(text) > 1 and _QUOTED.fullmatch(text)]
    if quoted and len(quoted) >= NEARLY_ALL * len(filled) and _written_by_a_program(quoted):
        return "quoted"
    return "escaped" if sum(_plain(text) != text for text in filled) > OFTEN * len(filled) else ""


def _written_by_a_program(quoted: list[str]) -> bool:
    """Returns True if these are no quotations: they have escapes, or both kinds of quotes, or there are very many."""
    marks = {text[0] for text in quoted}
    return len(marks) > 1 or any("\\" in text or '""' in text[1:-1] for text in quoted) or len(quoted) >= ENOUGH


def _read(value: object, kind: str) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if _PREFIXED.fullmatch(text):
        return _unescaped(text[2:-1], of_bytes=text[0] in "bB")
    if kind == "bytes" and (begun := _BEGUN.match(text)):
        return _unescaped(text[2:].removesuffix(begun[1]), of_bytes=True)
    if kind == "quoted" and len(text) > 1 and _QUOTED.fullmatch(text):
        inside = text[1:-1]
        plain = _unescaped(inside.replace('""', '"') if text[0] == '"' else inside)
        return _read(plain, "")  # a literal within a literal
    if "\\" not in text:
        return value
    return _unescaped(text) if kind == "escaped" else _plain(value)


def _plain(text: str) -> str:
    """`text` in which only those escapes are resolved that nobody types."""
    return _BARE.sub(_read_run, text)


def _read_run(run: re.Match[str]) -> str:
    """The characters for which several escapes stand; the escapes themselves if there are no such characters."""
    try:
        characters = _paired(b"".join(_bytes_of(run[0])).decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return run[0]
    return run[0] if characters.isascii() else characters


def _unescaped(inside: str, of_bytes: bool = False) -> str:
    """The text between the quotes of a literal, with its escapes resolved.

    `\\xe2` is a byte of UTF-8 if it can be one, and otherwise the character of that number. A literal `of_bytes` may be
    cut off inside a character, which is then left out.
    """
    written = b"".join(_bytes_of(inside))
    try:
        text = written.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        cut_off = of_bytes and error.reason == "unexpected end of data"
        text = written[: error.start].decode("utf-8", "surrogatepass") if cut_off else _ESCAPE.sub(_character, inside)
    return _paired(text)


def _bytes_of(inside: str) -> Iterator[bytes]:
    at = 0
    for escape in _ESCAPE.finditer(inside):
        yield inside[at : escape.start()].encode("utf-8", "surrogatepass")
        yield bytes([int(escape[1], 16)]) if escape[1] else _character(escape).encode("utf-8", "surrogatepass")
        at = escape.end()
    yield inside[at:].encode("utf-8", "surrogatepass")


def _character(escape: re.Match[str]) -> str:
    """What one escape stands for: `\\'`, `\\"`, `\\\\` and `\\/` for themselves."""
    if escape[1]:
        return bytes.fromhex(escape[1]).decode("cp1252", "ignore")
    if number := escape[2] or escape[3]:
        return chr(code) if (code := int(number, 16)) < 0x110000 else ""
    return _CONTROLS.get(escape[4], escape[4])


def _paired(text: str) -> str:
    """`text` in which each pair of surrogates has become the character for which it stands."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
