"""What the stages of one training share: the settings, the folder to build in, the kept tweets, and whom to tell.

Knows what a stage may need. Does not know the stages.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from huggingtweets.core.config.base_folders import gguf_of, named
from huggingtweets.core.config.settings import Settings, TrainingSettings
from huggingtweets.core.errors import UnknownModel
from huggingtweets.core.events import Progress, Say
from huggingtweets.core.people.names import VoiceName
from huggingtweets.evaluation.neighbours import neighbours
from huggingtweets.model import base as bases
from huggingtweets.model.base_languages import base_languages
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.tracking.trackers import Tracker
from huggingtweets.training.recipe import for_base
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.stages import KEPT, Stages, digest
from huggingtweets.workflow.work_plan import Amounts, WorkPlan


class TrainingRun:
    """One training of `name`. `in_use` is the version that is in use when it begins.

    `kept_before` are the people whose tweets were there before it, or None for those whose tweets are there now.
    """

    def __init__(
        self,
        name: VoiceName,
        settings: Settings,
        folder: Path,
        say: Say,
        tracker: Tracker,
        kept_before: Collection[str] | None = None,
    ):
        self.name = name
        self.handles = name.handles
        self.settings = settings
        self.folder = folder
        self._tell = say
        is_made = bool(named(settings.base) or gguf_of(settings.base)) and not bases.is_ready(settings.base)
        self.plan = WorkPlan(Amounts(is_base_ready=not is_made))
        self.tracker = tracker
        self.store = TweetStore(settings.tweets, remembered=len(self.handles))
        self.kept_before = self.store.handles() if kept_before is None else kept_before
        self.stages = Stages(folder)
        self.registry = Registry(settings.storage.models)
        try:
            self.in_use: Version | None = self.registry.current(name)
        except UnknownModel:
            self.in_use = None

    def say(self, progress: Progress) -> None:
        """Tell how far a stage is, and the whole."""
        self.plan.reached(progress.stage, progress.done / max(1, progress.total))
        self._tell(replace(progress, percent=self.plan.percent, seconds_left=self.plan.seconds_left))

    @property
    def kept(self) -> Path:
        """The file of the cleaned tweets."""
        return self.folder / KEPT

    @cached_property
    def base(self) -> str:
        """Where the base is loaded from. It is ready. Raises `BadBase`."""
        bases.prepare(self.settings.base, self.say)
        return self.settings.base

    @cached_property
    def training(self) -> TrainingSettings:
        """[training], with what it leaves to the software chosen for the base. Raises `BadBase`."""
        return for_base(self.settings.training, bases.describe_base(self.base).parameters)

    @cached_property
    def base_fingerprint(self) -> str:
        return bases.fingerprint(self.base)

    @cached_property
    def base_languages(self) -> frozenset[str]:
        return base_languages(self.settings.base)

    @cached_property
    def others(self) -> Mapping[str, Sequence[str]]:
        """Texts of the other accounts that are known here, by name."""
        return neighbours(self.name, self.settings)

    @property
    def digests_of_others(self) -> dict[str, str]:
        return {name: digest(texts) for name, texts in self.others.items()}

    def fingerprints(self) -> list[str]:
        """A hash of the kept tweets of each person."""
        return [self.store.fingerprint(handle) for handle in self.handles]
