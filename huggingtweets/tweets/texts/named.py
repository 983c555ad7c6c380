"""Takes people's names out of what was said, and leaves words that only look like names.

A name is taken out as a whole word, and how it must be written depends on what it is:

- The name of somebody who wrote or is mentioned, such as Ann: in any case, "ann" and "ANN", too.
- A common word ("Will", "May"), a name of less than three characters, and any plain word that somebody `around` is
  called: only where it is used as a name. It has a capital letter within a sentence ("ask Will"), or it is an address,
  between a comma and the begin or end of a sentence ("will, are you there?", "good night, Coffee").
- Of a name of several words, also each word that is not common, where it is used as a name.
- A name with a digit, an underscore, a dot or a capital letter within is no ordinary word: in any case.

Knows names, texts and common words of some languages. Does not know whose names they are.
"""

from collections.abc import Collection, Iterable
from functools import cache

import regex
from stop_words import get_stop_words

from huggingtweets.tweets.texts.words import is_unspaced

LANGUAGES = ("en", "de", "fr")  # in more of them too many words are names in another one, such as Dan
# These are first names, too, and in no list of common words.
ALSO_NAMES = """
    amber angel april art august autumn basil bill buck chase chip clay dawn dean destiny drew earl faith
    frank gene ginger grace grant guy heather holly hope hunter iris ivy jack jade jasmine joy june lily mark
    mercy merry miles misty olive pat pearl penny pepper poppy ray rich rob robin rocky rose ruby rusty sandy
    scarlet sky sonny stone storm sue summer sunny tiger victor violet wade ward
"""
LEAST = 3  # characters of a name that is taken out however it is written
_PLAIN = regex.compile(r"\p{Lu}?\p{Ll}+|\p{Lu}+")
_WORD = regex.compile(r"[\w'.-]*\w")
_BEGIN = r"(?:^|[.!?…:;(\"“]\s*)"
_END = r"(?=\s*(?:[.!?…)\"”]|$))"


def without_names(text: str, names: Collection[str], around: Collection[str] = ()) -> str:
    """`text` without the `names` of people who wrote it or are mentioned, and of people `around`."""
    anyhow, as_names = _sorted(names, around)
    for pattern in _anyhow(anyhow):
        text = pattern.sub(" ", text)
    for pattern in _as_names(as_names):
        text = pattern.sub(" ", text)
    return " ".join(text.split())


def _sorted(names: Collection[str], around: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the names that are taken out in any case, and those only where they are used as names."""
    anyhow, as_names = set[str](), set[str]()
    for name in {*_whole(names), *_whole(around)}:
        words = _WORD.findall(name)
        if len(words) != 1:
            anyhow.add(name)
            as_names |= {word for word in words if len(word) >= LEAST and word.lower() not in common_words()}
        elif _is_ordinary(name) or (_PLAIN.fullmatch(name) and name not in _whole(names)):
            as_names.add(name)
        else:
            anyhow.add(name)
    return frozenset(anyhow), frozenset(as_names)


def _whole(names: Iterable[str]) -> set[str]:
    return {" ".join(name.split()) for name in names} - {""}


def _is_ordinary(name: str) -> bool:
    return not is_unspaced(name) and (len(name) < LEAST or name.lower() in common_words())


def _anyhow(names: Collection[str]) -> list[regex.Pattern[str]]:
    # Where words have no blanks between them, a name has no bounds. One character alone may be anything there.
    unspaced = [name for name in names if is_unspaced(name) and len(name) > 1]
    spaced = [name for name in names if not is_unspaced(name)]
    patterns = [_any_of(unspaced)] if unspaced else []
    patterns += [rf"(?<!\w)(?:{_any_of(spaced)})(?!\w)"] if spaced else []
    return [regex.compile(pattern, regex.IGNORECASE) for pattern in patterns]


def _as_names(names: Collection[str]) -> list[regex.Pattern[str]]:
    if not names:
        return []
    any_case = _any_of(names)
    capital = _any_of({one for name in names for one in (name[:1].upper() + name[1:], name.upper())})
    return [
        regex.compile(rf"(?<={_BEGIN})(?:{any_case})(?=\s*[,:!])", regex.IGNORECASE),
        regex.compile(rf"(?<=,\s*)(?:{any_case}){_END}", regex.IGNORECASE),
        regex.compile(rf"(?<=[^\s.!?…:;(\"“]\s+)(?:{capital})(?!\w)"),
    ]


def _any_of(names: Collection[str]) -> str:
    return "|".join(map(regex.escape, sorted(names, key=lambda name: (-len(name), name))))


@cache
def common_words() -> frozenset[str]:
    """Words that are no sign of a person."""
    listed = {word.lower() for language in LANGUAGES for word in get_stop_words(language)}
    return frozenset(listed | set(ALSO_NAMES.split()))
