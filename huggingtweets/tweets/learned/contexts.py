"""What was said before a reply: a voice reads it, and never learns to write it.

A context has one line for each post, the oldest first, and an end: it is bounded in posts and in characters. People's
handles are taken out of it, and so are the names in these handles, wherever they stand alone. Knows tweets and texts.
Does not know tokens, or where contexts are used.
"""

from collections.abc import Collection, Iterable, Sequence

import regex

from huggingtweets.core.records import Tweet
from huggingtweets.tweets.texts.named import LEAST, without_names

MAX_POSTS = 3
MAX_CHARACTERS = 280
_HANDLE = regex.compile(r"(?<![A-Za-z0-9_/])[@＠][\w.-]*\w(?:@[\w.-]*\w)*")


class Threads:
    """The tweets of one person, by whether they answer each other."""

    def __init__(self, tweets: Iterable[Tweet]):
        self._by_id = {tweet.id: tweet for tweet in tweets if not tweet.is_retweet}

    def before(self, tweet: Tweet) -> tuple[list[str], str]:
        """The raw texts of the last posts before `tweet`, the oldest first, and who else wrote one of them.

        The person's own tweets are followed back to what they answer. Another person's post ends this.
        """
        texts: list[str] = []
        passed = {tweet.id}
        while len(texts) < MAX_POSTS:
            earlier = self._by_id.get(tweet.reply_to)
            if earlier is None:
                return ([tweet.said.text, *texts], tweet.said.by) if tweet.said else (texts, "")
            if earlier.id in passed:
                break
            passed.add(earlier.id)
            texts.insert(0, earlier.text)
            tweet = earlier
        return texts, ""


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """The plain names in the handles of `texts`: `@keeper_brindle.example` gives keeper_brindle and keeper brindle."""
    handles = [handle.strip("@＠") for text in texts for handle in _HANDLE.findall(text)]
    bare = {regex.split(r"[@.]", handle, maxsplit=1)[0] for handle in handles}
    names = {*handles, *bare, *(name.replace("_", " ").strip() for name in bare)}
    return frozenset(name for name in names if len(name) >= LEAST)


def without_people(text: str, names: Collection[str] = (), around: Collection[str] = ()) -> str:
    """`text` without handles, without the `names` of people, and without those of people `around` (see `named`)."""
    # In 000@ann, @ann is no handle, until the name 000 is taken out.
    return _without_handles(without_names(_without_handles(text), names, around))


def _without_handles(text: str) -> str:
    return " ".join(_HANDLE.sub(" ", text).split())


def bounded(lines: Sequence[str]) -> str:
    """The last of `lines` as a context. What is too long loses its beginning, in whole words where that is possible."""
    context = "\n".join([line for line in lines if line][-MAX_POSTS:])
    if len(context) <= MAX_CHARACTERS:
        return context
    end = context[-MAX_CHARACTERS:]
    begins_a_word = context[-MAX_CHARACTERS - 1].isspace()
    cut = end if begins_a_word else regex.sub(r"^\S+\s", "", end, count=1)
    return cut.strip()
