"""[cluster]: other machines that draw and train, by Ray. Without an address there are none.

Knows the keys of this section. Does not know Ray.
"""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from bot.core.config.kinds import Seconds
from huggingtweets.core.config.settings import Count, Section, SettingPath

Share = Annotated[float, Field(ge=0)]


class ClusterSettings(Section):
    """Which cluster there is, what it does, and what each part of the work may use of a machine."""

    address: Annotated[str, Field(pattern=r"^(auto|(ray://)?[\w.-]+:\d+|(ray://)?\[[0-9a-fA-F:]+\]:\d+)?$")] = ""
    token_env: str = "RAY_AUTH_TOKEN"  # noqa: S105  the name of a variable
    token: SecretStr | None = None
    without_token: bool = False
    storage: Annotated[str, Field(pattern=r"^([a-z][a-z0-9+.-]*://.+)?$")] = ""
    cache: SettingPath = Path("cluster-cache")
    draw: bool = True
    train: bool = True
    draw_here: bool = True
    replicas: Count = 1
    replica_cpus: Share = 1.0
    replica_gpus: Share = 0.0
    training_cpus: Share = 1.0
    training_gpus: Share = 0.0
    silent_seconds: Seconds = 10.0

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if urlsplit(self.storage).password:
            # Addresses are in logs and in config.toml, which may be committed.
            raise ValueError("storage has a password in it; give it to the store's driver in its own way")
        if self.address and not self.token and not self.without_token:
            # Whoever reaches a cluster without a token may run any program on it.
            raise ValueError(
                f"has an address, and {self.token_env} is not set; give every machine the same token, "
                "or write without_token = true if nobody else can reach them"
            )
        return self

    @property
    def is_remote_storage(self) -> bool:
        """True if machines share no folder, and fetch voices from a store of objects."""
        return bool(self.storage)

    @property
    def why_not_train(self) -> str:
        """Why no machine of the cluster can train, for the operator; empty if they can."""
        if self.is_remote_storage:
            return "trainings elsewhere need folders that all machines see"
        if self.address.startswith("ray://"):
            return "Ray tells nobody how far a task is who is connected by ray://"
        return ""
