"""Handles that cannot be right are refused before a network is asked, with a sentence for each kind of mistake."""

from pathlib import Path

import pytest

from huggingtweets.core.errors import Usage
from huggingtweets.sources.remote_sources import Origin, parse_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("x:NASA", Origin("x", "NASA")),
        ("x:@nasa", Origin("x", "nasa")),
        ("bluesky:@Ann.bsky.social", Origin("bluesky", "ann.bsky.social")),
        ("bluesky:did:plc:abc123", Origin("bluesky", "did:plc:abc123")),
        ("mastodon:@Ann@m.example", Origin("mastodon", "ann@m.example")),
        ("@ann@m.example", Origin("mastodon", "ann@m.example")),
        ("@ann", None),
        ("@ann@m.example/tweets.csv", None),
        ("archive.zip", None),
        ("http:odd.csv", None),
        ("./x:nasa.jsonl", None),
    ],
)
def test_origins_are_told_from_paths(text: str, origin: Origin | None) -> None:
    assert parse_origin(text) == origin


def test_a_file_that_is_called_like_an_origin_is_meant_if_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x:tweets.jsonl").write_text("")
    assert parse_origin("x:tweets.jsonl") is None
    assert parse_origin("x:" + "y" * 15) == Origin("x", "y" * 15)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x:", "A handle is missing after x:"),
        ("x:@", "A handle is missing after x:"),
        ("x:https://x.com/nasa/status/12", "is a whole address; write the handle alone, here x:nasa."),
        ("x:twitter.com/nasa", "here x:nasa"),
        ("x:https://x.com/nasa", "is a whole address; write the handle alone, here x:nasa."),
        ("x:tweets.jsonl", "has 1 to 15 letters"),
        ("x:https://elsewhere.example/nasa", "is a whole address; write the handle alone."),
        ("x:🚀nasa🚀", "has an emoji"),
        ("x:nasa-hq", "has 1 to 15 letters, digits and _"),
        ("x:sixteen_letters_", "has 1 to 15 letters"),
        ("x:näsa", "has 1 to 15 letters"),
        ("bluesky:https://bsky.app/profile/ann.bsky.social", "here bluesky:ann.bsky.social"),
        ("bluesky:ann", "write it whole, as in ann.bsky.social"),
        ("bluesky:https://[half", "is a whole address"),
        ("mastodon:https://[half/@ann", "is a whole address"),
        ("bluesky:ann..social", "they are host names"),
        ("bluesky:-ann.bsky.social", "they are host names"),
        ("bluesky:🦋.bsky.social", "has an emoji"),
    ],
)
def test_each_way_to_be_wrong_has_its_sentence(text: str, told: str) -> None:
    with pytest.raises(Usage) as refused:
        parse_origin(text)
    assert told in str(refused.value)
