"""`Config`: all sections together, as they are read from one config.toml, with secrets from the environment.

A secret stands in config.toml only as the name of an environment variable, in a key that ends in `_env`.

Knows which sections there are, and what holds between them. Does not know what the settings are for.
"""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from bot.core.config.cluster import ClusterSettings
from bot.core.config.discord import DiscordSettings
from bot.core.config.limits import LimitsSettings
from bot.core.config.networks import BlueskySettings, MastodonSettings, MoreBluesky, MoreMastodon, MoreX, XSettings
from bot.core.config.page import ApiSettings, PlaygroundSettings
from bot.core.config.process import BotSettings, JobsSettings, StoreSettings
from bot.core.config.schedule import ScheduleEntry
from huggingtweets.core.config.settings import Section, Settings, secret_keys
from huggingtweets.core.errors import Usage

PASSPHRASE = "BACKUP_PASSPHRASE"  # noqa: S105  the name of the variable with the passphrase of backups


def _sections(value: object) -> list[Section]:
    """The tables that a setting of the top level holds: one, or a list of them."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Section)]


class Config(Settings):
    """Everything that config.toml may hold. Unknown sections are errors, because nothing else reads the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bot: BotSettings = BotSettings()
    jobs: JobsSettings = JobsSettings()
    schedule: list[ScheduleEntry] = Field(default_factory=list)
    store: StoreSettings = StoreSettings()
    limits: LimitsSettings = LimitsSettings()
    discord: DiscordSettings = DiscordSettings()
    x: XSettings = XSettings()
    bluesky: BlueskySettings = BlueskySettings()
    mastodon: MastodonSettings = MastodonSettings()
    account: list[Annotated[MoreX | MoreBluesky | MoreMastodon, Field(discriminator="network")]] = Field(
        default_factory=list
    )
    playground: PlaygroundSettings = PlaygroundSettings()
    api: ApiSettings = ApiSettings()
    cluster: ClusterSettings = ClusterSettings()

    @model_validator(mode="after")
    def _each_account_once(self) -> Self:
        names: set[str] = set()
        for settings in self.accounts:
            if isinstance(settings, MoreX | MoreBluesky | MoreMastodon) and not settings.account:
                raise ValueError("[[account]] account is empty; name each account after the first of a network")
            if settings.account and settings.name in names:
                raise ValueError(f"[[account]] {settings.account} is there already; name each account once")
            names.add(settings.name)
        return self

    @property
    def accounts(self) -> tuple[XSettings | BlueskySettings | MastodonSettings, ...]:
        """All accounts to post as, set up or not."""
        return self.x, self.bluesky, self.mastodon, *self.account

    def with_local_admin(self) -> Self:
        """The same, but people at this machine may do everything on the page. Raises `Usage` in a demo."""
        if self.playground.demo:
            raise Usage("A demo has no admins at this machine; sign in with a token, or set demo to false.")
        return self.model_copy(update={"playground": self.playground.model_copy(update={"local_admin": True})})

    @property
    def secret_names(self) -> frozenset[str]:
        """The environment variables that hold secrets."""
        sections = [value for key in type(self).model_fields for value in _sections(getattr(self, key))]
        names = (getattr(section, key) for section in sections for key in secret_keys(type(section)))
        return frozenset({*names, PASSPHRASE})

    @property
    def database_url(self) -> str:
        """The URL of the database, which may hold a password. By default it is an SQLite file with the other data."""
        if self.store.secret_url:
            return self.store.secret_url.get_secret_value()
        return self.store.url or f"sqlite:///{(self.storage.data / 'bot.db').absolute()}"
