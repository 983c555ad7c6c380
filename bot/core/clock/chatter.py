"""Whether the bot may say something by itself in a channel now. An admin decides that for each channel.

    chance         of every so many messages of people, one is followed by a remark
    pause          no two remarks are closer to each other
    a day          in any 24 hours there are at most so many remarks
    quiet hours    there are none
    a person       somebody must have written since the bot's last message

All decisions are pure functions of what is passed in, also of the random number.

Knows clocks. Does not know channels, voices, or what a remark says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.clock.quiet import quiet_until
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted

DAY = timedelta(days=1)
LEAST_VOTES_DOWN = 2  # one person alone cannot silence the bot


@dataclass(frozen=True, slots=True)
class Chatter:
    """How the bot speaks by itself in one channel. `since` is when it was switched on."""

    since: datetime
    percent: int = 5
    pause_minutes: int = 30
    a_day: int = 12
    quiet: str = "23:00-07:00"
    time_zone: str = "UTC"

    @classmethod
    def parsed(cls, stored: Mapping[str, Any] | None) -> Self | None:
        """Returns what `stored` holds, or None for None: the bot does not speak by itself there."""
        if stored is None:
            return None
        return cls(**{**stored, "since": datetime.fromisoformat(stored["since"])})

    @property
    def as_stored(self) -> dict[str, Any]:
        """Returns the values that `parsed` reads."""
        return {**asdict(self), "since": self.since.astimezone(UTC).isoformat()}

    def changed(self, **changes: Any) -> Self:
        """Returns these settings with all `changes` that are not None. Raises `Usage` if one makes no sense."""
        changed = replace(self, **{key: value for key, value in changes.items() if value is not None})
        changed = replace(changed, quiet="" if changed.quiet == "-" else changed.quiet)
        try:
            ZoneInfo(changed.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Usage(
                Phrase(
                    "There is no time zone {zone}; write one as in Europe/Paris.",
                    zone=quoted(changed.time_zone, 40),
                )
            ) from None
        try:
            quiet_until(changed.since, changed.quiet, changed.time_zone)
        except ValueError:
            raise Usage(
                Phrase("{quiet} are no quiet hours; write them as in 22:00-07:00.", quiet=quoted(changed.quiet, 40))
            ) from None
        return changed


def silence(chatter: Chatter, now: datetime, remarks: Sequence[datetime], drawn: float) -> str:
    """Returns why the bot says nothing after a person's message; empty if it may say something.

    `remarks` are the times of what it said by itself in this channel. `drawn` is a random number from 0 up to 1.
    """
    if drawn * 100 >= chatter.percent:
        return "chance"
    if quiet_until(now, chatter.quiet, chatter.time_zone):
        return "quiet hours"
    if any(now - at < timedelta(minutes=chatter.pause_minutes) for at in remarks):
        return "pause"
    if sum(now - at < DAY for at in remarks) >= chatter.a_day:
        return "enough for a day"
    return ""


def voted_down(up: int, down: int) -> bool:
    """Returns True if the bot must stop speaking by itself. `up` and `down` are people."""
    return down > up and down >= LEAST_VOTES_DOWN


class LastWord:
    """Who wrote last in each channel, as far as that is known: a person or the bot. Other bots do not count.

    A later message has a higher number, so one that is sent again by the gateway changes nothing.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, bool]] = {}

    def of_bot(self, channel: int, message: int) -> None:
        """The bot has written `message` there."""
        self._note(channel, message, is_own=True)

    def of_person(self, channel: int, message: int) -> None:
        """A person has written `message` there."""
        self._note(channel, message, is_own=False)

    def is_own(self, channel: int) -> bool:
        """Returns True if no person has written there since the bot did."""
        return self._last.get(channel, (0, False))[1]

    def _note(self, channel: int, message: int, *, is_own: bool) -> None:
        self._last[channel] = max(self._last.get(channel, (0, False)), (message, is_own))
