"""The pipeline's settings. They are read from config.toml once, checked strictly, and never change.

Knows its own sections. Other sections, such as the bot's, are ignored. But a name that is similar to one of its own is
an error, because otherwise a typing error would silently leave the default in force.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from huggingtweets.core.config.base_folders import DEFAULT, located, resolve_base
from huggingtweets.core.config.secret_values import secret_value
from huggingtweets.core.config.user_folders import home_of, settings_file, user_settings
from huggingtweets.core.errors import Misconfigured
from huggingtweets.core.text.patterns import compiled

AVATAR_SUFFIXES = (".png", ".jpg", ".jpeg")


def _beside_the_file(value: Any, info: ValidationInfo) -> Any:
    """A path in config.toml counts from the folder of config.toml, or from the user's folder; see `home_of`."""
    return Path(info.context) / value if isinstance(value, str | Path) and info.context else value


def _base_beside_the_file(base: str, info: ValidationInfo) -> str:
    return resolve_base(base, Path(info.context)) if info.context else base


SettingPath = Annotated[Path, BeforeValidator(_beside_the_file)]
BaseModelName = Annotated[str, AfterValidator(_base_beside_the_file)]


def safe_for_tokens(url: str) -> str:
    """Returns `url` if it is https or this machine itself, because tokens are sent there."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        return url
    raise ValueError("must begin with https:// (http only for this machine itself)")


WebAddress = Annotated[str, AfterValidator(safe_for_tokens)]
Count = Annotated[int, Field(ge=1)]
Choice = Annotated[int, Field(ge=0)]  # 0 leaves the choice to the software


class Section(BaseModel):
    """A table of config.toml: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class StorageSettings(Section):
    """Where state lives."""

    models: SettingPath = Path("models")
    data: SettingPath = Path("data")


class TrainingSettings(Section):
    """How a voice is learned. `training.recipe` chooses what is 0, "auto", or -1 for the embedding's rank."""

    base: BaseModelName = DEFAULT
    method: Literal["lora", "full"] = "lora"
    seed: int = 1
    threads: Annotated[int, Field(ge=0)] = 0
    min_characters: Count = 6_000
    warn_characters: Count = 40_000
    held_out: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    replies: bool = True
    deduplicate: bool = True
    max_epochs: Choice = 0
    max_tokens: Choice = 0
    patience: Count = 1
    batch_tokens: Choice = 0
    row_tokens: Annotated[int, Field(ge=16)] = 128
    lora_layers: Literal["auto", "all", "feed-forward"] = "auto"
    lora_rank: Choice = 0
    lora_embedding_rank: Annotated[int, Field(ge=-1)] = -1
    lora_learning_rate: Annotated[float, Field(ge=0)] = 0.0
    lora_b_rate: Annotated[float, Field(ge=0)] = 0.0
    full_learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    checkpoint_seconds: Annotated[float, Field(gt=0)] = 15.0


class CollectingSettings(Section):
    """Where tweets come from besides files that people name: X, Bluesky, and a watched folder."""

    x_api: bool = False
    x_api_url: WebAddress = "https://api.x.com"
    x_bearer_token_env: str = "X_BEARER_TOKEN"  # noqa: S105  the name of a variable
    x_bearer_token: SecretStr | None = None
    bluesky_url: WebAddress = "https://public.api.bsky.app"
    mastodon_url: WebAddress | Literal[""] = ""
    max_posts: Annotated[int, Field(ge=5, le=3_200)] = 3_200
    x_monthly_budget_usd: Annotated[float, Field(ge=0)] = 5.0
    x_read_usd: Annotated[float, Field(ge=0)] = 0.005
    check_hours: Annotated[float, Field(gt=0, le=24)] = 20.0
    watch_folder: bool = False
    folder: SettingPath = Path("inbox")
    folder_seconds: Annotated[float, Field(gt=0)] = 10.0


class GateSettings(Section):
    """What a new version must achieve to be used."""

    drafts: Count = 200
    max_exact_copies: Annotated[int, Field(ge=0)] = 0
    max_near_copies: Annotated[float, Field(ge=0, le=1)] = 0.01
    noise_standard_errors: Annotated[float, Field(ge=0)] = 1.645
    max_worse: Annotated[float, Field(ge=0, le=1)] = 0.01
    caution_told_apart: Annotated[float, Field(ge=0.5, le=1)] = 0.7
    caution_bits_ratio: Annotated[float, Field(ge=0)] = 0.1


