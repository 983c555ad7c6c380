"""The model card: what a model is, how it was made, how good it is, and whom to ask to have it removed.

Every figure comes from the version's manifest; nothing is computed here. Names and samples are other people's words:
they are written so that no Markdown, HTML, YAML or writing direction in them has an effect.

Knows manifests, Jinja and the Hub's front matter. Does not know how a folder is published.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from huggingtweets.core.records import Estimate, Report
from huggingtweets.core.text.visible import typed
from huggingtweets.evaluation import verdict
from huggingtweets.model.base import base_name
from huggingtweets.pictures import render as draw
from huggingtweets.registry.manifest import LearnedAccount, TrainingFacts
from huggingtweets.registry.version import Version
from huggingtweets.sources.sample import sample_account

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).parent / "card.md.j2"
TAGS = ("huggingtweets", "ai-generated")
# Figures of a report that say how much was measured, not how good the voice is.
SIZES = frozenset({"held_out_tweets", "drafts", "tweets", "accounts", "replies_pairs"})
METRIC_NAMES = {
    "held_out_bits_per_byte": "Bits per byte on held-out tweets (lower is better)",
    "base_held_out_bits_per_byte": "The same, of the base model",
    "exact_copies": "Unchecked drafts that copy a tweet",
    "near_copies": "Unchecked drafts that nearly copy a tweet",
    "distinct_2": "Different word pairs in the drafts (distinct-2)",
    "length_divergence": "Divergence of lengths from the person's (bits, 0 is equal)",
    "emoji_divergence": "Divergence of emoji from the person's (bits, 0 is equal)",
    "attribution": "Tweets that a classifier takes for the person's",
    "held_out_attribution": "The same, of the person's own held-out tweets",
    "told_apart": "Tweets that a test tells from the person's latest ones (0.5 is chance)",
    "own_told_apart": "The same, of the person's own earlier tweets",
    "bits_ratio": "Strangeness to another model, over that of the person's tweets (1 is equal)",
    "bits_auc": "Tweets stranger to it than one of the person's (0.5 is equal)",
    "replies_with_context": "Bits per byte on held-out replies, after what they answer",
    "replies_without_context": "The same, without it",
    "replies_with_another": "The same, after what another reply answers",
    "replies_right_is_better": "Replies with fewer bits after what they answer than after that",
}
HYPER_PARAMETERS = (
    "method", "seed", "max_epochs", "patience", "row_tokens", "lora_layers", "lora_rank", "lora_embedding_rank",
    "lora_b_rate", "weight_decay", "held_out",
)  # fmt: skip
# What was done, by its key among the facts of the training.
DONE = {
    "batch_tokens": "tokens a step", "learning_rate": "learning rate, at its highest", "epochs": "passes made",
    "kept_epoch": "pass that was kept", "steps": "steps made", "tokens": "tokens learned",
    "seconds": "seconds of training",
}  # fmt: skip
PACKAGE = "huggingtweets-bot"
# Characters with a meaning in Markdown, in HTML or on a site that links names. Each becomes a character reference.
_SPECIAL = re.compile(r"[\\`*_\[\]<>&|~#$@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_RIGHT_TO_LEFT = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]")
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class CardPerson:
    """One of the people whose tweets were learned from, with the four counts."""

    handle: str
    display_name: str
    downloaded: int
    retweets: int
    short: int
    kept: int
    site: str = ""

    @property
    def name(self) -> str:
        return self.display_name.strip() or self.handle

    @property
    def is_fictional(self) -> bool:
        return self.handle == sample_account().handle

    @property
    def page(self) -> str:
        """The account's address. Empty if the site is not known: elsewhere the name may be a stranger's."""
        if self.site == "x":
            return f"https://x.com/{self.handle}"
        # X has no dots in its handles; at Bluesky they are host names.
        return f"https://bsky.app/profile/{self.handle}" if "." in self.handle else ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a card says. `base` is a Hub id if `base_is_on_hub`; `repository` is the card's own place on the Hub.

    `with_model` says that the model lies beside the card, and `has_adapter` that the adapter does. `gguf` names a
    GGUF file beside it. `software_url` is empty if the package names no page of its own.
    """

    name: str
    version: str
    created: str
    people: tuple[CardPerson, ...]
    languages: tuple[str, ...]
    base: str
    base_is_on_hub: bool
    license: str
    prompt: str
    samples: tuple[str, ...]
    report: Report
    verdict: str
    settings: Mapping[str, Any]
    training: TrainingFacts
    generation: Mapping[str, Any]
    libraries: Mapping[str, str]
    runs: Mapping[str, str]
    pictures: tuple[str, ...] = ()
    contact: str = ""
    consent: str = ""
    repository: str = ""
    has_adapter: bool = False
    with_model: bool = False
    gguf: str = ""
    software_url: str = ""
    base_license: str = ""

    @property
    def software(self) -> str:
        """This software by name and version."""
        return f"{PACKAGE} {self.libraries.get(PACKAGE, '')}".strip()

    @property
    def fictional(self) -> tuple[str, ...]:
        """Handles of people who do not exist."""
        return tuple(person.handle for person in self.people if person.is_fictional)

    def run(self, job: str) -> str:
        """A link to the recorded run; empty if the record is on somebody's own machine."""
        run = self.runs.get(job, "")
        return run if "](" in run else ""

    @property
    def label(self) -> str:
        return draw.label(len(self.people))

    @property
    def metrics(self) -> dict[str, float]:
        """The report's figures by key, without the comparison with the version before."""
        return {key: value for key, value in self.report.figures.items() if key not in SIZES}

    @property
    def intervals(self) -> Mapping[str, Estimate]:
        """Those of the figures that have an interval."""
        return self.report.sense.figures if self.report.sense else {}

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """The settings that the weights depend on, without those of the other method."""
        settings = {key: self.settings[key] for key in HYPER_PARAMETERS if key in self.settings}
        is_lora = self.settings.get("method") == "lora"
        return {key: value for key, value in settings.items() if is_lora or not key.startswith("lora_")}

    @property
    def done(self) -> dict[str, Any]:
        """What was done in the training, by its name on the card."""
        facts = self.training.model_dump(exclude_none=True)
        return {words: facts[key] for key, words in DONE.items() if key in facts}


