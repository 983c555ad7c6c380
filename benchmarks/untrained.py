"""Voices of the embedded base for benchmarks that measure no quality: an adapter changes the base a little.

Learning one takes minutes, and how fast a voice writes does not depend on what it has learned. Its tweets are checked
against those of the sample account. Knows adapters and the registry. Does not know what is measured.
"""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime

import torch

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.model import base as bases
from huggingtweets.model import lora
from huggingtweets.registry import manifest as manifests
from huggingtweets.registry.versions import Registry
from huggingtweets.sources.sample import FOLDER as ACCOUNT

RANK, EMBEDDING_RANK = 8, 64  # as the embedded base's voices have
ALPHA_PER_RANK = 2.0
CHANGE = 0.01  # the spread of what is added at the start of each factor that is zero


def put_in_use(settings: Settings, names: Sequence[str]) -> list[VoiceName]:
    """Put a version of each name in use. All have the same adapter, in a folder of its own."""
    registry, base = Registry(settings.storage.models), bases.load(settings.base)
    torch.manual_seed(1)
    lora.add(base.model, RANK, ALPHA_PER_RANK * RANK, EMBEDDING_RANK)
    weights = {name: weight + CHANGE * torch.randn_like(weight) for name, weight in lora.state(base.model).items()}
    manifest = manifests.Manifest(
        base=settings.base,
        base_fingerprint=bases.fingerprint(settings.base),
        method="lora",
        created=datetime.now(UTC).isoformat(),
    )
    for name in names:
        with registry.staged(name) as staged:
            folder = staged / manifests.ADAPTER
            folder.mkdir(parents=True)
            lora.save(
                weights,
                folder,
                base.model.description,
                base=settings.base,
                rank=RANK,
                alpha=ALPHA_PER_RANK * RANK,
            )
            for file in (manifests.DATASET, manifests.DISCRIMINATOR):
                shutil.copy(ACCOUNT / "voice" / file, staged / file)
            registry.release(name, staged, manifest)
    return [VoiceName(name) for name in names]
