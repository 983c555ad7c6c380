"""The sample account's voice, which comes with this software, so that there is one without learning it first.

Knows the voice's folder and the registry. Does not know how the voice was learned: `make_sample_voice` does.
"""

import logging
import shutil
from pathlib import Path

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import parse_handle
from huggingtweets.model import base as bases
from huggingtweets.registry import manifest as manifests
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.sources.sample import FOLDER as ACCOUNT
from huggingtweets.sources.sample import sample_account

log = logging.getLogger(__name__)

FOLDER = ACCOUNT / "voice"


def install(settings: Settings, folder: Path = FOLDER) -> Version | None:
    """Put the voice in `folder` in use as the sample account's first version, whole or not at all.

    Returns None if there is no such folder, if the account has a version already, or if the voice was learned on
    another base than that of the settings. Raises `BadBase`, and `Unavailable` while the account is being trained.
    """
    if not (folder / manifests.MANIFEST).exists():
        return None
    manifest = manifests.read(folder)
    if manifest.base_fingerprint != bases.fingerprint(settings.base):
        log.debug("the voice that comes with this software was learned on %s, not on this base", manifest.base)
        return None
    name, registry = parse_handle(sample_account().handle), Registry(settings.storage.models)
    with registry.staged(name) as staged:
        if registry.versions(name):
            return None
        shutil.rmtree(staged)  # an earlier run may have left something
        shutil.copytree(folder, staged, ignore=shutil.ignore_patterns(manifests.MANIFEST))
        return registry.release(name, staged, manifest)
