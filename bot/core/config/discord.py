"""[discord]: the connection to Discord, and what may be learned from its members.

Knows the keys of this section. Does not know Discord.
"""

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from bot.core.config.kinds import Seconds
from huggingtweets.core.config.settings import Section


class DiscordSettings(Section):
    """The connection to Discord. Without a token there is none."""

    token_env: str = "DISCORD_TOKEN"  # noqa: S105  the name of a variable
    token: SecretStr | None = None
    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"
    owners: list[int] = Field(default_factory=list)
    home_servers: list[int] = Field(default_factory=list)
    sharded: bool = False
    member_messages: bool = False
    past_messages: bool = False
    past_messages_reason: str = ""
    past_messages_limit: Annotated[int, Field(ge=1, le=50_000)] = 5_000
    past_messages_days: Annotated[int, Field(ge=1, le=3_650)] = 730
    upload_megabytes: Annotated[int, Field(ge=1, le=500)] = 100
    round_seconds: Seconds = 60.0

    @model_validator(mode="after")
    def _permitted(self) -> Self:
        if self.past_messages and not self.member_messages:
            raise ValueError("past_messages needs member_messages: only members who join are read")
        if self.past_messages and not self.past_messages_reason.strip():
            raise ValueError("past_messages is on and past_messages_reason is empty; say why you may read them")
        return self
