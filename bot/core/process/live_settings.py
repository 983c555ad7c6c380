"""Which settings hold at once when config.toml has changed, and how they take over the new values.

A setting is here if it is read each time it is used. All others hold from the next start on, because something was made
of them at the start: a connection, a port, a folder. The settings of trainings are read by each training anew.

Knows names of settings. Does not know who reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from bot.core.config import Config

_POSTING = frozenset(
    {
        "automatic", "voice", "candidates", "max_queued", "blocked_words", "minutes_between_posts", "time_zone",
        "quiet_hours", "mentions_seconds", "replies_per_author_a_day", "replies_per_thread", "never_reply_to",
    }
)  # fmt: skip
_MONEY = frozenset({"monthly_budget_usd", "post_usd", "reply_usd", "read_usd", "own_read_usd"})
LIVE = {
    "bot": frozenset({"log_level"}),
    "bluesky": _POSTING,
    "discord": frozenset({"owners"}),
    "generation": frozenset(
        {
            "temperature",
            "top_k",
            "top_p",
            "max_new_tokens",
            "max_rows",
            "max_waiting",
            "timeout_seconds",
            "max_rounds",
            "candidates",
        }
    ),
    "jobs": frozenset({"max_waiting", "hang_seconds", "niceness", "keep_versions"}),
    "limits": frozenset(
        {
            "requests_per_minute",
            "server_requests_per_minute",
            "total_requests_per_minute",
            "strikes",
            "strike_minutes",
            "pause_minutes",
        }
    ),
    "mastodon": _POSTING,
    "words": frozenset({"block_slurs", "allowed", "blocked", "patterns"}),
    "x": _POSTING | _MONEY,
}
WHOLE = frozenset({"schedule"})  # lists of tables that are taken over as a whole
OF_TRAININGS = frozenset({"gate", "card", "tracking"})  # sections that a training reads itself
STAYS = ("training", "base")  # what the bot has made ready at its start


@dataclass(frozen=True)
class Difference:
    """What differs between the settings in force and new ones, by name: what can change now, and what cannot."""

    now: tuple[str, ...]
    after_a_restart: tuple[str, ...]


def difference(old: Config, new: Config) -> Difference:
    """Compare two settings. No value is in the answer: it may be a secret."""
    changed = list(_changed(old, new))
    now = [name for section, key, name in changed if _is_live(section, key)]
    return Difference(tuple(now), tuple(name for section, key, name in changed if not _is_live(section, key)))


def take_over(old: Config, new: Config) -> None:
    """Put the values of `new` that hold at once into `old`.

    This is the only place where settings change. Whoever reads one gets the old value or the new one, and all parts
    share one object for each section.
    """
    for section, keys in LIVE.items():
        for key in keys:
            vars(getattr(old, section))[key] = getattr(getattr(new, section), key)
    for section in WHOLE:
        vars(old)[section] = getattr(new, section)


def _is_live(section: str, key: str) -> bool:
    if section == STAYS[0]:
        return key != STAYS[1]
    return section in WHOLE | OF_TRAININGS or key in LIVE.get(section, ())


def _changed(old: Config, new: Config) -> Iterator[tuple[str, str, str]]:
    for section in type(old).model_fields:
        before, after = getattr(old, section), getattr(new, section)
        if not isinstance(before, BaseModel):
            if before != after:
                yield section, "", f"[[{section}]]"
            continue
        for key in type(before).model_fields:
            if getattr(before, key) != getattr(after, key):
                yield section, key, f"[{section}] {key}"
