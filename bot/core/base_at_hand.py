"""Whether the base of the settings can be used on this machine, and which one is used for the first voice if not.

Knows bases that come in a package. Does not know voices or trainings.
"""

from bot.core.config import Config
from huggingtweets.core.config.base_folders import EMBEDDED, NAMED
from huggingtweets.core.errors import BadBase
from huggingtweets.model.base import find


def missing_base(config: Config) -> str:
    """Why the base of the settings is not at hand, and how to mend it. Empty if it is, and for a base without a name.

    A base with a name comes in a package, which an installation without a network may lack.
    """
    if config.training.base not in NAMED:
        return ""
    try:
        find(config.base)
    except BadBase as error:
        return str(error)
    return ""


def base_at_hand(config: Config) -> str:
    """Where the base of the settings is loaded from, or the embedded base if that one is missing."""
    return EMBEDDED if missing_base(config) else config.base
