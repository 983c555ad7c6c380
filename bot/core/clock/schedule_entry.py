"""One entry of the schedule, as config.toml or an admin wrote it.

Knows its fields. Does not know when it is due, where it is stored, or what its action does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from huggingtweets.core.people.names import NO_VOICE, VoiceName


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due: by `cron` (five fields) or `every_seconds`. `quiet` is `22:00-07:00` or empty.

    `seed` is a fingerprint of the entry in config.toml. It is empty if an admin made the schedule.
    """

    name: str
    action: str
    voice: VoiceName = NO_VOICE
    cron: str = ""
    every_seconds: int | None = None
    time_zone: str = "UTC"
    jitter_seconds: int = 0
    quiet: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    seed: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None
