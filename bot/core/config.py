"""All settings of the process: the pipeline's and the bot's, from one config.toml, with secrets from the environment.

A secret stands in config.toml only as the name of an environment variable, in a key that ends in `_env`.

Knows files and the environment. Does not know what the settings are for.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.core.post_checks import fit_for_a_label
from huggingtweets.core.config import (
    Count,
    Section,
    Settings,
    WebAddress,
    secret_keys,
)
from huggingtweets.core.errors import Usage
from huggingtweets.core.names import NO_VOICE, VoiceName

if TYPE_CHECKING:
    from bot.core.schedule_entry import Schedule

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("is no time zone; write one as in Europe/Paris") from None
    return name


def _fit_for_a_label(text: str) -> str:
    if reason := fit_for_a_label(text):
        raise ValueError(f"cannot stand at the end of a post ({reason}); write a word or two, as in 🤖 AI")
    return text


def _voice(text: object) -> VoiceName:
    if not isinstance(text, str):
        raise ValueError("is no text; write the name of a voice in quotes")
    try:
        return VoiceName.parse(text) if text else NO_VOICE
    except Usage as error:
        raise ValueError(str(error).rstrip(".")) from None


Voice = Annotated[VoiceName, PlainValidator(_voice)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
RESERVED_READS = 300  # own reads that the budget keeps back, so that a post in doubt can still be looked up
QuietHours = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$")]


class BotSettings(Section):
    """The process as a whole."""

    sample_account: bool = True
    stop_seconds: Seconds = 10.0
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class JobsSettings(Section):
    """Trainings that people and the clock ask for."""

    max_waiting: Count = 8
    hang_seconds: Seconds = 900.0
    niceness: Annotated[int, Field(ge=0, le=19)] = 19
    keep_versions: Count = 5


class StoreSettings(Section):
    """The database. Without a URL it is SQLite in [storage] data. A URL with a password comes from the environment."""

    url: str = ""
    secret_url_env: str = "BOT_DATABASE_URL"  # noqa: S105  the name of a variable
    secret_url: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _without_password(cls, url: str) -> str:
        if "@" in url and ":" in url.partition("://")[2].rpartition("@")[0]:
            # The message does not repeat the URL, because pydantic shows it.
            raise ValueError("has a password, which does not belong in a file; put the URL into the environment")
        return url

    @field_validator("url")
    @classmethod
    def _beside_the_file(cls, url: str, info: ValidationInfo) -> str:
        """A relative path of an SQLite file is relative to the folder of config.toml, like every other path there."""
        begin, _, path = url.partition(":///")
        is_relative = begin.startswith("sqlite") and path and not path.startswith(("/", ":"))
        return f"{begin}:///{Path(info.context) / path}" if is_relative and info.context else url


class ScheduleEntry(Section):
    """One `[[schedule]]`: by `cron` (five fields) or `every_minutes`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    action: Literal["retrain", "post", "say"]
    voice: Voice = NO_VOICE
    cron: str = ""
    every_minutes: Count | None = None
    time_zone: TimeZone = "UTC"
    jitter_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    quiet_hours: QuietHours = ""
    min_new_tweets: Annotated[int, Field(ge=0)] = 20
    sources: list[str] = Field(default_factory=list)
    channel: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        # Imported only if there is a schedule, because the import would double the time that --check takes.
        from bot.core.due import checked

        try:
            checked(self.schedule)
        except Usage as error:
            raise ValueError(str(error)) from None
        if self.action == "retrain" and not self.voice:
            raise ValueError("a retraining needs a voice")
        if self.action == "say" and not (self.voice and self.channel):
            raise ValueError("to say something, it needs a voice and the number of a channel on Discord")
        if self.action != "say" and self.channel:
            raise ValueError(f"the action {self.action} has no channel")
        return self

    @property
    def schedule(self) -> "Schedule":
        """The schedule as the database keeps it, with a fingerprint of this entry."""
        from bot.core.schedule_entry import Schedule

        return Schedule(
            name=self.name,
            action=self.action,
            voice=self.voice,
            cron=self.cron,
            every_seconds=self.every_minutes * 60 if self.every_minutes else None,
            time_zone=self.time_zone,
            jitter_seconds=self.jitter_seconds,
            quiet=self.quiet_hours,
            options={"channel": f"discord:channel:{self.channel}"}
            if self.channel
            else {"min_new_tweets": self.min_new_tweets, "sources": self.sources},
            seed=self._fingerprint,
        )

    @property
    def _fingerprint(self) -> str:
        """Returns the same as before this version where there is no channel, so that changes of admins stay."""
        entry = self.model_dump_json(exclude=None if self.channel else {"channel"})
        return hashlib.sha256(entry.encode()).hexdigest()[:16]


