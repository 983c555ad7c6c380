"""The use cases that the page works with.

Knows their names. Does not know what is done with them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.background.schedule import Timetable
from bot.core.config import ApiSettings
from bot.core.process.last_errors import LAST_ERRORS, LastErrors
from bot.core.process.measures import Measures
from bot.core.process.readiness import Readiness
from bot.people.consent import Consenting
from bot.posts.outlets import Outlets
from bot.store import Store
from bot.trainings.drafts import Drafts
from bot.trainings.prepared import Preparing
from bot.trainings.training import Training
from bot.voices.command_line import CommandLine
from bot.voices.exporting import Exporting
from bot.voices.tweeting import Tweeting
from bot.voices.versions import Versions
from bot.web.entry.users import Users
from huggingtweets.tweets.kept.tweet_store import TweetStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """`avatars` is the folder of people's pictures. `sample` is the handle of the sample account.

    `models` is the folder of versions and bases. `base` is the name of the base that voices begin with.
    `command_line` answers commands on this machine; None if they cannot ask here.
    """

    store: Store
    tweeting: Tweeting
    training: Training
    versions: Versions
    consenting: Consenting
    exporting: Exporting
    timetable: Timetable
    posting: Outlets
    drafts: Drafts
    users: Users
    readiness: Readiness
    alive: Callable[[], bool]
    preparing: Preparing
    models: Path
    base: str
    tweets: TweetStore
    avatars: Path
    sample: str
    command_line: CommandLine | None = None
    measures: Measures = field(default_factory=Measures)
    api: ApiSettings = field(default_factory=ApiSettings)
    last_errors: LastErrors = LAST_ERRORS
