"""From Discord's package, messages in channels of servers are read, and nothing private."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account
from huggingtweets.sources import read
from huggingtweets.tweets.clean import clean

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


@pytest.mark.parametrize("kind", [1, 3, 12, "DM", "GROUP_DM", "PRIVATE_THREAD", None])
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
    ],
)
def test_a_broken_package_is_refused(tmp_path: Path, name: str, content: Any, why: str) -> None:
    with pytest.raises(BadSource) as refused:
        read(zipped(tmp_path, channel(1, 0, "for all") | {name: content}))
    assert why in str(refused.value)


def test_ids_of_people_and_emoji_are_nobodys_words() -> None:
    written = "hi &lt;@123&gt; and <@!4>, see <#5> at <t:1:R>: <:gull:98> <a:wave:9> </play:7> <#winning> <3"
    assert clean(written) == "hi and , see at : :gull: :wave: <#winning> <3"
