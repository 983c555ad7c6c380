"""The discriminator of a new version: it learns to tell the voice's own drafts from the person's real tweets.

Knows a voice that is measured, and its data set. Does not know how a discriminator is fitted, or what it is used for.
"""

from dataclasses import replace
from pathlib import Path

from huggingtweets.core.config.settings import Settings
from huggingtweets.evaluation.measure import Subject, drafts_of
from huggingtweets.generation.discriminator_fit import fit
from huggingtweets.registry.manifest import DISCRIMINATOR

TIMES = 2  # as many drafts as the gate counts
SEEDS_AWAY = 7_000  # from the seed of the gate's drafts


def drafts_wanted(settings: Settings) -> int:
    """How many drafts a discriminator learns from."""
    return TIMES * settings.gate.drafts


def leave_discriminator(subject: Subject, settings: Settings, folder: Path) -> None:
    """Write the discriminator of `subject` into the version's `folder`, unless it has too few tweets for one."""
    elsewhere = replace(subject, seed=subject.seed + SEEDS_AWAY)
    drafts = [draft for draft in drafts_of(elsewhere, "", drafts_wanted(settings)) if draft.ended]
    texts, bits = [draft.text.strip() for draft in drafts], [draft.bits_per_byte for draft in drafts]
    data = subject.dataset
    bits_of = dict(zip(data.held_out, subject.losses.per_byte_of_each.tolist(), strict=True))
    if discriminator := fit(data.learned, data.shown, texts, [bits_of[text] for text in data.shown], bits):
        discriminator.write(folder / DISCRIMINATOR)
    subject.did("compared", 1)
