"""What a message to the bot asks for, in whatever words: `nasa My dream is`, `Nasa,`, `tweet like nasa please`, `help`.

Knows words, and how Discord writes a member (`<@1>`). Does not know anything else of platforms, or what a voice is.
"""

from collections.abc import Collection
from dataclasses import dataclass

import regex

from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import BlendName
from huggingtweets.core.people.near import nearest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MEMBER = regex.compile(r"<@!?(\d+)>")
_LEADING = _words(
    "tweet tweets tweeting write writing say post compose something anything a an another one the me us like as by "
    "from of in style voice please pls kindly can could would will you i we want wanna need give show make do be "
    "imitate impersonate parody hey hi hello ok okay now what how might next more for with"
)
_NAMING = _words("like as by from")  # a name follows these words
_POLITE = _words("please pls plz")
_ABOUT = _words("about on saying say says tweet write think of that")
# People who do not know how the bot works say these things. The first word is enough to tell.
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
    """Somebody wants tweets of `name` that begin with `prompt`. Without a name, they want to hear how to ask.

    A name that is `known` is a member, such as `<@1>`, or a `BlendName` of voices that can be asked for. Any other name
    is the word that seems to be meant as one.
    """

    name: str = ""
    prompt: str = ""
    known: bool = False

    @property
    def may_speak(self) -> bool:
        """Returns True if it names voices, all of which are among those that can be asked for."""
        return self.known and isinstance(self.name, BlendName)


def understood(text: str, voices: Collection[str]) -> Wish:
    """What `text` asks for. `voices` are the names that can be asked for."""
    words = text.split()
    # "give me nasa" means nasa, even if there is a voice called "me".
    for place in sorted(range(len(words)), key=lambda place: (place > 0 and _plain(words[place]) in _LEADING, place)):
        if (name := _voice(words[place], voices)) and (wish := _around(words, place, name)):
            return wish
    return _guess(words, voices)


def is_for_help(text: str) -> bool:
    """Returns True if `text` asks how the bot works, so it is not the start of a tweet."""
    return " ".join(filter(None, map(_plain, text.split()))) in _HELP


def _around(words: list[str], place: int, name: str) -> Wish | None:
    """The wish if the name comes first, after words such as "tweet like", or last, as in "My dream is, as nasa"."""
    before, after = words[:place], _without(words[place + 1 :], _POLITE, at_end=True)
    if MEMBER.fullmatch(name) and before and _plain(before[-1]) not in _NAMING:
        return None  # "hello @bob" does not ask for their voice
    if all(_plain(word) in ("", *_LEADING) for word in before):
        return Wish(name, " ".join(_without(after, _ABOUT) if before else after), known=True)
    if not after and _plain(before[-1]) in _NAMING:
        begun = [*before[:-1]]
        begun[-1:] = [begun[-1].rstrip(",;:")] if begun else []
        return Wish(name, " ".join(begun), known=True)
    return None


def _guess(words: list[str], voices: Collection[str]) -> Wish:
    """The wish if no known voice is named: a name like one, a word that is clearly meant as one, or else help."""
    rest = _without(words, _LEADING)
    if not rest or not words:
        return Wish()
    name, prompt = _plain(rest[0]), " ".join(_without(rest[1:], _POLITE, at_end=True))
    if not _NAME.fullmatch(name):
        return Wish()
    follows_like = len(rest) < len(words) and _plain(words[len(words) - len(rest) - 1]) in _NAMING
    is_clear = follows_like or rest[0].startswith("@")
    if is_clear or (name not in _TALK and (not prompt or nearest(name, voices))):
        return Wish(name, prompt)
    return Wish()


def _voice(word: str, voices: Collection[str]) -> str:
    """The voice, blend or member that `word` names, without the signs around it. Empty if it names none."""
    if member := MEMBER.search(word):
        return member[0]
    try:
        blend = BlendName.parse(_plain(word))
    except Usage:
        return ""
    return blend if all(voice in voices for voice in blend.voices) else ""


def _plain(word: str) -> str:
    """`word` in lower case, without the signs around it and without a final `'s`."""
    return regex.sub(r"['’]s?$", "", word.strip(_AROUND)).lower().replace("'", "").replace("’", "")


def _without(words: list[str], unwanted: Collection[str], *, at_end: bool = False) -> list[str]:
    """`words` without those at their beginning, or end, that are `unwanted` or consist of signs."""
    left = words[::-1] if at_end else [*words]
    while left and (_plain(left[0]) in unwanted or (not _plain(left[0]) and not at_end)):
        left.pop(0)
    return left[::-1] if at_end else left
