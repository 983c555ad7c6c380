"""What every process of the cluster is told of the settings. No secret is among it.

Knows the settings. Does not know what is done with them.
"""

from typing import TypeVar

from pydantic import BaseModel, SecretStr

import huggingtweets
from bot.cluster.messages import Plan
from bot.core.config.cluster import ClusterSettings
from huggingtweets.core.config.settings import Settings

Kind = TypeVar("Kind", bound=BaseModel)


def plan_for(settings: Settings, cluster: ClusterSettings) -> Plan:
    """The plan by these settings. Paths in it are absolute."""
    return Plan(_without_secrets(cluster), pipeline_settings(settings), huggingtweets.__version__)


def pipeline_settings(settings: Settings) -> Settings:
    """Only the pipeline's part of `settings`, without secrets and with absolute paths."""
    sections = {name: _without_secrets(getattr(settings, name)) for name in Settings.model_fields}
    storage = sections["storage"]
    paths = {"models": storage.models.absolute(), "data": storage.data.absolute()}
    return Settings.model_construct(**{**sections, "storage": storage.model_copy(update=paths)})


def _without_secrets(section: Kind) -> Kind:
    secret = [name for name in type(section).model_fields if isinstance(getattr(section, name), SecretStr)]
    return section.model_copy(update=dict.fromkeys(secret))
