"""Training texts for GPT-2: `<|startoftext|>` and `<|endoftext|>` separate the tweets, and are never part of one.

A plain text has one tweet on each line, unless such borders stand around texts of several lines. Knows lines and
borders. Does not know columns, or which texts are worth learning.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from huggingtweets.core.records import Tweet
from huggingtweets.sources.reading.fields import reads_as_retweet
from huggingtweets.sources.reading.files import MAX_LINE, line_too_long, no_plain_text
from huggingtweets.tweets.learned.clean import BORDER

SAMPLE = 2_000  # pieces by which a file is judged
SPOKEN_OF = 3  # fewer borders may be words in a tweet about training
MOST_LINES = 12  # a text has on average; with more lines between two borders, each line is a tweet
_CHUNK = 1 << 16  # characters
_END = re.compile(rf"(\n|{BORDER.pattern})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The text at `line` up to the end of the line or to a border."""

    line: int
    text: str
    at_border: bool


def plain(path: Path, stream: TextIO) -> Iterator[tuple[int, dict[str, object]]]:
    """The texts of a plain text file as rows, each with the line on which it begins."""
    pieces = _pieces(path, stream)
    sample = list(islice(pieces, SAMPLE))
    whole = chain(sample, pieces)
    for line, text in _between_borders(whole) if _borders_part(sample) else _on_lines(whole):
        yield line, {"text": text}


def parted(tweets: Iterable[Tweet]) -> Iterator[Tweet]:
    """The tweets of a table. Borders in a cell split it into several tweets."""
    for tweet in tweets:
        texts = [text.strip() for text in BORDER.split(tweet.text)]
        if len(texts) == 1:
            yield tweet
            continue
        for number, text in enumerate(filter(None, texts)):
            yield replace(
                tweet,
                id=f"{tweet.id}.{number}" if number else tweet.id,
                text=text,
                is_retweet=tweet.is_retweet or reads_as_retweet(text),
                is_reply=text.startswith("@") if number else tweet.is_reply,
            )


def _pieces(path: Path, stream: TextIO) -> Iterator[_Piece]:
    """The file in pieces. One line may hold all tweets, so no line is read as a whole."""
    line, left, more = 1, "", True
    while more:
        chunk = stream.read(_CHUNK)
        more = bool(chunk)
        if "\0" in chunk:
            at = line + chunk.count("\n", 0, chunk.index("\0"))
            raise no_plain_text(path, at)
        *ended, left = _END.split(left + chunk)
        for text, end in zip(ended[::2], ended[1::2], strict=True):
            yield _Piece(line, text.strip(), end != "\n")
            line += end == "\n"
        if len(left) > MAX_LINE:
            raise line_too_long(path, line)
    yield _Piece(line, left.strip(), False)


def _borders_part(sample: list[_Piece]) -> bool:
    """Returns True if borders separate the texts, which is so if there are enough borders for the number of lines.

    One or two borders within a line may be words in a tweet.
    """
    borders = [place for place, piece in enumerate(sample) if piece.at_border]
    # After a border at the end of its line, the next piece is empty.
    at_edge = any(not sample[place].text or not sample[min(place + 1, len(sample) - 1)].text for place in borders)
    texts = sum(1 for _ in _between_borders(sample))
    enough = len(borders) >= SPOKEN_OF or at_edge
    return enough and sum(bool(piece.text) for piece in sample) <= MOST_LINES * texts


def _between_borders(pieces: Iterable[_Piece]) -> Iterator[tuple[int, str]]:
    begun: list[_Piece] = []
    for piece in pieces:
        if piece.text:
            begun.append(piece)
        if piece.at_border and begun:
            yield begun[0].line, "\n".join(one.text for one in begun)
            begun = []
    if begun:
        yield begun[0].line, "\n".join(one.text for one in begun)


def _on_lines(pieces: Iterable[_Piece]) -> Iterator[tuple[int, str]]:
    for piece in pieces:
        if piece.text:
            yield piece.line, piece.text