class GenerationSettings(Section):
    """How tweets are drawn."""

    temperature: Annotated[float, Field(gt=0)] = 1.0
    top_k: Count = 200
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_new_tokens: Count = 100
    threads: Annotated[int, Field(ge=0)] = 0
    precision: Literal["auto", "int8", "fp32"] = "auto"
    memory_mib: Count = 1024
    max_rows: Count = 64
    max_waiting: Count = 32
    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    max_rounds: Count = 6
    candidates: Annotated[int, Field(ge=1, le=64)] = 4
    candidate_seconds: Annotated[float, Field(gt=0)] = 0.7


def _usable(pattern: str) -> str:
    compiled(pattern)
    return pattern


class WordsSettings(Section):
    """Words that no answer may have."""

    block_slurs: bool = True
    allowed: list[str] = Field(default_factory=list)
    blocked: list[str] = Field(default_factory=list)
    patterns: list[Annotated[str, AfterValidator(_usable)]] = Field(default_factory=list)


class CardSettings(Section):
    """What the model card and its picture say."""

    prompt: Annotated[str, Field(min_length=1, max_length=100)] = "My dream is"
    license: str = "mit"
    contact: str = ""
    consent: str = ""


class TrackingSettings(Section):
    """Where runs, curves and lineage are recorded."""

    tracker: Literal["trackio", "wandb", "none"] = "trackio"
    wandb_project: str = "huggingtweets"
    wandb_key_env: str = "WANDB_API_KEY"
    wandb_key: SecretStr | None = None


class PublishingSettings(Section):
    """Versions on the Hugging Face Hub. Nothing is published unless `enabled`."""

    enabled: bool = False
    owner: str = ""
    private: bool = True
    weights: Literal["float32", "float16"] = "float32"
    url: WebAddress = "https://huggingface.co"
    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    attempts: Count = 3
    token_env: str = "HF_TOKEN"  # noqa: S105  the name of a variable
    token: SecretStr | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.enabled and not self.owner:
            raise ValueError("is on and has no owner; write the Hub account or organisation that models go to")
        return self


class Settings(BaseModel):
    """All of the pipeline's settings."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    storage: StorageSettings = StorageSettings()
    training: TrainingSettings = TrainingSettings()
    gate: GateSettings = GateSettings()
    generation: GenerationSettings = GenerationSettings()
    words: WordsSettings = WordsSettings()
    collecting: CollectingSettings = CollectingSettings()
    card: CardSettings = CardSettings()
    tracking: TrackingSettings = TrackingSettings()
    publishing: PublishingSettings = PublishingSettings()

    @model_validator(mode="before")
    @classmethod
    def _default_paths_too(cls, table: Any) -> Any:
        """Make the defaults of paths relative to the folder of the file, too."""
        return {"storage": {}, "training": {}, "collecting": {}, **table} if isinstance(table, dict) else table

    @property
    def base(self) -> str:
        """Where the base of [training] is loaded from."""
        return located(self.training.base, self.storage.models)

    @property
    def tweets(self) -> Path:
        """The folder of collected tweets, with one file for each account."""
        return self.storage.data / "tweets"

    @property
    def exports(self) -> Path:
        """The folder of what is pushed to the Hub, with one folder for each version."""
        return self.storage.data / "exports"

    @property
    def records(self) -> Path:
        """What the embedded tracker keeps, with one folder for each model."""
        return self.storage.data / "tracking"

    @property
    def avatars(self) -> Path:
        """Pictures of people, `<handle>` with one of `AVATAR_SUFFIXES`. Not everybody has one."""
        return self.storage.data / "avatars"

    @classmethod
    def load(cls, path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Self:
        """The settings in `path`. Without a path those of `settings_file`, or the defaults if there is no such file.

        Secrets come from `environ`, or from files that it names. Raises `Misconfigured` with every fault that is
        found.
        """
        file = settings_file(path)
        table, shown = read_toml(file) if file else {}, file or user_settings()
        _refuse_typing_errors(shown, table, set(cls.model_fields))
        return parse(cls, shown, home_of(file), with_secrets(cls, shown, table, environ))


Parsed = TypeVar("Parsed", bound=BaseModel)


_BACKSLASH = "in a path write / or \\\\ instead of \\"
# By what Python's parser says of mistakes that people often make.
_MENDS = {"Unescaped '\\'": _BACKSLASH, "Invalid hex value": _BACKSLASH, "Invalid value": "put text in quotation marks"}


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises `Misconfigured` if it is missing or broken."""
    try:
        # Editors on Windows begin a file with a byte order mark.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}; name another with --config.") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path} is not UTF-8 text ({error}); save it as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        # It is no TOML, or a number has more digits than Python reads, or brackets are nested too deeply.
        mend = next((f"; {mend}" for said, mend in _MENDS.items() if said in str(error)), "")
        raise Misconfigured(f"{path} is not valid TOML: {error}{mend}.") from error


