"""`huggingtweets backup FILE` and `huggingtweets restore FILE`, or `python -m bot.keeping backup FILE`.

Exit codes: those of `huggingtweets`.

Knows arguments and sentences. Does not know how anything is kept.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bot.core.config import PASSPHRASE, Config
from bot.keeping.contents import contents_in_words
from huggingtweets.cli.exit_codes import errors_as_exit_codes
from huggingtweets.cli.output import progress_shown
from huggingtweets.core.errors import Usage


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message}; see {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    with errors_as_exit_codes():
        options = _parser().parse_args(arguments)
        config = Config.load(options.config)
        print(options.run(config, options))  # noqa: T201  the result of the command
    return 0


def _parser() -> _Parser:
    parser = _Parser(prog="huggingtweets", description="What the bot keeps, as one file, and back from it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    backup = commands.add_parser("backup", help="write a backup", description=_BACKUP)
    backup.add_argument("--passphrase", action="store_true", help="ask for a passphrase to encrypt the backup with")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="put a backup in place", description=_RESTORE)
    restore.add_argument("--replace", action="store_true", help="put it in the place of what is here")
    restore.set_defaults(run=_restore)
    for command in (backup, restore):
        command.add_argument("file", metavar="FILE", type=Path)
        command.add_argument("--config", type=Path, help="settings to use; ./config.toml or the user's by default")
        command.add_argument("--json", action="store_true", help="progress as JSON lines")
    return parser


_BACKUP = (
    "Write the database, voices, tweets and settings to FILE while the bot runs. Secrets and bases are not in it. "
    f"It is encrypted if {PASSPHRASE} (or {PASSPHRASE}_FILE) is set, or with --passphrase."
)
_RESTORE = (
    "Put what is in FILE in place. The bot must not run. Who was forgotten or opted out, here or in the backup, "
    f"does not come back. The passphrase is that of {PASSPHRASE}, or it is asked for."
)


def _backup(config: Config, options: argparse.Namespace) -> str:
    from bot.keeping.backing_up import back_up
    from bot.keeping.passphrase import new_passphrase

    passphrase = new_passphrase(options.passphrase)
    with progress_shown(options.json) as progress:
        made = back_up(config, options.config, options.file, passphrase, progress)
    kept = ", ".join([*contents_in_words(made.voices, made.accounts), "and the database"])
    form = "encrypted" if passphrase else "not encrypted: whoever has the file can read it"
    return f"{options.file}: {kept}; {made.size / 1e6:.1f} MB, {form}."


def _restore(config: Config, options: argparse.Namespace) -> str:
    from bot.keeping.passphrase import passphrase_of_backup
    from bot.keeping.restoring import restore

    with progress_shown(options.json) as progress:
        restored = asyncio.run(
            restore(
                config,
                options.config,
                options.file,
                passphrase_of_backup,
                replace=options.replace,
                progress=progress,
            )
        )
    done = "An earlier restore that was cut off is complete" if restored.resumed else f"{options.file} is restored"
    lines = [f"{done}: {' and '.join(contents_in_words(restored.voices, restored.accounts))} are here."]
    if restored.settings:
        lines.append(f"The settings of the backup are in {restored.settings}; take over what you need, then delete it.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
