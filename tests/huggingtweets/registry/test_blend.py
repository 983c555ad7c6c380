"""Blends are written as sums; what is no sum says what one looks like."""

from pathlib import Path

import pytest

from huggingtweets.core.errors import UnknownModel, Usage
from huggingtweets.registry.blend import MAX_PARTS, Blend, find_voice, parse_blend, parts_of
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.versions import Version


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nasa", ((1.0, "nasa"),)),
        ("@NASA", ((1.0, "nasa"),)),
        ("nasa+0.5*dril", ((1.0, "nasa"), (0.5, "dril"))),
        (" .25 * @Nasa + 2*dril-oreo ", ((0.25, "nasa"), (2.0, "dril-oreo"))),
        ("nasa+nasa", ((2.0, "nasa"),)),
    ],
)
def test_sums_are_read(text: str, parts: tuple[tuple[float, str], ...]) -> None:
    assert parse_blend(text) == parts


@pytest.mark.parametrize("weight", ["0", "-1", "x", "", "1e3", "nan", "4.1", "0.0000001", "1.2.3"])
def test_a_weight_that_is_none_is_told(weight: str) -> None:
    with pytest.raises(Usage, match=r"is not a weight: write a number above 0 and up to 4, as in 0\.5\*name"):
        parse_blend(f"nasa+{weight}*dril")


@pytest.mark.parametrize("text", ["", "+", "nasa+", "nasa++dril", "nasa*", "../x", "0.5*", "nasa-0.5*dril+"])
def test_what_is_no_name_is_told(text: str) -> None:
    with pytest.raises(Usage):
        parse_blend(text)


def test_too_many_voices_are_told() -> None:
    with pytest.raises(Usage, match=f"name at most {MAX_PARTS}"):
        parse_blend("+".join(f"a{n}" for n in range(MAX_PARTS + 1)))


def version(name: str) -> Version:
    if name == "nobody":
        raise UnknownModel(name)
    return Version(name, "v3", Path(name), Manifest(base="b", created="now"))


def test_a_blend_is_named_as_it_is_written() -> None:
    voice = find_voice("nasa + 0.50*dril", version)
    assert isinstance(voice, Blend)
    assert (voice.name, voice.version) == ("nasa+0.5*dril", "v3+v3")
    assert voice.key == ((1.0, ("nasa", "v3", "now")), (0.5, ("dril", "v3", "now")))
    assert parts_of(voice) == voice.parts


def test_one_voice_alone_is_no_blend_unless_it_is_weighed() -> None:
    assert find_voice("nasa", version) == version("nasa")
    assert parts_of(version("nasa")) == ((1.0, version("nasa")),)
    assert find_voice("0.5*nasa", version).name == "0.5*nasa"


def test_an_unknown_part_is_told() -> None:
    with pytest.raises(UnknownModel, match="nobody"):
        find_voice("nasa+nobody", version)
