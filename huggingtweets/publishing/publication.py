"""From a version to the Hub: first the whole folder is made, then it is pushed.

Knows the order of the two. Does not know how either is done.
"""

import logging
import shutil
from pathlib import Path

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import BadData, PipelineError
from huggingtweets.core.events import Progress, Say
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.publishing.export import export
from huggingtweets.publishing.folders import Form
from huggingtweets.publishing.publish import (
    Published,
    forego,
    push,
    refuse_moved,
    refuse_token,
    refuse_unconfigured,
    repository_of,
    want,
)
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.version import Version
from huggingtweets.tweets.kept.unwilling import MEMBER

log = logging.getLogger(__name__)


def prepare(version: Version, settings: Settings, say: Say = lambda _: None, form: Form = "transformers") -> Path:
    """The folder that would be pushed, or one like it for other programs."""
    say(Progress("export", 0, 2))
    repository = repository_of(version.name, settings.publishing)
    folder = export(version, settings, repository, form, lambda: say(Progress("export", 1, 2)))
    say(Progress("export", 2, 2, {"folder": str(folder)}))
    return folder


def refuse_private(voice: VoiceName, settings: Settings) -> None:
    """Raises `Forgotten` or `OptedOut`, or `BadData` for a voice that members of a server lent to the bot alone."""
    accounts = Accounts(settings)
    accounts.refuse(voice)
    for person in voice.handles:
        if any(account.startswith(f"{MEMBER}:") for account in accounts.of(person)):
            lent = Phrase(
                "{person} was learned from what a member wrote on Discord, which is lent to the bot alone.",
                person=person,
            )
            raise BadData(lent, for_people=lent)


def publish(version: Version, settings: Settings, say: Say = lambda _: None) -> Published:
    """Put `version` on the Hub. Raises `Misconfigured` before anything else if publishing is not configured.

    Raises what `upstream` draws, before any work if the Hub does not take the token or cannot be reached. Raises what
    `refuse_private` raises; then the note that it is to be published is deleted, too. The folder is deleted
    afterwards, because it can be made again and takes half a gigabyte a version.
    """
    refuse_unconfigured(settings.publishing)
    refuse_moved(version, settings.publishing)
    try:
        refuse_private(version.name, settings)
    except BadData:
        forego(settings.storage.models, version.name)
        raise
    refuse_token(settings.publishing)  # before the folder is made, which takes a while
    folder = prepare(version, settings, say)
    say(Progress("push", 0))
    try:
        publication = push(version, folder, settings.publishing)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(Progress("push", facts={"url": publication.url}))
    return publication


def want_if_public(voice: VoiceName, settings: Settings) -> bool:
    """Remember that `voice` is to go to the Hub. Returns False for a voice that must not."""
    try:
        refuse_private(voice, settings)
    except BadData as private:
        log.info("not for the Hub: %s", private)
        return False
    want(settings.storage.models, voice)
    return True


def publish_if_configured(version: Version, settings: Settings, say: Say = lambda _: None) -> Published | str | None:
    """Publish after a promotion. Returns None if publishing is off, and a sentence if it failed.

    After a failure the promotion stands, and the wish to publish is remembered.
    """
    if not settings.publishing.enabled:
        return None
    if not want_if_public(version.name, settings):
        return None
    try:
        return publish(version, settings, say)
    except (PipelineError, OSError) as error:
        log.info("%s %s was not published", version.name, version.version, exc_info=error)
        return f"{version.name} {version.version} is in use here, but not on the Hub: {error}"
