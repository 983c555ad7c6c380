"""The real files we develop with give the figures that were measured once. Skipped where these files are not."""

from functools import cache
from pathlib import Path

import pytest

from huggingtweets.core.records import Tweet
from huggingtweets.sources import read
from huggingtweets.sources.archives import x_archive
from huggingtweets.tweets.learned.clean import clean_all

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real data beside the repository")

MEASURED = {
    "tweets/BarackObama.jsonl": (814, 52, 0, 762),
    "tweets/NASA.jsonl": (3200, 770, 3, 2427),
    "tweets/dril.jsonl": (10515, 0, 945, 9570),
    "tweets/rickygervais.jsonl": (3231, 1041, 805, 1385),
    "csv/twint_BarackObama.csv": (500, 0, 0, 500),
    "x_archives/alrocar_2024": (1218, 12, 273, 933),
    "x_archives/lumeninferius_2020": (22, 0, 4, 18),
}


@cache
def tweets_of(path: Path) -> tuple[Tweet, ...]:
    """What is read from a file or folder. Several tests look at the same ones."""
    return read(path).tweets


@pytest.mark.parametrize("name", MEASURED)
def test_the_counts_are_as_measured(name: str) -> None:
    _, counts = clean_all(tweets_of(DATA / name))
    assert (counts.downloaded, counts.retweets, counts.short, counts.kept) == MEASURED[name]


def test_every_account_file_is_read_whole() -> None:
    for path in (DATA / "tweets").iterdir():
        assert len(tweets_of(path)) == len(path.read_text(encoding="utf-8").splitlines())


def test_all_but_one_of_the_41_long_posts_are_completed_and_that_one_was_whole() -> None:
    home = DATA / "x_archives" / "alrocar_2024"
    cut = x_archive.read_script(home / "data" / "tweets.js").tweets
    whole = x_archive.read_folder(home).tweets
    assert sum(before != after for before, after in zip(cut, whole, strict=True)) == 40


def test_a_newsrooms_export_in_a_one_byte_encoding_is_read() -> None:
    _, counts = clean_all(read(DATA / "csv" / "fivethirtyeight_BarackObama.csv").tweets)
    assert (counts.downloaded, counts.retweets, counts.short, counts.kept) == (3207, 351, 30, 2826)
