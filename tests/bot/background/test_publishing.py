"""The bot publishes in a child process that gets one secret, also after a restart. A failure is told once."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from bot.background.publishing import Publishing, environment_for_the_hub
from bot.core.config import Config
from huggingtweets.publishing.publish import published, removals, want, wanted
from huggingtweets.remote.upstream import Patience
from huggingtweets.workflow.forgetting import forget
from tests.bot.conftest import Home
from tests.fakes.hub import WRITER, Hub, running_hub

SECRETS = {"HF_TOKEN": WRITER, "DISCORD_TOKEN": "d1sc0rd", "X_ACCESS_TOKEN_SECRET": "x", "WANDB_API_KEY": "w"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


@pytest.fixture
def config(home: Home, hub: Hub) -> Config:
    with home.config_file.open("a") as file:
        file.write(
            f'[publishing]\nenabled = true\nowner = "people"\nurl = "{hub.url}"\nattempts = 1\n[jobs]\nniceness = 0\n'
        )
    return Config.load(home.config_file, SECRETS)


class Heard(list[tuple[str, str]]):
    async def __call__(self, key: str, text: str) -> None:
        self.append((key, text))


@asynccontextmanager
async def publishing(
    config: Config, home: Home, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Publishing]:
    monkeypatch.setattr("bot.background.publishing.POLL_SECONDS", 0.05)
    environ = {"PATH": "/usr/bin", "OMP_NUM_THREADS": "1", **SECRETS}
    hasty = Patience(first_seconds=0.1, longest_seconds=0.1)
    async with Publishing(
        config=config, config_file=home.config_file, notice=heard, environ=environ, waits=hasty
    ) as running:
        yield running


async def until(true: Callable[[], object], seconds: float = 200) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


async def test_what_is_wanted_goes_to_the_hub_and_what_is_forgotten_goes_from_there(
    config: Config, home: Home, hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    models, heard = config.storage.models, Heard()
    want(models, "ann")  # as a process did that is dead now
    hub.fail("GET /api/whoami", 403, times=1)
    async with publishing(config, home, heard, monkeypatch):
        await until(lambda: not wanted(models))
        known = published(models, "ann")
        assert known
        assert hub.repositories["people/ann"].tags == {known.version: known.commit}
        hub.fail("DELETE /api/repos", 403, times=1)
        await asyncio.to_thread(forget, "ann", config)
        assert removals(models) == ["ann"], "the deletion of the folder is not the end of it"
        await until(lambda: not removals(models))
    assert hub.repositories == {}
    assert heard.pop()[1].startswith("ann was forgotten here, and is still on the Hub. I try again")
    ((key, text),) = heard
    assert key.startswith("publish:ann:")
    found = re.fullmatch(r"ann is not on the Hub\. I try again; whoever runs me .* why\. \((\w{6})\)", text)
    assert found
    assert f"refused {found[1]}: BotError: publish ann: The token may not write there (403" in caplog.text


async def test_leaving_ends_the_child_and_the_wish_stays(
    config: Config, home: Home, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(config.storage.models, "ann")
    async with publishing(config, home, Heard(), monkeypatch):
        await asyncio.sleep(0.5)
    assert wanted(config.storage.models) == ["ann"]
    assert hub.repositories == {}


def test_the_child_gets_the_hubs_token_and_no_other_secret(config: Config) -> None:
    given = environment_for_the_hub(config, {"HOME": "/home/me", **SECRETS})
    assert given == {"HOME": "/home/me", "HF_TOKEN": WRITER}
