"""Posts of Mastodon and Discord that a tool has saved as a table.

Posts that were not for everybody are left out, and so are messages that the service wrote in somebody's name ("joined
the server"). HTML becomes text. Knows how these services mark that. Does not know how a table is written.
"""

import html
import re
from collections.abc import Iterable, Iterator

from huggingtweets.core.errors import BadSource
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.reading.html_text import text_of

Row = dict[str, object]

# Mastodon's, Pleroma's and Misskey's words for posts to followers or to single people.
_PRIVATE = frozenset(
    {"private", "direct", "limited", "list", "followers", "followersonly", "specified", "self", "mutuals"}
)
_YES = frozenset({"true", "1"})
# Types that DiscordChatExporter gives to messages that nobody typed.
_NOTICES = frozenset({
    "recipientadd", "recipientremove", "call", "channelnamechange", "channeliconchange", "channelpinnedmessage",
    "guildmemberjoin", "threadcreated", "userpremiumguildsubscription",
})  # fmt: skip
_HTML = re.compile(r"\s*<(p|div|span)(?:\s[^<>]*)?>.*</\1>\s*", re.DOTALL | re.IGNORECASE)
_DIRECT = re.compile(r'"channel"\s*:\s*\{[^{}]*"type"\s*:\s*(?:"Direct\w*"|"DM"|"GROUP_DM"|[13]\b)')


def refuse_direct(path: object, head: str) -> None:
    """Raises `BadSource` for the export of a private conversation on Discord. `head` is the beginning of its JSON."""
    if _DIRECT.search(head):
        mend = Phrase("give an export of a channel of a server")
        raise BadSource(str(path), Phrase("it is a private conversation"), mend)


def public(rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """The rows that were for everybody, with texts in place of HTML."""
    for number, row in rows:
        if not _is_private(row) and not _is_notice(row):
            yield number, {name: _as_text(value) for name, value in row.items()}


def _is_private(row: Row) -> bool:
    return _folded(row.get("visibility")) in _PRIVATE or _folded(row.get("localonly")) in _YES


def _is_notice(row: Row) -> bool:
    return "content" in row and ("author" in row or "authorid" in row) and _folded(row.get("type")) in _NOTICES


def _folded(value: object) -> str:
    return str(value).lower().replace("_", "").replace("-", "").strip()


def _as_text(value: object) -> object:
    """HTML as text, escaped like the text of a tweet; anything else as it is."""
    if isinstance(value, str) and _HTML.fullmatch(value):
        return html.escape(text_of(value), quote=False)
    return value
