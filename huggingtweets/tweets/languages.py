"""Which languages somebody tweets in: as the tweets themselves say, or else as they look.

Knows X's language codes and py3langid (139 languages, offline). Does not know models.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import regex

from huggingtweets.core.records import Tweet

MIN_SHARE = 0.1  # of what can be told; a language below is a quotation or a mistake
ENOUGH_DECLARED = 0.5  # share of tweets that must say their language before they are believed
PIECE_CHARACTERS = 400  # short tweets are often mistaken: several are judged together
MAX_PIECES = 200
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi", "no": "nb"}
_NAMELESS = frozenset({"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"})  # X's for "no language"
_NOISE = regex.compile(r"https?://\S+|[@#]\w+|\p{Extended_Pictographic}")


def languages(tweets: Sequence[Tweet]) -> tuple[str, ...]:
    """ISO 639 codes by falling share, those of at least `MIN_SHARE`; none when nothing can be told."""
    declared = [code for tweet in tweets if (code := _code(tweet.lang))]
    if declared and len(declared) >= ENOUGH_DECLARED * len(tweets):
        return _frequent(Counter(declared))
    return detected([tweet.text for tweet in tweets])


def detected(texts: Iterable[str]) -> tuple[str, ...]:
    """The same, by the texts' letters and words alone."""
    import py3langid  # type: ignore[import-untyped]

    found: Counter[str] = Counter()
    for piece in _pieces(texts):
        found[py3langid.classify(piece)[0]] += len(piece)
    return _frequent(found)


def _frequent(found: Counter[str]) -> tuple[str, ...]:
    total = found.total()
    return tuple(code for code, count in found.most_common() if count >= MIN_SHARE * total)


def _code(lang: str | None) -> str | None:
    """`zh-CN` as `zh`, an old code as today's, and None where X found no language."""
    code = (lang or "").split("-")[0].lower()
    known = re.fullmatch(r"[a-z]{2,3}", code) and code not in _NAMELESS
    return _OLD_CODES.get(code, code) if known else None


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """Texts of the same script joined until they are long enough to tell, at most `MAX_PIECES`."""
    open_pieces: dict[bool, str] = {}
    given = 0
    for text in texts:
        cleaned = " ".join(_NOISE.sub(" ", text).split())
        # Joined with another alphabet, the rarer of two languages would never be seen.
        key = bool(regex.search(r"[^\P{L}\p{Latin}]", cleaned))
        piece = f"{open_pieces.get(key, '')} {cleaned}".strip()
        if len(piece) >= PIECE_CHARACTERS:
            yield piece
            given += 1
            piece = ""
            if given == MAX_PIECES:
                return
        open_pieces[key] = piece
    yield from (piece for piece in open_pieces.values() if piece)
