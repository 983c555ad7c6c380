"""Where the passphrase of a backup comes from: the environment, a file that it names, or whoever is at the terminal.

It is never an argument of a command: every program on the machine can read those.

Knows the environment and the terminal. Does not know what the passphrase opens.
"""

import getpass
import os
import sys
from collections.abc import Mapping

from bot.core.config import PASSPHRASE
from huggingtweets.core.config.secret_values import file_variable, secret_value
from huggingtweets.core.errors import Usage


def new_passphrase(wanted: bool, environ: Mapping[str, str] = os.environ) -> str:
    """The passphrase for a backup that is made. Empty if there is none in the environment and none is `wanted`."""
    if passphrase := secret_value(PASSPHRASE, environ):
        return passphrase
    if not wanted:
        return ""
    first = _asked("Passphrase of the new backup: ")
    if _asked("The same again: ") != first:
        raise Usage("The two passphrases differ; nothing was written.")
    return first


def passphrase_of_backup(environ: Mapping[str, str] = os.environ) -> str:
    """The passphrase that opens a backup."""
    return secret_value(PASSPHRASE, environ) or _asked("Passphrase of the backup: ")


def _asked(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise Usage(f"A passphrase is needed: set {PASSPHRASE}, or {file_variable(PASSPHRASE)} to a file with it.")
    passphrase = getpass.getpass(prompt)
    if not passphrase:
        raise Usage("An empty passphrase protects nothing; nothing was done.")
    return passphrase
