"""How a draft continues its prompt: the first token is not glued to the prompt's last word.

A model draws tokens, and half of its vocabulary are pieces that continue a word. After "Mars" it may draw "or", and
the tweet begins with "Marsor". So the first token is restricted, by the prompt alone:

- After a whole word, or after a comma, the first token begins with a blank, punctuation or an emoji.
- A last word that is no token itself, but begins other tokens, counts as cut off on purpose: "tomorr", "astro". It
  is removed from the prompt, and the first token must begin with it: "tomorrow", "astron" (then "aut"). A common word
  is a token itself, so "Sun" does not become "Sunday". A word that begins no token, such as a rare name, is whole.
  Measured with the embedded base on 99 whole words and names and 30 cut ones: none of the whole ones counted as cut,
  and 22 of the cut ones were. Before this rule, 337 of 1,980 drafts after the whole ones were glued; now none are.
- Some languages have no blanks between words, or add endings to them (Japanese, Thai, Korean): any token may follow.

Asking the model for the likelihood of a blank instead does not tell the two apart: it is 0.13 after "Sun" and 0.92
after "tempera".

Knows text and a tokenizer. Does not know models, rows or sampling.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import regex
import torch

from huggingtweets.model.replies import context_tokens
from huggingtweets.model.tokenizer import encode_all, vocabulary_size

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

PREFIX = 2  # characters by which the vocabulary is looked up
_GLUED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
_LAST_WORD = regex.compile(rf"(?<before>^|[^\w{_GLUED}])(?<word>\w*[^\W_{_GLUED}])$")
_AFTER_A_WORD = regex.compile(r"(?:(?<!\d)[.,:]|[;!?…)\]}”»])$")  # "3." may become "3.5"
_GOES_ON = regex.compile(r"[\w\p{M}]")
# The first bytes of punctuation and of emoji in UTF-8 (0xE2, 0xF0), as vocabularies spell them.
_HALF_SIGNS = ("â", "ð", "<0xE2>", "<0xF0>")
_BROKEN = "\ufffd"


class Reader(Protocol):
    """What turns text into tokens."""

    @property
    def tokenizer(self) -> "Tokenizer": ...
    @property
    def end_of_text(self) -> int: ...
    @property
    def context(self) -> int: ...


@dataclass(frozen=True, slots=True)
class WithoutModel:
    """A reader that does not keep a model in memory."""

    tokenizer: "Tokenizer"
    end_of_text: int
    context: int

    @classmethod
    def of(cls, reader: Reader) -> "WithoutModel":
        """The same reader, without its model."""
        return cls(reader.tokenizer, reader.end_of_text, reader.context)


@dataclass(frozen=True, slots=True)
class Start:
    """What drafts begin with: `text`, read as `tokens`, of which the first is end-of-text.

    `barred` [vocabulary] marks the tokens that may not be drawn first; None bars none.
    """

    text: str
    tokens: Sequence[int]
    barred: torch.Tensor | None = None


def start_of(reader: Reader, prompt: str, room: int, said: str = "") -> Start:
    """How to go on from `prompt` as an answer to what was `said`.

    What was said, and then the prompt, loses its beginning if it leaves less than `room` tokens of the context.
    """
    text, barred = _seam(vocabulary_of(reader.tokenizer), prompt) if prompt else (prompt, None)
    tokens: list[int] = encode_all(reader.tokenizer, [text])[0].tolist()
    fitting = max(0, reader.context - room - 1)
    if len(tokens) > fitting:
        log.warning("a prompt of %d tokens was cut to its last %d", len(tokens), fitting)
        tokens = tokens[-fitting:] if fitting else []
    before: list[int] = context_tokens(reader.tokenizer, [said])[0].tolist()
    before = before[max(0, len(before) + len(tokens) - fitting) :]
    return Start(text, [reader.end_of_text, *before, *tokens], barred)


def _seam(vocabulary: "Vocabulary", prompt: str) -> tuple[str, torch.Tensor | None]:
    """The text to read, and the tokens that may not follow it."""
    if _AFTER_A_WORD.search(prompt):
        return prompt, vocabulary.going_on
    last = _LAST_WORD.search(prompt)
    if not last:
        return prompt, None
    blank = " " if last["before"] == " " else ""
    if completing := vocabulary.completing(last["word"], blank, first=last.start("word") == 0):
        return prompt[: last.start("word") - len(blank)], vocabulary.all_but(completing)
    return prompt, vocabulary.going_on


class Vocabulary:
    """The tokens of a tokenizer, by whether they begin, complete or continue a word."""

    def __init__(self, tokenizer: "Tokenizer"):
        special = set(tokenizer.get_added_tokens_decoder())
        numbers = range(vocabulary_size(tokenizer))
        texts = ["" if number in special else tokenizer.decode([number]) for number in numbers]
        self._tokens: dict[str, int] = {text: number for number, text in enumerate(texts) if text}
        self._beginning: dict[str, list[str]] = defaultdict(list)
        for text in self._tokens:
            self._beginning[text[:PREFIX]].append(text)
        self.going_on = torch.tensor(
            [not _opens(text, tokenizer.id_to_token(number) or "") for number, text in enumerate(texts)]
        )

    def completing(self, word: str, blank: str, *, first: bool) -> list[int]:
        """The tokens that begin with `word` and are longer, as it stands after `blank`; none for a whole word.

        The `first` word of a text has no blank before it, but most tokens do, and nobody sees one there.
        """
        if word in self._tokens or f" {word}" in self._tokens:
            return []
        forms = [blank + word, *([f" {word}"] if first else [])]
        return [
            self._tokens[text] for form in forms for text in self._beginning[form[:PREFIX]] if text.startswith(form)
        ]

    def all_but(self, tokens: Iterable[int]) -> torch.Tensor:
        """True for each token that is not among `tokens`, [vocabulary]."""
        barred = torch.ones_like(self.going_on)
        barred[list(tokens)] = False
        return barred


def _opens(text: str, name: str) -> bool:
    """Returns True if a token cannot continue a word. `name` is its spelling in the vocabulary."""
    if text.startswith(_BROKEN):
        return name.startswith(_HALF_SIGNS)
    return bool(text) and not _GOES_ON.match(text)


@lru_cache(maxsize=8)
def vocabulary_of(tokenizer: "Tokenizer") -> Vocabulary:
    """The vocabulary of a tokenizer. It is made once, because that takes some tens of milliseconds."""
    return Vocabulary(tokenizer)
