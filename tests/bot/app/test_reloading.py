"""Settings that are read again: what can change does, what cannot is named, and wrong ones change nothing."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app.reloading import Reloading
from bot.core.config import Config, LimitsSettings
from bot.core.errors import TooOften
from bot.core.process.live_settings import LIVE, difference
from bot.people.limits import Limits
from bot.posts.budget import Budget
from bot.store import Store
from huggingtweets.core.errors import Misconfigured
from huggingtweets.generation.engine.rows import Sampling
from tests.bot.databases import sqlite_in

BEFORE = """
[x]
monthly_budget_usd = 5.0
[limits]
requests_per_minute = 2
[[schedule]]
name = "a"
action = "post"
every_minutes = 5
"""


@dataclass
class Bot:
    """What a bot makes of its settings, as far as it matters here."""

    file: Path
    config: Config
    store: Store
    limits: Limits
    reloading: Reloading

    def write(self, text: str) -> None:
        self.file.write_text(text)


@pytest.fixture
async def bot(tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_text(BEFORE)
    config = Config.load(file, {}).model_copy(deep=True)
    async with Store(sqlite_in(tmp_path)) as store:
        await store.schedules.seed([entry.schedule for entry in config.schedule])
        limits = Limits(config.limits, store.pauses)
        reloading = Reloading(config, file, store.schedules, lambda config: limits.follow(config.limits))
        yield Bot(file, config, store, limits, reloading)


async def test_what_can_change_holds_at_once_and_the_rest_is_named(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    budget = Budget(bot.store.posts, "a", bot.config.x, bot.store.posts._clock)
    bot.write(
        "[x]\nmonthly_budget_usd = 9.0\ntimeout_seconds = 30.0\n[limits]\nrequests_per_minute = 3\nchain = 7\n"
        '[generation]\ntemperature = 0.5\n[[schedule]]\nname = "b"\naction = "post"\nevery_minutes = 5\n'
    )
    with caplog.at_level(logging.INFO):
        found = await bot.reloading.reload()
    assert set(found.now) == {
        "[x] monthly_budget_usd", "[limits] requests_per_minute", "[generation] temperature", "[[schedule]]"
    }  # fmt: skip
    assert set(found.after_a_restart) == {"[x] timeout_seconds", "[limits] chain"}
    assert budget.limit == 9_000_000
    assert Sampling.of(bot.config.generation).temperature == 0.5
    assert (bot.config.x.timeout_seconds, bot.config.limits.chain) == (20.0, 20)
    assert [schedule.name for schedule in await bot.store.schedules.all()] == ["b"]
    assert "these settings hold after a restart only: [limits] chain, [x] timeout_seconds" in caplog.text
    assert "requests_per_minute = 3" not in caplog.text


async def test_who_has_asked_already_has_asked_already(bot: Bot) -> None:
    for _ in range(2):
        await bot.limits.count("discord:1")
    bot.write(BEFORE.replace("requests_per_minute = 2", "requests_per_minute = 3"))
    await bot.reloading.reload()
    await bot.limits.count("discord:1")
    with pytest.raises(TooOften):
        await bot.limits.count("discord:1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[limits]\nrequests_per_minute = 0\n", "requests_per_minute"),
        ("[limits\n", "not valid TOML"),
        ("[x]\nconsumer_key = 'secret'\n", "does not belong in a file"),
        ("[nothing]\n", "nothing"),
    ],
)
async def test_wrong_settings_change_nothing_and_say_why(
    bot: Bot, text: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = bot.config.model_dump()
    bot.write(text)
    with pytest.raises(Misconfigured, match=why):
        await bot.reloading.reload()
    await bot.reloading.try_to_reload()
    assert "the settings stay as they were: " in caplog.text
    assert bot.config.model_dump() == before
    assert [schedule.name for schedule in await bot.store.schedules.all()] == ["a"]


async def test_the_log_level_follows(bot: Bot) -> None:
    root = logging.getLogger()
    before = root.level
    try:
        bot.write(BEFORE + '[bot]\nlog_level = "ERROR"\n')
        await bot.reloading.reload()
        assert root.level == logging.ERROR
    finally:
        root.setLevel(before)


def test_every_setting_that_changes_is_there_and_no_other_configuration_changes_with_it(tmp_path: Path) -> None:
    for section, keys in LIVE.items():
        assert keys <= set(type(getattr(Config(), section)).model_fields), section
    (tmp_path / "config.toml").write_text("[limits]\nstrikes = 9\n")
    loaded = Config.load(tmp_path / "config.toml", {})
    assert difference(Config(), loaded).now[:1] == ("[limits] strikes",)
    assert LimitsSettings().strikes == 5


def test_settings_that_could_make_a_post_twice_wait_for_a_restart() -> None:
    """A post in doubt must be older than the time that its request may take, and that is fixed at the start."""
    assert not {"settle_seconds", "timeout_seconds", "dry_run", "account", "ai_label"} & LIVE["x"]