def facts(
    version: Version, *, generation: Mapping[str, Any], license: str, prompt: str, contact: str = "",  # noqa: A002
    consent: str = "", repository: str = "", base_is_on_hub: bool = False, has_adapter: bool = False,
    with_model: bool = False, gguf: str = "", pictures: Sequence[str] = (), base_license: str = "",
) -> Facts:  # fmt: skip
    """The facts of the card of `version`."""
    manifest = version.manifest
    return Facts(
        name=version.name,
        version=version.version,
        created=manifest.day,
        people=tuple(_person(account) for account in manifest.accounts),
        languages=manifest.languages,
        base=base_name(version.base),
        base_is_on_hub=base_is_on_hub,
        license=license,
        prompt=prompt,
        samples=(manifest.prompted.texts if manifest.prompted else ()) + manifest.samples,
        report=manifest.measured,
        verdict=verdict.of(manifest),
        settings=manifest.settings,
        training=manifest.training,
        generation=generation,
        libraries=manifest.libraries,
        runs=manifest.tracking.runs,
        pictures=tuple(pictures),
        contact=contact,
        consent=consent,
        repository=repository,
        has_adapter=has_adapter,
        with_model=with_model,
        gguf=gguf,
        software_url=software_url(),
        base_license=base_license,
    )


def render(card_facts: Facts) -> str:
    """The card as Markdown with YAML front matter."""
    return _template().render(card=card_facts, front_matter=front_matter(card_facts))


def front_matter(card_facts: Facts) -> str:
    """The card's metadata as the Hub reads it, with the metrics as evaluation results."""
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type="text-generation",
            task_name="Text generation",
            dataset_type="tweets",
            dataset_name="Tweets of " + ", ".join(f"@{person.handle}" for person in card_facts.people) + ", held out",
            metric_type=key,
            metric_name=metric_name(key),
            metric_value=round(value, 6),
        )
        for key, value in card_facts.metrics.items()
    ]
    picture = "predictions.png"
    data = ModelCardData(
        language=list(card_facts.languages) or None,
        license=card_facts.license,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=list(TAGS),
        base_model=card_facts.base if card_facts.base_is_on_hub else None,
        model_name=str(card_facts.name),  # PyYAML would write a `VoiceName` as an object
        eval_results=results,
        widget=[{"text": card_facts.prompt}],
        thumbnail=f"https://huggingface.co/{card_facts.repository}/resolve/main/{picture}"
        if card_facts.repository
        else picture,
    )
    return str(data.to_yaml())


def software_url() -> str:
    """The page of this software that its package names; empty if it names none."""
    with suppress(PackageNotFoundError):
        for entry in metadata(PACKAGE).get_all("Project-URL") or ():
            words, _, url = entry.partition(", ")
            if words.lower() in ("homepage", "repository", "source"):
                return str(url)
    return ""


def metric_name(key: str) -> str:
    """The name of a figure of the report on the card."""
    return METRIC_NAMES.get(key, key.replace("_", " ").capitalize())


def inline(text: str) -> str:
    """Somebody's words on one line, with no effect on the Markdown or HTML around them."""
    visible = typed(text)
    escaped = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", visible)
    return f"{_ISOLATE}{escaped}{_END_ISOLATE}" if _RIGHT_TO_LEFT.search(visible) else escaped


def figure(value: object) -> str:
    """A number for a reader, with separated thousands and four digits of a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return inline(str(value))
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _person(account: LearnedAccount) -> CardPerson:
    counts = account.counts
    return CardPerson(
        account.handle, account.display_name,
        counts.downloaded, counts.retweets, counts.short, counts.kept, account.site,
    )  # fmt: skip


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=False,  # noqa: S701  Markdown; `inline` escapes for it and for the HTML in it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"inline": inline, "figure": figure, "metric_name": metric_name}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
