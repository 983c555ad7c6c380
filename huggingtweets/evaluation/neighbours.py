"""The other accounts stored here. A voice's tweets could be mistaken for theirs.

Knows the tweet store and the registry. Does not know what is compared, or how.
"""

import logging
from collections.abc import Mapping

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import PipelineError, UnknownModel
from huggingtweets.core.people.names import VoiceName
from huggingtweets.evaluation.attribution import MAX_TEXTS
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.clean import clean_all
from huggingtweets.tweets.learned.dataset import Dataset, split_by_time

log = logging.getLogger(__name__)

MIN_TEXTS = 50  # of an account; fewer texts say too little about a style
MAX_ACCOUNTS = 30  # so that an evaluation stays short however many there are


def neighbours(voice: VoiceName, settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The last training texts of every account, without those of the people of `voice`. Untrained accounts count, too.

    An account that is damaged is left out.
    """
    texts_by_account: dict[str, tuple[str, ...]] = {}
    for handle in TweetStore(settings.tweets).handles():
        if len(texts_by_account) == MAX_ACCOUNTS:
            break
        if handle in voice.handles:
            continue
        try:
            texts = _learned(handle, settings)[-MAX_TEXTS:]
        except (PipelineError, OSError, ValueError, KeyError) as error:
            log.warning("the account %s is left out: %s", handle, error)
            continue
        if len(texts) >= MIN_TEXTS:
            texts_by_account[handle] = texts
    return texts_by_account


def _learned(handle: str, settings: Settings) -> tuple[str, ...]:
    try:
        return Dataset.load(Registry(settings.storage.models).current(handle).dataset).learned
    except UnknownModel:
        tweets, _ = clean_all(TweetStore(settings.tweets).tweets(handle))
        return split_by_time(tweets, settings.training.held_out).learned if len(tweets) > 1 else ()
