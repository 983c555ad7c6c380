"""Answers to people who mention the account: one answer a mention, within caps, and none after a "stop".

Mentions are taken one after the other, so the caps count real answers. The position in the stream moves past a mention
only when its answer was sent, or when it is certain that there will be none.

Knows the rules. Does not know how an answer is drawn (`Posting` does that) or sent (the outbox does).
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot.core.config import XSettings
from bot.core.errors import BotError, PostRefused, told
from bot.core.ongoing import Ongoing
from bot.posts.posting import Posting
from bot.posts.x.account import XAccount
from bot.store import Store
from bot.store.posts import Post
from huggingtweets.core.errors import NotEnoughDrafts, PipelineError, UnknownModel, Usage
from huggingtweets.core.names import VoiceName, comparable
from huggingtweets.remote.upstream import BadCredentials, Forbidden, OutOfCredit, Patience
from huggingtweets.remote.x_records import XPost, XUser
from huggingtweets.tweets.clean import as_context

log = logging.getLogger(__name__)

STREAM = "mentions"
BEFORE_ALL = "1"  # the position where there was no mention yet
SETTLE_SECONDS = 1.0  # between looks whether an answer was sent
MAX_AGE = timedelta(days=1)  # older mentions get no answer: it would surprise people
SHORT_WORDS = 6  # among more words than this a "stop" may mean something else
FIRST_LOOK = 5  # mentions; the fewest that X gives
_CALL = re.compile(r"[@＠]\w+")
_STOP = re.compile(r"\b(?:stop|unsubscribe|opt ?out|no more|go away|leave me alone)\b", re.IGNORECASE)
_BOT = re.compile(r"\b(?:bot|automated|auto-?reply)\b", re.IGNORECASE)

ListVoices = Callable[[], Awaitable[Sequence[VoiceName]]]


class MentionsOnX(Ongoing):
    """The mentions of one account."""

    def __init__(
        self,
        *,
        store: Store,
        account: XAccount,
        posting: Posting,
        voices: ListVoices,
        settings: XSettings,
        clock: Callable[[], datetime],
        patience: Patience,
    ):
        self._store = store
        self._account = account
        self._posting = posting
        self._name = posting.account
        self._voices = voices
        self._settings = settings
        self._clock = clock
        self._patience = patience
        self._waiting: deque[XPost] = deque()

    async def _go_on(self) -> None:
        failures = 0
        while True:
            try:
                wait = await self.step()
                failures = 0
            except (PipelineError, BotError, TimeoutError) as error:
                log.warning("mentions of %s wait: %s", self._name, error)
                wait = max(self._settings.mentions_seconds, self._patience.delay(failures))
                failures += 1
            await asyncio.sleep(wait)

    async def step(self) -> float:
        """Take up one mention, or look for new ones. Returns the seconds until there may be more to do."""
        if (await self._posting.status()).pause:
            return self._settings.mentions_seconds
        if not self._waiting:
            await self._look()
        if not self._waiting:
            return self._settings.mentions_seconds
        if not await self._is_done(self._waiting[0]):
            return SETTLE_SECONDS
        await self._store.x_mentions.move(self._name, STREAM, self._waiting.popleft().id)
        return 0

    async def _look(self) -> None:
        position = await self._store.x_mentions.position(self._name, STREAM)
        try:
            if position is None:
                # At the very first look: mentions from before are left alone.
                newest = await self._account.mentions("", FIRST_LOOK)
                start = newest[-1].id if newest else BEFORE_ALL
                await self._store.x_mentions.move(self._name, STREAM, start)
                return
            self._waiting.extend(await self._account.mentions(position))
        except (BadCredentials, OutOfCredit, Forbidden) as error:
            await self._posting.pause_by_x(told(error))

    async def _is_done(self, mention: XPost) -> bool:
        """Returns True if nothing is left to do about a mention. If it should have an answer, that is queued first."""
        mentions = self._store.x_mentions
        state = await mentions.state(self._name, mention.id)
        if state not in (None, "taken"):
            return True
        post = await self._store.posts.by_key(self._key(mention))
        if not post:
            await mentions.take(
                self._name, mention.id, author=_person(mention), conversation=mention.conversation_id or mention.id
            )
            reason, post = await self._answer(mention)
            if reason:
                log.info("mention %s is not answered: %s", mention.id, reason)
                await mentions.settle(self._name, mention.id, reason)
                return True
        assert post
        outcome = _outcome(post)
        if outcome:
            await mentions.settle(self._name, mention.id, outcome)
        return outcome is not None

    async def _answer(self, mention: XPost) -> tuple[str, Post | None]:
        """Returns why there is no answer, or the answer that was queued."""
        if reason := await self._why_not(mention):
            return reason, None
        voice = await self._voice(mention)
        if not voice:
            return "no voice", None
        try:
            said = as_context([mention.text], [mention.author.name] if mention.author else [])
            return "", await self._posting.answer(voice, in_reply_to=mention.id, key=self._key(mention), context=said)
        except NotEnoughDrafts:
            return "no draft", None
        except (UnknownModel, Usage, PostRefused):
            return "no voice", None

    async def _why_not(self, mention: XPost) -> str:
        """Returns why a mention gets no answer; empty if it gets one."""
        author, person = mention.author, _person(mention)
        if mention.author_id == (await self._account.me()).id:
            return "own"
        if "retweeted" in mention.referenced:
            return "retweet"
        if says_stop(mention.text):
            await self._store.consent.opt_out(person, "replies")
            return "stop"
        if await self._store.consent.opted_out(person, "replies") or await self._store.consent.buried(person):
            return "opted out"
        if author is None or looks_like_a_bot(author):
            return "bot"
        if comparable(author.handle) in {comparable(handle) for handle in self._settings.never_reply_to}:
            return "excluded"
        if mention.created_at and self._clock() - mention.created_at > MAX_AGE:
            return "old"
        return await self._cap(mention, person)

    async def _cap(self, mention: XPost, person: str) -> str:
        mentions, today = self._store.x_mentions, self._clock() - timedelta(days=1)
        if await mentions.answered(self._name, since=today, author=person) >= self._settings.replies_per_author_a_day:
            return "author cap"
        thread = mention.conversation_id or mention.id
        ever = self._clock() - timedelta(days=3_650)
        if await mentions.answered(self._name, since=ever, conversation=thread) >= self._settings.replies_per_thread:
            return "thread cap"
        return ""

    async def _voice(self, mention: XPost) -> VoiceName:
        """Returns the first voice that the mention names, or the one in the settings."""
        voices = {str(voice): voice for voice in await self._voices()}
        words = (comparable(word.strip(".,!?:;")) for word in mention.text.split())
        return next((voices[word] for word in words if word in voices), self._settings.voice)

    def _key(self, mention: XPost) -> str:
        return f"reply:{self._name}:{mention.id}"


def says_stop(text: str) -> bool:
    """Returns True if somebody wants no more answers: "stop" or the like stands first, or is one of a few words."""
    words = _CALL.sub(" ", text).split()
    stop = _STOP.search(" ".join(words))
    return stop is not None and (stop.start() == 0 or len(words) <= SHORT_WORDS)


def looks_like_a_bot(author: XUser) -> bool:
    """Returns True if an account calls itself automated in its names or description. X's API does not say so."""
    return author.handle.lower().endswith("bot") or bool(_BOT.search(f"{author.name} {author.description}"))


def _person(mention: XPost) -> str:
    return f"x:{mention.author_id}"


def _outcome(post: Post) -> str | None:
    """Returns what became of an answer, or None while that is not certain."""
    return {"sent": "answered", "failed": "failed", "rejected": "rejected"}.get(post.state)
