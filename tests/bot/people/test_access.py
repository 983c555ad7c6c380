"""Lists of what is allowed and denied."""

import pytest

from bot.people.access import Where, objection

HERE = Where(
    "discord:server:1",
    ("discord:channel:30", "discord:channel:20", "discord:channel:10"),
    ("discord:user:4", "discord:role:5"),
)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({}, ""),
        ({"discord:channel:10": True}, ""),
        ({"discord:channel:11": True}, "channel"),
        ({"discord:channel:10": True, "discord:channel:30": False}, "channel"),
        ({"discord:channel:11": False}, ""),
        ({"discord:role:5": True}, ""),
        ({"discord:user:9": True}, "you"),
        ({"discord:user:9": True, "discord:role:5": True}, ""),
        ({"discord:role:5": True, "discord:user:4": False}, "you"),
        ({"discord:server:1": False}, "server"),
        ({"discord:server:2": True}, "server"),
        ({"discord:server:1": True}, ""),
    ],
)
def test_a_denial_wins_and_a_list_lets_in_only_what_it_names(rules: dict[str, bool], why: str) -> None:
    assert why in objection(rules, HERE)
    assert bool(why) == bool(objection(rules, HERE))


def test_in_a_direct_message_only_lists_of_people_count() -> None:
    alone = Where(people=("discord:user:4",))
    assert objection({"discord:server:2": True, "discord:channel:11": True}, alone) == ""
    assert "you" in objection({"discord:user:9": True}, alone)
