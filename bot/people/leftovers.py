"""What a training leaves when it ends: files that came with it, and, without a version, all that it brought.

Knows folders of the pipeline and uploads. Does not know why a training ended.
"""

import asyncio
import logging

from bot.core.uploads import Uploads
from bot.store.jobs import Job
from huggingtweets.core.config import Settings
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.names import VoiceName
from huggingtweets.tweets.tweet_store import TweetStore
from huggingtweets.workflow.forgetting import leave_nothing

log = logging.getLogger(__name__)

KEPT_BEFORE = "kept_before"  # a job's option: whose tweets were kept before it began


class Leftovers:
    """Deletes them. It is safe to repeat."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._uploads = Uploads.below(settings.storage.data)

    def kept_before(self, voice: VoiceName) -> list[str]:
        """Whose tweets are kept of those in `voice`. It reads a folder: call it on a thread."""
        return sorted(set(voice.handles) & set(TweetStore(self._settings.tweets).handles()))

    async def clear(self, job: Job) -> None:
        """Delete what a job brought that ends without a version, unless there is another version that learned it."""
        if KEPT_BEFORE not in job.options:
            return  # it never began
        try:
            await asyncio.to_thread(leave_nothing, job.name, self._settings, job.options[KEPT_BEFORE])
        except (PipelineError, OSError) as error:
            log.warning("what the training of %s left stays: %s", job.name, error)

    async def release(self, job: Job) -> None:
        """Delete the files that came with a job."""
        await asyncio.to_thread(self._uploads.release, job.files)
