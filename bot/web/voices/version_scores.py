"""How good a version is, in words first, with the figures behind them and what people think of it.

Knows versions, reports and votes. Does not know HTTP.
"""

from dataclasses import dataclass

from bot.store import Store
from bot.store.voices.feedback import Tally
from bot.trainings.measured import report_lines
from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.evaluation import verdict
from huggingtweets.model.base import base_name
from huggingtweets.registry.version import Version


@dataclass(frozen=True, slots=True)
class Score:
    """One version. `verdict` and `strength` are empty if they were not measured, `why_not` if it passed the gate."""

    version: str
    day: str
    base: str
    tweets: int
    strength: str
    verdict: str
    why_not: str
    figures: tuple[str, ...]
    thumbs: Tally


async def score_of(store: Store, version: Version) -> Score:
    """The score of one version."""
    manifest = version.manifest
    strength = verdict.strength_of(manifest)
    return Score(
        version=version.version,
        day=manifest.day,
        base="the small base" if version.base == EMBEDDED else base_name(version.base),
        tweets=manifest.counts.kept,
        strength=strength.value if strength else "",
        verdict=verdict.of(manifest),
        why_not=manifest.verdict.for_people or version.rejected,
        figures=tuple(report_lines(manifest.report)) if manifest.report else (),
        thumbs=await store.feedback.tally(version.name, version.version),
    )
