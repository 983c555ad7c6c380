"""Accounts of other networks, as people write them."""

import pytest

from bot.people.strangers import parse_stranger
from huggingtweets.core.errors import Usage


@pytest.mark.parametrize(
    ("text", "account"),
    [
        (" x:12 ", "x:12"),
        ("did:plc:abc234", "bluesky:did:plc:abc234"),
        ("bluesky:did:web:ann.example", "bluesky:did:web:ann.example"),
        ("@Ann@Example.social", "mastodon:ann@example.social"),
        ("mastodon:ann@example.social", "mastodon:ann@example.social"),
    ],
)
def test_an_account_is_read_in_the_form_in_which_it_is_kept(text: str, account: str) -> None:
    assert parse_stranger(text) == account


@pytest.mark.parametrize(
    "text", ["", "ann", "@ann", "x:ann", "discord:12", "playground:user:ann", "ann.bsky.social", "x:" + "1" * 99]
)
def test_what_is_no_account_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Usage, match=r"Write it as in @ann@example\.social for Mastodon"):
        parse_stranger(text)
