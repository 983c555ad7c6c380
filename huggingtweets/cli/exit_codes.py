"""How errors end a command: one sentence on stderr, and an exit code for each kind of error.

Exit codes: 0 done, 64 usage, 65 bad data, 69 unavailable, 70 internal, 78 configuration, 130 interrupted.

Knows errors. Does not know commands.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from huggingtweets.core.errors import PipelineError, Usage, unexpected
from huggingtweets.core.text.quoted import print_any_text

log = logging.getLogger(__name__)

INTERRUPTED = 130  # 128 and the number of SIGINT, as a shell says it


@contextmanager
def errors_as_exit_codes() -> Iterator[None]:
    """End the process with the exit code of whatever error is raised inside. What is printed inside is always printed.

    A terminal whose encoding lacks a character shows it escaped.
    """
    print_any_text()
    try:
        yield
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(Usage.exit_code)
    except click.ClickException as error:
        said = error.format_message()
        _fail(f"{said}{'' if said.endswith(('.', '?')) else '.'} See huggingtweets --help.", Usage.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("Interrupted; start it again and it goes on.", INTERRUPTED)
    except PipelineError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # Whoever read stdout has seen enough. Python would report the same error again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        log.debug("unexpected", exc_info=error)
        _fail(unexpected(error), PipelineError.exit_code)


def _fail(sentence: str, code: int) -> NoReturn:
    click.echo(f"huggingtweets: {sentence}", err=True)
    sys.exit(code)
