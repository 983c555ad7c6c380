"""What reading tweets from X costs. The costs are counted in a file, and stay within the month's budget.

They are in a file because both the bot and the command line read from X. A cost is noted before its request. What was
not used is given back later, so after a kill in between the file counts too much, and never too little.

Knows prices, months and one file. Does not know what is read. Posting has a budget of its own.
"""

import calendar
from collections.abc import Callable
from datetime import UTC, datetime

from huggingtweets.core import atomic
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Unavailable
from huggingtweets.core.text.phrases import Phrase

FILE = "x-reads.json"
MICRO = 1_000_000  # amounts are in millionths of a US dollar


class ReadingTooDear(Unavailable):
    """What was asked for would cost more than the month's budget for reading allows."""

    def __init__(self, budget_usd: float):
        super().__init__(
            f"The budget of this month for reading X, {budget_usd:.2f} USD, does not suffice; "
            "raise [collecting] x_monthly_budget_usd, or wait for the next month.",
            for_people=Phrase(
                "The money for reading X is used up for this month; it goes on next month, or once whoever "
                "runs me allows more."
            ),
        )


class XReads:
    """The reads of a month, at the prices in the settings. Each call blocks for a moment."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._file = settings.storage.data / FILE
        self._settings = settings.collecting
        self._clock = clock

    @property
    def budget(self) -> int:
        """The budget of a month, in millionths of a US dollar."""
        return round(self._settings.x_monthly_budget_usd * MICRO)

    def price(self, posts: int) -> int:
        """What so many posts cost, in millionths of a US dollar."""
        return round(self._settings.x_read_usd * MICRO) * posts

    def charge(self, posts: int) -> None:
        """Note the cost of `posts`; a number below 0 is given back. Raises `ReadingTooDear`, and then notes nothing."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with atomic.locked(self._file.with_name(f".{FILE}.lock"), wait=True):
            month, today = self._spent()
            if posts > 0 and month + self.price(posts) > self.budget:
                raise ReadingTooDear(self._settings.x_monthly_budget_usd)
            now = self._clock().astimezone(UTC)
            row = {"day": f"{now:%Y-%m-%d}", "month_micro_usd": max(0, month + self.price(posts))}
            atomic.write_json(self._file, row | {"day_micro_usd": max(0, today + self.price(posts))})

    def affordable(self, wanted: int) -> int:
        """The number of posts, of those `wanted`, that the rest of the month's budget pays for."""
        return self._posts_for(self.budget - self._spent()[0], wanted)

    def affordable_today(self, wanted: int) -> int:
        """The same for today's part: what was left this morning, divided by the days that the month still has."""
        month, today = self._spent()
        now = self._clock().astimezone(UTC)
        days_left = calendar.monthrange(now.year, now.month)[1] - now.day + 1
        return self._posts_for(min(self.budget - month, (self.budget - month + today) // days_left - today), wanted)

    def a_day(self) -> int:
        """The number of posts that the whole budget pays for on each day of a month of 31 days."""
        return self._posts_for(self.budget // 31, 10**9)

    def _posts_for(self, micro_usd: int, wanted: int) -> int:
        price = self.price(1)
        return min(wanted, max(0, micro_usd // price)) if price else wanted

    def _spent(self) -> tuple[int, int]:
        """What was spent in this month, and how much of that today."""
        try:
            row = atomic.read_json(self._file)
            day, month_spent, day_spent = str(row["day"]), int(row["month_micro_usd"]), int(row["day_micro_usd"])
        except FileNotFoundError:
            return 0, 0
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"{self._file} cannot be read; delete it, and reads are counted from 0.") from error
        today = f"{self._clock().astimezone(UTC):%Y-%m-%d}"
        return (month_spent if day[:7] == today[:7] else 0), (day_spent if day == today else 0)
