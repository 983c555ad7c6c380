"""Words of Japanese, Chinese and Thai, which have no blanks between them. BudouX, a small model, finds them.

BudouX splits Japanese into phrases of a noun and its particles; the particles at the end are cut off here. Lao, Khmer
and Burmese are not split. Knows that library, and which of its pieces are words to show. Does not know what the words
are for.
"""

from functools import cache
from typing import TYPE_CHECKING

import regex

from huggingtweets.tweets.texts.words import UNSPACED

if TYPE_CHECKING:
    import budoux

_RUN = regex.compile(rf"[{UNSPACED}][{UNSPACED}\p{{M}}\u30fc]*")
_TAG = regex.compile(r"[#@＃＠]\w+")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_THAI = regex.compile(r"\p{Thai}")
_HAN = regex.compile(r"\p{Han}")
_PARTICLES = regex.compile(
    r"(?<=[\p{Han}\p{Katakana}\u30fc])(?:から|まで|より|など|たち|は|が|を|に|の|と|も|で|へ|や)+$"
)
_HIRAGANA = regex.compile(r"\p{Hiragana}+")


def spaced(text: str) -> str:
    """`text` without what `words_in` reads."""
    return _RUN.sub(" ", text)


def words_in(text: str) -> list[str]:
    """The words with a meaning of their own in `text`, in scripts without blanks. Tags and handles are not words.

    Single Chinese characters are left out, and Japanese words that are written in hiragana alone: most are grammar.
    """
    if not _RUN.search(text):
        return []
    return [word for run in _RUN.findall(_TAG.sub(" ", text)) for word in _words(run)]


def _words(run: str) -> list[str]:
    if _KANA.search(run):
        phrases = (_PARTICLES.sub("", phrase) for phrase in _parser("ja").parse(run))
        return [word for word in phrases if not _HIRAGANA.fullmatch(word)]
    if _THAI.search(run):
        return [word for word in _parser("th").parse(run) if len(word) > 1]
    if _HAN.search(run):
        return [word for word in _parser("zh").parse(run) if len(word) > 1]
    return [run]


@cache
def _parser(language: str) -> "budoux.Parser":
    import budoux  # only for those who need it

    loaders = {
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
        "zh": budoux.load_default_simplified_chinese_parser,
    }
    return loaders[language]()
