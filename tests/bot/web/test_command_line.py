"""Commands on this machine ask the running bot: with the token of its note, and with the same settings alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.types import Message, Scope

from bot.people.willing import Willing
from bot.voices.command_line import CommandLine
from bot.web.application import guarded, routes
from bot.web.entry.roles import Roles
from bot.web.entry.sessions import Sessions
from huggingtweets.api.voice import Voice
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import NotNow
from huggingtweets.generation.asking import PATH, Answer, Question, drawing_key
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.writer import Writer
from huggingtweets.tweets.kept.unwilling import Unwilling
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.conftest import UseCases, settings_of
from tests.bot.web.conftest import ADDRESS, COOKIE, Page, opts_out


class Commands:
    """Asks as `huggingtweets generate` does."""

    def __init__(self, web: Page, line: CommandLine, settings: Settings):
        self.settings, self.line = settings, line
        self.app = guarded(
            routes(replace(web.parts, command_line=line)),
            hosts=["127.0.0.1"],
            cookie=COOKIE,
            sessions=Sessions(b"a key"),
            known=Roles(web.parts.users).known,
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ADDRESS, timeout=300)

    def question(self, **asked: object) -> str:
        return json.dumps({"settings": drawing_key(self.settings), "name": "ann", "count": 2, "seed": 5, **asked})

    async def status(self, question: str, **headers: str) -> int:
        return (await self.http.post(PATH, content=question, headers=self.bearer | headers)).status_code

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.line.token}"}

    async def answer(self, **asked: object) -> Answer:
        reply = await self.http.post(PATH, content=self.question(**asked), headers=self.bearer)
        assert reply.status_code == 200, reply.text
        *before, last = reply.text.splitlines()
        assert set(before) == {""}, "the bot says that it is at work"
        return Answer.model_validate_json(last)


@pytest.fixture
async def commands(web: Page, use_cases: UseCases, trained: tuple[Settings, Outcome]) -> AsyncIterator[Commands]:
    settings = trained[0].model_copy(update={"storage": settings_of(use_cases.home).storage})
    async with Engine(settings.generation) as engine:
        line = CommandLine(
            settings=settings,
            registry=web.registry,
            writer=Writer(engine),
            willing=Willing(web.parts.store, settings),
        )
        made = Commands(web, line, settings)
        async with made.http:
            yield made


async def test_the_bot_answers_what_the_command_would_draw_itself(commands: Commands) -> None:
    for asked in ({}, {"prompt": "our rover", "length": "longer"}, {"reply_to": "is it foggy?", "temperature": 0.7}):
        question = Question.model_validate_json(commands.question(**asked))
        drawn = await asyncio.to_thread(
            Voice.load("ann", config=commands.settings).draw,
            question.prompt,
            question.count,
            seed=question.seed,
            temperature=question.temperature,
            length=question.length,
            reply_to=question.reply_to,
        )
        answer = await commands.answer(**asked)
        assert answer.texts == drawn.texts
        assert (answer.name, answer.version, answer.seed) == ("ann", "v1", 5)


async def test_only_whoever_can_read_the_note_may_ask(commands: Commands) -> None:
    question = commands.question()
    for authorization in ("", "Bearer", "Bearer ", "Bearer x", commands.line.token, f"Basic {commands.line.token}"):
        assert await commands.status(question, Authorization=authorization) == 403
    assert await commands.status(question, **{"X-Forwarded-For": "192.0.2.7"}) == 403, "it came through a proxy"
    assert await commands.status(question, Origin="http://127.0.0.1:3000") == 403, "a page elsewhere asks"
    assert await commands.status(question) == 200


async def test_without_this_part_the_page_answers_nobody(web: Page, admin: httpx.AsyncClient) -> None:
    answer = await admin.post(PATH, content="{}", headers={"Authorization": "Bearer None"})
    assert answer.status_code == 403


async def test_other_settings_and_other_releases_are_refused(commands: Commands) -> None:
    generation = commands.settings.generation.model_copy(update={"temperature": 0.9})
    others = commands.settings.model_copy(update={"generation": generation})
    assert await commands.status(commands.question(settings=drawing_key(others))) == 409
    for question in ("", "[]", "{}", commands.question(new=1), commands.question(count="2")):
        assert await commands.status(question) == 422


async def test_a_refusal_is_the_commands_own_with_its_exit_code(commands: Commands) -> None:
    answer = await commands.answer(name="anm")
    assert (answer.exit_code, answer.not_now) == (69, False)
    assert "Did you mean ann?" in answer.refused
    for asked in ({"count": 51}, {"name": "x*ann"}, {"temperature": 7.0}, {"reply_to": "x" * 281}):
        assert (await commands.answer(**asked)).exit_code == 64


async def test_who_withdrew_is_not_drawn_for_commands_either(commands: Commands, web: Page) -> None:
    await opts_out(web, "ann")
    answer = await commands.answer()
    assert (answer.texts, answer.exit_code) == ((), 65)
    assert "does not want to be imitated" in answer.refused


async def test_who_was_forgotten_beside_the_tweets_is_not_drawn(commands: Commands) -> None:
    Unwilling(commands.settings.tweets).note_opted_out({"ann": frozenset({"x:@ann"})})
    assert (await commands.answer()).exit_code == 65


async def test_an_engine_that_cannot_draw_now_leaves_it_to_the_command(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise NotNow("I am being stopped; try again when I am back.")

    monkeypatch.setattr("huggingtweets.generation.engine.Engine.draw", refuse)
    assert (await commands.answer()).not_now


async def test_a_command_that_is_gone_draws_no_further(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def draw_for_ever(*_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr("bot.web.command_line.BEAT_SECONDS", 0.01)
    monkeypatch.setattr(CommandLine, "answer", draw_for_ever)
    body = [commands.question().encode()]

    async def receive() -> Message:
        if body:
            return {"type": "http.request", "body": body.pop()}
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 7860),
        "headers": [(b"host", b"127.0.0.1:7860"), (b"authorization", commands.bearer["Authorization"].encode())],
    }
    await commands.app(scope, receive, send)
    assert ended.is_set()


async def test_a_fault_of_the_bot_is_one_sentence(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(CommandLine, "answer", fail)
    answer = await commands.answer()
    assert (answer.exit_code, "secret" in answer.refused) == (70, False)
