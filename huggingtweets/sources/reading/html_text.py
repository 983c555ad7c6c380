"""Posts in HTML, such as Mastodon's, as the text that a reader sees.

Knows HTML. Does not know whose posts they are.
"""

from html.parser import HTMLParser

_BREAKS = frozenset({"br", "p", "div", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_EMPTY = frozenset({"br", "img", "hr", "wbr"})  # elements that have no end
_UNSEEN = frozenset({"script", "style"})
_NAMES = frozenset({"mention", "hashtag"})  # links that are read as what they show: @ann, #fog
_QUOTED = "quote-inline"  # "RE: address", for programs that cannot show the quoted post


def text_of(html: str) -> str:
    """`html` as text, with a line for each paragraph, and with whole addresses in place of shortened ones."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = "".join(reader.pieces).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


class _Reader(HTMLParser):
    """Collects the visible text in `pieces`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._link: str | None = None  # the address of the link that is open
        self._shown: list[str] = []  # what that link shows
        self._hidden: list[str] = []  # the open elements whose content is not shown

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        classes = set(facts.get("class", "").split())
        if self._hidden or tag in _UNSEEN or _QUOTED in classes:
            if tag not in _EMPTY:
                self._hidden.append(tag)
        elif tag in _BREAKS:
            self._add("\n")
        elif tag == "img":
            self._add(facts.get("alt", ""))
        elif tag == "a" and not classes & _NAMES and facts.get("rel") != "tag":
            self._link, self._shown = facts.get("href", ""), []

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                del self._hidden[self._hidden.index(tag) :]
        elif tag == "a" and self._link is not None:
            address, self._link = self._link, None
            shown = "".join(self._shown)
            self._add(f" {address} " if _is_address(shown) else shown)
        elif tag in _BREAKS:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._add(data.replace("\n", " "))

    def close(self) -> None:
        super().close()
        if self._link is not None:
            self.handle_endtag("a")

    def _add(self, piece: str) -> None:
        (self.pieces if self._link is None else self._shown).append(piece)


def _is_address(shown: str) -> bool:
    """Returns True if a link shows an address, and not words."""
    bare = shown.strip()
    return "://" in bare or (" " not in bare and "." in bare.strip("."))
