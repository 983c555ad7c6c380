"""[x], [bluesky] and [mastodon]: the account of each network to post as; [[account]]: further ones.

Knows the keys of each network, and which are needed before anything can be sent. Does not know how it is sent.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from bot.core.config.kinds import Seconds
from bot.core.config.posting import PostingSettings, listed
from huggingtweets.core.config.settings import WebAddress, safe_for_tokens

RESERVED_READS = 300  # own reads that the budget keeps back, so that a post in doubt can still be looked up


def _no_address_or_a_safe_one(url: str) -> str:
    return safe_for_tokens(url) if url else url


class XSettings(PostingSettings):
    """Posting on X as one account. Without the four keys nothing is sent, but everything else can be tried."""

    api_url: WebAddress = "https://api.x.com"
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,15}$")] = ""
    consumer_key_env: str = "X_CONSUMER_KEY"
    consumer_key: SecretStr | None = None
    consumer_secret_env: str = "X_CONSUMER_SECRET"  # noqa: S105  the name of a variable
    consumer_secret: SecretStr | None = None
    access_token_env: str = "X_ACCESS_TOKEN"  # noqa: S105
    access_token: SecretStr | None = None
    access_token_secret_env: str = "X_ACCESS_TOKEN_SECRET"  # noqa: S105
    access_token_secret: SecretStr | None = None
    picture: bool = False
    upload_url: WebAddress = "https://upload.twitter.com"
    monthly_budget_usd: Annotated[float, Field(ge=0)] = 5.0
    post_usd: Annotated[float, Field(ge=0)] = 0.015
    reply_usd: Annotated[float, Field(ge=0)] = 0.010
    read_usd: Annotated[float, Field(ge=0)] = 0.005
    own_read_usd: Annotated[float, Field(ge=0)] = 0.001

    @property
    def least_budget_usd(self) -> float:
        """The smallest monthly budget that pays for one post and for the reads that are kept back to look it up."""
        return self.post_usd + RESERVED_READS * self.own_read_usd

    @property
    def name(self) -> str:
        return self.account.lower() or "x"

    @property
    def missing(self) -> str:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        lacking = [getattr(self, f"{name}_env") for name in names if not getattr(self, name)]
        return f"{listed(lacking)} not set" if lacking else ""


class BlueskySettings(PostingSettings):
    """Posting on Bluesky as one account. Without the app password nothing is sent, but all else can be tried."""

    url: WebAddress = "https://bsky.social"
    account: Annotated[str, Field(pattern=r"^([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+)?$", max_length=50)] = ""
    password_env: str = "BLUESKY_PASSWORD"  # noqa: S105  the name of a variable
    password: SecretStr | None = None
    label_account: bool = False
    settle_seconds: Seconds = 30.0

    @property
    def name(self) -> str:
        return f"bluesky:{self.account.lower()}"

    @property
    def missing(self) -> str:
        lacking = ([] if self.account else ["account"]) + ([] if self.password else [self.password_env])
        return f"{listed(lacking)} not set" if lacking else ""


class MastodonSettings(PostingSettings):
    """Posting on a Mastodon server as one account. Without the token nothing is sent, but all else can be tried."""

    url: Annotated[str, AfterValidator(_no_address_or_a_safe_one)] = ""
    account: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,30}$")] = ""
    token_env: str = "MASTODON_TOKEN"  # noqa: S105  the name of a variable
    token: SecretStr | None = None
    label_account: bool = False
    visibility: Literal["public", "unlisted", "private", "direct"] = "unlisted"
    content_warning: Annotated[str, Field(max_length=100)] = ""
    settle_seconds: Seconds = 60.0

    @property
    def name(self) -> str:
        return f"mastodon:{self.account.lower()}@{urlsplit(self.url).netloc.lower()}"

    @property
    def missing(self) -> str:
        lacking = ([] if self.url else ["url"]) + ([] if self.token else [self.token_env])
        return f"{listed(lacking)} not set" if lacking else ""


class MoreX(XSettings):
    """Another account on X."""

    network: Literal["x"] = "x"


class MoreBluesky(BlueskySettings):
    """Another account on Bluesky."""

    network: Literal["bluesky"] = "bluesky"


class MoreMastodon(MastodonSettings):
    """Another account on a Mastodon server."""

    network: Literal["mastodon"] = "mastodon"
