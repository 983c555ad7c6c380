"""A blend of versions is named as its sum is written, and one voice alone is no blend."""

from pathlib import Path

import pytest

from huggingtweets.core.errors import UnknownModel
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.registry.blend import Blend, find_voice, parts_of
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version


def version(name: str) -> Version:
    if name == "nobody":
        raise UnknownModel(name)
    return Version(VoiceName(name), "v3", Path(name), Manifest(base="b", created="now"))


def test_a_blend_is_named_as_it_is_written() -> None:
    voice = find_voice(BlendName.parse("nasa + 0.50*dril"), version)
    assert isinstance(voice, Blend)
    assert (voice.name, voice.version) == ("nasa+0.5*dril", "v3+v3")
    assert voice.key == ((1.0, ("nasa", "v3", "now")), (0.5, ("dril", "v3", "now")))
    assert parts_of(voice) == voice.parts


def test_one_voice_alone_is_no_blend_unless_it_is_weighed() -> None:
    assert find_voice(BlendName.parse("nasa"), version) == version("nasa")
    assert parts_of(version("nasa")) == ((1.0, version("nasa")),)
    assert find_voice(BlendName.parse("0.5*nasa"), version).name == "0.5*nasa"


def test_an_unknown_part_is_told() -> None:
    with pytest.raises(UnknownModel, match="nobody"):
        find_voice(BlendName.parse("nasa+nobody"), version)
