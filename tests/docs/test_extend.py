"""A source, a check, a destination and a family of models, each added in fewer than 40 lines.

docs/extend.md shows the parts between the marks. So what it shows works.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest
import torch
from aiohttp import web

from bot.core.config import BlueskySettings
from bot.posts.place import Place
from bot.store import Store
from bot.store.posts.engagement import Counts
from bot.store.posts.outbox import Post
from huggingtweets.api.learning import read_remote
from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.config.user_folders import CHECKOUT
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text.dates import moment
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.writer import Writer
from huggingtweets.model.families import ARCHITECTURES, FAMILIES, Description
from huggingtweets.model.families.llama import LlamaConfig, described
from huggingtweets.remote.upstream import InDoubt, Patience
from huggingtweets.sources import remote_sources
from huggingtweets.sources.networks.handles import bare_handle
from huggingtweets.sources.networks.network import Gathered, Means, Source
from huggingtweets.sources.remote_sources import Collector, parse_origin
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.databases import sqlite_in
from tests.bot.posting_parts import Time
from tests.bot.posts.elsewhere import AT_ONCE, Elsewhere
from tests.huggingtweets.model.tiny_models import ours

MOST_LINES = 40
DOCUMENT = CHECKOUT / "docs" / "extend.md"
PARTS = re.findall(r"# --8<-- \[start:(\w+)\]\n(.*?)# --8<-- \[end:\1\]", Path(__file__).read_text(), re.DOTALL)


def test_each_takes_fewer_than_40_lines() -> None:
    shown = re.findall(r'^--8<-- "tests/docs/test_extend.py:(\w+)"$', DOCUMENT.read_text(), re.MULTILINE)
    assert shown == [name for name, _ in PARTS] == ["source", "check", "destination", "family"]
    assert [name for name, code in PARTS if len(code.strip().splitlines()) >= MOST_LINES] == []


# --8<-- [start:source]
class JsonFeed:
    """The posts of a JSON Feed: https://jsonfeed.org. `feed:example.org` is read at example.org/feed.json."""

    name: ClassVar[str] = "feed"
    address: ClassVar[str] = "https://{}/feed.json"

    def __init__(self, means: Means):
        self._kept, self._patience = means.kept, means.patience

    @staticmethod
    def parse_handle(text: str) -> str:
        return bare_handle(text, "feed", ()).lower()

    async def read(self, name: str, handle: str) -> Gathered:
        feed = await self._patience.insist(lambda: self._asked(handle))
        source = Source(self.name, handle)
        tweets = tuple(
            Tweet(item["id"], item["content_text"], moment(item.get("date_published")), source=str(source))
            for item in feed["items"]
        )
        there = {tweet.id for tweet in await self._kept.tweets(name, source)}
        new = await self._kept.merge(name, Collected(Account(name, feed["title"]), tweets))
        dropped = await self._kept.drop(name, there - {tweet.id for tweet in tweets})
        await self._kept.mark_checked(name, source)
        return Gathered(new, dropped)

    async def read_on(self, name: str, source: Source) -> Gathered:
        return await self.read(name, source.id)

    async def check(self, name: str, source: Source, *, at_any_price: bool = False) -> int:
        return (await self.read_on(name, source)).dropped

    def shortfall(self) -> str:
        return ""  # looking costs nothing, so deletions are seen in time

    async def _asked(self, handle: str) -> Any:
        async with aiohttp.ClientSession() as session, session.get(self.address.format(handle)) as answer:
            return await answer.json()


# --8<-- [end:source]


