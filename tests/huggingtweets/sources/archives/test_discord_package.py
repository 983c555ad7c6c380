"""From Discord's package, messages in channels of servers are read, and nothing private."""

import json
import time
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account
from huggingtweets.sources import read
from huggingtweets.tweets.learned.clean import clean

USER = {"id": "77", "username": "keeper", "global_name": "The Keeper"}


def messages(*texts: str, first: int = 1) -> list[dict[str, Any]]:
    return [
        {"ID": first + number, "Timestamp": "2022-01-03 08:00:00", "Contents": text, "Attachments": ""}
        for number, text in enumerate(texts)
    ]


def zipped(tmp_path: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content if isinstance(content, str) else json.dumps(content))
    return tmp_path / "package.zip"


def channel(number: int, kind: Any, *texts: str, home: str = "messages/") -> dict[str, Any]:
    facts = {"id": str(number)} | ({} if kind is None else {"type": kind})
    return {
        f"{home}c{number}/channel.json": facts,
        f"{home}c{number}/messages.json": messages(*texts, first=number * 100),
    }


@pytest.mark.parametrize("home", ["messages/", "Messages/", "package/messages/"])
def test_the_messages_of_servers_are_read_with_their_person(tmp_path: Path, home: str) -> None:
    account = home.replace("messages/", "account/").replace("Messages/", "Account/")
    files = {f"{account}user.json": USER, f"{home}index.json": {"c1": "general"}}
    files |= channel(1, 0, "the fog is <thick> & grey", "", home=home) | channel(2, "GUILD_TEXT", "kettle", home=home)
    path = zipped(tmp_path, files)
    found = read(path)
    assert found.account == Account("keeper", "The Keeper")
    assert [(one.id, one.text, one.source) for one in found.tweets] == [
        ("100", "the fog is &lt;thick&gt; &amp; grey", "discord:77"),
        ("200", "kettle", "discord:77"),
    ]
    assert found.tweets[0].created_at == datetime(2022, 1, 3, 8, tzinfo=UTC)
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert read(tmp_path / "unpacked") == found


def test_the_older_form_in_csv_is_read(tmp_path: Path) -> None:
    table = 'ID,Timestamp,Contents,Attachments\n7,2022-01-03 08:00:00.000000+00:00,"one, ""two""\nthree",\n'
    files = {"messages/123/messages.csv": table, "messages/123/channel.json": {"id": "123", "type": 0}}
    (found,) = read(zipped(tmp_path, files)).tweets
    assert (found.id, found.text) == ("7", 'one, "two"\nthree')


@pytest.mark.parametrize(
    "kind", [1, 3, 12, 17, 18, True, [0], "DM", "GROUP_DM", "PRIVATE_THREAD", "EPHEMERAL_DM", "OF_TOMORROW", None]
)
def test_private_messages_are_never_read(tmp_path: Path, kind: Any) -> None:
    private = channel(2, kind, "between us")
    assert [one.text for one in read(zipped(tmp_path, channel(1, 0, "for all") | private)).tweets] == ["for all"]
    with pytest.raises(BadSource, match=r"no messages in channels of servers \(1 channels, 0 of them public\)"):
        read(zipped(tmp_path, private))


