"""The log: readable, and discreet even at DEBUG."""

import subprocess
import sys

import pytest

SCRIPT = """
import logging, warnings
from bot.core.log import start_logging
start_logging({level!r})
logging.getLogger("bot.part").debug("a detail")
logging.getLogger("tweepy.client").debug("Authorization: Bearer s3cret")
logging.getLogger("discord.http").debug("token s3cret")
logging.getLogger("bot.part").info("a fact")
warnings.warn("old thing")
"""


@pytest.mark.parametrize(("level", "detail"), [("DEBUG", True), ("INFO", False)])
def test_libraries_that_print_secrets_are_held_at_info(level: str, detail: bool) -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT.format(level=level)], capture_output=True, text=True, check=True)
    assert "s3cret" not in ran.stderr
    assert "a fact" in ran.stderr
    assert "old thing" in ran.stderr
    assert ("a detail" in ran.stderr) is detail
