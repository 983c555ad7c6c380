"""`--check --online`: one line for each thing that the bot needs, and what to do about those that are wrong.

Each check has a deadline, and all of them run at once. Nothing is changed anywhere.

Knows the checks and their order. Does not know how anything is checked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from bot.app.checkup import far_ends, machine
from bot.app.checkup.asking import Asking
from bot.check import check
from bot.core.config import BlueskySettings, Config, MastodonSettings, XSettings
from huggingtweets.core.errors import Spoken

FOUND_FAULTS = 76  # the exit code if something is wrong
SECONDS = 15.0
IMPORT_SECONDS = 120.0  # torch, on a busy machine

Check = Callable[[], Awaitable[str]]  # raises what is wrong, with what to do


@dataclass(frozen=True)
class Finding:
    """What one check has found."""

    part: str
    said: str
    is_fault: bool = False

    def __str__(self) -> str:
        return f"{'FAULT' if self.is_fault else 'ok':<6}{self.part}: {self.said}"


async def check_up(config: Config, config_file: Path | None) -> list[Finding]:
    """Check everything that the settings turn on."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        asking = Asking(session)
        checks: dict[str, tuple[float, Check]] = {
            "settings and models": (SECONDS, lambda: asyncio.to_thread(_settings, config, config_file)),
            "discord": (SECONDS, lambda: far_ends.discord(asking, config.discord)),
            **{part: (SECONDS, check) for part, check in _accounts(config, asking)},
            "bluesky": (SECONDS, lambda: far_ends.bluesky(asking, config.collecting)),
            "hub": (SECONDS, lambda: far_ends.hub(asking, config.publishing)),
            "device": (IMPORT_SECONDS, lambda: asyncio.to_thread(machine.device, config.generation)),
            "disk": (SECONDS, lambda: asyncio.to_thread(machine.disk, config.storage)),
            "database": (SECONDS, lambda: machine.database(config.database_url)),
        }
        findings = [_finding(part, seconds, check) for part, (seconds, check) in checks.items()]
        return [*await asyncio.gather(*findings), await _finding("clock", SECONDS, lambda: far_ends.clock(asking))]


async def _finding(part: str, seconds: float, check: Check) -> Finding:
    try:
        async with asyncio.timeout(seconds):
            return Finding(part, await check())
    except TimeoutError:
        return Finding(part, f"no answer within {seconds:g} s; see whether it runs, and check the network.", True)
    except (Spoken, OSError) as error:
        return Finding(part, str(error), True)


def _accounts(config: Config, asking: Asking) -> Iterator[tuple[str, Check]]:
    """The accounts to post as: the first of each network has its name, all others that of their account, too."""
    for settings in config.accounts:
        more = "" if settings in (config.x, config.bluesky, config.mastodon) else f" {settings.account}"
        match settings:
            case XSettings():
                yield f"x{more}", partial(far_ends.x, settings)
            case BlueskySettings():
                yield f"bluesky account{more}", partial(far_ends.bluesky_account, asking, settings)
            case MastodonSettings():
                yield f"mastodon{more}", partial(far_ends.mastodon_account, asking, settings)


def _settings(config: Config, config_file: Path | None) -> str:
    return "; ".join(check(config, config_file).splitlines())
