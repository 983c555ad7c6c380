"""`huggingtweets bot [--config PATH] [--check [--online]] [--local-admin] [--password NAME:ROLE]`, or `python -m bot`.

Exit codes: 0 stopped in order, 64 usage, 69 unavailable, 70 internal error or a stop that took too long, 75 the engine
failed and the bot must be started again, 76 the check-up has found a fault, 78 configuration, 130 and 143 ended at once
by a second signal.

Knows arguments and exit codes. Does not know what the bot is made of; torch and Discord are not imported for `--check`.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from huggingtweets.core.errors import PipelineError, Usage, refusal_behind, unexpected
from huggingtweets.core.process import pydantic_plugins
from huggingtweets.core.text.quoted import print_any_text

if TYPE_CHECKING:
    from bot.core.config import Config

log = logging.getLogger(__name__)

MIN_PASSWORD = 10


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(Usage.exit_code, f"bot: {message}; see huggingtweets bot --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bot until it is told to stop. Returns the exit code."""
    pydantic_plugins.look_for_none()
    print_any_text()
    parser = _Parser(prog="huggingtweets bot", description="A bot that tweets like the people who let it.")
    parser.add_argument("--config", type=Path, help="settings to use; ./config.toml or the user's by default")
    parser.add_argument("--check", action="store_true", help="check settings and models, and exit")
    parser.add_argument(
        "--local-admin", action="store_true", help="people at this machine may do everything on the page"
    )
    parser.add_argument("--password", metavar="NAME:ROLE", help="make an entry for PAGE_USERS, and exit")
    parser.add_argument("--online", action="store_true", help="with --check: also ask Discord, X, Bluesky and the Hub")
    options = parser.parse_args(arguments)
    if options.online and not options.check:
        parser.error("--online goes with --check")
    try:
        if options.password:
            print(_user(options.password))  # noqa: T201  the result of the command
            return 0
        from bot.core.config import Config

        config = Config.load(options.config)
        if options.local_admin:
            config = config.with_local_admin()
        if options.online:
            return _checked_up(config, options.config)
        if options.check:
            from bot.check import check

            print(check(config, options.config))  # noqa: T201  the result of the command
            return 0
        from bot.core.process.log import on_a_terminal, start_logging

        log_file = config.bot.log_file
        start_logging(config.bot.log_level, log_file, megabytes=config.bot.log_megabytes, files=config.bot.log_files)
        log.info("starting; Ctrl-C stops the bot", extra=on_a_terminal("Starting. Ctrl-C stops the bot."))
        from bot.app.process import run
        from bot.core.process.stopping import Stopping, has_terminal

        with Stopping(config.bot.stop_seconds, hang_up_reloads=not has_terminal()) as stopping:
            asyncio.run(run(config, options.config, stopping))
    except PipelineError as error:
        return _failed(str(error), error.exit_code)
    except Exception as error:
        if not refusal_behind(error):
            log.exception("the bot ended")
        return _failed(unexpected(error), 70)
    return 0


def _user(name_and_role: str) -> str:
    """A user of the page as they stand in the environment. The password is asked for, or read from a pipe."""
    from bot.web.entry.users import entry_of

    name, _, role = name_and_role.partition(":")
    password = getpass(f"Password of {name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(password) < MIN_PASSWORD:
        raise Usage(f"This password is too short; take at least {MIN_PASSWORD} characters.")
    return entry_of(name, role, password)


def _checked_up(config: "Config", config_file: Path | None) -> int:
    from bot.app.checkup import FOUND_FAULTS, check_up

    findings = asyncio.run(check_up(config, config_file))
    for finding in findings:
        print(finding)  # noqa: T201  the result of the command
    return FOUND_FAULTS if any(finding.is_fault for finding in findings) else 0


def _failed(sentence: str, code: int) -> int:
    print(f"bot: {sentence}", file=sys.stderr)  # noqa: T201  the log is not open yet, or is closed already
    return code


if __name__ == "__main__":
    sys.exit(main())
