"""The languages that somebody tweets in: by what the tweets declare, or else by their letters and words.

Knows X's language codes, py3langid (139 languages, offline) and Babel, which has their names. Does not know models.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import regex

from huggingtweets.core.records import Tweet
from huggingtweets.core.text import EMOJI

MIN_SHARE = 0.1  # a language with a smaller share is a quotation or a mistake
ENOUGH_DECLARED = 0.5  # share of tweets that must say their language before they are believed
PIECE_CHARACTERS = 400  # a short tweet is often misjudged, so several are judged together
MAX_PIECES = 200
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi", "no": "nb"}
_NAMELESS = frozenset({"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"})  # X's for "no language"
_NOISE = regex.compile(rf"https?://\S+|[@#]\w+|{EMOJI}")


def languages(tweets: Sequence[Tweet]) -> Mapping[str, float]:
    """The share of each language with at least `MIN_SHARE` by its ISO 639 code, the most frequent first.

    It is empty if no language is certain.
    """
    declared = [code for tweet in tweets if (code := _code(tweet.lang))]
    if declared and len(declared) >= ENOUGH_DECLARED * len(tweets):
        return _frequent(Counter(declared))
    return detected([tweet.text for tweet in tweets])


def detected(texts: Iterable[str]) -> Mapping[str, float]:
    """The same, by the texts' letters and words alone."""
    import py3langid  # type: ignore[import-untyped]

    characters: Counter[str] = Counter()
    for piece in _pieces(texts):
        characters[py3langid.classify(piece)[0]] += len(piece)
    return _frequent(characters)


def language_name(code: str) -> str:
    """`Spanish` for `es`; the code itself for a language without an English name."""
    from babel import Locale

    name: str = Locale("en").languages.get(code, code)
    return name


def _frequent(counts: Counter[str]) -> dict[str, float]:
    total = counts.total()
    return {code: count / total for code, count in counts.most_common() if count >= MIN_SHARE * total}


def _code(lang: str | None) -> str | None:
    """`zh-CN` as `zh`, an old code as today's, and None where X found no language."""
    code = (lang or "").split("-")[0].lower()
    is_language = re.fullmatch(r"[a-z]{2,3}", code) and code not in _NAMELESS
    return _OLD_CODES.get(code, code) if is_language else None


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """Texts of the same script, joined until they are long enough to judge; at most `MAX_PIECES` pieces."""
    open_pieces: dict[bool, str] = {}
    pieces = 0
    for text in texts:
        cleaned = " ".join(_NOISE.sub(" ", text).split())
        # If texts of two alphabets were joined, the rarer language would never be seen.
        key = bool(regex.search(r"[^\P{L}\p{Latin}]", cleaned))
        piece = f"{open_pieces.get(key, '')} {cleaned}".strip()
        if len(piece) >= PIECE_CHARACTERS:
            yield piece
            pieces += 1
            piece = ""
            if pieces == MAX_PIECES:
                return
        open_pieces[key] = piece
    yield from (piece for piece in open_pieces.values() if piece)
