"""Discord accepts connections and never answers, or is not there. The page is up and says that it is ready."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import test_playground
from tests.e2e.test_playground import Bot, get


@pytest.fixture
def silent() -> Iterator[str]:
    """An address whose connections the kernel accepts. Nobody answers there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("there", [True, False])
def test_the_page_does_not_wait_for_discord(
    tmp_path: Path, tiny_base: Path, silent: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = silent if there else "127.0.0.1:1"
    discord = f'[bot]\nsample_account = false\n[discord]\napi_url = "http://{away}"\ngateway_url = "ws://{away}"\n'
    monkeypatch.setattr(test_playground, "CONFIG", test_playground.CONFIG + discord)
    bot = Bot(tmp_path, tiny_base, token="a.bot.token")
    try:
        address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
        bot.wait_for("logging in")
        assert get(f"{address}/readyz") == (200, '{"status":"ready"}')
        assert get(address)[0] == 200
        if not there:
            bot.wait_for(r"Discord cannot be reached \(Cannot connect to host")
        assert bot.stop() == 0
    finally:
        bot.process.kill()
        bot.process.wait()
    assert not re.search("Traceback", bot.log.read_text())
