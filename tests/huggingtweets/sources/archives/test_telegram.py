"""Chats of Telegram: one person's messages with what was said before, and nothing private of a whole account."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Said
from huggingtweets.sources import read
from huggingtweets.sources.owners import Owned

ANN, BOB = "user5", "user6"


def message(number: int, who: str, text: Any, *, minute: int | None = None, **more: Any) -> dict[str, Any]:
    when = 1_700_000_000 + 60 * (number if minute is None else minute)
    names = {ANN: "Ann Keeper", BOB: "Bob"}
    written = {"id": number, "type": "message", "date": "2023-11-14T23:13:20", "date_unixtime": str(when)}
    return written | {"from": names.get(who, who), "from_id": who, "text": text, "text_entities": []} | more


def chat(*messages: dict[str, Any], kind: str = "private_supergroup", number: int = 77) -> dict[str, Any]:
    return {"name": "Harbour", "type": kind, "id": number, "messages": list(messages)}


def saved(tmp_path: Path, export: Any) -> Path:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(export, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


TALK = chat(
    {"id": 1, "type": "service", "date": "2023-11-14T23:00:00", "actor": "Bob", "actor_id": BOB, "action": "create"},
    message(2, BOB, "is the fog <thick>?"),
    message(3, ANN, ["so it is, see ", {"type": "link", "text": "https://fog.example"}, " & wait"]),
    message(4, ANN, "and it stays"),
    message(5, BOB, "who says so?"),
    message(6, BOB, "", photo="photos/1.jpg"),
    message(7, ANN, "I say so", minute=600, reply_to_message_id=2),
    message(8, ANN, "look at this gif", via_bot="@gif"),
    message(9, ANN, "words of somebody else", forwarded_from="Carl"),
    message(10, ANN, "good morning", minute=5_000),
)


def test_one_persons_messages_are_read_with_what_was_said_before(tmp_path: Path) -> None:
    collected = read(saved(tmp_path, TALK), ["ann"])
    first, second, answer, forwarded, morning = collected.tweets
    asked = Said("is the fog &lt;thick&gt;?", f"telegram:{BOB}")
    assert first.text == "so it is, see https://fog.example &amp; wait"
    assert (first.id, first.source, first.said, first.is_reply) == ("telegram:77:3", f"telegram:{ANN}", asked, False)
    assert first.created_at == datetime(2023, 11, 14, 22, 16, 20, tzinfo=UTC)
    assert (second.reply_to, second.said) == (first.id, None), "the person's own message is no other's"
    assert (answer.said, answer.is_reply, answer.reply_to) == (asked, True, "telegram:77:2")
    assert (forwarded.is_retweet, forwarded.text) == (True, "words of somebody else")
    assert (morning.said, morning.reply_to) == (None, ""), "after days somebody begins anew"
    assert collected.account is None
    assert collected.notes == ("result.json: 2 of its messages are by others than Ann Keeper and were left out.",)
    assert collected.left_out == {
        "notices of the service": 1, "without a text": 1, "written by a bot": 1, "by others": 2,
    }  # fmt: skip
    assert collected.form == "chats of Telegram"


@pytest.mark.parametrize("name", ["ann", "ann_keeper", "annkeeper", "Ann Keeper", "ÁNN  keeper"])
def test_a_person_is_found_by_any_spelling_of_their_name(tmp_path: Path, name: str) -> None:
    assert len(read(saved(tmp_path, TALK), [name]).tweets) == 5


def test_in_doubt_nobody_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"several people: Ann Keeper \(4\) and Bob \(2\); .* name the voice after"):
        read(saved(tmp_path, TALK))
    twins = chat(message(1, "user8", "one", **{"from": "Ann"}), message(2, "user9", "two", **{"from": "Ann"}))
    with pytest.raises(BadSource, match="several people"):
        read(saved(tmp_path, twins), ["ann"])


def test_of_a_whole_account_no_private_chat_is_read(tmp_path: Path) -> None:
    chats = [
        chat(message(1, ANN, "for the group"), message(2, BOB, "hello")),
        chat(message(1, ANN, "between us"), message(2, BOB, "yes"), kind="personal_chat", number=78),
        chat(message(1, ANN, "a note to myself"), kind="saved_messages", number=79),
        chat(message(1, ANN, "for a robot"), kind="bot_chat", number=80),
    ]
    person = {"user_id": 5, "first_name": "Ann", "last_name": "Keeper", "username": "@annkeeper", "phone_number": "1"}
    left = {"about": "", "list": [chat(message(1, ANN, "from a channel I left"), kind="public_channel", number=81)]}
    export = {"about": "Here is", "personal_information": person, "contacts": {"list": []}}
    collected = read(saved(tmp_path, export | {"chats": {"about": "", "list": chats}, "left_chats": left}))
    assert [tweet.text for tweet in collected.tweets] == ["for the group", "from a channel I left"]
    assert collected.account == Account("annkeeper", "Ann Keeper")
    assert collected.left_out["in private chats"] == 4
    assert "phone" not in repr(collected)


def test_one_private_chat_that_somebody_gives_is_read(tmp_path: Path) -> None:
    talk = chat(message(1, BOB, "well?"), message(2, ANN, "well enough"), kind="personal_chat")
    assert [tweet.text for tweet in read(saved(tmp_path, talk), ["ann"]).tweets] == ["well enough"]


@pytest.mark.parametrize(
    ("export", "why"),
    [
        (chat(), "holds no messages that somebody wrote"),
        (
            {"type": "personal_chat", "messages": [1, None, "x", {"id": [1], "type": "message", "text": {}}]},
            "no messages",
        ),
        ({"personal_information": {"user_id": 5}, "chats": {"list": [{"type": 3}, 7]}}, "no messages"),
        ({"personal_information": {"user_id": 5}, "chats": []}, "no messages"),
    ],
)
def test_an_export_without_messages_is_refused(tmp_path: Path, export: Any, why: str) -> None:
    with pytest.raises(BadSource, match=why):
        read(saved(tmp_path, export), ["ann"])


def test_an_export_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, TALK)
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    with pytest.raises(BadSource, match="the file is cut off: its JSON ends in the middle"):
        read(path, ["ann"])


def test_a_message_that_is_longer_than_any_is_cut(tmp_path: Path) -> None:
    (tweet,) = read(saved(tmp_path, chat(message(1, ANN, "x" * 2_000_000))), ["ann"]).tweets
    assert len(tweet.text) == 1 << 17


def test_two_people_of_one_name_are_told_apart_by_their_numbers(tmp_path: Path) -> None:
    twins = chat(message(1, "user8", "one", **{"from": "Ann"}), message(2, "user9", "two", **{"from": "Ann"}))
    path = saved(tmp_path, twins)
    with pytest.raises(BadSource, match=r"Ann = user8 \(1\) and Ann = user9 \(1\)"):
        read(path, ["ann"])
    for author in ("user9", "Ann = user9"):
        collected = Owned(path, author=author).read(["ann"])
        assert [(tweet.text, tweet.source) for tweet in collected.tweets] == [("two", "telegram:user9")]


def test_an_author_who_wrote_nothing_is_nobody_else(tmp_path: Path) -> None:
    """Without a name the owner of an account is read, and so is the only person in a chat."""
    person = {"user_id": 5, "first_name": "Ann", "last_name": "Keeper"}
    group = {"list": [chat(message(1, ANN, "for the group"), message(2, BOB, "hello"))]}
    account = saved(tmp_path, {"personal_information": person, "chats": group})
    assert len(Owned(account, author="bob").read().tweets) == 1
    with pytest.raises(BadSource, match=r"it is by Ann Keeper, and not by Bbo; name somebody who wrote in it"):
        Owned(account, author="Bbo").read()
