"""A corrected table without ids replaces the tweets that it corrects, and no others."""

from pathlib import Path

import pytest

from huggingtweets.sources import read
from huggingtweets.tweets.kept.editions import replaced
from huggingtweets.tweets.kept.tweet_store import TweetStore

BEFORE = """date,text
2022-01-03 08:00,Good morning ships and welcome
2022-01-04 15:07,The ketle is on and the fog is out
2022-01-05 22:14,Log it
2022-01-06 05:21,Mrs Oakum has baked again today
"""


def learned(tmp_path: Path, *tables: str, name: str = "tweets.csv") -> list[str]:
    """The texts that are kept after these tables have been learned one after the other, as a training does it."""
    tmp_path.mkdir(exist_ok=True)
    store, path = TweetStore(tmp_path / "store"), tmp_path / name
    for table in tables:
        path.write_text(table)
        store.take_in("ann", read(path))
    return [tweet.text for tweet in store.tweets("ann")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The ketle is on", "The kettle is on"),
        ("The ketle is on and the fog is out", "Something else altogether"),
        ("Log it", "Log it. Log it in capitals"),
        ("2022-01-06 05:21,Mrs Oakum", "2022-01-07 05:21,Mrs Oakum"),
        ("2022-01-05 22:14,Log it", "2022-01-05 22:14,"),
    ],
)
def test_a_correction_replaces_what_it_corrects(tmp_path: Path, old: str, new: str) -> None:
    after = BEFORE.replace(old, new)
    fresh = learned(tmp_path / "fresh", after)
    assert sorted(learned(tmp_path, BEFORE, after)) == sorted(fresh)
    assert len(fresh) == 4


def test_a_line_of_plain_text_is_corrected_by_what_is_left_of_it(tmp_path: Path) -> None:
    lines = "Good morning ships and welcome\nThe ketle is on and the fog is out\nLog it\n"
    assert learned(tmp_path, lines, lines.replace("ketle", "kettle"), name="a.txt") == [
        "Good morning ships and welcome",
        "Log it",
        "The kettle is on and the fog is out",
    ]


def test_dates_that_are_read_better_now_double_nothing(tmp_path: Path) -> None:
    swapped = BEFORE.replace("2022-01-05 22:14", "2022-05-01 22:14").replace("2022-01-06 05:21", "")
    assert len(learned(tmp_path, swapped, BEFORE)) == 4


def test_another_table_adds_and_a_part_of_the_table_takes_nothing_away(tmp_path: Path) -> None:
    other = "date,text\n2023-01-03 08:00,Quite another thing\n2022-01-04 15:07,Of the same minute\n2023-02-01 09:00,x\n"
    assert len(learned(tmp_path, BEFORE, other)) == 7
    header, first, *_ = BEFORE.splitlines(keepends=True)
    assert len(learned(tmp_path, BEFORE, header + first)) == 7


def test_what_is_said_every_day_is_kept_for_every_day(tmp_path: Path) -> None:
    months = ["date,text\n" + "".join(f"2022-{m:02}-{day:02} 12:00,BONG\n" for day in range(13, 29)) for m in (1, 2)]
    assert learned(tmp_path, *months) == ["BONG"] * 32


def test_of_two_tweets_of_one_minute_nothing_is_told_by_the_minute(tmp_path: Path) -> None:
    two = BEFORE + "2022-01-07 10:00,First of all a thing\n2022-01-07 10:00,And then another one\n"
    after = two.replace("First of all a thing", "Nothing like it").replace("And then another one", "Was there before")
    assert len(learned(tmp_path, two, after)) == 8
    assert len(learned(tmp_path / "one", two, two.replace("First of all a thing", "Nothing like it"))) == 6


def test_tweets_with_ids_of_their_own_are_left_alone(tmp_path: Path) -> None:
    ids = (
        "id,date,text\n7,2022-01-03 08:00,Good morning ships and welcome\n8,2022-01-04 08:00,Log it now please ships\n"
    )
    assert len(learned(tmp_path, ids, BEFORE)) == 6
    assert replaced([], []) == set()
