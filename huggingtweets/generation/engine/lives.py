"""The engine's thread: a worker, which is made anew when it fails, and given up when it fails again soon.

Knows the inbox and how to start a worker. Does not know voices, batches or what the process does about an end.
"""

import logging
import math
import time

from huggingtweets.core.config import GenerationSettings
from huggingtweets.core.errors import NotNow
from huggingtweets.generation.engine.tickets import Inbox

log = logging.getLogger(__name__)

LASTS_SECONDS = 600.0  # a worker that has worked for so long may be made anew once more
FAILED = "Something went wrong while I was writing; please try again."


def live(settings: GenerationSettings, inbox: Inbox) -> None:
    """Work until the inbox is closed, or until the worker has failed twice within a short time.

    Whoever waits at a failure is told; nobody is left to wait for the end of their time.
    """
    failed_at = -math.inf
    while True:
        try:
            # torch is imported here, so that the process starts without it.
            from huggingtweets.generation.engine.worker import EngineWorker

            EngineWorker(settings, inbox).run()
            return
        except BaseException as error:
            now = time.monotonic()
            last = now - failed_at < LASTS_SECONDS
            failed_at = now
            log.critical(
                "the engine failed%s", " again and is given up" if last else " and starts anew", exc_info=error
            )
            inbox.fail_open(NotNow(FAILED), dead=last)
            if last:
                return
