"""Words of Japanese, Chinese and Thai, where no blanks part them: by BudouX, a small model that comes with its package.

Knows that library, and which of its parts are words to show. It parts Japanese into phrases, a noun with its particles;
the particles at their end are taken off. Does not know what the words are for. Lao, Khmer and Burmese are not parted.
"""

from functools import cache
from typing import TYPE_CHECKING

import regex

from huggingtweets.tweets.words import UNSPACED

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
    """The words of `text` in scripts without blanks that say something; tags and handles are none.

    Left out are a Chinese character alone, and Japanese words without a Chinese or a katakana one: mostly grammar.
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
