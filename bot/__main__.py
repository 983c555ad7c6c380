"""`huggingtweets bot [--config PATH] [--check]`, or `python -m bot`.

Exit codes: 0 stopped in order, 64 usage, 69 unavailable, 70 internal error or a stop that took too long, 75 the engine
failed and the bot must be started again, 78 configuration, 130 and 143 ended at once by a second signal.

Knows arguments and exit codes. Does not know what the bot is made of; torch and Discord are not imported for `--check`.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bot.core.config import Config
from bot.core.log import start_logging
from huggingtweets.core.errors import PipelineError, Usage

log = logging.getLogger(__name__)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(Usage.exit_code, f"bot: {message}; see huggingtweets bot --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bot until it is told to stop. Returns the exit code."""
    parser = _Parser(prog="huggingtweets bot", description="A bot that tweets like the people who let it.")
    parser.add_argument("--config", type=Path, help="settings to use; ./config.toml or the user's by default")
    parser.add_argument("--check", action="store_true", help="check settings and models, and exit")
    options = parser.parse_args(arguments)
    try:
        config = Config.load(options.config)
        if options.check:
            from bot.check import check

            print(check(config, options.config))  # noqa: T201  the result of the command
            return 0
        start_logging(config.bot.log_level)
        from bot.app.process import run
        from bot.core.stopping import Stopping

        with Stopping(config.bot.stop_seconds) as stopping:
            asyncio.run(run(config, options.config, stopping))
    except PipelineError as error:
        return _failed(str(error), error.exit_code)
    except OSError as error:
        return _failed(f"The system refused: {error}; check the disk's space and the permissions.", 70)
    except Exception as error:
        log.exception("the bot ended")
        return _failed(f"A fault of our own ({type(error).__name__}: {error}); please report it.", 70)
    return 0


def _failed(sentence: str, code: int) -> int:
    print(f"bot: {sentence}", file=sys.stderr)  # noqa: T201  the log is not open yet, or is closed already
    return code


if __name__ == "__main__":
    sys.exit(main())
