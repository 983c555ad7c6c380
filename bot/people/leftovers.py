"""What a training leaves behind: the files that came with it, and its tweets if it made no version. Both are deleted.

Knows the folders of the pipeline and of uploads. Does not know why a training ended.
"""

import asyncio
import logging

from bot.core.uploads import Uploads
from bot.store.jobs import Job
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import VoiceName
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.forgetting import leave_nothing

log = logging.getLogger(__name__)

KEPT_BEFORE = "kept_before"  # an option of a job: the people whose tweets were there before it began


class Leftovers:
    """Deletes what trainings leave behind. It is safe to repeat."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._uploads = Uploads.below(settings.storage.data)

    def kept_before(self, voice: VoiceName) -> list[str]:
        """The people in `voice` whose tweets are there. It reads a folder, so call it on a thread."""
        return sorted(set(voice.handles) & set(TweetStore(self._settings.tweets).handles()))

    async def clear(self, job: Job) -> None:
        """Delete the tweets that a job brought, if it made no version and no other version learned them."""
        if KEPT_BEFORE not in job.options:
            return  # the job never began
        try:
            await asyncio.to_thread(leave_nothing, job.name, self._settings, job.options[KEPT_BEFORE])
        except (PipelineError, OSError) as error:
            log.warning("what job %d left behind cannot be deleted: %s", job.id, error)

    async def release(self, job: Job) -> None:
        """Delete the files that came with a job."""
        await asyncio.to_thread(self._uploads.release, job.files)
