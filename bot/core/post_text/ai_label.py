"""How a post says that an AI wrote it: by a label at the end of its text, and by the account's profile.

Knows strings. Does not know what any network's API says of an account, the queue or settings.
"""

import regex

from bot.core.post_text.room import Room, room_on_x
from huggingtweets.core.text.phrases import Phrase

TOO_LONG = Phrase("too long with its AI label")
# X's API does not say if an account has the Automated label, so people are asked.
ASK_FOR_AUTOMATED_LABEL = Phrase(
    "X wants automated accounts to carry its Automated label and to say in the bio what they are. Its API does not "
    "tell whether yours has the label, so please look: on X, as that account, Settings, Your account, Account "
    "information, Automation. Name your own account there."
)
_SAYS_AI = regex.compile(
    r"🤖|\b(?:a\.?i|ki|ia|ии|bots?|robots?|chat-?bots?|automat\p{L}*|auto-?generated|gpt-?\d?|parod\p{L}*)\b"
    r"|artificial intelligence|人工知能|人工智能|机器人|機器人|ボット|인공지능|봇",
    regex.IGNORECASE,
)


class Fits:
    """Refuses a text that would be too long for a post with the label."""

    def __init__(self, label: str, has_room: Room = room_on_x):
        self._label = label
        self._has_room = has_room

    def __call__(self, text: str) -> str | None:
        if self._has_room(with_label(text, self._label)):
            return None
        return TOO_LONG if self._label else Phrase("too long")


def with_label(text: str, label: str) -> str:
    """`text` with exactly one label at its end."""
    return f"{without_label(text, label)} {label}".strip()


def without_label(text: str, label: str) -> str:
    """`text` without any label at its end."""
    bare = text.strip()
    while label and bare.endswith(label):
        before = bare.removesuffix(label)
        if before and not before[-1].isspace() and label[0].isalnum():
            break  # the end of a word
        bare = before.rstrip()
    return bare


def says_ai(*texts: str) -> bool:
    """Returns True if a profile's texts (name, bio) say that an AI, a bot or a parody writes there."""
    return any(_SAYS_AI.search(text) for text in texts)
