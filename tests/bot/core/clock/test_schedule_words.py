"""How often a schedule is due, in words."""

import pytest

from bot.core.clock.schedule_entry import Schedule
from bot.core.clock.schedule_words import how_often


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 4 * * mon", "every Monday at 04:00 (Europe/Paris)"),
        ("30 9 * * *", "every day at 09:30 (Europe/Paris)"),
        ("5 * * * *", "every hour at minute 5 (Europe/Paris)"),
        ("*/5 * * * *", "by the line */5 * * * * (Europe/Paris)"),
        ("0 4 1 * *", "by the line 0 4 1 * * (Europe/Paris)"),
        ("0 4 * * 1", "by the line 0 4 * * 1 (Europe/Paris)"),
        ("0 */6 * * *", "by the line 0 */6 * * * (Europe/Paris)"),
    ],
)
def test_usual_lines_are_words_and_others_are_shown(cron: str, words: str) -> None:
    assert how_often(Schedule("a", "post", cron=cron, time_zone="Europe/Paris")) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(86_400, "every day"), (21_600, "every 6 hours"), (5_400, "every 90 minutes"), (90, "every 90 seconds")],
)
def test_an_interval_has_the_largest_unit_that_fits(seconds: int, words: str) -> None:
    assert how_often(Schedule("a", "post", every_seconds=seconds)) == words
