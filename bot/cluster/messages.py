"""What the bot asks its gateway for, what the gateway answers, and what a machine says of itself.

Knows plain values. Does not know Ray or how anything is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.config.cluster import ClusterSettings
from huggingtweets.core.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What the cluster is to do, and by which settings. `lease_seconds` is how long a replica lives without a bot."""

    cluster: ClusterSettings
    settings: Settings
    software: str
    lease_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Ask:
    """The bot asks for something. Its `number` stands in all answers."""

    number: int
    what: str
    values: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Nobody waits for the answer `number` any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a long answer."""

    number: int
    value: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of an answer: a value, or the error."""

    number: int
    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How the cluster is: machines, live replicas, and voices in memory. `faults` are sentences for the operator."""

    machines: int = 0
    replicas: int = 0
    voices: int = 0
    voice_bytes: int = 0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life of a replica."""

    machine: str
    voices: int
    voice_bytes: int
    fault: str = ""
