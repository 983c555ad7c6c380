"""What was said before a reply: a voice reads it, and never learns to write it.

A context has one line for each post, the oldest first, and an end: it is bounded in posts and in characters. Other
people's handles are taken out of it. Knows tweets and texts. Does not know tokens, or where contexts are used.
"""

from collections.abc import Collection, Iterable, Sequence

import regex

from huggingtweets.core.records import Tweet

MAX_POSTS = 3
MAX_CHARACTERS = 280
_HANDLE = regex.compile(r"(?<![\w/])[@＠][\w.-]*\w(?:@[\w.-]*\w)?")


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


def without_people(text: str, names: Collection[str] = ()) -> str:
    """`text` without handles, and without the `names` of people, as whole words."""
    text = _HANDLE.sub(" ", text)
    wanted = sorted(filter(None, (" ".join(name.split()) for name in names)), key=len, reverse=True)
    if wanted:
        words = "|".join(map(regex.escape, wanted))
        text = regex.sub(rf"(?<!\w)(?:{words})(?!\w)", " ", text, flags=regex.IGNORECASE)
    return " ".join(text.split())


def bounded(lines: Sequence[str]) -> str:
    """The last of `lines` as a context. What is too long loses its beginning, in whole words where that is possible."""
    context = "\n".join([line for line in lines if line][-MAX_POSTS:])
    if len(context) <= MAX_CHARACTERS:
        return context
    end = context[-MAX_CHARACTERS:]
    begins_a_word = context[-MAX_CHARACTERS - 1].isspace()
    cut = end if begins_a_word else regex.sub(r"^\S+\s", "", end, count=1)
    return cut.strip()
