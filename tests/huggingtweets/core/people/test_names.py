"""A name is parsed in one place, is safe as a folder, and one set of people has one name."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import (
    MAX_VOICES,
    NO_VOICE,
    BlendName,
    VoiceName,
    comparable,
    parse_handle,
    without_at,
)

ROOT = Path(__file__).parents[4]
handles = st.from_regex(r"[A-Za-z0-9_]{1,30}", fullmatch=True)
voices = st.lists(handles, min_size=1, max_size=4).map(lambda people: VoiceName.parse("-".join(people)))
weights = st.integers(1, 4_000_000).map(lambda millionths: millionths / 1_000_000)

# What is taken apart there is no name: hours of a day, a language with its region, the versions of a blend, and
# accounts of networks as people write them.
OTHER_SPLITS = {
    "bot/cluster/storage.py",
    "bot/core/clock/quiet.py",
    "bot/discord/commands/chatter_settings.py",
    "bot/voices/tweeting.py",
    "bot/web/making/make.py",
    "huggingtweets/tweets/style/languages.py",
}
TAKES_A_NAME_APART = re.compile(
    r"""\.r?(?:split|partition)\(["'][-+*]["'] | (?:removeprefix|strip)\(["']@["']\) | ["']-["']\ (?:not\ )?in\ """,
    re.VERBOSE,
)


def test_nothing_else_takes_a_name_apart() -> None:
    sources = [path for package in ("bot", "huggingtweets") for path in (ROOT / package).rglob("*.py")]
    modules = {path.relative_to(ROOT).as_posix() for path in sources if TAKES_A_NAME_APART.search(path.read_text())}
    assert modules - OTHER_SPLITS == {"huggingtweets/core/people/names.py"}
    assert modules > OTHER_SPLITS, "no exception is left over"


@pytest.mark.parametrize(("text", "handle"), [("@NASA", "nasa"), (" nasa ", "nasa"), ("Neil_Tyson1", "neil_tyson1")])
def test_a_handle_is_lower_case_without_its_at(text: str, handle: str) -> None:
    assert parse_handle(text) == handle


@pytest.mark.parametrize("text", ["", "@", "@@a", "a b", "../etc", "a/b", ".", "ü", "🚀", "a" * 31, "a\n b", "a\0"])
def test_what_cannot_be_a_handle_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="is not a name: use up to 30 letters, digits and _"):
        parse_handle(text)


def test_a_long_refused_name_is_shown_in_part() -> None:
    with pytest.raises(Usage) as refused:
        parse_handle("é" * 10_000)
    assert len(str(refused.value)) < 200


@given(st.lists(handles, min_size=1, max_size=5))
def test_order_case_and_repeats_do_not_matter(people: list[str]) -> None:
    name = VoiceName.parse("-".join(people))
    assert name == VoiceName.parse("-".join(f"@{person.upper()}" for person in reversed(people)))
    assert name == VoiceName.parse(name) == VoiceName.together(map(parse_handle, people))
    assert name.handles == tuple(sorted({person.lower() for person in people}))


@given(st.text(max_size=40))
def test_what_is_accepted_is_safe_as_a_folder(text: str) -> None:
    try:
        name = VoiceName.parse(text)
    except Usage:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert not name.startswith("-")


@pytest.mark.parametrize("text", ["a-", "-a", "a--b", "-"])
def test_a_missing_part_is_refused(text: str) -> None:
    with pytest.raises(Usage):
        VoiceName.parse(text)


def test_more_people_than_a_folder_can_name_are_refused() -> None:
    with pytest.raises(Usage, match="too long"):
        VoiceName.parse("-".join(f"person_number_{number}" for number in range(20)))


def test_a_voice_knows_its_people() -> None:
    name = VoiceName.parse("@Bob-ann")
    assert (name, name.handles, name.is_of_one) == ("ann-bob", ("ann", "bob"), False)
    assert name.people == {"ann-bob", "ann", "bob"}
    assert name.parts == ((1.0, name),)
    assert name.handles[0].is_of_one
    assert name.single is name or name.single == name


def test_a_voice_that_was_not_named_is_nobody() -> None:
    assert (NO_VOICE.handles, NO_VOICE.people, NO_VOICE.voices) == ((), frozenset(), ())
    assert not NO_VOICE
    assert BlendName().people == frozenset()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nasa", ((1.0, "nasa"),)),
        ("@NASA", ((1.0, "nasa"),)),
        ("nasa+0.5*dril", ((1.0, "nasa"), (0.5, "dril"))),
        (" .25 * @Nasa + 2*dril-oreo ", ((0.25, "nasa"), (2.0, "dril-oreo"))),
        ("nasa+nasa", ((2.0, "nasa"),)),
        ("0.000001*nasa+dril", ((0.000001, "nasa"), (1.0, "dril"))),
    ],
)
def test_blends_are_read(text: str, parts: tuple[tuple[float, str], ...]) -> None:
    assert BlendName.parse(text).parts == parts


@given(st.lists(st.tuples(weights, voices), min_size=1, max_size=MAX_VOICES, unique_by=lambda part: part[1]))
def test_a_blend_is_written_so_that_it_reads_the_same(parts: list[tuple[float, VoiceName]]) -> None:
    blend = BlendName.of(parts)
    assert blend.parts == tuple(parts)
    assert BlendName.parse(blend) == blend == BlendName(str(blend))


def test_one_voice_alone_is_a_voice_and_no_blend_unless_it_is_weighed() -> None:
    assert isinstance(BlendName.parse("nasa"), VoiceName)
    assert isinstance(BlendName.parse("nasa+oreo"), BlendName)
    for text in ("0.5*nasa", "nasa+nasa", "nasa+oreo"):
        blend = BlendName.parse(text)
        assert not isinstance(blend, VoiceName)
        with pytest.raises(Usage, match="is a blend; name one voice alone here"):
            _ = blend.single


def test_a_blend_knows_everybody_in_it() -> None:
    blend = BlendName.parse("ann-bob+0.5*cat+2*bob")
    assert blend.voices == ("ann-bob", "cat", "bob")
    assert blend.handles == ("ann", "bob", "cat")
    assert blend.people == {"ann-bob", "ann", "bob", "cat"}
    assert BlendName.sum_of([blend, VoiceName("cat")]) == "ann-bob+1.5*cat+2*bob"


@pytest.mark.parametrize("text", ["+".join(["4*nasa"] * 2), "+".join(["nasa"] * 5), "nasa+" * 40 + "4*dril"])
def test_a_voice_that_comes_often_is_no_way_around_the_bound(text: str) -> None:
    with pytest.raises(Usage, match=r"is not a weight: write a number above 0 and up to 4"):
        BlendName.parse(text)
    for weight in (0.0, -1.0, 1e300, math.inf, math.nan):
        with pytest.raises(Usage, match="is not a weight"):
            BlendName.of([(weight, VoiceName("nasa"))])


@pytest.mark.parametrize("weight", ["0", "-1", "x", "", "1e3", "nan", "4.1", "0.0000001", "1.2.3"])
def test_a_weight_that_is_none_is_told(weight: str) -> None:
    with pytest.raises(Usage, match=r"is not a weight: write a number above 0 and up to 4, as in 0\.5\*name"):
        BlendName.parse(f"nasa+{weight}*dril")


@pytest.mark.parametrize("text", ["", "+", "nasa+", "nasa++dril", "nasa*", "../x", "0.5*", "nasa-0.5*dril+"])
def test_what_is_no_blend_is_told(text: str) -> None:
    with pytest.raises(Usage):
        BlendName.parse(text)


def test_too_many_voices_are_told() -> None:
    with pytest.raises(Usage, match=f"name at most {MAX_VOICES}"):
        BlendName.parse("+".join(f"a{n}" for n in range(MAX_VOICES + 1)))


def test_half_a_name_can_be_looked_for() -> None:
    assert comparable(" @NaS") == "nas"
    assert without_at(" @NASA ") == "NASA"
