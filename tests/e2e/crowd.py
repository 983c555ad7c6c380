"""People who ask the bot for all sorts of things in all sorts of places, and what they get.

Whose turn it is decides what they ask for, so every run asks for the same. Which of them is answered first is chance.

Knows the fake Discord. Does not know the bot's process, or which answers are good.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simcord.backend.models import Message
from simcord.enums import ChannelType

from tests.fakes.discord_server import DiscordServer

ANSWER_SECONDS = 300.0  # beside busy processes
LANGUAGES = ("de", "fr", "es-ES", "ja", "pt-BR")
WRONG = "Something went wrong"
READ = "I have read what you wrote before"
MEMBERS_WORDS = ("the red dust", "a quiet moon", "no wind at all")  # what each of them wrote before they joined
Asked = dict[str, Any] | Message


def places(server: DiscordServer) -> dict[str, int]:
    """Channels of other kinds than the first one, by what they are."""
    backend, guild = server.backend, server.guild_id
    thread = backend.create_thread(server.channel_id, "about the fog", server.ann.id)
    forum = backend.create_channel(guild, "questions", type=ChannelType.FORUM)
    post = backend.create_thread(forum.id, "is it *thick*?", server.ann.id, broadcast=False)
    backend.announce_thread_create(post)
    kinds = {"voice chat": ChannelType.VOICE, "stage": ChannelType.STAGE_VOICE, "announcements": ChannelType.NEWS}
    others = {name: backend.create_channel(guild, name.replace(" ", "-"), type=kind) for name, kind in kinds.items()}
    return {"thread": thread.id, "post": post.id} | {name: channel.id for name, channel in others.items()}


@dataclass
class Crowd:
    """At most one question of each person waits for its answer, so an answer that names a person is theirs."""

    server: DiscordServer
    voices: Sequence[str]
    users: list[int]
    places: dict[str, int]
    shown: Message | None = None  # an answer with buttons, which everybody clicks
    asked: list[tuple[str, Asked]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    turns: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def ways(self) -> list[Callable[[int, str], Awaitable[object]]]:
        """Everything that somebody does, each with the person and a voice."""
        answers = [self.mention, self.chain, self.in_another_channel, self.direct_message]
        commands = [self.tweetlike, self.reply, self.scene, self.in_private, self.brought_along, self.unknown]
        menus = [self.reply_as, self.continue_as]
        buttons = [self.again, self.up, self.down]
        looking = [self.models, self.voice, self.help_in_their_language]
        deciding = [self.opt_out_and_in, self.past_and_leave]
        return [*answers, *commands, *menus, *buttons, *looking, *deciding, self.tweetlike, self.in_another_channel]

    async def begin(self) -> None:
        """Somebody gets the answer whose buttons everybody clicks."""
        self.shown = await self.answered("tweetlike", self.server.slash("tweetlike", user=self.voices[0]))

    async def one(self, number: int, turn: asyncio.Semaphore) -> None:
        """Do what it is the turn of, in turn with others."""
        async with turn:
            if number % 200 == 199:
                await self.server.drop()
            by, way = self.users.pop(0), self.ways[number % len(self.ways)]
            # After such a message the bot may speak by itself.
            self.server.backend.create_message(self.server.channel_id, by, f"what a day <@{by}>")
            await way(by, self.voices[number % len(self.voices)])
            self.users.append(by)

    async def answered(self, kind: str, asked: Asked) -> Message | None:
        """Wait for the last message of the answer. The gateway sends every third question again."""
        self.kinds[kind] += 1
        self.asked.append((kind, asked))
        started = time.monotonic()
        if len(self.asked) % 3 == 0:
            if isinstance(asked, Message):
                self.server.backend.announce_message_create(asked)
            else:
                self.server.backend.emit("INTERACTION_CREATE", asked)
        while not (answers := self.answers(asked)):
            if time.monotonic() - started > ANSWER_SECONDS:
                self.silent.append(f"{kind}: {asked}")
                return None
            await asyncio.sleep(0.02)
        self.seconds.append(time.monotonic() - started)
        return answers[-1]

    def answers(self, asked: Asked) -> list[Message]:
        """The answers to an interaction, or to a message, also those that came in another way."""
        server = self.server
        if not isinstance(asked, Message):
            return server.answers(asked) or server.called_out(asked)
        private = server.said(server.direct(asked.author_id).channel)
        told = [one for one in private if one.id > asked.id and asked.channel_id != one.channel_id]
        replies = [one for one in server.said(asked.channel_id) if _replied_to(one) == asked.id]
        return replies or told[:1]

    def repeated(self) -> list[str]:
        """What was answered twice, or in the same words twice."""
        twice = []
        for kind, asked in self.asked:
            answers = self.answers(asked)
            said = [str(one.embeds) for one in answers if one.embeds]
            if len(said) > len(set(said)) or (isinstance(asked, Message) and len(answers) > 1):
                twice.append(kind)
        return twice

    # in words

    def _write(self, by: int, text: str, channel: int = 0, *, to: Message | None = None) -> Message:
        reference = {"message_id": str(to.id), "channel_id": str(to.channel_id)} if to else None
        backend, me = self.server.backend, f"<@{self.server.backend.bot_user.id}>"
        return backend.create_message(channel or self.server.channel_id, by, text.format(me=me), reference=reference)

    async def mention(self, by: int, voice: str) -> Message | None:
        return await self.answered("mention", self._write(by, f"{{me}} {voice} is the **fog** thick, @everyone?"))

    async def chain(self, by: int, voice: str) -> None:
        first = await self.answered("mention", self._write(by, f"{{me}} {voice} what do you see?"))
        if first and first.embeds:  # what says that something went wrong is not gone on with
            await self.answered("chain", self._write(by, "and then?", to=first))

    async def in_another_channel(self, by: int, voice: str) -> None:
        kinds = list(self.places)
        kind = kinds[next(self.turns) % len(kinds)]
        await self.answered(kind, self._write(by, f"{{me}} {voice} what is it?", self.places[kind]))

    async def direct_message(self, by: int, voice: str) -> None:
        await self.answered("direct message", self._write(by, f"{voice} hello", self.server.direct(by).channel))

    # by commands

    async def _slash(self, kind: str, command: str, by: int, /, **options: Any) -> Message | None:
        return await self.answered(kind, self.server.slash(command, by=by, **options))

    async def tweetlike(self, by: int, voice: str) -> None:
        await self._slash("tweetlike", "tweetlike", by, user=voice, count=1 + self.kinds["tweetlike"] % 3)

    async def reply(self, by: int, voice: str) -> None:
        await self._slash("reply", "reply", by, user=voice, to="is the fog thick, @somebody?")

    async def scene(self, by: int, voice: str) -> None:
        other = self.voices[self.voices.index(voice) - 1]
        await self._slash("scene", "scene", by, a=voice, b=other, topic="fog", lines=3)

    async def in_private(self, by: int, voice: str) -> None:
        await self._slash("in private", "tweetlike", by, where=self.server.direct(by), user=voice)

    async def brought_along(self, by: int, voice: str) -> None:
        await self._slash("brought along", "tweetlike", by, where=self.server.brought(by), user=voice, count=5)

    async def unknown(self, by: int, voice: str) -> None:
        await self._slash("unknown", "tweetlike", by, user=f"nobody_like_{voice}")

    async def models(self, by: int, voice: str) -> None:
        await self._slash("models", "models", by)

    async def voice(self, by: int, voice: str) -> None:
        await self._slash("voice", "voice", by, name=voice)

    async def help_in_their_language(self, by: int, voice: str) -> None:
        locale = LANGUAGES[self.kinds["help"] % len(LANGUAGES)]
        told = await self._slash("help", "help", by, locale=locale)
        if told:
            assert "Invite me" not in str(told.embeds), locale

    # by what is shown

    async def reply_as(self, by: int, voice: str) -> None:
        await self._in_menu("Reply as ...", by, voice)

    async def continue_as(self, by: int, voice: str) -> None:
        await self._in_menu("Continue this as ...", by, voice)

    async def _in_menu(self, entry: str, by: int, voice: str) -> None:
        written = self._write(by, "the fog is *thick* today")
        asked = await self.answered(entry, self.server.menu(entry, written, by=by))
        if asked and asked.components:
            await self.answered("choice", self.server.choose(asked, "continue:voice", voice, by=by))

    async def again(self, by: int, voice: str) -> None:
        await self._click("again", "tweets:again", by)

    async def up(self, by: int, voice: str) -> None:
        await self._click("up", "tweets:up", by)

    async def down(self, by: int, voice: str) -> None:
        await self._click("down", "tweets:down", by)

    async def _click(self, kind: str, button: str, by: int, message: Message | None = None) -> Message | None:
        clicked = message or self.shown
        assert clicked
        return await self.answered(kind, self.server.click(clicked, button, by=by))

    # about themselves

    async def opt_out_and_in(self, by: int, voice: str) -> None:
        await self._slash("optout", "optout", by)
        for _ in range(3):  # it may be lost on its way, and then that is told
            back = await self._slash("optin", "optin", by)
            if back and WRONG not in back.content:
                return

    async def past_and_leave(self, by: int, voice: str) -> None:
        question = await self._slash("join past", "join", by, past=True)
        if not question or not question.components:
            return
        private = self.server.direct(by).channel  # where it is told if the answer cannot be changed any more

        events: list[dict[str, Any]] = []

        def told() -> str:
            answers = [one for event in events for one in self.server.answers(event)]
            later = [one for one in self.server.said(private) if one.id > int(events[0]["id"])]
            return str([one.content for one in (*answers, *later)])

        # A click may be lost on its way. Then that is told, and people click again.
        for number in range(1, 4):
            events.append(self.server.click(question, "join:past", by=by))
            await self.answered("agreed", events[-1])
            await self.server.until(lambda number=number: READ in told() or told().count(WRONG) == number)
            if READ in told():
                break
        assert f"{len(MEMBERS_WORDS)} of yours kept to learn from" in told(), told()
        for _ in range(3):
            leave = await self._slash("leave", "leave", by)
            left = await self._click("left", "leave:yes", by, leave) if leave and leave.components else None
            if left and "everything learned from" in left.content:
                return


def _replied_to(message: Message) -> int:
    return int((message.reference or {}).get("message_id") or 0)
