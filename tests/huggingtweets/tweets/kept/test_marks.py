"""People are named as a service knows them."""

import pytest

from huggingtweets.core.people.names import VoiceName
from huggingtweets.sources.archives import discord_package, mastodon, meta_export, reddit, telegram, whatsapp
from huggingtweets.tweets.kept.marks import SITES, parse_mark


def test_every_service_with_marks_is_known() -> None:
    assert {
        discord_package.SITE, mastodon.SITE, reddit.SITE, telegram.SITE, whatsapp.SITE, "bluesky",
        meta_export.FACEBOOK, meta_export.INSTAGRAM, meta_export.THREADS,
    } == SITES  # fmt: skip


@pytest.mark.parametrize("text", ["ann", "@ann", "x:ann", "whatsapp:", "whatsapp: ", "", ":ann", "C:\\ann"])
def test_a_handle_is_no_mark(text: str) -> None:
    assert parse_mark(text) is None


@pytest.mark.parametrize("name", ["Ann/../Keeper", "Аня", "+49 170 1234567", "a" * 300])
def test_the_name_of_a_tombstone_is_a_plain_one_and_says_nothing_about_the_person(name: str) -> None:
    marked = parse_mark(f"whatsapp:{name}")
    assert marked
    assert VoiceName.parse(marked.name) == marked.name
    assert f"whatsapp:{name.casefold()}" in marked.accounts


def test_case_and_blanks_do_not_matter() -> None:
    assert parse_mark("WhatsApp: Ann  Keeper ") == parse_mark("whatsapp:Ann Keeper")