def parse(kind: type[Parsed], path: Path, home: Path, table: dict[str, Any]) -> Parsed:
    """`table` as a `kind` with paths from `home`. Raises `Misconfigured`, which names each wrong setting."""
    try:
        return kind.model_validate(table, context=home)
    except ValidationError as error:
        faults = "; ".join(
            f"{_place(fault['loc'])}{_what_is_wrong(kind, fault)}" for fault in error.errors(include_url=False)
        )
        raise Misconfigured(f"{path}: {faults}{'' if faults.endswith('?') else '.'}") from error


def with_secrets(
    kind: type[BaseModel], path: Path, table: dict[str, Any], environ: Mapping[str, str]
) -> dict[str, Any]:
    """`table` with the secret that each `*_env` names.

    Raises `Misconfigured` if the file itself holds a secret, or if the file of a secret cannot be read.
    """
    filled = dict(table)
    for section, field in kind.model_fields.items():
        kinds, values = _section_kinds(field.annotation), filled.get(section, {})
        if isinstance(values, dict) and len(kinds) == 1 and secret_keys(kinds[0]):
            filled[section] = _filled(kinds[0], f"{path}: [{section}]", values, environ)
        elif isinstance(values, list):
            filled[section] = [_entry(kinds, f"{path}: [[{section}]]", entry, environ) for entry in values]
    return filled


def _entry(kinds: Sequence[type[BaseModel]], where: str, entry: Any, environ: Mapping[str, str]) -> Any:
    """One of several tables with the same name, with its secrets. Where there are kinds of it, `network` says which."""
    for kind in kinds:
        network = kind.model_fields.get("network")
        if isinstance(entry, dict) and network and entry.get("network") == network.default:
            return _filled(kind, where, entry, environ)
    return entry


def _filled(kind: type[BaseModel], where: str, values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The values of one table with its secrets. `where` is how a message names the table."""
    filled = dict(values)
    for key in secret_keys(kind):
        secret = key.removesuffix("_env")
        if secret in values:
            raise Misconfigured(
                f"{where} {secret} is a secret and does not belong in a file; "
                f"put it into the environment and name the variable in {key}."
            )
        filled[secret] = secret_value(str(values.get(key, kind.model_fields[key].default)), environ)
    return filled


def secret_keys(kind: type[BaseModel]) -> list[str]:
    """The keys of a table that name environment variables with secrets."""
    return [key for key in kind.model_fields if key.endswith("_env")]


def _section_kinds(annotation: Any) -> list[type[BaseModel]]:
    """The kinds of tables that an annotation allows, such as `list[A | B]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _section_kinds(part)]


def _place(location: tuple[str | int, ...]) -> str:
    """`("training", "seed")` as `[training] seed: `. A fault of several sections has no place."""
    if not location:
        return ""
    section, *rest = map(str, location)
    return f"[{section}] {'.'.join(rest)}".rstrip() + ": "


def _what_is_wrong(kind: type[BaseModel], fault: Mapping[str, Any]) -> str:
    if fault["type"] != "extra_forbidden":
        return str(fault["msg"].removeprefix("Value error, "))
    if len(fault["loc"]) == 1:
        return "there is no such section; remove it"
    section, name = fault["loc"][0], str(fault["loc"][-1])
    field = kind.model_fields.get(str(section))
    settings = getattr(field.annotation, "model_fields", {}) if field else {}
    similar = difflib.get_close_matches(name, settings, n=1)
    return "there is no such setting; " + (f"did you mean {similar[0]}?" if similar else "remove it")


def _refuse_typing_errors(path: Path, table: dict[str, Any], sections: set[str]) -> None:
    for name in table.keys() - sections:
        if similar := difflib.get_close_matches(name, sections, n=1, cutoff=0.85):
            raise Misconfigured(f"{path}: there is no section [{name}]; did you mean [{similar[0]}]?")
