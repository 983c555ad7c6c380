"""Backs up or restores again and again, each time in a process of its own that is killed at a moment that is asked for.

Reads lines on stdin: `backup CONFIG FILE NUMBER` or `restore CONFIG FILE NUMBER`. The process kills itself before the
NUMBERth time that it opens, renames, deletes or makes something on the disk; 0 lets it end. Writes a line for each:
the exit status as `os.waitpid` has it, and how often it did such things.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.core.config import Config
from bot.keeping.backing_up import back_up
from bot.keeping.restoring import restore

ACTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect")


def work(what: str, config_file: Path, file: Path, number: int, out: int) -> None:
    acts = 0

    def count(event: str, _: object) -> None:
        nonlocal acts
        if event in ACTS:
            acts += 1
            if acts == number:
                os.kill(os.getpid(), signal.SIGKILL)

    config = Config.load(config_file, {})
    sys.addaudithook(count)
    if what == "backup":
        back_up(config, config_file, file)
    else:
        asyncio.run(restore(config, config_file, file, str, replace=True))
    os.write(out, str(acts).encode())


for line in sys.stdin:
    what, config_file, file, number = line.split()
    read_end, write_end = os.pipe()
    if not (child := os.fork()):
        work(what, Path(config_file), Path(file), int(number), write_end)
        os._exit(0)
    os.close(write_end)
    _, status = os.waitpid(child, 0)
    print(status, os.read(read_end, 100).decode() or 0, flush=True)
    os.close(read_end)
