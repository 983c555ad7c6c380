"""Tweets for the commands of whoever runs the bot: they need not load the models that the bot has in memory.

The answer is what the command itself would draw or refuse. In addition it holds what only the bot's database knows: who
has opted out. Whoever has the token can read the bot's data, so no limit holds for them.

Knows voices, consent and the writer. Does not know how the question comes.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from bot.core.errors import BotError
from bot.people.willing import Willing
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import BadData, Busy, EngineDead, NotNow, PipelineError
from huggingtweets.core.people.names import BlendName
from huggingtweets.generation.asking import Answer, Question, drawing_key
from huggingtweets.generation.writer import Tweets, Writer
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.blend import find_voice
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.learned.clean import what_to_answer

OPERATOR = "operator"


class CommandLine:
    """Answers the questions of `huggingtweets generate`. The token is another one at each start of the bot."""

    def __init__(
        self,
        *,
        settings: Settings,
        registry: Registry,
        writer: Writer,
        willing: Willing,
        measured: Callable[[], AbstractContextManager[None]] = nullcontext,
    ):
        self._settings = settings
        self._registry = registry
        self._writer = writer
        self._willing = willing
        self._accounts = Accounts(settings)
        self._measured = measured
        self.token = secrets.token_urlsafe(32)

    def knows(self, token: str) -> bool:
        """Returns True if `token` is the one in the note of the bot. How long this takes tells nothing of it."""
        return secrets.compare_digest(token.encode(), self.token.encode())

    def draws_like(self, question: Question) -> bool:
        """Returns True if whoever asks has the settings that hold here now."""
        return question.settings == drawing_key(self._settings)

    async def answer(self, question: Question) -> Answer:
        """The tweets, or why there are none. Raises nothing that can be told."""
        try:
            with self._measured():
                tweets = await self._tweets(question)
        except (NotNow, Busy, EngineDead) as error:
            return Answer(refused=str(error), exit_code=error.exit_code, not_now=True)
        except PipelineError as error:
            return Answer(refused=str(error), exit_code=error.exit_code)
        except BotError as error:
            return Answer(refused=str(error), exit_code=BadData.exit_code)
        return Answer(
            texts=tweets.texts,
            name=str(tweets.name),
            version=tweets.version,
            seed=tweets.seed,
            shortfall=tweets.shortfall,
        )

    async def _tweets(self, question: Question) -> Tweets:
        name = BlendName.parse(question.name)
        await self._refuse_unwilling(name)
        voice = await asyncio.to_thread(find_voice, name, self._registry.current)
        context = await asyncio.to_thread(what_to_answer, question.reply_to)
        tweets = await self._writer.write(
            voice, question.prompt, question.count, question.options, person=OPERATOR, context=context
        )
        # Drawing takes a while. Meanwhile somebody may have withdrawn.
        await self._refuse_unwilling(name)
        return tweets

    async def _refuse_unwilling(self, name: BlendName) -> None:
        for voice in name.voices:
            await asyncio.to_thread(self._accounts.refuse, voice)
            await self._willing.refuse_to_learn(voice)
