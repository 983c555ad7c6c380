"""A post of Bluesky as a tweet: its record is the same in a repository and in what the network gives.

A post's facets hide links behind short words; the addresses are put back, so that cleaning sees them. Made after the
lexicons app.bsky.feed.post and app.bsky.richtext.facet. Does not know where records come from.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from huggingtweets.core.records import Tweet
from huggingtweets.core.text import dates

DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,200}", re.ASCII)
_LINK = "app.bsky.richtext.facet#link"


def source_of(did: str) -> str:
    """The mark of posts of this account: its DID, which stays when the handle changes."""
    return f"bluesky:{did}"


def tweet_of(record: Mapping[str, Any], uri: str, did: str) -> Tweet | None:
    """The post in `record`, which has the address `uri`. None if it has no text."""
    if not isinstance(record.get("text"), str):
        return None
    languages, parent = _list(record.get("langs")), _dict(_dict(record.get("reply")).get("parent")).get("uri")
    return Tweet(
        id=uri,
        text=escaped(record),
        created_at=dates.moment(record.get("createdAt")),
        is_reply="reply" in record,
        lang=str(languages[0]) if languages else None,
        source=source_of(did),
        reply_to=parent if isinstance(parent, str) else "",
    )


def escaped(record: Mapping[str, Any]) -> str:
    """The text of a post. That of a tweet is HTML-escaped, that of a post is not."""
    return html.escape(with_links(str(record.get("text")), _list(record.get("facets"))), quote=False)


def with_links(text: str, facets: list[Any]) -> str:
    """`text` with addresses in place of the words that show links. Mentions and tags stay.

    Facets count bytes of UTF-8. A facet is ignored if it overlaps another one or cuts a character.
    """
    whole = text.encode("utf-8", "surrogatepass")
    end = len(whole)
    for start, stop, uri in sorted(_links(facets), reverse=True):
        if not 0 <= start < stop <= end:
            continue
        try:
            (whole[:start].decode(), whole[start:stop].decode(), whole[stop:].decode())
        except UnicodeDecodeError:
            continue
        whole, end = whole[:start] + uri.encode("utf-8", "replace") + whole[stop:], start
    return whole.decode("utf-8", "replace")


def _links(facets: list[Any]) -> list[tuple[int, int, str]]:
    links = []
    for facet in map(_dict, facets):
        index = _dict(facet.get("index"))
        start, stop = index.get("byteStart"), index.get("byteEnd")
        for feature in map(_dict, _list(facet.get("features"))):
            uri = feature.get("uri")
            if feature.get("$type") == _LINK and isinstance(uri, str) and uri.startswith(("http://", "https://")):
                if isinstance(start, int) and isinstance(stop, int):
                    links.append((start, stop, "".join(uri.split())))
                break
    return links


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
