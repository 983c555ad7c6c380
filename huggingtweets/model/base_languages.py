"""The languages that a base writes, as far as that is known without trying it.

Named bases and well-known models are listed with the languages of the texts they were trained on. Any other base may
say it in the front matter of its README, as models on the Hub do. Nothing is known of a base that says nothing.

Knows bases by name and the form of a README. Does not know tweets.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from huggingtweets.core.config.base_folders import find_folder, gguf_of, named
from huggingtweets.model import prepared_bases
from huggingtweets.model.base import hub_id
from huggingtweets.model.named_bases import NAMED_BASES
from huggingtweets.model.suggested_bases import SUGGESTED_BASES

log = logging.getLogger(__name__)

README = "README.md"
ENGLISH = frozenset({"en"})
ANY: frozenset[str] = frozenset()
"""Unknown, or very many: there is nothing to warn of."""
# By the beginning of a Hub id. Qwen's own front matter often says English alone, although its texts are of 29 languages
# and more.
_ON_HUB = {
    **{base.hub_id: base.languages for base in SUGGESTED_BASES},
    "gpt2": ENGLISH,
    "distilgpt2": ENGLISH,
    "openai-community/gpt2": ENGLISH,
    "distilbert/distilgpt2": ENGLISH,
    "HuggingFaceTB/SmolLM-": ENGLISH,
    "HuggingFaceTB/SmolLM2-": ENGLISH,
    "TinyLlama/": ENGLISH,
    "Qwen/": ANY,
}
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][A-Za-z]+)?")


def base_languages(base: str) -> frozenset[str]:
    """ISO 639 codes of the languages that `base` writes; `ANY` if that is unknown, or very many."""
    if name := named(base):
        return frozenset(NAMED_BASES[name].languages)
    if gguf_of(base):
        facts = prepared_bases.source(Path(base)).get("languages")
        return _codes(facts) if isinstance(facts, list) else ANY
    if folder := find_folder(base):
        return _in_front_matter(folder / README)
    on_hub = hub_id(base) or ""
    for beginning, languages in _ON_HUB.items():
        if on_hub.startswith(beginning):
            return languages
    return _in_front_matter_on_hub(on_hub) if on_hub else ANY


def _in_front_matter_on_hub(repository: str) -> frozenset[str]:
    from huggingface_hub import hf_hub_download

    try:
        return _in_front_matter(Path(hf_hub_download(repository, README)))
    except Exception as error:  # noqa: BLE001  the Hub raises exceptions of its own, and a base needs no README
        log.info("the README of %s is not read: %s", repository, error)
        return ANY


def _in_front_matter(readme: Path) -> frozenset[str]:
    from huggingface_hub import metadata_load

    try:
        facts: Mapping[str, Any] | None = metadata_load(readme)
    except Exception as error:  # noqa: BLE001  the file may hold anything, and the library raises YAML's exceptions, too
        log.info("%s is not read: %s", readme, error)
        return ANY
    languages = (facts or {}).get("language")
    return _codes(languages if isinstance(languages, list) else [languages])


def _codes(entries: Iterable[object]) -> frozenset[str]:
    """`en` and `zh-CN` as codes. One other entry, such as `multilingual`, means that the list says too little."""
    matches = [_CODE.fullmatch(entry) if isinstance(entry, str) else None for entry in entries]
    return frozenset(match[1] for match in matches if match) if all(matches) else ANY
