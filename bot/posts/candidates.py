"""What could be posted at a place: texts are drawn or written by people, checked against the last posts, and ranked.

Knows checks, labels and tastes. Does not know who may speak, or what becomes of a text.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from bot.core.config import PostingSettings
from bot.core.errors import PostRefused
from bot.core.post_text.ai_label import with_label, without_label
from bot.core.post_text.post_checks import as_post, checks_for, likeness, objection, words_of
from bot.core.post_text.threads import FitsAThread
from bot.posts.place import Place
from bot.store.posts.outbox import Posts
from bot.voices.taste import best
from bot.voices.taste import told as told_of_taste
from bot.voices.tastes import Tastes
from huggingtweets.core.errors import NotEnoughDrafts
from huggingtweets.core.people.names import BlendName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.checks import Check
from huggingtweets.generation.writer import Tweets

FRESH = 0.35  # the share of words that a text may have in common with one of the last posts
LAST_POSTS = 500  # a new post must repeat none of these
MAX_ROUNDS = 3  # of drawing; after these there is nothing to post
MAX_CHARACTERS = 2_000  # of an edited text; the rest is cut off before any check

Draw = Callable[[BlendName, int, str], Awaitable[Tweets]]


class Candidates:
    """The texts for one account. `draw(voice, count, context)` returns tweets that passed every check of the writer.

    `unwanted` are the checks for words that no answer may have. People can write them into a post, too.
    """

    def __init__(
        self,
        *,
        posts: Posts,
        place: Place,
        draw: Draw,
        settings: PostingSettings,
        unwanted: Sequence[Check] = (),
        tastes: Tastes | None = None,
    ):
        self._posts = posts
        self._account = place.account
        self._has_room = place.has_room
        self._draw = draw
        self._settings = settings
        self._unwanted = unwanted
        self._tastes = tastes if settings.rank_by_feedback else None

    async def draw(self, voice: BlendName, context: str = "") -> tuple[str, Tweets]:
        """Draw candidates. Returns the best one, with its label, and the tweets it is one of.

        Raises `NotEnoughDrafts` if none can be posted, or what drawing raises.
        """
        last = await self._posts.last_texts(self._account, LAST_POSTS)
        proposed = [post.text for post in await self._posts.listed(self._account, ["proposed"], LAST_POSTS)]
        checks = self._checks([*last, *proposed])
        words_of_last = [words_of(without_label(text, self._settings.ai_label)) for text in last]
        refused: Counter[str] = Counter()
        for _ in range(MAX_ROUNDS):
            tweets = await self._draw(voice, self._settings.candidates, context)
            fit = []
            for text in map(as_post, tweets.texts):
                reason = objection(checks, text)
                if reason:
                    refused[reason] += 1
                else:
                    fit.append(text)
            if fit:
                return self.labelled(await self._best(fit, voice, words_of_last)), tweets
        raise NotEnoughDrafts(voice, refused)

    async def _best(self, texts: Sequence[str], voice: BlendName, last: Sequence[frozenset[str]]) -> str:
        """The text that people would like most of those that are not like the last posts.

        Without a taste that tells more than chance, it is the text least like the last posts.
        """
        taste = await self._tastes.of(voice) if self._tastes else None
        by_likeness = sorted(texts, key=lambda text: likeness(text, last))
        if not taste or not taste.is_better_than_chance:
            return by_likeness[0]
        fresh = [text for text in by_likeness if likeness(text, last) <= FRESH]
        return best(fresh or by_likeness[:1], taste)

    async def taste_in_words(self, voice: BlendName) -> str:
        """Returns what is known of what people like of a voice, in a sentence; empty if that is nothing."""
        return told_of_taste(await self._tastes.of(voice)) if self._tastes else ""

    async def checked(self, text: str, but: str = "", parts: int | None = None) -> str:
        """Returns `text` as it will be posted, with its label. Raises `PostRefused` with the reason if it cannot be."""
        text, reason = await self.looked_at(text, but, parts)
        if reason:
            raise PostRefused(Phrase("This cannot be posted ({reason}); change it and try again.", reason=reason))
        return self.labelled(text)

    async def looked_at(self, text: str, but: str = "", parts: int | None = None) -> tuple[str, str]:
        """Returns `text` as it would be posted, without its label, and why it cannot be (empty if it can).

        It may have as many parts as the settings say, or `parts`.
        """
        last = await self._posts.last_texts(self._account, LAST_POSTS)
        text = without_label(as_post(text[:MAX_CHARACTERS]), self._settings.ai_label)
        return text, objection(self._checks([other for other in last if other != but], parts), text) or ""

    def _checks(self, last_texts: Sequence[str], parts: int | None = None) -> tuple[Check, ...]:
        settings = self._settings
        fits = FitsAThread(settings.ai_label, parts or settings.thread_parts, self._has_room)
        return checks_for(settings.blocked_words, last_texts, settings.ai_label, self._unwanted, fits)

    def labelled(self, text: str) -> str:
        """Returns `text` with the label that says who wrote it."""
        return with_label(text, self._settings.ai_label)