async def test_a_source_is_read_and_what_is_gone_there_goes(
    tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [{"id": str(number), "content_text": f"post number {number}"} for number in range(3)]

    async def feed(_: web.Request) -> web.Response:
        return web.json_response({"title": "Ann", "items": items})

    app = web.Application()
    app.router.add_get("/feed.json", feed)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    monkeypatch.setattr(remote_sources, "NETWORKS", (*remote_sources.NETWORKS, JsonFeed))
    monkeypatch.setattr(JsonFeed, "address", "http://{}:" + str(port) + "/feed.json")
    try:
        origin = parse_origin("feed:127.0.0.1")
        assert origin
        collector = Collector(tiny_settings, patience=Patience(attempts=1))
        assert await collector.collect("ann", [origin]) == Gathered(new=3)
        assert await asyncio.to_thread(read_remote, VoiceName("ann"), ["feed:127.0.0.1"], tiny_settings, print) == []
        assert collector.due(datetime.now(UTC) + timedelta(days=1)) == ["ann"]
        del items[0]
        assert await collector.check("ann") == 1
    finally:
        await runner.cleanup()
    assert [tweet.text for tweet in TweetStore(tiny_settings.tweets).tweets("ann")] == [
        "post number 1",
        "post number 2",
    ]


# --8<-- [start:check]
class NoQuestions:
    """A tweet asks nothing."""

    def __call__(self, text: str) -> str | None:
        return "a question" if "?" in text else None


# --8<-- [end:check]


class NoRockets:
    """The made-up tweets of these tests have no question, but rockets."""

    def __call__(self, text: str) -> str | None:
        return "a rocket" if "🚀" in text else None


async def test_a_check_holds_for_every_tweet(
    trained: tuple[Settings, Outcome], tiny_generation: GenerationSettings
) -> None:
    version = trained[1].version
    async with Engine(tiny_generation) as engine:
        free = await Writer(engine).write(version, "the crew", count=50)
        held = await Writer(engine, [NoQuestions(), NoRockets()]).write(version, "the crew", count=20)
    assert any("🚀" in text for text in free.texts)
    assert held.texts
    assert not any("?" in text or "🚀" in text for text in held.texts)
    assert NoQuestions()("is it so?") == "a question"


# --8<-- [start:destination]
class Paper:
    """A file as a network: a line a post. The number of a line is the post's id there."""

    def __init__(self, file: Path):
        self._file = file

    async def ready(self) -> None:
        self._file.touch()  # a real network asks here whose account it is, and if it says that an AI writes there

    async def post(self, post: Post) -> str:
        lines = self._lines()
        self._file.write_text("".join(f"{line}\n" for line in [*lines, json.dumps([post.id, post.text])]))
        return str(len(lines))

    async def made(self, posts: Sequence[Post], since_id: str) -> Mapping[int, str]:
        numbers = {json.loads(line)[0]: str(place) for place, line in enumerate(self._lines())}
        return {post.id: numbers[post.id] for post in posts if post.id in numbers}

    async def engagement(self, ids: Sequence[str]) -> Mapping[str, Counts]:
        return {}  # nobody can like a line of a file

    def _lines(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []


# --8<-- [end:destination]


class Torn(Paper):
    """It writes, and then does not say so."""

    async def post(self, post: Post) -> str:
        await super().post(post)
        raise InDoubt("Paper", "it did not answer")


async def test_a_destination_gets_each_post_once_also_if_it_does_not_say_so(tmp_path: Path) -> None:
    file, time = tmp_path / "paper.jsonl", Time()
    settings = BlueskySettings(**AT_ONCE | {"account": "ann.example"})
    async with Store(sqlite_in(tmp_path), time) as store:
        parts = Elsewhere(Place("Paper", "paper:ann"), settings, store, time, account=Paper(file))
        await parts.queued("a fine day", "gulls over the pier")
        await parts.steps()
        assert set((await parts.states()).values()) == {"sent"}
        torn = Elsewhere(Place("Paper", "paper:ann"), settings, store, time, account=Torn(file))
        await torn.queued("the fog came in")
        for _ in range(3):
            await torn.steps()
            time.pass_by(minutes=10)
        assert set((await torn.states()).values()) == {"sent"}
    written = [json.loads(line)[1] for line in file.read_text().splitlines()]
    assert sorted(written) == ["a fine day", "gulls over the pier", "the fog came in"]


# --8<-- [start:family]
def describe_mistral(config: Mapping[str, Any]) -> Description:
    """Reads a config.json of model_type mistral: Llama's shape without any biases."""
    settings = LlamaConfig.model_validate({"max_position_embeddings": 131_072, **config})
    if config.get("sliding_window"):
        settings = settings.model_copy(update={"use_sliding_window": True})  # which is refused
    return described(config, settings, biases=frozenset())


# --8<-- [end:family]


def test_a_family_computes_what_transformers_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "mistral", describe_mistral)
    monkeypatch.setitem(ARCHITECTURES, "mistral", "MistralForCausalLM")
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        "mistral", vocab_size=307, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, max_position_embeddings=96, sliding_window=None,
    )  # fmt: skip
    torch.manual_seed(1)
    theirs = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    tokens = torch.randint(0, 307, (2, 20))
    with torch.no_grad():
        assert torch.allclose(ours(theirs)(tokens), theirs(tokens).logits, atol=1e-5)
