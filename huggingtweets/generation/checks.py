"""The checks that every generated tweet must pass, each a small class: length, no leftovers of training texts, no copy.

Pings, links and invisible characters are no reason to refuse a draft. `defused` changes them, so that nobody is called,
nothing can be clicked, and every character can be seen.

Knows strings, how X counts characters, and how X and Discord write a mention. Does not know models or platforms.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol

import regex

from huggingtweets.core.text.characters import BORDER_WORD, emoji_in, is_emoji
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import visible
from huggingtweets.tweets.learned.clean import links_in
from huggingtweets.tweets.texts.copies import ZERO_WIDTH_SPACE, KnownTexts, normalised

MAX_WEIGHT = 280
LINK_WEIGHT = 23
# Code points of weight 1 by X's configuration v3 (twitter-text, "Counting characters"); all others weigh 2.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_LINK = regex.compile(r"https?://\S+", regex.IGNORECASE)
_PING = regex.compile(r"(?<=[@＠])(?=[\w!&])|(?<=<)(?=[@#]|a?:)")
# What a chat program turns into a link: any scheme, `www.`, and a host before a path, such as `discord.gg/abc`.
_LINKED = regex.compile(r"(?<=\w:)(?=//)|(?<=\bwww)(?=\.)|(?<=[\p{L}\p{N}])(?=\.\p{L}{2,}[/\\:?#])", regex.IGNORECASE)
# Byte by byte a model also makes code points that mean nothing: unassigned ones (Cn) and private ones (Co). People see
# a box in their place.
_MEANINGLESS = r"\ufffd\p{Cn}\p{Co}"
_LEFTOVER = regex.compile(
    rf"<\|?\s*{BORDER_WORD}|{BORDER_WORD}\s*\|?>|[\p{{Cc}}\p{{Cs}}{_MEANINGLESS}]", regex.IGNORECASE
)
_NOT_WRITTEN = regex.compile(f"[{_MEANINGLESS}]")


def weighted_length(text: str) -> int:
    """Characters as X counts them, of 280: after NFC; a link 23, an emoji 2, most letters 1, CJK and the rest 2."""
    text = unicodedata.normalize("NFC", text)
    links = len(_LINK.findall(text))
    return links * LINK_WEIGHT + sum(map(_weight, regex.findall(r"\X", _LINK.sub("", text))))


def _weight(grapheme: str) -> int:
    if is_emoji(grapheme):
        return 2  # however many code points it has
    return sum(1 if any(low <= ord(char) <= high for low, high in _LIGHT) else 2 for char in grapheme)


def defused(text: str) -> str:
    """`text`, changed so that it looks the same but calls nobody, links to nothing, and hides nothing.

    A zero-width space stands in every mention (`@name`, `@everyone`, `<@1>`, `<#1>`) and in every link.
    """
    return _LINKED.sub(ZERO_WIDTH_SPACE, _PING.sub(ZERO_WIDTH_SPACE, visible(text)))


def without_meaningless(text: str) -> str:
    """`text` without code points that mean nothing, which no tweet may have: a prompt with one could have no tweet."""
    return _NOT_WRITTEN.sub("", text)


class Check(Protocol):
    """Returns why a tweet is refused, in a word or two that can be counted, or None if it passes."""

    def __call__(self, text: str) -> str | None: ...


class LengthCheck:
    """A tweet has 1 to 280 weighted characters, and at least one that can be read."""

    def __call__(self, text: str) -> str | None:
        if not normalised(text) and not emoji_in(text):
            return Phrase("empty")
        return Phrase("too long") if weighted_length(text) > MAX_WEIGHT else None


class LeftoverCheck:
    """A tweet has no leftovers of training texts, whole or in part, and no broken, control or unassigned characters."""

    def __call__(self, text: str) -> str | None:
        return Phrase("broken") if _LEFTOVER.search(text) else None


class LinkCheck:
    """A tweet has only the prompt's links. No training text has a link, so any other is invented and leads nowhere."""

    def __init__(self, prompt: str = ""):
        self._allowed = links_in(prompt)

    def __call__(self, text: str) -> str | None:
        return Phrase("a link") if links_in(text.replace(ZERO_WIDTH_SPACE, "")) > self._allowed else None


class CopyCheck:
    """A tweet is no copy of one of the person's own, or of most of one. Case, punctuation and emoji do not count."""

    def __init__(self, texts: Iterable[str]):
        self._known = KnownTexts(texts)

    def __call__(self, text: str) -> str | None:
        return Phrase("copied") if self._known.has_nearly(text) else None


def first_objection(checks: Sequence[Check], text: str) -> str | None:
    """The first check's reason to refuse `text`, or None when all pass."""
    return next((reason for check in checks if (reason := check(text))), None)
