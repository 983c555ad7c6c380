"""The discriminator of a new version: it learns to tell the voice's own drafts from the person's real tweets.

Knows a voice that is measured, and its data set. Does not know how a discriminator is fitted, or what it is used for.
"""

from dataclasses import replace
from pathlib import Path

from huggingtweets.core.config import Settings
from huggingtweets.evaluation.measure import Subject, drafts_of
from huggingtweets.generation.discriminator_fit import fit
from huggingtweets.registry.manifest import DISCRIMINATOR

TIMES = 2  # as many drafts as the gate counts
SEEDS_AWAY = 7_000  # from the seed of the gate's drafts


def leave_discriminator(subject: Subject, settings: Settings, folder: Path) -> None:
    """Write the discriminator of `subject` into the version's `folder`, unless it has too few tweets for one."""
    elsewhere = replace(subject, seed=subject.seed + SEEDS_AWAY)
    drafts = [draft.text.strip() for draft in drafts_of(elsewhere, "", TIMES * settings.gate.drafts) if draft.ended]
    if discriminator := fit(subject.dataset.learned, subject.dataset.shown, drafts):
        discriminator.write(folder / DISCRIMINATOR)
