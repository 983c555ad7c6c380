"""The words that the admins of a server want in no tweet there.

Knows the stored setting and its bounds. Does not know how a word is found in a text.
"""

from bot.core.servers import NO_SERVER
from bot.store import Store
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import typed
from huggingtweets.generation.checks import Check
from huggingtweets.generation.unwanted import listed_words

WORDS = "words"  # of a server
MAX_WORDS = 100
MAX_CHARACTERS = 40  # of one word or phrase


class ServerWords:
    """Each server has its own list."""

    def __init__(self, store: Store):
        self._store = store

    async def of(self, server: str) -> tuple[str, ...]:
        """Returns the words of `server`."""
        return tuple(await self._store.settings.get(server, WORDS) or ()) if server != NO_SERVER else ()

    async def checks(self, server: str) -> tuple[Check, ...]:
        """Returns the check for the words of `server`, if it has any."""
        words = await self.of(server)
        return (listed_words(words),) if words else ()

    async def put(self, server: str, words: str, by: str) -> None:
        """Replace the list by `words`, which are separated by commas; `-` empties it. Raises `Usage` out of bounds."""
        listed = parsed(words)
        if listed:
            await self._store.settings.put(server, WORDS, listed, by)
        else:
            await self._store.settings.remove(server, WORDS)


def parsed(words: str) -> list[str]:
    """The words in a text with commas between them. Raises `Usage` out of bounds."""
    if words.strip() == "-":
        return []
    listed = list(dict.fromkeys(word for part in words.split(",") if (word := typed(part))))
    if len(listed) > MAX_WORDS:
        raise Usage(Phrase("I keep up to {most} words for a server, not {count}.", most=MAX_WORDS, count=len(listed)))
    for word in listed:
        if len(word) > MAX_CHARACTERS:
            raise Usage(
                Phrase(
                    "A word may have {most} characters; this one is longer: {word}...",
                    most=MAX_CHARACTERS,
                    word=word[:MAX_CHARACTERS],
                )
            )
        if not any(character.isalnum() for character in word):
            raise Usage(
                Phrase(
                    "{word} has no letter; write words with commas between them, and * at the end for any ending.",
                    word=word,
                )
            )
    return listed
