"""`--check`: can the bot start with these settings and models? No model is loaded for the answer.

Knows the folders of versions and of the base. Does not know torch.
"""

from pathlib import Path

from bot.core.base_at_hand import missing_base
from bot.core.config import BlueskySettings, Config, MastodonSettings, PlaygroundSettings, PostingSettings, XSettings
from bot.core.post_text.ai_label import ASK_FOR_AUTOMATED_LABEL
from huggingtweets.core.config.settings import PublishingSettings
from huggingtweets.core.config.user_folders import settings_file
from huggingtweets.core.errors import BadBase, Misconfigured, Unavailable
from huggingtweets.core.text.quoted import quoted
from huggingtweets.model.base import find
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry

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
            *(line for settings in config.accounts for line in _account(settings)),
            *_collecting(config),
            f"publishing: {_publishing(config.publishing)}",
            f"playground: {_page(config.playground)}",
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


def _account(settings: XSettings | BlueskySettings | MastodonSettings) -> list[str]:
    """How posting as one account is set up; for further accounts of a network with their names."""
    match settings:
        case XSettings():
            lines, network = _x(settings), "x"
        case BlueskySettings():
            lines, network = _bluesky(settings), "bluesky"
        case MastodonSettings():
            lines, network = _mastodon(settings), "mastodon"
    which = f"{network} @{settings.account}" if "network" in type(settings).model_fields else network
    return [f"{which}: {line}" for line in lines]


def _page(settings: PlaygroundSettings) -> str:
    """Whether there is a page, and for whom. Raises `Misconfigured` for users who cannot be read."""
    from bot.web.entry.users import Users

    if not settings.enabled:
        return "off"
    secrets = (secret.get_secret_value() if secret else "" for secret in (settings.users, settings.token))
    users = Users.of(*secrets)
    admins = [*(["people at this machine"] if settings.local_admin else []), *(["who signs in"] if users else [])]
    everybody = "everybody may try voices" if settings.demo else "people at this machine may try voices"
    return f"on; {everybody}; admins: {' and '.join(admins) or 'none'}"


def _x(settings: XSettings) -> list[str]:
    """How posting is set up, and what a person must check themselves."""
    lines = [_how(settings)]
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


def _how(settings: PostingSettings) -> str:
    keys = f"without keys, {settings.missing}" if settings.missing else "with its keys"
    return f"{'a dry run' if settings.dry_run else 'posts are sent'}, {keys}"


def _bluesky(settings: BlueskySettings) -> list[str]:
    """How posting on Bluesky is set up, and whether the account is labelled."""
    if not (settings.account or settings.password):
        return ["off, [bluesky] account is not set"]
    lines = [_how(settings)]
    if settings.has_keys and not settings.dry_run:
        from bot.posts.labels import bluesky_label

        lines += _label('the self-label "bot"', bluesky_label(settings), settings.ai_label, settings.label_account)
    return lines


def _mastodon(settings: MastodonSettings) -> list[str]:
    """The same for Mastodon."""
    if not (settings.url or settings.token):
        return ["off, [mastodon] url is not set"]
    lines = [_how(settings)]
    if settings.has_keys and not settings.dry_run:
        if not settings.account:
            return [*lines, "whether the account has the bot flag is seen at the start; name it: [mastodon] account"]
        from bot.posts.labels import mastodon_label

        lines += _label("the bot flag", mastodon_label(settings), settings.ai_label, settings.label_account)
    return lines


def _label(label: str, has_it: bool | None, ai_label: str, label_account: bool) -> list[str]:
    """A warning if an account does not say by its network's label that a program writes there."""
    if has_it:
        return []
    if has_it is None:
        return [f"warning: whether the account has {label} cannot be seen now"]
    if label_account:
        return [f"the account gets {label} at the start"]
    mend = "set it in the account's profile, or write label_account = true"
    waits = "" if ai_label else "; until then, or until its texts say that an AI writes, posts wait"
    return [f"warning: the account lacks {label}, which automated accounts carry; {mend}{waits}"]


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
        raise Misconfigured(f"[training] base = {quoted(base)} is wrong: {error}") from error
    if folder.is_dir() and not list(folder.glob(WEIGHTS)):
        raise Misconfigured(f"[training] base = {quoted(base)} has no weights (*.safetensors).")
