"""What a message to the bot asks for, however it is put: `nasa My dream is`, `Nasa,`, `tweet like nasa please`, `help`.

Knows words. Does not know platforms, but for how Discord writes somebody's name (`<@1>`), or what a voice is.
"""

from collections.abc import Collection
from dataclasses import dataclass

import regex

from huggingtweets.core.errors import Usage
from huggingtweets.core.names import BlendName
from huggingtweets.core.near import nearest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MEMBER = regex.compile(r"<@!?(\d+)>")
_LEADING = _words(
    "tweet tweets tweeting write writing say post compose something anything a an another one the me us like as by "
    "from of in style voice please pls kindly can could would will you i we want wanna need give show make do be "
    "imitate impersonate parody hey hi hello ok okay now what how might next more for with"
)
_NAMING = _words("like as by from")  # a name comes after these
_POLITE = _words("please pls plz")
_ABOUT = _words("about on saying say says tweet write think of that")
# What somebody says who does not know how this works; the first word of it is enough.
_TALK = _words(
    "help info commands who whos what whats why where when how which are is am was were does did should must have has "
    "thanks thank good bad great nice lol yes no not ok hi hello hey yo test testing ping start stop my your it its "
    "this that these those there if and but or so to i im you youre we they he she"
)
_HELP_PHRASES = """
help, help me, info, commands, who are you, what are you, what is this, whats this, what can you do, what do you do,
how do you work, how does this work, how do i use this
"""
_HELP = frozenset(phrase.strip() for phrase in _HELP_PHRASES.split(","))
_AROUND = " \t\n.,;:!?…'\"`*_~()[]{}“”‘’«»„#@|<>-"
_NAME = regex.compile(r"[a-z0-9_]{3,30}(?:-[a-z0-9_]{1,30})*")


@dataclass(frozen=True, slots=True)
class Wish:
    """Tweets of `name` that begin with `prompt`; without a name, to be told how to ask.

    The name is a `BlendName` of voices that are there, or a member as `<@1>`: then it is `known`. Another name is what
    seems meant.
    """

    name: str = ""
    prompt: str = ""
    known: bool = False

    @property
    def may_speak(self) -> bool:
        """Returns True if it names voices, all of which are among those that can be asked for."""
        return self.known and isinstance(self.name, BlendName)


def understood(text: str, voices: Collection[str]) -> Wish:
    """What `text` asks for, where `voices` are the names that can be asked for."""
    words = text.split()
    # "give me nasa" means nasa, also where somebody is called "me".
    for place in sorted(range(len(words)), key=lambda place: (place > 0 and _plain(words[place]) in _LEADING, place)):
        if (name := _voice(words[place], voices)) and (wish := _around(words, place, name)):
            return wish
    return _guess(words, voices)


def is_for_help(text: str) -> bool:
    """Whether `text` asks how this works, and so is no start of a tweet."""
    return " ".join(filter(None, map(_plain, text.split()))) in _HELP


def _around(words: list[str], place: int, name: str) -> Wish | None:
    """The wish where the name stands first, after "tweet like" and its kind, or last: "My dream is, as nasa"."""
    before, after = words[:place], _without(words[place + 1 :], _POLITE, at_end=True)
    if MEMBER.fullmatch(name) and before and _plain(before[-1]) not in _NAMING:
        return None  # "hello @bob" is no wish for their voice
    if all(_plain(word) in ("", *_LEADING) for word in before):
        return Wish(name, " ".join(_without(after, _ABOUT) if before else after), known=True)
    if not after and _plain(before[-1]) in _NAMING:
        begun = [*before[:-1]]
        begun[-1:] = [begun[-1].rstrip(",;:")] if begun else []
        return Wish(name, " ".join(begun), known=True)
    return None


def _guess(words: list[str], voices: Collection[str]) -> Wish:
    """The wish where no known voice is named: a name that is near one, or clearly meant as one; else to be helped."""
    rest = _without(words, _LEADING)
    if not rest or not words:
        return Wish()
    name, prompt = _plain(rest[0]), " ".join(_without(rest[1:], _POLITE, at_end=True))
    if not _NAME.fullmatch(name):
        return Wish()
    led = len(rest) < len(words) and _plain(words[len(words) - len(rest) - 1]) in _NAMING
    meant = led or rest[0].startswith("@")
    if meant or (name not in _TALK and (not prompt or nearest(name, voices))):
        return Wish(name, prompt)
    return Wish()


def _voice(word: str, voices: Collection[str]) -> str:
    """The voice, blend or member that `word` names, without what is written around it; empty when it names none."""
    if member := MEMBER.search(word):
        return member[0]
    try:
        blend = BlendName.parse(_plain(word))
    except Usage:
        return ""
    return blend if all(voice in voices for voice in blend.voices) else ""


def _plain(word: str) -> str:
    """`word` in lower case without the signs around it, and without a genitive's ending."""
    return regex.sub(r"['’]s?$", "", word.strip(_AROUND)).lower().replace("'", "").replace("’", "")


def _without(words: list[str], some: Collection[str], *, at_end: bool = False) -> list[str]:
    """`words` without those of `some`, and bare signs, that stand at their beginning, or end."""
    left = words[::-1] if at_end else [*words]
    while left and (_plain(left[0]) in some or (not _plain(left[0]) and not at_end)):
        left.pop(0)
    return left[::-1] if at_end else left
