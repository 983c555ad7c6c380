"""Chats as Telegram's desktop program exports them: `result.json`, of one chat or of a whole account.

One chat is read whatever its kind: somebody chose it. Of a whole account only groups and channels are read, because the
other chats are private. Does not know whose messages are learned (`chats`), or which texts are worth learning.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from huggingtweets.core.records import Collected
from huggingtweets.core.text import dates
from huggingtweets.sources.archives import chats
from huggingtweets.sources.archives.chats import Message
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.whole_json import Record, id_in, record_in, records_in, text_in, whole

SITE = "telegram"
FORM = "chats of Telegram"
_KINDS = (
    "personal_chat|bot_chat|saved_messages|replies|verification_codes|(?:private|public)_(?:group|supergroup|channel)"
)
_CHAT = re.compile(rf'"type"\s*:\s*"(?:{_KINDS})"')
_MESSAGES = re.compile(r'"messages"\s*:\s*\[')
_OWNER = re.compile(r'"personal_information"\s*:\s*\{[^{}]*"user_id"')
_FOR_MANY = re.compile("(?:private|public)_(?:group|supergroup|channel)")


def is_telegram(head: str) -> bool:
    """Returns True if a JSON file that begins with `head` is such an export."""
    return bool((_CHAT.search(head) and _MESSAGES.search(head)) or _OWNER.search(head))


def read(path: Path, stream: TextIO, names: Collection[str]) -> Collected:
    """What one person wrote: the one in `names`, or the owner of the account. Raises `BadSource`, `BrokenJSON`."""
    export = record_in(whole(path, stream))
    left_out = Counter[str]()
    conversations = [list(_messages(chat, left_out)) for chat in _chats(export, left_out)]
    person = record_in(export.get("personal_information"))
    owner = f"{SITE}:user{id_in(person.get('user_id'))}" if person else ""
    collected = chats.collected(path, conversations, names, form=FORM, owner=owner, left_out=left_out)
    if collected.tweets[0].source != owner:
        return collected
    name = " ".join(text_in(person.get(part)) for part in ("first_name", "last_name"))
    return replace(collected, account=fields.account(person.get("username"), name, "", SITE))


def _chats(export: Record, left_out: Counter[str]) -> Iterator[Record]:
    if "messages" in export:
        yield export
        return
    for part in ("chats", "left_chats"):
        for chat in records_in(record_in(export.get(part)).get("list")):
            if _FOR_MANY.fullmatch(text_in(chat.get("type"))):
                yield chat
            else:
                left_out["in private chats"] += len(records_in(chat.get("messages")))


def _messages(chat: Record, left_out: Counter[str]) -> Iterator[Message]:
    place = id_in(chat.get("id"))
    for record in records_in(chat.get("messages")):
        if record.get("type") != "message":
            left_out["notices of the service"] += 1
        elif record.get("via_bot"):
            left_out["written by a bot"] += 1
        elif message := _message(record, place):
            yield message
        else:
            left_out["without a text"] += 1


def _message(record: Record, place: str) -> Message | None:
    text, id_ = _text(record.get("text")), id_in(record.get("id"))
    if not text or not id_:
        return None
    author = text_in(record.get("from")).strip()
    answered = id_in(record.get("reply_to_message_id"))
    return Message(
        id=f"{SITE}:{place}:{id_}",
        author=author or "Deleted Account",
        key=f"{SITE}:{id_in(record.get('from_id')) or author}",
        text=text,
        created_at=dates.moment(record.get("date_unixtime")) or dates.moment(record.get("date")),
        answers=f"{SITE}:{place}:{answered}" if answered else "",
        is_forwarded=bool(record.get("forwarded_from") or record.get("forwarded_from_id")),
    )


def _text(written: object) -> str:
    """The text of a message, which is one text, or a list of texts and of parts that have a form."""
    pieces = written if isinstance(written, list) else [written]
    texts = (piece if isinstance(piece, str) else text_in(record_in(piece).get("text")) for piece in pieces)
    return chats.escaped("".join(texts))
