"""`--check` says what an account on Bluesky or Mastodon lacks: keys, or the label that says that a program writes."""

import asyncio
from pathlib import Path

import pytest

from bot.check import check
from bot.core.config import Config
from tests.fakes.bluesky_home import HANDLE, BlueskyHome
from tests.fakes.mastodon_server import MastodonServer

KEYS = {"BLUESKY_PASSWORD": "p", "MASTODON_TOKEN": "t"}


async def lines(folder: Path, text: str, environ: dict[str, str] = KEYS) -> str:
    """Returns what `--check` says of networks."""
    path = folder / "config.toml"
    path.write_text(text)
    said = await asyncio.to_thread(check, Config.load(path, environ), path)
    return "\n".join(line for line in said.splitlines() if line.startswith(("bluesky", "mastodon")))


async def test_a_network_without_an_account_is_off_and_is_not_asked(tmp_path: Path) -> None:
    said = await lines(tmp_path, "", {})
    assert said == "bluesky: off, [bluesky] account is not set\nmastodon: off, [mastodon] url is not set"
    said = await lines(tmp_path, f'[bluesky]\naccount = "{HANDLE}"\n[mastodon]\nurl = "https://example.social"\n', {})
    assert "bluesky: a dry run, without keys, BLUESKY_PASSWORD is not set" in said
    assert "mastodon: a dry run, without keys, MASTODON_TOKEN is not set" in said


async def test_an_account_on_bluesky_without_the_label_is_warned_of(tmp_path: Path) -> None:
    async with BlueskyHome() as home:
        text = f'[bluesky]\nurl = "{home.url}"\naccount = "{HANDLE}"\ndry_run = false\n'
        assert "warning" not in await lines(tmp_path, text)
        home.set_profile("graphic-media")
        assert 'bluesky: warning: the account lacks the self-label "bot"' in await lines(tmp_path, text)
        assert "posts wait" in await lines(tmp_path, text + 'ai_label = ""\n')
        assert 'the account gets the self-label "bot" at the start' in await lines(
            tmp_path, text + "label_account = true\n"
        )
        assert len(home.requests) == 4, "and nobody signed in"
    assert "cannot be seen now" in await lines(tmp_path, text)


@pytest.mark.parametrize("network", ["[mastodon]", '[[account]]\nnetwork = "mastodon"'])
async def test_an_account_on_mastodon_without_the_bot_flag_is_warned_of(tmp_path: Path, network: str) -> None:
    async with MastodonServer() as server:
        text = f'{network}\nurl = "{server.url}"\naccount = "thebot"\ndry_run = false\n'
        assert "warning" not in await lines(tmp_path, text)
        server.accounts["12"]["bot"] = False
        which = "mastodon @thebot" if "[[" in network else "mastodon"
        assert f"{which}: warning: the account lacks the bot flag" in await lines(tmp_path, text)
        assert "cannot be seen now" in await lines(tmp_path, text.replace("thebot", "nobody"))