def test_a_channel_with_recipients_is_private_whatever_its_type(tmp_path: Path) -> None:
    files = channel(1, 0, "between us") | {"messages/c1/channel.json": {"type": 0, "recipients": ["1", "2"]}}
    with pytest.raises(BadSource, match="direct messages are private"):
        read(zipped(tmp_path, files))


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("messages/c1/messages.json", [{"ID": 1}], "holds a message without ID or Contents"),
        ("messages/c1/messages.json", "[{", "is cut off"),
        ("messages/c1/channel.json", "{", "channel.json is broken"),
        ("messages/c1/channel.json", "[" * 100_000, "channel.json is broken"),
        ("messages/c1/messages.json", {"messages": []}, "is no JSON at line 1"),
        ("messages/c1/messages.json", [[{"ID": 1, "Contents": "x"}]], "holds a message without ID or Contents"),
        ("messages/c1/messages.csv", "ID,Timestamp\n1,2022-01-03\n", "holds a message without ID or Contents"),
        ("messages/c1/messages.csv", 'ID,Contents\n1,"' + "x" * 200_000, "is no whole CSV"),
        ("messages/c1/messages.csv", "ID,Contents\n1," + "x" * (1 << 21), "is longer than 1,048,576 characters"),
        ("messages/../../c1/messages.json", [], "leads out of the archive"),
    ],
)
def test_a_broken_package_is_refused(tmp_path: Path, name: str, content: Any, why: str) -> None:
    with pytest.raises(BadSource) as refused:
        read(zipped(tmp_path, channel(1, 0, "for all") | {name: content}))
    assert why in str(refused.value)


def test_ids_of_people_and_emoji_are_nobodys_words() -> None:
    written = "hi &lt;@123&gt; and <@!4>, see <#5> at <t:1:R>: <:gull:98> <a:wave:9> </play:7> <#winning> <3"
    assert clean(written) == "hi and , see at : :gull: :wave: <#winning> <3"


def test_a_file_that_unpacks_to_far_more_than_discord_makes_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("messages/c1/messages.json", json.dumps(messages("for all")))
        packed.writestr("messages/c1/channel.json", '{"type": 0, "id": "' + "0" * 50_000_000 + '"}')
    with pytest.raises(BadSource, match="as a zip bomb does"):
        read(path)
    tracemalloc.start()
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("messages/c1/messages.json", json.dumps(messages("for all")))
        with packed.open("messages/c1/channel.json", "w") as facts:
            for _ in range(100):
                facts.write(b"0" * 1_000_000)
    with pytest.raises(BadSource, match="far larger than Discord makes it"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_ids_that_a_spreadsheet_rounded_make_no_two_messages_one(tmp_path: Path) -> None:
    table = "ID,Timestamp,Contents\n9.35E+17,2022-01-03 08:00:00,the fog\n9.35E+17,2022-01-03 08:00:00,the kettle\n"
    files = {"messages/c1/messages.csv": table, "messages/c1/channel.json": {"type": 0}}
    tweets = read(zipped(tmp_path, files)).tweets
    assert [one.text for one in tweets] == ["the fog", "the kettle"]
    assert read(zipped(tmp_path, files)).tweets == tweets


def test_names_of_other_people_and_places_are_not_kept(tmp_path: Path) -> None:
    files = channel(1, 0, "the fog") | channel(2, 1, "between us") | {"account/user.json": USER}
    files["messages/index.json"] = {"1": "general in Bob's den", "2": "Direct Message with bob#1234"}
    files["messages/c1/channel.json"] = {"type": 0, "name": "bobs-birthday", "guild": {"name": "Bob's den"}}
    files["account/user.json"] = {**USER, "relationships": [{"user": {"username": "bob"}}], "notes": {"5": "bob"}}
    assert "bob" not in repr(read(zipped(tmp_path, files))).lower()


@pytest.mark.parametrize("user", [[], {"username": {"a": 1}, "id": ["77"]}, {"username": "../../etc", "id": "x\ny"}])
def test_a_person_that_is_none_has_no_name(tmp_path: Path, user: Any) -> None:
    collected = read(zipped(tmp_path, channel(1, 0, "the fog") | {"account/user.json": user}))
    assert collected.account is None
    assert [one.source for one in collected.tweets] == ["discord:"]


def test_thousands_of_channels_take_seconds(tmp_path: Path) -> None:
    files = {name: content for number in range(1, 1_501) for name, content in channel(number, 0, "the fog").items()}
    path = zipped(tmp_path, files)
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "unpacked")
    for source in (path, tmp_path / "unpacked"):
        began = time.process_time()
        assert len(read(source).tweets) == 1_500
        assert time.process_time() - began < 10
