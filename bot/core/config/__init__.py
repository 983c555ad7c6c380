"""All settings of the process, from one config.toml: a module for each group of sections, and `whole`, which has all.

Everybody imports the names from here. Knows the modules. Does not know what the settings are for.
"""

from bot.core.config.cluster import ClusterSettings
from bot.core.config.discord import DiscordSettings
from bot.core.config.limits import LimitsSettings
from bot.core.config.networks import (
    RESERVED_READS,
    BlueskySettings,
    MastodonSettings,
    MoreBluesky,
    MoreMastodon,
    MoreX,
    XSettings,
)
from bot.core.config.page import ApiSettings, PlaygroundSettings
from bot.core.config.posting import PostingSettings
from bot.core.config.process import BotSettings, JobsSettings, StoreSettings
from bot.core.config.schedule import ScheduleEntry
from bot.core.config.whole import PASSPHRASE, Config

__all__ = [
    "PASSPHRASE",
    "RESERVED_READS",
    "ApiSettings",
    "BlueskySettings",
    "BotSettings",
    "ClusterSettings",
    "Config",
    "DiscordSettings",
    "JobsSettings",
    "LimitsSettings",
    "MastodonSettings",
    "MoreBluesky",
    "MoreMastodon",
    "MoreX",
    "PlaygroundSettings",
    "PostingSettings",
    "ScheduleEntry",
    "StoreSettings",
    "XSettings",
]
