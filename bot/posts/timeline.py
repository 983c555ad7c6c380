"""Which posts in doubt stand on an account's own timeline: one with the same text, and not older than the try.

While a post is in doubt, no other post is sent. So any newer post with the same text must be the one in doubt.

Knows texts and dates. Does not know any network.
"""

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.posts.outbox import Post

CLOCKS_DIFFER = timedelta(minutes=15)  # a post that is so much older than the try must be another one
# Networks put the names of those whom a reply answers before its text.
_ANSWERED = re.compile(r"(?:@[\w.-]+(?:@[\w.-]+)? )+")


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post on the account's own timeline, with its text as it is shown."""

    id: str
    text: str
    created_at: datetime | None


def made_on(own_posts: Sequence[OwnPost], posts: Sequence[Post]) -> Mapping[int, str]:
    """Returns which of `posts` stand on a timeline: their numbers, each with the id there."""
    made: dict[int, str] = {}
    for post in posts:
        tried_at = post.sending_at or post.changed_at
        earliest = tried_at - CLOCKS_DIFFER
        same = (own for own in own_posts if is_text_of(post, own.text) and (own.created_at or tried_at) >= earliest)
        if own := next((own for own in same if own.id not in made.values()), None):
            made[post.id] = own.id
    return made


def is_text_of(post: Post, given: str) -> bool:
    """Returns True if `given` is how the text of `post` is shown: in a reply, names of people come first."""
    wanted, shown = in_one_form(post.text), in_one_form(given)
    if not post.in_reply_to or not shown.endswith(wanted):
        return shown == wanted
    before = shown.removesuffix(wanted)
    return not before or bool(_ANSWERED.fullmatch(before))


def in_one_form(text: str) -> str:
    """Returns a text in one form, because networks may change it: unescaped, in NFC, with single blanks."""
    return unicodedata.normalize("NFC", " ".join(html.unescape(text).split()))
