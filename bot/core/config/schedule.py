"""[[schedule]]: what is done by the clock.

Knows the keys of an entry and what makes sense together. Does not know when it is due (`bot.core.clock.due`), or who
runs it.
"""

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.core.config.kinds import QuietHours, TimeZone, Voice
from huggingtweets.core.config.settings import Count, Section
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import NO_VOICE

if TYPE_CHECKING:
    from bot.core.clock.schedule_entry import Schedule


class ScheduleEntry(Section):
    """One `[[schedule]]`: by `cron` (five fields) or `every_minutes`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    action: Literal["retrain", "post", "say"]
    voice: Voice = NO_VOICE
    cron: str = ""
    every_minutes: Count | None = None
    time_zone: TimeZone = "UTC"
    jitter_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    quiet_hours: QuietHours = ""
    min_new_tweets: Annotated[int, Field(ge=0)] = 20
    sources: list[str] = Field(default_factory=list)
    channel: Annotated[int, Field(ge=0)] = 0
    networks: list[Literal["x", "bluesky", "mastodon"]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        # Imported only if there is a schedule, because the import would double the time that --check takes.
        from bot.core.clock.due import checked

        try:
            checked(self.schedule)
        except Usage as error:
            raise ValueError(str(error)) from None
        if self.action == "retrain" and not self.voice:
            raise ValueError("a retraining needs a voice")
        if self.action == "say" and not (self.voice and self.channel):
            raise ValueError("to say something, it needs a voice and the number of a channel on Discord")
        if self.action != "say" and self.channel:
            raise ValueError(f"the action {self.action} has no channel")
        if self.action != "post" and self.networks:
            raise ValueError(f"the action {self.action} has no networks")
        return self

    @property
    def schedule(self) -> "Schedule":
        """The schedule as the database keeps it, with a fingerprint of this entry."""
        from bot.core.clock.schedule_entry import Schedule

        return Schedule(
            name=self.name,
            action=self.action,
            voice=self.voice,
            cron=self.cron,
            every_seconds=self.every_minutes * 60 if self.every_minutes else None,
            time_zone=self.time_zone,
            jitter_seconds=self.jitter_seconds,
            quiet=self.quiet_hours,
            options=self._options,
            seed=self._fingerprint,
        )

    @property
    def _options(self) -> dict[str, object]:
        if self.channel:
            return {"channel": f"discord:channel:{self.channel}"}
        networks = {"networks": self.networks} if self.networks else {}
        return {"min_new_tweets": self.min_new_tweets, "sources": self.sources} | networks

    @property
    def _fingerprint(self) -> str:
        """Returns the same as before a setting was added where that is not used, so that changes of admins stay."""
        entry = self.model_dump_json(exclude={key for key in ("channel", "networks") if not getattr(self, key)})
        return hashlib.sha256(entry.encode()).hexdigest()[:16]
