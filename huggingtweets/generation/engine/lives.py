"""The engine's thread: it runs a worker, replaces it once if it fails, and gives up if the new one fails soon.

Knows the inbox and how to start a worker. Does not know voices, batches, or what the process does when it ends.
"""

import logging
import math
import time

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.errors import NotNow
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.engine.tickets import Inbox

log = logging.getLogger(__name__)

LASTS_SECONDS = 600.0  # a worker that has worked for so long may be made anew once more
FAILED = Phrase("Something went wrong while I was writing; please try again.")


def live(settings: GenerationSettings, inbox: Inbox) -> None:
    """Work until the inbox is closed, or until the worker has failed twice within a short time.

    After a failure everybody who waits gets the error at once, and not only at their deadline.
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
