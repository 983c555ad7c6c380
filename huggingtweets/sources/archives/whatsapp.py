"""A chat as WhatsApp exports it: a text with a message on each line, and its further lines below.

Each message begins with its date, in the form of the phone's language: `31.12.23, 21:41 - Ann: ` on Android,
`[12/31/23, 9:41:05 PM] Ann: ` on an iPhone. All dates together show whether the day or the month comes first. Lines
that WhatsApp writes (somebody joined, a picture was left out) are nobody's words. Does not know whose messages are
learned (`chats`).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

from huggingtweets.core.records import Collected
from huggingtweets.core.text import dates
from huggingtweets.core.text.dates import DOUBT, Either
from huggingtweets.sources.archives import chats
from huggingtweets.sources.archives.chats import Message
from huggingtweets.sources.reading.files import lines
from huggingtweets.tweets.kept.derived_ids import DerivedIds

SITE = "whatsapp"
FORM = "a chat of WhatsApp"
_MARK = "\u200e"  # left-to-right: an iPhone puts it before texts that nobody typed
_INVISIBLE = str.maketrans("\u00a0\u202f\u2009", "   ", "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff")
_DAY = r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}\.?|\d{4}年\d{1,2}月\d{1,2}日|\d{4}년 \d{1,2}월 \d{1,2}일"
_WORD = r"[^\W\d_]{1,5}\.?"  # um, klo, kl., p. m., 오후
_CLOCK = rf"(?:{_WORD} ?)?\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?(?: ?{_WORD}(?: ?{_WORD})?)?"
_BEGINNING = re.compile(
    rf"(?P<bracket>\[)?(?P<day>{_DAY}),? (?P<clock>{_CLOCK})(?(bracket)\]| ?[-–]) (?P<rest>.*)", re.DOTALL
)
_AUTHOR = re.compile(r"([^:\n“”„«»\"]{1,80}):(?: .*)?", re.DOTALL)  # a notice may quote a subject with a colon in it
_HALVES = {
    **dict.fromkeys(("am", "vorm", "πμ", "ص", "上午", "午前", "오전", "凌晨", "早上", "sa", "पूर्वाह्न"), "AM"),
    **dict.fromkeys(("pm", "nachm", "μμ", "م", "下午", "午後", "오후", "晚上", "中午", "ch", "अपराह्न"), "PM"),
}
_BUDDHIST_YEAR = re.compile(r"\b2[45]\d\d\b")  # in Thailand
_DAY_ALONE = re.compile(_DAY)
_AFTER_NUMBER = re.compile(r"[年月년월]\s?")
_NO_WORD = re.compile(r"[\d:.\s]")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?")
# <Media omitted>, <attached: IMG.jpg>, IMG.jpg (file attached): the words are in the language of the phone.
_LEFT_OUT = re.compile(r"<[^<>\n]{2,60}>|\S+\.\w{2,5} \([^()\n]{3,40}\)|null")
_ATTACHED = re.compile(r"(?:<[^<>\n:]{2,40}: [^<>\n]+>|\S+\.\w{2,5} \([^()\n]{3,40}\))\n")
_EDITED = re.compile(r"\s*(?:\u200e)<[^<>\n]{5,60}>\s*$")
_MENTION = re.compile(r"@(?:\u2068[^\u2069\n]*\u2069|\d{7,15}\b)")
_DELETED = frozenset({
    "this message was deleted", "you deleted this message", "this message was deleted by admin",
    "diese nachricht wurde gelöscht", "du hast diese nachricht gelöscht", "se eliminó este mensaje",
    "eliminaste este mensaje", "ce message a été supprimé", "vous avez supprimé ce message", "mensagem apagada",
    "esta mensagem foi apagada", "você apagou esta mensagem", "questo messaggio è stato eliminato",
    "hai eliminato questo messaggio", "dit bericht is verwijderd", "je hebt dit bericht verwijderd",
    "данное сообщение удалено", "вы удалили данное сообщение", "bu mesaj silindi", "bu mesajı sildiniz",
    "missed voice call", "missed video call",
})  # fmt: skip


@dataclass(slots=True)
class _Entry:
    """A message as it stands in the text."""

    when: str
    author: str
    lines: list[str] = field(default_factory=list)
    characters: int = 0


def is_chat(head: str) -> bool:
    """Returns True if a text that begins with `head` is such a chat: its first line begins one, and somebody speaks."""
    first = next((line for line in head.splitlines() if _visible(line).strip()), "")
    return bool(_beginning(first)) and any(
        entry.author for line in head.splitlines()[:50] if (entry := _beginning(line))
    )


def read(path: Path, stream: TextIO, names: Collection[str]) -> Collected:
    """What the person in `names` wrote. Raises `BadSource`."""
    left_out = Counter[str]()
    written = [
        (entry, text) for entry in _entries(path, stream, left_out) if (text := _text("\n".join(entry.lines), left_out))
    ]
    moments, is_doubtful = _moments([entry.when for entry, _ in written])
    collected = chats.collected(path, [list(_messages(written, moments))], names, form=FORM, left_out=left_out)
    return replace(collected, notes=(DOUBT, *collected.notes)) if is_doubtful else collected


def _entries(path: Path, stream: TextIO, left_out: Counter[str]) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for _, line in lines(stream, path):
        begun = _beginning(line)
        if begun:
            if entry:
                yield entry
            entry = begun if begun.author else None
            left_out["notices of the service"] += not begun.author
        elif entry and entry.characters < chats.MAX_CHARACTERS:
            entry.lines.append(line.rstrip("\r\n"))
            entry.characters += len(line)
    if entry:
        yield entry


def _beginning(line: str) -> _Entry | None:
    """The message that begins with `line`, without an author if it is a notice; None if the line goes on another."""
    begun = _BEGINNING.fullmatch(_visible(line.rstrip("\r\n")).replace("،", ",", 1))
    if not begun:
        return None
    when = f"{begun['day']} {begun['clock']}"
    by = _AUTHOR.fullmatch(begun["rest"])
    if not by:
        return _Entry(when, "")
    # The marks in the text itself say what nobody typed, so it is cut out of the line as it was.
    text = line.rstrip("\r\n").partition(": ")[2] if ": " in line else ""
    return _Entry(when, " ".join(by[1].split()), [text])


def _visible(line: str) -> str:
    """A line without the marks that only give its direction, and with plain blanks."""
    return line.translate(_INVISIBLE)


def _messages(written: Iterable[tuple[_Entry, str]], moments: Iterable[datetime | None]) -> Iterator[Message]:
    ids = DerivedIds()
    for (entry, text), created_at in zip(written, moments, strict=True):
        key = f"{SITE}:{entry.author.casefold()}"
        yield Message(ids.next(created_at, f"{key}\n{text}"), entry.author, key, text, created_at)


def _text(raw: str, left_out: Counter[str]) -> str:
    """The words of a message; empty if nobody typed any."""
    if raw.startswith(_MARK):
        left_out["without a text"] += 1
        return ""
    text = _ATTACHED.sub("", _EDITED.sub("", raw), count=1)
    text = _visible(_MENTION.sub("", text)).strip()
    if not text or _LEFT_OUT.fullmatch(text) or text.rstrip(".").casefold() in _DELETED:
        left_out["without a text"] += 1
        return ""
    return chats.escaped(text)


def _moments(written: list[str]) -> tuple[list[datetime | None], bool]:
    """The moments of all messages, and True if it is a guess whether the day or the month comes first.

    A chat is in the order of time, which mostly shows it.
    """
    readings = [dates.read(_plain_date(when)) for when in written]
    either = [one for one in readings if isinstance(one, Either)]
    order, is_proven = dates.order_of([(one, None) for one in either])
    moments = [one.by(order) if isinstance(one, Either) else one for one in readings]
    return moments, not is_proven and any(one.by(None) is None for one in either)


def _plain_date(when: str) -> str:
    """A date and a time in any language's digits and words, in a form that `dates` reads."""
    digits = when if when.isascii() else "".join(str(unicodedata.digit(one)) if one.isdigit() else one for one in when)
    day, times = _DAY_ALONE.match(digits), _TIME.findall(digits)
    if not day or not times:
        return digits
    hour, minute, second = times[-1]
    words = _NO_WORD.sub("", digits[day.end() :].casefold())
    half = next((said for word, said in _HALVES.items() if word in words), "") if words else ""
    date = _AFTER_NUMBER.sub("-", day[0].rstrip(".")).rstrip("日일").replace(" ", "")
    date = _BUDDHIST_YEAR.sub(lambda year: str(int(year[0]) - 543), date)
    return f"{date} {hour}:{minute}:{second or '00'} {half}".rstrip()
