"""Words and phrases that are slurs, in seven languages, from the lists of two packages.

safetype has the slurs of six languages, and calls to violence against groups; terlik has more, and Turkish ones.
Both also list mere swearing, which is not taken: how somebody swears is part of their voice.

Knows how both packages keep their lists. Does not know how a word is found in a text.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import regex

from huggingtweets.tweets.texts.lookalikes import plain, without_accents

_LANGUAGES = ("en", "de", "es", "fr", "pt", "hi")
_MORE_LANGUAGES = ("en", "de", "es", "tr")
# Words of terlik's list that are ordinary words, names or species, too: "a chink in the armour", "Maine coon",
# "Homo sapiens", "color negro", "spick and span", "en retard", "honky-tonk".
_ORDINARY = frozenset(
    regex.findall(
        r"\w+",
        """chink chinks coon coons darky dyke dykes homo homos honky lesbos negro negros negroes nig poof poofs polak
        pust pustt redskin redskins retard retards retardation spastic spastics spaz spick spicks wop wops""",
    )
)


@dataclass(frozen=True, slots=True)
class Slurs:
    """`words` stand alone, `stems` with any ending, and `phrases` is a pattern of several words. None has accents."""

    words: frozenset[str]
    stems: tuple[str, ...]
    phrases: "regex.Pattern[str]"


@cache
def slurs() -> Slurs:
    """All slurs."""
    from safetype import load_pack  # it is imported with the first text that is checked

    words, phrases = _more() - _ORDINARY, list[str]()
    for language in _LANGUAGES:
        for rule in load_pack(language)["rules"]:
            elements = rule["pattern"].split()
            if rule["category"] != "hate":
                continue
            if len(elements) > 1:
                phrases.append(_phrase(elements))
            else:
                words |= set(_alternatives(rule["pattern"]))
    return Slurs(
        words=frozenset(word for word in words if not word.endswith("*")),
        stems=tuple(sorted(word.removesuffix("*") for word in words if word.endswith("*"))),
        phrases=regex.compile("|".join(phrases)),
    )


def _alternatives(element: str) -> list[str]:
    """`(one|two*)` as `["one", "two*"]`. A word alone is its only alternative."""
    return element.strip("()?").split("|")


def _phrase(elements: list[str]) -> str:
    """The pattern of several words in a row. An element that ends with `?` may be missing."""
    parts = []
    for element in elements:
        words = "|".join(
            regex.escape(word.rstrip("*")) + r"\w*" * word.endswith("*") for word in _alternatives(element)
        )
        parts.append(rf"(?:\b(?:{words})\b\W*)" + "?" * element.endswith("?"))
    return "".join(parts)


def _more() -> set[str]:
    """The words that terlik calls slurs, in the form in which they are compared."""
    words = set[str]()
    for language in _MORE_LANGUAGES:
        file = resources.files("terlik").joinpath("lang", language, "dictionary.json")
        entries = json.loads(file.read_text(encoding="utf-8"))["entries"]
        for entry in entries:
            if entry["category"] == "slur":
                words |= {without_accents(plain(word)) for word in (entry["root"], *entry["variants"])}
    return words
