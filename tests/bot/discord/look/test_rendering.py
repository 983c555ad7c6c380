"""Texts and embeds within Discord's limits."""

from itertools import pairwise
from pathlib import Path

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.look.rendering import (
    MAX_DESCRIPTION,
    as_written,
    fools,
    guesses,
    in_messages,
    model_pages,
    sentence,
    tweet_embeds,
    voice_of,
)
from bot.discord.look.translating import ENGLISH
from bot.store.voices.rounds import Score
from bot.voices.tweeting import Imitated
from huggingtweets.core.people.names import BlendName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version

NASA = [Imitated("nasa")]


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


@given(st.lists(st.text(min_size=1, max_size=3_000), min_size=1, max_size=30))
def test_messages_are_never_more_than_discord_takes(texts: list[str]) -> None:
    embeds = tweet_embeds(tweets(*texts), NASA, ENGLISH)
    messages = in_messages(embeds)
    assert [embed for together in messages for embed in together] == embeds
    assert all(0 < len(together) <= 10 and sum(map(len, together)) <= 6_000 for together in messages)
    assert all(len(embed.description or "") <= MAX_DESCRIPTION for embed in embeds)
    for first, second in pairwise(messages):
        assert len(first) == 10 or sum(map(len, [*first, second[0]])) > 6_000, "as few messages as possible"


def test_ten_tweets_are_one_message() -> None:
    assert len(in_messages(tweet_embeds(tweets(*["x" * 280] * 10), NASA, ENGLISH))) == 1


def test_a_text_longer_than_an_embed_is_cut() -> None:
    [embed] = tweet_embeds(tweets("*" * 3_000), NASA, ENGLISH)
    assert embed.description
    assert embed.description.endswith("*…")
    assert len(embed.description) <= MAX_DESCRIPTION


@pytest.mark.parametrize("version", ["v3", "preview", "v3+v12"])
@pytest.mark.parametrize(
    "name", ["nasa", "a_b", "nasa-neiltyson", "nasa+0.5*dril", "-".join(chr(97 + n) * 30 for n in range(8))]
)
def test_the_voice_is_read_back_from_what_was_shown(name: str, version: str) -> None:
    people = [Imitated(handle, "somebody · else v1") for handle in BlendName(name).handles]
    shown = tweet_embeds(Tweets(("text", "other"), BlendName(name), version, seed=1), people, ENGLISH)
    assert voice_of([discord.Embed.from_dict(embed.to_dict()) for embed in shown]) == name
    assert len(shown[0].author.name or "") <= 256
    assert len(shown[0].footer.text or "") <= 2_048


def test_the_voice_is_read_back_from_what_was_shown_by_earlier_versions() -> None:
    old = discord.Embed(description="text").set_author(name="AI parody of @nasa").set_footer(text="nasa v1")
    assert voice_of([old]) == "nasa"


def test_people_are_called_as_they_call_themselves() -> None:
    people = [Imitated("nasa", "NASA"), Imitated("neiltyson", " Neil \u202edeGrasse\nTyson"), Imitated("dril")]
    [embed] = tweet_embeds(tweets("text"), people, ENGLISH)
    assert embed.author.name == "AI parody of @nasa, Neil deGrasse Tyson (@neiltyson), @dril"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://pbs.twimg.com/profile_images/1/a_400x400.jpg", True),
        ("http://pbs.twimg.com/a.jpg", False),
        ("https://localhost/a.jpg", False),
        ("file:///etc/passwd", False),
        ("https://a.b/ c", False),
        ("https://a.b/" + "x" * 3_000, False),
        ("", False),
    ],
)
def test_a_picture_is_shown_where_discord_takes_it(url: str, shown: bool) -> None:
    [embed] = tweet_embeds(tweets("text"), [Imitated("nasa", "", url)], ENGLISH)
    assert embed.author.icon_url == (url if shown else None)


def test_several_people_have_no_picture_of_one() -> None:
    url = "https://pbs.twimg.com/a.jpg"
    [embed] = tweet_embeds(tweets("text"), [Imitated("nasa", "", url), Imitated("dril", "", url)], ENGLISH)
    assert embed.author.icon_url is None


def test_a_voice_has_a_colour_of_its_own() -> None:
    colours = {
        tweet_embeds(tweets("text", name=name), NASA, ENGLISH)[0].colour for name in ("nasa", "nasa", "dril", "ann")
    }
    assert len(colours) == 3


def test_a_footer_says_whose_words_they_are() -> None:
    [done], [learning] = (
        tweet_embeds(Tweets(("text",), "nasa", version, 1), NASA, ENGLISH) for version in ("v3", "preview")
    )
    assert done.footer.text == "Written by an AI, and by nobody else · nasa v3"
    assert (
        learning.footer.text == "Written by an AI that is still learning this voice, and by nobody else · nasa preview"
    )


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
    assert sentence(Phrase.verbatim("no @everyone <@1>"), ENGLISH) == "no @\u200beveryone \\<\u200b@\u200b1>"
    assert len(sentence(Phrase.verbatim("x" * 3_000), ENGLISH)) == 2_000


def test_of_very_many_voices_the_first_are_listed_and_the_rest_counted() -> None:
    versions = [
        Version(f"voice_{number:04}", "v1", Path(), Manifest(base="somebody/a-base-model", created="2026-01-01T00:00"))
        for number in range(1_000)
    ]
    pages = model_pages(versions, ENGLISH)
    listed = sum(len((page.description or "").split("\n")) for page in pages)
    assert len(pages) == 5
    assert pages[-1].footer.text == f"and {1_000 - listed} more: type a part of a name in /tweetlike"


@pytest.mark.parametrize(
    ("votes", "fooled", "said"),
    [
        (0, 0, "Nobody guessed this time."),
        (1, 0, "One guess, and it was right."),
        (1, 1, "One guess, and it was wrong."),
        (3, 3, "All 3 guesses were wrong."),
        (3, 0, "All 3 guesses were right."),
        (3, 1, "2 of 3 guesses were right."),
    ],
)
def test_the_guesses_of_a_round_are_told_in_words(votes: int, fooled: int, said: str) -> None:
    assert guesses(Score(votes, fooled)) == said


def test_a_voice_that_nobody_has_guessed_about_has_fooled_nobody() -> None:
    assert fools(Score(0, 0)) == "nobody has guessed yet"
    assert fools(Score(1, 0)) == "has fooled 0 of 1 who guessed"
