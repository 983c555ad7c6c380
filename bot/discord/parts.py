"""What the bot on Discord is handed: the use cases, and the memory that its own rules need.

Knows their names. Does not know what any of them does.
"""

from dataclasses import dataclass

from bot.access import Access
from bot.consent import Consenting
from bot.listening import Listening
from bot.permission import Limits
from bot.posting import Posting
from bot.schedule import Timetable
from bot.store import Store
from bot.training import Training
from bot.tweeting import Tweeting
from bot.versions import Versions
from bot.voting import Voting


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The use cases. Without `posting` nothing can be queued for X."""

    store: Store
    access: Access
    limits: Limits
    consenting: Consenting
    tweeting: Tweeting
    training: Training
    versions: Versions
    voting: Voting
    listening: Listening
    timetable: Timetable
    posting: Posting | None = None
