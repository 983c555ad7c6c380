"""Answers to people who mention the account: one answer a mention, within caps, and none after "stop" or "forget me".

Mentions are taken one after the other, so the caps count real answers. The position in the stream moves past a mention
only when its answer was sent, or when it is certain that there will be none.

Knows the rules. Does not know networks, how an answer is drawn (`Posting` does that) or sent (the outbox does).
"""

import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Unpack

from bot.core.errors import PostRefused, told
from bot.posts.place_loop import LoopParts, PlaceLoop
from bot.store.people.strangers import answer_key
from bot.store.posts.outbox import Post
from huggingtweets.core.errors import NotEnoughDrafts, UnknownModel, Usage
from huggingtweets.core.people.names import VoiceName, comparable
from huggingtweets.remote.upstream import BadCredentials, Forbidden, OutOfCredit
from huggingtweets.tweets.learned.clean import as_context

log = logging.getLogger(__name__)

STREAM = "mentions"
SETTLE_SECONDS = 1.0  # between looks whether an answer was sent
MAX_AGE = timedelta(days=1)  # older mentions get no answer: it would surprise people
SHORT_WORDS = 6  # among more words than this a "stop" may mean something else
_CALL = re.compile(r"[@＠]\w+")
_STOP = re.compile(r"\b(?:stop|unsubscribe|opt ?out|no more|go away|leave me alone)\b", re.IGNORECASE)
_FORGET = re.compile(r"\b(?:forget me|delete (?:me|my data|everything about me))\b", re.IGNORECASE)
_BOT = re.compile(r"\b(?:bot|automated|auto-?reply)\b", re.IGNORECASE)

ListVoices = Callable[[], Awaitable[Sequence[VoiceName]]]


@dataclass(frozen=True, slots=True)
class Author:
    """Who mentions the account. `person` is their name across networks, such as `x:12`.

    `is_bot` is what the network itself says; where it says nothing, names and description tell.
    """

    person: str
    handle: str
    name: str = ""
    description: str = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A post that mentions the account. `position` is where it stands in the stream of mentions.

    `why_not` says why it gets no answer where the network tells that, such as "own" or "retweet". The author is None
    if they are unknown or suspended.
    """

    id: str
    position: str
    person: str
    author: Author | None
    text: str
    conversation: str
    created_at: datetime | None = None
    why_not: str = ""


class Mentioned(Protocol):
    """An account that can be asked for its mentions. Both raise the errors of `upstream`, or `OverBudget`."""

    async def newest_position(self) -> str:
        """Returns the position after which all later mentions stand."""
        ...

    async def mentions(self, position: str) -> list[Mention]:
        """Returns the mentions after a position, the oldest first. Some may have been there at an earlier look."""
        ...


class AnsweredMentions(PlaceLoop):
    """Answers the mentions of one account, one after the other."""

    what = "mentions"

    def __init__(self, account: Mentioned, voices: ListVoices, **parts: Unpack[LoopParts]):
        super().__init__(**parts)
        self._account = account
        self._voices = voices
        self._waiting: deque[Mention] = deque()

    @property
    def idle_seconds(self) -> float:
        return self._settings.mentions_seconds

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
        await self._store.mentions.move(self._name, STREAM, self._waiting.popleft().position)
        return 0

    async def _look(self) -> None:
        position = await self._store.mentions.position(self._name, STREAM)
        try:
            if position is None:
                # At the very first look: mentions from before are left alone.
                await self._store.mentions.move(self._name, STREAM, await self._account.newest_position())
                return
            self._waiting.extend(await self._account.mentions(position))
        except (BadCredentials, OutOfCredit, Forbidden) as error:
            await self._posting.pause_by_network(told(error))

    async def _is_done(self, mention: Mention) -> bool:
        """Returns True if nothing is left to do about a mention. If it should have an answer, that is queued first."""
        mentions = self._store.mentions
        state = await mentions.state(self._name, mention.id)
        if state not in (None, "taken"):
            return True
        post = await self._store.posts.by_key(self._key(mention))
        if not post:
            author = await self._author_to_keep(mention)
            await mentions.take(self._name, mention.id, author=author, conversation=mention.conversation)
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

    async def _author_to_keep(self, mention: Mention) -> str:
        """Returns who wrote a mention; empty if they were forgotten, be it that they ask for that now."""
        person = mention.person
        if not mention.why_not and says_forget(mention.text):
            await self._store.forgetting.person(person, person)
        return "" if await self._store.consent.buried(person) else person

    async def _answer(self, mention: Mention) -> tuple[str, Post | None]:
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

    async def _why_not(self, mention: Mention) -> str:
        """Returns why a mention gets no answer; empty if it gets one."""
        author, person = mention.author, mention.person
        if mention.why_not:
            return mention.why_not
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

    async def _cap(self, mention: Mention, person: str) -> str:
        mentions, today = self._store.mentions, self._clock() - timedelta(days=1)
        if await mentions.answered(self._name, since=today, author=person) >= self._settings.replies_per_author_a_day:
            return "author cap"
        ever = self._clock() - timedelta(days=3_650)
        in_thread = await mentions.answered(self._name, since=ever, conversation=mention.conversation)
        if in_thread >= self._settings.replies_per_thread:
            return "thread cap"
        return ""

    async def _voice(self, mention: Mention) -> VoiceName:
        """Returns the first voice that the mention names, or the one in the settings."""
        voices = {str(voice): voice for voice in await self._voices()}
        words = (comparable(word.strip(".,!?:;")) for word in mention.text.split())
        return next((voices[word] for word in words if word in voices), self._settings.voice)

    def _key(self, mention: Mention) -> str:
        return answer_key(self._name, mention.id)


def says_stop(text: str) -> bool:
    """Returns True if somebody wants no more answers: "stop" or the like stands first, or is one of a few words."""
    words = _CALL.sub(" ", text).split()
    stop = _STOP.search(" ".join(words))
    return stop is not None and (stop.start() == 0 or len(words) <= SHORT_WORDS)


def says_forget(text: str) -> bool:
    """Returns True if somebody wants to be forgotten: they say that, and hardly anything else."""
    words = _CALL.sub(" ", text).split()
    return len(words) <= SHORT_WORDS and _FORGET.search(" ".join(words)) is not None


def looks_like_a_bot(author: Author) -> bool:
    """Returns True if the network says that an account is a bot, or its names or description say so."""
    return (
        author.is_bot
        or author.handle.lower().endswith("bot")
        or bool(_BOT.search(f"{author.name} {author.description}"))
    )


def _outcome(post: Post) -> str | None:
    """Returns what became of an answer, or None while that is not certain."""
    return {"sent": "answered", "failed": "failed", "rejected": "rejected"}.get(post.state)