class LimitsSettings(Section):
    """How much may be asked for."""

    tweets_per_request: Annotated[int, Field(ge=1, le=10)] = 5
    requests_per_minute: Count = 10
    server_requests_per_minute: Count = 60
    total_requests_per_minute: Count = 300
    strikes: Count = 5
    strike_minutes: Annotated[float, Field(gt=0)] = 10.0
    pause_minutes: Annotated[float, Field(gt=0)] = 30.0
    chain: Count = 20


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
    upload_megabytes: Annotated[int, Field(ge=1, le=500)] = 100
    round_seconds: Seconds = 60.0


class XSettings(Section):
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
    dry_run: bool = True
    automatic: bool = False
    voice: Voice = NO_VOICE
    candidates: Annotated[int, Field(ge=1, le=20)] = 5
    max_queued: Count = 100
    blocked_words: list[str] = Field(default_factory=list)
    minutes_between_posts: Annotated[float, Field(ge=0)] = 15.0
    time_zone: TimeZone = "UTC"
    quiet_hours: QuietHours = "23:00-07:00"
    ai_label: Annotated[str, AfterValidator(_fit_for_a_label)] = "🤖 AI"
    timeout_seconds: Seconds = 20.0
    settle_seconds: Seconds = 90.0
    monthly_budget_usd: Annotated[float, Field(ge=0)] = 5.0
    post_usd: Annotated[float, Field(ge=0)] = 0.015
    reply_usd: Annotated[float, Field(ge=0)] = 0.010
    read_usd: Annotated[float, Field(ge=0)] = 0.005
    own_read_usd: Annotated[float, Field(ge=0)] = 0.001
    mentions: bool = False
    mentions_seconds: Seconds = 120.0
    replies_per_author_a_day: Count = 3
    replies_per_thread: Count = 3
    never_reply_to: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _patient(self) -> Self:
        # X may make a post just before the request times out. Such a post must be found, and not be made again.
        if self.settle_seconds <= self.timeout_seconds:
            raise ValueError("settle_seconds must be longer than timeout_seconds, or posts are made twice")
        return self

    @property
    def least_budget_usd(self) -> float:
        """The smallest monthly budget that pays for one post and for the reads that are kept back to look it up."""
        return self.post_usd + RESERVED_READS * self.own_read_usd

    @property
    def has_keys(self) -> bool:
        """True if X can be used."""
        return all((self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret))


class PlaygroundSettings(Section):
    """The local page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 7860


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
    playground: PlaygroundSettings = PlaygroundSettings()

    @property
    def secret_names(self) -> frozenset[str]:
        """The environment variables that hold secrets."""
        return frozenset(getattr(getattr(self, section), key) for section, key in secret_keys(type(self)))

    @property
    def database_url(self) -> str:
        """The URL of the database, which may hold a password. By default it is an SQLite file with the other data."""
        if self.store.secret_url:
            return self.store.secret_url.get_secret_value()
        return self.store.url or f"sqlite:///{(self.storage.data / 'bot.db').absolute()}"
