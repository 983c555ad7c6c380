"""`--check`: can the bot start with these settings and models? No model is loaded for the answer.

Knows the folders of versions and of the base. Does not know torch.
"""

from pathlib import Path

from bot.core.ai_label import ASK_FOR_AUTOMATED_LABEL
from bot.core.base_at_hand import missing_base
from bot.core.config import Config, XSettings
from huggingtweets.core.config import PublishingSettings
from huggingtweets.core.errors import BadBase, Misconfigured, Unavailable
from huggingtweets.core.user_folders import settings_file
from huggingtweets.model.base import find
from huggingtweets.registry.versions import Registry, Version

WEIGHTS = "*.safetensors"


def check(config: Config, config_file: Path | None) -> str:
    """The state of everything, in a few lines. Raises `Misconfigured` or `Unavailable` for the first fault."""
    registry = Registry(config.storage.models)
    versions = [registry.current(name) for name in registry.names()]
    for version in versions:
        _check_version(version)
    missing = missing_base(config)
    if not missing:
        _check_base(config.base)
    return "\n".join(
        [
            _settings_of(settings_file(config_file)),
            f"discord: {'on' if config.discord.token else f'off, {config.discord.token_env} is not set'}",
            *(f"x: {line}" for line in _x(config.x)),
            *_collecting(config),
            f"publishing: {_publishing(config.publishing)}",
            f"playground: {'on' if config.playground.enabled else 'off'}",
            f"base: {missing or config.training.base}",
            f"models: {', '.join(f'{version.name} {version.version}' for version in versions) or 'none'}",
        ]
    )


def _settings_of(file: Path | None) -> str:
    return (
        f"config: {file} is valid"
        if file
        else "config: no file, every setting has its default; see: huggingtweets init"
    )


def _x(settings: XSettings) -> list[str]:
    """How posting is set up, and what a person must check themselves."""
    keys = "with its keys" if settings.has_keys else f"without keys, {settings.consumer_key_env} or another is not set"
    lines = [f"{'a dry run' if settings.dry_run else 'posts are sent'}, {keys}"]
    if settings.has_keys and not settings.dry_run:
        lines.append(ASK_FOR_AUTOMATED_LABEL)
        if settings.monthly_budget_usd < settings.least_budget_usd:
            lines.append(
                f"nothing can ever be posted with {settings.monthly_budget_usd:.3f} USD a month: a post, and the reads "
                f"that are kept for looking it up, need [x] monthly_budget_usd = {settings.least_budget_usd:.3f}"
            )
        if not settings.ai_label:
            lines.append(
                "posts carry no mark ([x] ai_label is empty), so they wait until the bio says that an AI writes"
            )
    return lines


def _collecting(config: Config) -> list[str]:
    if not config.collecting.x_api:
        return []
    # Imported only where X is read, because tweepy would double the time that a check takes.
    from huggingtweets.sources.remote_sources import Collector

    shortfall = Collector(config).shortfall()
    return [f"collecting: {shortfall}"] if shortfall else []


def _publishing(settings: PublishingSettings) -> str:
    if not settings.enabled:
        return "off"
    return f"to {settings.owner}" + ("" if settings.token else f", but {settings.token_env} is not set")


def _check_version(version: Version) -> None:
    weights = [path for folder in (version.adapter, version.model) for path in folder.glob(WEIGHTS)]
    if not weights or not version.dataset.exists():
        raise Unavailable(f"{version.folder} is in use but not whole; roll {version.name} back, or train it again.")


def _check_base(base: str) -> None:
    try:
        folder = Path(find(base))
    except BadBase as error:
        raise Misconfigured(f"[training] base = {base!r} is wrong: {error}") from error
    if folder.is_dir() and not list(folder.glob(WEIGHTS)):
        raise Misconfigured(f"[training] base = {base!r} has no weights (*.safetensors).")
