"""What the bot on Discord is given: the use cases, and the store that its own rules need.

Knows their names. Does not know what any of them does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.background.schedule import Timetable
from bot.core.process.live_settings import Difference
from bot.people.access import Access
from bot.people.consent import Consenting
from bot.people.limits import Limits
from bot.people.listening import Listening
from bot.people.past import PastMessages
from bot.posts.outlets import Outlets
from bot.store import Store
from bot.trainings.training import Training
from bot.voices.chattering import Chattering
from bot.voices.tweeting import Tweeting
from bot.voices.versions import Versions
from bot.voices.voting import Voting

Reload = Callable[[], Awaitable[Difference]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The use cases. If `posting` is None, nothing can be posted."""

    store: Store
    access: Access
    limits: Limits
    consenting: Consenting
    tweeting: Tweeting
    training: Training
    versions: Versions
    voting: Voting
    listening: Listening
    past: PastMessages
    chattering: Chattering
    timetable: Timetable
    posting: Outlets | None = None
    reload: Reload | None = None
