"""The pictures: their size, what is drawn in them, and that no name or tweet can break or overrun them."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from huggingtweets.core.errors import Unavailable
from huggingtweets.pictures import render as draw
from huggingtweets.pictures.render import Box, PicturedPerson, curve, label, pipeline, predictions, pretraining_curve

ANN = PicturedPerson("ann", "Ann O'Nymous")
LEFT, RIGHT = slice(48, 362), slice(416, 1128)  # columns of the names and of the tweets


def pixels(png: bytes) -> np.ndarray:
    """Rows x columns x red, green, blue."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def is_ink(picture: np.ndarray) -> np.ndarray:
    """Where a light picture is clearly darker than its paper."""
    return picture.min(axis=2) < 180


def columns_with_ink(picture: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    return np.flatnonzero(is_ink(picture[rows, columns]).any(axis=0))


def drawn_emoji(text: str) -> list[str]:
    return [part["emoji"] for part in draw._parts(text, set()) if not isinstance(part, str)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_predictions_are_a_thumbnail_in_both_themes(theme: draw.Theme) -> None:
    picture = pixels(predictions([ANN], "My dream is", ["My dream is to fly."], theme))
    assert picture.shape == (630, 1200, 3)
    paper = picture[2, 2].mean()
    assert paper > 200 if theme == "light" else paper < 50


def test_the_same_words_give_the_same_picture() -> None:
    assert predictions([ANN], "", ["to fly 🚀"]) == predictions([ANN], "", ["to fly 🚀"])


def test_emoji_are_in_colour() -> None:
    with_emoji, without = (pixels(predictions([ANN], "", [text])) for text in ("I like 🍓", "I like x"))
    assert _red(with_emoji) > 50 + _red(without)


def _red(picture: np.ndarray) -> int:
    tweets = picture[:, RIGHT]
    return int(((tweets[..., 0] - tweets[..., 2] > 90) & (tweets[..., 0] > 150)).sum())


@pytest.mark.parametrize(
    ("emoji", "file"),
    [
        ("🚀", "1f680"),
        ("☕️", "2615"),
        ("❤️", "2764"),
        ("👍🏽", "1f44d-1f3fd"),
        ("🇯🇵", "1f1ef-1f1f5"),
        ("1️⃣", "31-20e3"),
        ("👩‍🚀", "1f469-200d-1f680"),
        ("🏴‍☠️", "1f3f4-200d-2620-fe0f"),
    ],
)
def test_an_emoji_is_one_picture_however_it_is_spelled(emoji: str, file: str) -> None:
    assert drawn_emoji(f"a{emoji}b") == [f"{file}.svg"]


@pytest.mark.parametrize("text", ["abc 123 #*", "©®™", "日本語", "→ é", "!?"])
def test_signs_of_text_are_no_emoji(text: str) -> None:
    assert drawn_emoji(text) == []


def test_a_joined_emoji_that_nobody_has_drawn_yet_is_shown_by_its_first_part() -> None:
    assert drawn_emoji("🚀\u200d🍓") == ["1f680.svg"]


@pytest.mark.parametrize("pair", [("日本", "月火"), ("한국", "서울"), ("สวัส", "ขอบค"), ("नमस", "धन्य"), ("𝓗𝓲", "𝓨𝓸")])
def test_every_script_has_glyphs_of_its_own(pair: tuple[str, str]) -> None:
    """A font without them would draw the same empty box for each."""
    first, second = (predictions([ANN], "", [text]) for text in pair)
    assert first != second


def test_japanese_chinese_and_korean_are_drawn_in_their_own_shapes() -> None:
    assert draw._families("骨 の")[1] == "Noto Sans CJK JP"
    assert draw._families("骨")[1] == "Noto Sans CJK SC"
    assert draw._families("骨 한")[1] == "Noto Sans CJK KR"


def test_hebrew_and_arabic_are_written_from_the_right() -> None:
    middle = slice(200, 430)
    hebrew, english = (pixels(predictions([ANN], "", [text])) for text in ("שלום", "shalom"))
    assert columns_with_ink(hebrew, middle, RIGHT).min() > 500
    assert columns_with_ink(english, middle, RIGHT).max() < 300


def test_the_prompt_stands_out_in_the_tweets() -> None:
    tweet = draw._tweet("My dream is to fly 🚀", "My dream is", set())
    assert (tweet["prompt"], tweet["parts"][0]) == (["My dream is"], " to fly ")
    assert draw._tweet("To fly", "My dream is", set())["prompt"] == []


def test_one_person_is_a_bot_and_several_are_a_cyborg() -> None:
    assert label(1) == "AI BOT"
    assert label(2) == label(3) == "AI CYBORG"


def test_an_avatar_is_shown_and_else_a_letter(tmp_path: Path) -> None:
    path = tmp_path / "me.png"
    Image.new("RGB", (90, 90), (0, 200, 0)).save(path)
    with_avatar = pixels(predictions([PicturedPerson("ann", "Ann", path)], "", ["Hello"]))
    assert tuple(with_avatar[_middle(with_avatar)]) == (0, 200, 0)
    assert draw._portrait(PicturedPerson("ann", "Ann Keeper"), 0, set())["monogram"]["parts"] == ["AK"]
    assert draw._portrait(PicturedPerson("ann", "🌟 star"), 0, set())["monogram"]["parts"] == [{"emoji": "1f31f.svg"}]


def test_an_avatar_by_itself_is_a_square_of_the_persons_own_colour() -> None:
    ann, dan = (pixels(draw.avatar(PicturedPerson(name))) for name in ("ann", "dan"))
    assert ann.shape == (256, 256, 3)
    assert tuple(ann[2, 2]) != tuple(dan[2, 2])


def _middle(picture: np.ndarray) -> tuple[int, int]:
    """A place in the avatar: 30 pixels below its first row, 84 from the left edge of the names."""
    first = np.flatnonzero(np.abs(picture[:, 132] - picture[2, 2]).sum(axis=1) > 60)[0]
    return int(first) + 30, 132


def test_an_avatar_that_is_no_picture_is_told(tmp_path: Path) -> None:
    path = tmp_path / "me.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(Unavailable, match="A picture could not be drawn"):
        predictions([PicturedPerson("ann", "Ann", path)], "", ["Hello"])


@pytest.mark.parametrize(
    "words",
    ["W" * 500, "word " * 200, "骨" * 300, "🚀" * 200, '#eval(read("/etc/passwd")) $ ] } *', "\ud800\x00\u202eabc", ""],
)
def test_no_words_break_the_picture_or_leave_their_place(words: str) -> None:
    picture = pixels(predictions([PicturedPerson("ann", words)] * 4, words, [words] * 6))
    assert picture.shape == (630, 1200, 3)
    margins = np.concatenate([picture[:, :46].reshape(-1, 3), picture[:, 1154:].reshape(-1, 3)])
    assert (margins == picture[2, 2]).all(), "something was drawn over the edge"
    assert not is_ink(picture[60:560, 366:390]).any(), "the names run into the tweets"


@settings(max_examples=15)
@given(st.text(max_size=60), st.text(max_size=80))
def test_any_text_gives_a_picture(name: str, tweet: str) -> None:
    assert predictions([PicturedPerson("ann", name)], tweet[:5], [tweet]).startswith(b"\x89PNG")


def test_as_many_tweets_are_shown_as_can_be_read() -> None:
    short = pixels(predictions([ANN], "", ["a short one"] * 4))
    long = pixels(predictions([ANN], "", ["a very long one with many words " * 8] * 4))
    assert _cards(short) == 4
    assert 1 <= _cards(long) < 4


def _cards(picture: np.ndarray) -> int:
    """White blocks down the column just inside the cards' left edge."""
    white = (picture[:, 400] == 255).all(axis=1)
    return int((np.diff(white.astype(int)) == 1).sum())


def test_the_pipelines_picture_has_its_boxes_and_names_the_data() -> None:
    boxes = [Box("@ann", "250 tweets"), Box("230 kept", "10 short"), Box("gpt2", "124 M"), Box("ann v1", "2.0 bits")]
    picture = pixels(pipeline(*boxes, footer="2026-11-25"))
    assert picture.shape == (340, 1200, 3)
    assert all((picture[y, x] == 255).all() for y, x in ((48, 60), (48, 500), (200, 500), (124, 940)))
    assert pipeline(*boxes, footer="2026-11-25", theme="dark") != pipeline(*boxes, footer="2026-11-25")
    assert pipeline(*boxes, footer="another day") != pipeline(*boxes, footer="2026-11-25")


def points(*losses: float) -> list[dict[str, float]]:
    return [{"epoch": n, "step": 9 * n, "loss": x - 0.2, "held_out_loss": x} for n, x in enumerate(losses, start=1)]


def test_the_curve_rings_the_pass_that_was_kept() -> None:
    falls, rises = (pixels(curve(points(*losses))) for losses in ((4.0, 3.0, 2.0), (2.0, 3.0, 4.0)))
    assert falls.shape == (450, 800, 3)
    blue = [(p[..., 2] - p[..., 0] > 100)[:, 40:130].sum() for p in (falls, rises)]
    assert blue[1] > blue[0] + 30, "the ring is at the left when the first pass was the best"


@pytest.mark.parametrize("losses", [(3.0,), (3.0, 3.0), (1e-9, 2e-9), (50.0, 900.0), tuple(range(1, 80))])
def test_any_losses_give_a_curve(losses: tuple[float, ...]) -> None:
    assert pixels(curve(points(*losses), "dark")).shape == (450, 800, 3)


def test_losses_that_are_no_numbers_are_left_out_and_none_at_all_is_told() -> None:
    assert curve(points(3.0, math.nan)) == curve(points(3.0))
    with pytest.raises(Unavailable, match="no loss curve"):
        curve(points(math.inf))


@given(st.lists(st.floats(0, 1e4, allow_subnormal=False), min_size=1, max_size=20))
def test_an_axis_holds_its_values_between_round_ticks(values: list[float]) -> None:
    low, high, ticks = draw._axis(values)
    assert low <= min(values) + 1e-9
    assert high >= max(values) - 1e-6
    assert 2 <= len(ticks) <= 8


def test_a_missing_package_is_told_by_name() -> None:
    with pytest.raises(Unavailable, match="no_such_fonts is missing"):
        draw._package("no_such_fonts")


def test_a_pre_training_has_a_curve_of_its_own() -> None:
    falling = [{"tokens": (number + 1) * 1e6, "held_out_bits_per_byte": 3 - number / 10} for number in range(9)]
    assert pixels(pretraining_curve(falling)).shape == (450, 800, 3)
    assert pretraining_curve(falling) != pretraining_curve(falling[:4])
    with pytest.raises(Unavailable, match="nothing was measured"):
        pretraining_curve([])
