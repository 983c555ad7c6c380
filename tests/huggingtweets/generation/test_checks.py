"""Characters are counted as X counts them, nobody is called, and copies and broken texts are refused."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from huggingtweets.core.text.visible import typed, visible
from huggingtweets.generation.checks import (
    MAX_WEIGHT,
    ZERO_WIDTH_SPACE,
    CopyCheck,
    LeftoverCheck,
    LengthCheck,
    LinkCheck,
    defused,
    first_objection,
    normalised,
    weighted_length,
)

# What Discord and X make a call of: https://discord.com/developers/docs/reference#message-formatting
# and twitter-text's mention expression.
LIVE_PINGS = (
    regex.compile(r"@(?:everyone|here)"),
    regex.compile(r"<@[!&]?\d+>"),
    regex.compile(r"<#\d+>"),
    regex.compile(r"<a?:\w+:\d+>"),
    regex.compile(r"[@＠][A-Za-z0-9_]{1,20}"),
)
text_with_pings = st.lists(
    st.sampled_from(["@", "＠", "<", ">", "#", "!", "&", "everyone", "here", "ann", "1", ":", "a:x:", " ", "\u200b"])
    | st.text(max_size=2)
).map("".join)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("hello", 5),
        ("naïve çà", 8),
        ("e\u0301", 1),  # NFC makes it é
        ("日本語", 6),
        ("ひらがな", 8),
        ("한글", 4),
        ("ไทย", 3),
        ("हिन्दी", 6),
        ("Ελλάδα", 6),
        ("“quoted” – well…", 17),
        ("€", 2),
        ("😀", 2),
        ("👍🏽", 2),  # with a skin tone
        ("👨‍👩‍👧‍👦", 2),  # a family joined by zero-width joiners
        ("🏳️‍🌈", 2),
        ("🇫🇷", 2),
        ("🇫🇷🇩🇪", 4),
        ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", 2),  # Scotland's, made of tags
        ("1️⃣", 2),
        ("#⃣", 2),
        ("❤️", 2),
        ("©", 1),
        ("©️", 2),
        ("1 # *", 5),
        ("http://a.b", 23),
        ("see https://example.org/" + "x" * 300 + " now", 4 + 23 + 4),
        ("HTTPS://X.Y and https://z.w", 23 + 5 + 23),
        (ZERO_WIDTH_SPACE, 1),
    ],
)
def test_characters_weigh_what_x_says(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


@given(st.text(), st.text())
def test_a_line_weighs_what_its_parts_do(first: str, second: str) -> None:
    assert weighted_length(f"{first}\n{second}") == weighted_length(first) + 1 + weighted_length(second)


@given(st.text())
def test_no_text_weighs_more_than_twice_its_characters_but_for_links(text: str) -> None:
    assert weighted_length(text) <= 2 * len(text) + 23 * text.lower().count("http")


def test_280_pass_and_281_do_not() -> None:
    length = LengthCheck()
    assert length("a" * MAX_WEIGHT) is None
    assert length("a" * (MAX_WEIGHT + 1)) == "too long"
    assert length("😀" * 140) is None
    assert length("😀" * 140 + "a") == "too long"


@pytest.mark.parametrize("text", ["", "   ", "...", "!?", ZERO_WIDTH_SPACE])
def test_nothing_to_read_is_empty(text: str) -> None:
    assert LengthCheck()(text) == "empty"


@pytest.mark.parametrize("text", ["🚀", "1", "é", "日"])
def test_an_emoji_or_a_letter_is_something_to_read(text: str) -> None:
    assert LengthCheck()(text) is None


@given(text_with_pings)
def test_no_defused_text_contains_a_live_ping(text: str) -> None:
    assert not [ping for ping in LIVE_PINGS if ping.search(defused(text))]


@given(text_with_pings)
def test_defusing_changes_nothing_that_is_seen(text: str) -> None:
    assert visible(defused(text)) == visible(text)
    assert defused(defused(text)) == defused(text)


@pytest.mark.parametrize("text", ["hello", "a @ b", "1 < 2 > 1", "#science", "mail @"])
def test_a_text_that_calls_nobody_is_left_alone(text: str) -> None:
    assert defused(text) == text


# What Discord makes clickable: https://support.discord.com/hc/articles/210298617, and invitations without a scheme.
LIVE_LINKS = regex.compile(
    r"[a-z]+://|discord(?:app)?\.(?:gg|com/invite)/|\bwww\.|\b[\w-]+\.[a-z]{2,}/", regex.IGNORECASE
)
text_with_links = st.lists(
    st.sampled_from(
        [
            "http",
            "s",
            ":",
            "/",
            "//",
            "discord",
            ".gg",
            ".com",
            "/invite",
            "www",
            ".",
            "abc",
            " ",
            "steam",
            "<",
            "\u200b",
        ]
    )
).map("".join)


@given(text_with_links)
def test_no_defused_text_contains_a_live_link(text: str) -> None:
    assert not LIVE_LINKS.search(defused(text))
    assert defused(defused(text)) == defused(text)


@pytest.mark.parametrize(
    "text",
    [
        "join https://discord.gg/abc now",
        "HTTPS://EXAMPLE.ORG",
        "discord.gg/abc",
        "discord.com/invite/abc",
        "steam://run/1",
        "www.example.org",
        "[free](https://example.org)",
    ],
)
def test_a_link_reads_the_same_and_cannot_be_clicked(text: str) -> None:
    assert not LIVE_LINKS.search(defused(text))
    assert visible(defused(text)) == text


@pytest.mark.parametrize(
    "code",
    [
        *(0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x200E, 0x200F, 0x061C),  # bidi
        *(0x200B, 0x2060, 0x2063, 0xFEFF, 0x00AD, 0x034F, 0x180E, 0x3164, 0xFFA0, 0x115F),  # blanks that are none
        *(0xE0041, 0xE0101, 0xFE01, 0xFE0F, 0x200C, 0x200D, 0xFFF9),  # tags, variants, joiners where nothing joins
    ],
)
def test_a_character_that_nobody_sees_is_out(code: int) -> None:
    hidden = f"a{chr(code)}b {chr(code)}"
    assert visible(hidden) == "ab "
    assert typed(hidden) == "ab"
    assert visible(defused(hidden)) == "ab "


@pytest.mark.parametrize(
    "text",
    [
        *(
            "👨‍👩‍👧‍👦",
            "🏳️‍🌈",
            "🏴‍☠️",
            "👩🏽‍🚀",
            "1️⃣",
            "❤️",
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        ),
        *("می‌خواهم", "क्‍ष", "שלום", "مرحبا", "ไทย", "한글"),
    ],
)
def test_what_joins_letters_and_emoji_stays(text: str) -> None:
    assert defused(text) == text


def test_what_is_typed_is_one_line_of_whole_characters() -> None:
    assert typed(" My\x07 dream\r\n\tis\ud83d 🚀 ") == "My dream is 🚀"


@pytest.mark.parametrize(
    "text",
    [
        "a<|endoftext|>",
        "<|endoftext",
        "endoftext|>",
        "< EndOfText",
        "<|startoftext|>a",
        "startoftext|>a",
        "<|begin_of_text",
        "caf\ufffd",
        "a\x00b",
        "bell\x07",
        "a\nb",
        "\ud83d",
        "unassigned \u0378",
        "never assigned \ufdd0 \uffff",
        "an emoji that is only reserved \U0001faff",
        "private \ue000",
        "\U000f0000",
        "\U0010fffd",
    ],
)
def test_what_the_model_left_is_broken(text: str) -> None:
    assert LeftoverCheck()(text) == "broken"


def test_every_private_code_point_and_every_noncharacter_is_broken() -> None:
    private = [*range(0xE000, 0xF900), *range(0xF0000, 0xFFFFE), *range(0x100000, 0x10FFFE)]
    noncharacters = [
        *range(0xFDD0, 0xFDF0),
        *(plane + end for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)),
    ]
    assert [hex(code) for code in private + noncharacters if LeftoverCheck()(f"a{chr(code)}") is None] == []


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"], exclude_characters="\ufffd<>|"), min_size=1))
def test_no_assigned_character_is_a_leftover(text: str) -> None:
    assert LeftoverCheck()(text) is None


def test_a_whole_text_has_no_leftovers() -> None:
    assert LeftoverCheck()("the end of text, 👨‍👩‍👧 é <3") is None


@pytest.mark.parametrize(
    "text", ["see https://a.b/c", "pic.twitter.com/abc", "go.pic.x.com/a", "www.ann.org", "x.com/a"]
)
def test_a_link_that_the_model_made_up_is_refused(text: str) -> None:
    assert LinkCheck()(text) == "a link"
    assert LinkCheck("read www.ann.org")(f"read www.ann.org {text}") == "a link"


def test_the_links_of_a_prompt_are_no_invention() -> None:
    assert LinkCheck("read https://a.b")("read https://a.b and tell me") is None
    assert LinkCheck()("nothing of the kind, ann. So there") is None


@pytest.mark.parametrize(
    "draft",
    [
        "Hello, World 🚀",
        "hello world",
        "HELLO — world!!!",
        "hello  world",
        "h\u200bello world",
        "ｈｅｌｌｏ ｗｏｒｌｄ",
    ],
)
def test_a_copy_is_found_whatever_its_dress(draft: str) -> None:
    assert CopyCheck(["Hello, world! 🚀"])(draft) == "copied"


def test_another_text_is_no_copy() -> None:
    assert CopyCheck(["hello world"])("hello worlds") is None
    assert CopyCheck(["🚀", "..."])("!!!") is None


def test_a_defused_copy_is_a_copy_still() -> None:
    assert CopyCheck(["@ann hello there"])(defused("@ann hello there")) == "copied"


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_the_first_objection_is_told() -> None:
    checks = (LeftoverCheck(), LengthCheck(), CopyCheck(["x"]))
    assert first_objection(checks, "\ufffd" * 300) == "broken"
    assert first_objection(checks, "X!") == "copied"
    assert first_objection(checks, "fine") is None
