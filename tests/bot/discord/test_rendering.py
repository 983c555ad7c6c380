"""Texts and embeds within Discord's limits."""

from pathlib import Path

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.rendering import MAX_DESCRIPTION, as_written, model_pages, sentence, tweet_pages, voice_of
from huggingtweets.generate import Tweets
from huggingtweets.registry import Version


def tweets(*texts: str, name: str = "nasa") -> Tweets:
    return Tweets(texts, name, "v3", seed=1)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain text, 100 % (really)!", "plain text, 100 % (really)!"),
        ("*bold* _it_ ~~gone~~ `code` ||spoiler||", r"\*bold\* \_it\_ \~\~gone\~\~ \`code\` \|\|spoiler\|\|"),
        (r"¯\_(ツ)_/¯", r"¯\\\_(ツ)\_/¯"),
        ("# not a title", r"\# not a title"),
        ("#hashtag", "#hashtag"),
        ("-# small", r"\-# small"),
        ("- no list", r"\- no list"),
        ("> no quote", r"\> no quote"),
        (">>> no quote", r"\>>> no quote"),
        ("state-of-the-art 2 > 1", "state-of-the-art 2 > 1"),
        ("[click](https://evil.example/a_b)", r"\[click](https://evil.example/a_b)"),
        ("see https://x.com/a_b_c/*, now_", r"see https://x.com/a_b_c/*, now\_"),
        ("<t:0> <@1> </cmd:1>", r"\<t:0> \<@1> \</cmd:1>"),
    ],
)
def test_a_tweet_shows_as_it_was_written(text: str, escaped: str) -> None:
    assert as_written(text) == escaped


@given(st.lists(st.text(min_size=1, max_size=3_000), min_size=1, max_size=10))
def test_pages_are_never_longer_than_discord_allows(texts: list[str]) -> None:
    pages = tweet_pages(tweets(*texts))
    assert all(len(page.description or "") <= MAX_DESCRIPTION and len(page) <= 6_000 for page in pages)


def test_a_tweet_longer_than_a_page_is_cut() -> None:
    [page] = tweet_pages(tweets("*" * 3_000))
    assert page.description
    assert page.description.endswith("*…")
    assert len(page.description) <= MAX_DESCRIPTION


@pytest.mark.parametrize("name", ["nasa", "a_b", "nasa-neiltyson", "-".join(chr(97 + n) * 30 for n in range(8))])
def test_the_voice_is_read_back_from_what_was_shown(name: str) -> None:
    shown = [discord.Embed.from_dict(page.to_dict()) for page in tweet_pages(tweets("text", name=name))]
    assert voice_of(shown) == name
    assert len(shown[0].author.name or "") <= 256


def test_several_people_are_all_named() -> None:
    assert tweet_pages(tweets("text", name="nasa-neiltyson"))[0].author.name == "AI parody of @nasa, @neiltyson"


@pytest.mark.parametrize(
    "embed",
    [
        discord.Embed(),
        discord.Embed().set_footer(text="nasa v1"),
        discord.Embed().set_footer(text="by somebody").set_author(name="AI parody of @nasa"),
    ],
)
def test_other_embeds_have_no_voice(embed: discord.Embed) -> None:
    assert voice_of([embed]) is None


def test_a_sentence_pings_nobody_and_fits() -> None:
    assert sentence("no @everyone <@1>") == "no @\u200beveryone \\<\u200b@\u200b1>"
    assert len(sentence("x" * 3_000)) == 2_000


def test_of_very_many_voices_the_first_are_listed_and_the_rest_counted() -> None:
    versions = [
        Version(f"voice_{number:04}", "v1", Path(), {"base": "somebody/a-base-model", "created": "2026-01-01T00:00"})
        for number in range(1_000)
    ]
    pages = model_pages(versions)
    listed = sum(len((page.description or "").split("\n")) for page in pages)
    assert len(pages) == 5
    assert pages[-1].footer.text == f"and {1_000 - listed} more: type a part of a name in /tweetlike"


def test_a_version_without_a_date_is_listed_too() -> None:
    [page] = model_pages([Version("nasa", "v1", Path(), {"base": "gpt2"})])
    assert page.description == "**nasa** v1 · gpt2 · no date"
