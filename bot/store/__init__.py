"""What the bot remembers beside models and tweets: one database, and one small class a concern.

Knows how the parts are put together. Does not know why anything is remembered.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from bot.store.api_tokens import ApiTokens
from bot.store.audit import Audit
from bot.store.figures import Figures
from bot.store.jobs import Jobs
from bot.store.notices import Notices
from bot.store.people.consent import Consent
from bot.store.people.forgetting import Forgetting
from bot.store.people.members import Members
from bot.store.people.past_readings import PastReadings
from bot.store.people.pauses import Pauses
from bot.store.people.strangers import Strangers
from bot.store.posts.engagement import Engagement
from bot.store.posts.mentions import Mentions
from bot.store.posts.outbox import Posts
from bot.store.schedules import Schedules
from bot.store.settings import StoredSettings
from bot.store.sql.database import Database
from bot.store.voices.comparisons import Comparisons
from bot.store.voices.feedback import Feedback
from bot.store.voices.judgements import Judgements
from bot.store.voices.remarks import Remarks
from bot.store.voices.rounds import Rounds

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """An async context manager: inside it the database is connected and its tables are up to date.

    Raises `StoreUnavailable` on entering and from every method, `Misconfigured` for a URL that makes no sense.
    """

    def __init__(self, url: str, clock: Clock = utc_now):
        self.database = Database(url)
        self.jobs = Jobs(self.database, clock)
        self.schedules = Schedules(self.database, clock)
        self.notices = Notices(self.database, clock)
        self.posts = Posts(self.database, clock)
        self.mentions = Mentions(self.database, clock)
        self.pauses = Pauses(self.database, clock)
        self.engagement = Engagement(self.database, clock)
        self.feedback = Feedback(self.database, clock)
        self.judgements = Judgements(self.database, clock)
        self.remarks = Remarks(self.database, clock)
        self.rounds = Rounds(self.database, clock)
        self.comparisons = Comparisons(self.database, clock)
        self.consent = Consent(self.database, clock)
        self.members = Members(self.database, clock)
        self.past_readings = PastReadings(self.database, clock)
        self.settings = StoredSettings(self.database, clock)
        self.audit = Audit(self.database, clock)
        self.forgetting = Forgetting(self.database, clock)
        self.api_tokens = ApiTokens(self.database, clock)
        self.figures = Figures(self.database, clock)
        self.strangers = Strangers(self.database, clock)

    async def __aenter__(self) -> Self:
        await self.database.__aenter__()
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self.database.__aexit__(*ended)
