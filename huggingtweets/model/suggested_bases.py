"""Which base to choose for a language: one with a name, or one of those on the Hub that are listed here.

Those listed write what no base with a name does. All are of families that can be read here.

Most GPT-2 models for Japanese come with a SentencePiece vocabulary alone, which cannot write every text, so none of
them is here.

Knows the lists. Does not know which base is in use, or how one is fetched.
"""

from collections.abc import Set
from dataclasses import dataclass

from huggingtweets.model.named_bases import NAMED_BASES, NamedBase

HUB = "hub:"
MOST = 2  # that are named at once: the smallest one, and a larger one


@dataclass(frozen=True, slots=True)
class SuggestedBase:
    """A model on the Hub. `languages` are ISO 639 codes; empty if these are very many."""

    hub_id: str
    parameters: int
    hub_mb: int
    license: str
    languages: frozenset[str] = frozenset()

    @property
    def base(self) -> str:
        """What stands in the settings."""
        return HUB + self.hub_id

    def writes(self, languages: Set[str]) -> bool:
        """Returns True if it writes all of `languages`."""
        return not self.languages or languages <= self.languages


# The smallest first. The languages are those that the authors name.
SUGGESTED_BASES = (
    SuggestedBase("flax-community/gpt-2-spanish", 124_439_808, 510, "apache-2.0", frozenset({"es"})),
    SuggestedBase("dbmdz/german-gpt2", 124_445_952, 510, "mit", frozenset({"de"})),
    SuggestedBase("Qwen/Qwen3-0.6B-Base", 596_049_920, 1_192, "apache-2.0"),  # 119 languages
    SuggestedBase("SakanaAI/TinySwallow-1.5B", 1_543_714_304, 3_087, "apache-2.0", frozenset({"ja"})),
    SuggestedBase(
        "HuggingFaceTB/SmolLM3-3B-Base",
        3_075_098_624,
        6_150,
        "apache-2.0",
        frozenset({"en", "fr", "es", "de", "it", "pt"}),
    ),
)


def bases_for(languages: Set[str]) -> list[NamedBase | SuggestedBase]:
    """Returns those that write all of `languages`, the smallest first, at most `MOST`."""
    bases: list[NamedBase | SuggestedBase] = [*NAMED_BASES.values(), *SUGGESTED_BASES]
    fitting = [base for base in bases if base.writes(languages)]
    return sorted(fitting, key=lambda base: base.parameters)[:MOST]
