"""What a version says of itself, `manifest.json`, and the names of all the files in a version's folder.

A manifest may lack what older software did not write, and hold more than is read here. Knows the shape of the file.
Does not know what a version is used for.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter, ValidationError

from huggingtweets.core import atomic
from huggingtweets.core.errors import Unavailable
from huggingtweets.core.records import JSON, Account, Counts, Report, Verdict

MANIFEST = "manifest.json"
ADAPTER = "adapter"  # a folder; a version has either an adapter or a model
MODEL = "model"  # a folder: the whole model of a full fine-tune
DATASET = "dataset.jsonl"
PROFILE, PROFILE_PICTURE = "profile.json", "profile.png"
DISCRIMINATOR = "discriminator.safetensors"  # tells the voice's drafts from real tweets; older versions have none
CARD = "card"  # a folder: the model card and its pictures


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Whose(_Part):
    handle: str
    display_name: str = ""
    avatar_url: str = ""
    site: str = ""

    @property
    def account(self) -> Account:
        return Account(self.handle, self.display_name, self.avatar_url, self.site)


class LearnedAccount(_Whose):
    """An account that the version has learned from, and what became of its tweets."""

    counts: Annotated[Counts, PlainSerializer(Counts.as_json)] = Counts(0, 0, 0)


class TrainingFacts(_Part):
    """What the training was like. `curve` has a row for each pass; `start` is the version whose weights it began with.

    `kept_epoch` is 0 if no pass was better than the weights at the beginning. `pairs` is the number of replies that
    were learned with what was said before; versions of older software have learned none.
    """

    epochs: int | None = None
    kept_epoch: int | None = None
    steps: int | None = None
    tokens: int | None = None
    batch_tokens: int | None = None
    learning_rate: float | None = None
    seconds: float | None = None
    curve: tuple[dict[str, int | float], ...] = ()
    start: str | None = None
    pairs: int = 0


class Prompted(_Part):
    """Texts that go on from the card's prompt."""

    prompt: str = ""
    texts: tuple[str, ...] = ()


class Tracked(_Part):
    """Which tracker recorded the training; `runs` maps a job to its run, as a link where it has one."""

    tracker: str = ""
    runs: dict[str, str] = Field(default_factory=dict)


class Manifest(_Part):
    """All that is known of a version. `settings` are those of the training, as they were called at that time."""

    name: str = ""
    version: str = ""
    base: str
    method: str = ""
    seed: int = 0
    settings: dict[str, Any] = Field(default_factory=dict)
    training: TrainingFacts = TrainingFacts()
    report: Annotated[Report, PlainSerializer(Report.as_json)] | None = None
    verdict: Annotated[Verdict, PlainSerializer(Verdict.as_json)] = Verdict()
    samples: tuple[str, ...] = ()
    prompted: Prompted | None = None
    languages: tuple[str, ...] = ()
    libraries: dict[str, str] = Field(default_factory=dict)
    tracking: Tracked = Tracked()
    base_fingerprint: str = ""
    accounts: tuple[LearnedAccount, ...] = ()
    stages: dict[str, str] = Field(default_factory=dict)
    created: str
    seconds: float = 0.0

    @property
    def day(self) -> str:
        """The day it was made, `2026-03-01`."""
        return self.created[:10]

    @property
    def counts(self) -> Counts:
        """What became of the tweets of all its accounts."""
        return Counts.sum(account.counts for account in self.accounts)

    @property
    def measured(self) -> Report:
        """The report. Raises `Unavailable` if there is none."""
        if self.report is None:
            raise Unavailable(f"There is no report on {self.name} {self.version}; train {self.name} again.")
        return self.report

    def write(self, folder: Path) -> None:
        """Write it into a version's folder, whole or not at all."""
        # Not as JSON: pydantic refuses half a surrogate pair, which a display name may hold.
        atomic.write_json(folder / MANIFEST, self.model_dump(exclude_unset=True))


def read(folder: Path) -> Manifest:
    """The manifest in a version's folder. Raises `OSError`, or `ValueError` that names the first wrong value."""
    try:
        return Manifest.model_validate(atomic.read_json(folder / MANIFEST))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}" if place else str(first["msg"])) from error


def read_accounts(folder: Path) -> list[Account]:
    """Only the accounts of a manifest, also of one whose other values are damaged. Raises `OSError` or `ValueError`."""
    row: JSON = _TABLE.validate_python(atomic.read_json(folder / MANIFEST))
    return [whose.account for whose in _ACCOUNTS.validate_python(row.get("accounts", ()))]


_TABLE = TypeAdapter(dict[str, Any])
_ACCOUNTS = TypeAdapter(list[_Whose])
