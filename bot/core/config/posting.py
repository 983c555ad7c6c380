"""What all accounts have in common that posts are made as, on whatever network.

Knows the keys, and what every network says of itself. Does not know the networks.
"""

from abc import ABC, abstractmethod
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from bot.core.config.kinds import QuietHours, Seconds, TimeZone, Voice
from huggingtweets.core.config.settings import Count, Section
from huggingtweets.core.people.names import NO_VOICE

LABEL = "🤖 AI"


def _fit_for_a_label(text: str) -> str:
    if text == LABEL:
        return text  # the import below takes as long as reading all settings
    from bot.core.post_text.post_checks import fit_for_a_label

    if reason := fit_for_a_label(text):
        raise ValueError(f"cannot stand at the end of a post ({reason}); write a word or two, as in 🤖 AI")
    return text


class PostingSettings(Section, ABC):
    """Posting as one account, on whatever network."""

    account: str = ""
    dry_run: bool = True
    automatic: bool = False
    voice: Voice = NO_VOICE
    candidates: Annotated[int, Field(ge=1, le=20)] = 5
    max_queued: Count = 100
    blocked_words: list[str] = Field(default_factory=list)
    minutes_between_posts: Annotated[float, Field(ge=0)] = 15.0
    time_zone: TimeZone = "UTC"
    quiet_hours: QuietHours = "23:00-07:00"
    ai_label: Annotated[str, AfterValidator(_fit_for_a_label)] = LABEL
    timeout_seconds: Seconds = 20.0
    settle_seconds: Seconds = 90.0
    rank_by_feedback: bool = True
    thread_parts: Annotated[int, Field(ge=1, le=25)] = 1
    engagement_hours: Annotated[float, Field(ge=0, le=168)] = 24.0
    mentions: bool = False
    mentions_seconds: Seconds = 120.0
    replies_per_author_a_day: Count = 3
    replies_per_thread: Count = 3
    never_reply_to: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _patient(self) -> Self:
        # A post may be made just before the request times out. Such a post must be found, and not be made again.
        if self.settle_seconds <= self.timeout_seconds:
            raise ValueError("settle_seconds must be longer than timeout_seconds, or posts are made twice")
        return self

    @property
    @abstractmethod
    def name(self) -> str:
        """What the account is called in the database, where no other has that name."""

    @property
    @abstractmethod
    def missing(self) -> str:
        """What is missing to use the network, by the names of settings; empty if nothing is."""

    @property
    def has_keys(self) -> bool:
        """True if the network can be used."""
        return not self.missing

    @property
    def is_set_up(self) -> bool:
        """True if there is an account to post as, be it in a dry run."""
        return self.has_keys or (self.dry_run and bool(self.account))


def listed(names: list[str]) -> str:
    """`A is` or `A, B are`."""
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
