"""Discord accepts connections and never answers, or is not there. The page is up and says that it is ready."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_playground import NOTHING_TO_LEARN, Bot, ended, get


@pytest.fixture
def silent() -> Iterator[str]:
    """An address whose connections the kernel accepts. Nobody answers there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("there", [True, False])
def test_the_page_does_not_wait_for_discord(tmp_path: Path, tiny_base: Path, silent: str, there: bool) -> None:
    away = silent if there else "127.0.0.1:1"
    discord = f'[discord]\napi_url = "http://{away}"\ngateway_url = "ws://{away}"\n'
    with ended(Bot(tmp_path, tiny_base, NOTHING_TO_LEARN + discord, token="a.bot.token")) as bot:
        address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
        bot.wait_for("logging in")
        assert get(f"{address}/readyz") == (200, '{"status":"ready"}')
        assert get(address)[0] == 200
        if not there:
            bot.wait_for(r"Discord cannot be reached \(Cannot connect to host")
        assert bot.stop() == 0
    assert not re.search("Traceback", bot.log.read_text())
