"""[playground] and [api]: the local page, and voices for other programs.

Knows the keys of these sections. Does not know who listens.
"""

import ipaddress
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.core.config.kinds import Port
from huggingtweets.core.config.settings import Count, Section


def _addresses(proxies: list[str]) -> list[str]:
    for proxy in proxies:
        if proxy == "*":
            continue
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            raise ValueError(
                f'write an address such as 10.0.0.3, a network such as 10.0.0.0/8, or "*": {proxy}'
            ) from None
    return proxies


class ApiSettings(Section):
    """Voices for other programs. The limits are those of a token that has none of its own."""

    enabled: bool = True
    requests_per_minute: Count = 60
    at_a_time: Count = 8
    tweets_a_day: Count = 2_000


class PlaygroundSettings(Section):
    """The page. Without users and a token, and if it is no demo, only people at this machine see more than health."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 7860
    upload_megabytes: Count = 4096
    local_admin: bool = False
    demo: bool = False
    users_env: str = "PAGE_USERS"
    users: SecretStr | None = None
    token_env: str = "PAGE_TOKEN"  # noqa: S105  the name of a variable
    token: SecretStr | None = None
    hosts: list[str] = Field(default_factory=list)
    trusted_proxies: Annotated[list[str], AfterValidator(_addresses)] = Field(default_factory=list)
    root_path: Annotated[str, Field(pattern=r"^(/[\w.~-]+)*$")] = ""
    frames: list[Annotated[str, Field(pattern=r"^https?://[\w.*:-]+$")]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        # Behind a proxy that adds no header, everybody would look like somebody at this machine.
        if self.demo and self.local_admin:
            raise ValueError("local_admin cannot be true in a demo; sign in with a token")
        return self
