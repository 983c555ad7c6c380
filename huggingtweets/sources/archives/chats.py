"""What one person wrote in chats with others, and what was said before.

A chat is learned for one person, who is asked for by name. What others wrote stands at most before an answer: the
message that is answered, or else the one right before, without the names of those in the chat. Knows messages. Does not
know any service.
"""

import html
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Collected, Said, Tweet
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.persons import meant, several
from huggingtweets.tweets.learned.contexts import without_people
from huggingtweets.tweets.texts.named import LEAST

MAX_CHARACTERS = 1 << 17  # of one message; WhatsApp takes 65,536
_LONGEST_NAME = 16  # characters before a number
ANSWERED_WITHIN = timedelta(hours=1)  # after a longer silence somebody begins anew


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `author` is the name that the chat shows, `key` says who it is, such as `telegram:user5`.

    `answers` is the id of another message, if the service knows that. A forwarded message is by somebody else.
    """

    id: str
    author: str
    key: str
    text: str
    created_at: datetime | None = None
    answers: str = ""
    is_forwarded: bool = False


Chat = Sequence[Message]


def collected(
    path: Path,
    chats: Iterable[Chat],
    names: Collection[str],
    *,
    form: str,
    owner: str = "",
    left_out: Mapping[str, int],
) -> Collected:
    """What the person who is called one of `names` wrote. Without such a name: the `owner`, or the only person.

    Raises `BadSource` if several people wrote and none of them is meant.
    """
    conversations = list(chats)
    messages = [message for chat in conversations for message in chat]
    shown = {message.key: message.author for message in messages}
    counted = Counter(message.key for message in messages if not message.is_forwarded)
    if not counted:
        why = Phrase("it holds no messages that somebody wrote")
        raise BadSource(path, why, Phrase("give a chat with messages in it"))
    key = _person(shown, counted, names, owner)
    if not key:
        raise several(path, [(_told_apart(one, shown), count) for one, count in counted.most_common()])
    people = _names(shown.values())
    tweets = {tweet.id: tweet for chat in conversations for tweet in _tweets(chat, key, people)}
    others = counted.total() - counted[key]
    note = Phrase(
        "{count:,} of its messages are by others than {name} and were left out.", count=others, name=shown[key]
    )
    return Collected(
        None,
        tuple(tweets.values()),
        notes=(note,) if others else (),
        form=form,
        left_out={reason: count for reason, count in {**left_out, "by others": others}.items() if count},
        known_as=(shown[key], _number(key), _told_apart(key, shown)),
    )


def escaped(text: str) -> str:
    """The text of a message, escaped as a tweet's text is. No service takes one that is longer than what is read."""
    return html.escape(text[:MAX_CHARACTERS].strip(), quote=False)


def _person(shown: Mapping[str, str], counted: Counter[str], names: Collection[str], owner: str) -> str:
    """The key of the person who is meant, by their name or their number; empty if nobody is."""
    for key in counted:
        if _number(key) in names or _told_apart(key, shown) in names:
            return key
    name = meant(names, [shown[key] for key in counted])
    if name:
        return next(key for key in counted if shown[key] == name)
    if owner in counted:
        return owner
    return next(iter(counted)) if len(counted) == 1 else ""


def _number(key: str) -> str:
    """What the service calls somebody, such as `user5`. WhatsApp knows only the name."""
    return key.partition(":")[2]


def _told_apart(key: str, shown: Mapping[str, str]) -> str:
    """The name of somebody, with their number if another one has the same name."""
    name = shown[key]
    return f"{name[:_LONGEST_NAME]} = {_number(key)}" if list(shown.values()).count(name) > 1 else name


def _names(shown: Iterable[str]) -> frozenset[str]:
    """What people in a chat call each other: their whole names, and their first names."""
    names = {part for name in shown for part in (name, name.split()[0] if name.split() else "")}
    return frozenset(name for name in names if len(name) >= LEAST)


def _tweets(chat: Chat, key: str, people: Collection[str]) -> Iterable[Tweet]:
    by_id = {message.id: message for message in chat}
    before: Message | None = None
    for message in chat:
        if message.key == key:
            yield _tweet(message, by_id.get(message.answers) or _just_before(before, message), key, people)
        before = message


def _just_before(before: Message | None, message: Message) -> Message | None:
    if not before or not before.created_at or not message.created_at:
        return None
    return before if message.created_at - before.created_at <= ANSWERED_WITHIN else None


def _tweet(message: Message, answered: Message | None, key: str, people: Collection[str]) -> Tweet:
    is_by_another = answered is not None and answered.key != key
    return Tweet(
        id=message.id,
        text=message.text,
        created_at=message.created_at,
        is_retweet=message.is_forwarded,
        is_reply=bool(message.answers),
        source=key,
        reply_to=answered.id if answered else message.answers,
        said=Said(without_people(answered.text, people), answered.key) if answered and is_by_another else None,
    )
