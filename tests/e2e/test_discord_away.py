"""Discord is not there, or accepts connections and never answers. The page is up and says that it is ready."""

import socket
from pathlib import Path

from tests.e2e.test_playground import NOTHING_TO_LEARN, Bot, ended, get, wait_until_ready


def test_the_page_does_not_wait_for_discord(tmp_path: Path, tiny_base: Path) -> None:
    with socket.socket() as far_end:
        far_end.bind(("127.0.0.1", 0))
        far_end.settimeout(600)
        away = f"127.0.0.1:{far_end.getsockname()[1]}"
        discord = f'[discord]\napi_url = "http://{away}"\ngateway_url = "ws://{away}"\n'
        with ended(Bot(tmp_path, tiny_base, NOTHING_TO_LEARN + discord, token="a.bot.token")) as bot:
            address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
            # Nobody listens.
            bot.wait_for(r"Discord cannot be reached \(Cannot connect to host")
            wait_until_ready(address)
            assert get(address)[0] == 200
            # Now the kernel accepts connections, and nobody answers.
            far_end.listen()
            silent, _ = far_end.accept()
            with silent:
                wait_until_ready(address)
                assert get(address)[0] == 200
                assert bot.stop() == 0
    assert "Traceback" not in bot.log.read_text()
