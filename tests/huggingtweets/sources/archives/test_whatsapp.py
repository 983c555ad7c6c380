"""Chats of WhatsApp: dates of every phone, messages of several lines, and only what somebody typed."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.errors import BadSource, Forgotten
from huggingtweets.core.records import Said
from huggingtweets.sources import read
from huggingtweets.sources.owners import Owned
from huggingtweets.tweets.kept.marks import parse_mark
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.forgetting import affected, forget

NARROW = "\u202f"
LTR = "\u200e"
ANDROID = """31/12/23, 21:40 - Messages and calls are end-to-end encrypted. Tap to learn more.
31/12/23, 21:40 - Bob: is the fog <thick>?
31/12/23, 21:41 - Ann Keeper: so it is,
it came at six: see https://fog.example

and it stays
31/12/23, 21:42 - Ann Keeper: <Media omitted>
31/12/23, 21:42 - Ann Keeper: IMG-20231231-WA0001.jpg (file attached)
this is the lamp
31/12/23, 21:43 - Bob: This message was deleted
31/12/23, 21:43 - Ann Keeper changed the subject from “Fog: a talk” to “Lamps”
31/12/23, 21:44 - Ann Keeper: @\u2068Bob\u2069 sleep well \u200e<This message was edited>
01/01/24, 08:00 - Ann Keeper: You deleted this message
01/01/24, 08:01 - Ann Keeper: good morning
"""


def saved(tmp_path: Path, text: str, name: str = "WhatsApp Chat with Bob.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def test_what_one_person_typed_is_read_with_what_was_said_before(tmp_path: Path) -> None:
    collected = read(saved(tmp_path, ANDROID), ["ann"])
    assert [tweet.text for tweet in collected.tweets] == [
        "so it is,\nit came at six: see https://fog.example\n\nand it stays",
        "this is the lamp",
        "sleep well",
        "good morning",
    ]
    first, lamp, _, morning = collected.tweets
    assert first.said == Said("is the fog &lt;thick&gt;?", "whatsapp:bob")
    assert first.created_at == datetime(2023, 12, 31, 21, 41, tzinfo=UTC)
    assert (lamp.reply_to, lamp.said, lamp.source) == (first.id, None, "whatsapp:ann keeper")
    assert morning.reply_to == ""
    assert collected.left_out == {"notices of the service": 2, "without a text": 3, "by others": 1}
    assert collected.form == "a chat of WhatsApp"
    assert read(saved(tmp_path, ANDROID), ["ann"]) == collected, "the ids stay the same"


@pytest.mark.parametrize(
    "begins",
    [
        "12/31/23, 9:41 PM - ",
        f"12/31/23, 9:41{NARROW}PM - ",
        "31/12/2023, 21:41 - ",
        "31.12.23, 21:41 - ",
        "31-12-2023 21:41 - ",
        "2023-12-31 21:41 - ",
        "2023/12/31 21:41 - ",
        "31/12/2023 à 21:41 - ",
        "31/12/2023, 9:41 p. m. - ",
        "31.12.2023 klo 21.41 - ",
        "31.12.2023 kl. 21.41 - ",
        "31.12.2023 um 21:41 Uhr - ",
        "2023/12/31 下午9:41 - ",
        "2023. 12. 31. 오후 9:41 - ",
        "31/12/23, 09:41 μ.μ. - ",
        "٣١\u200f/١٢\u200f/٢٠٢٣، ٩:٤١ م - ",
        "31/12/2566 21:41 - ",
        "[31.12.23, 21:41:00] ",
        f"[12/31/23, 9:41:00{NARROW}PM] ",
        f"{LTR}[31/12/2023, 21.41.00] ",
        "[2023/12/31, 21:41:00] ",
        "[2023年12月31日 21:41:00] ",
    ],
)
def test_the_date_of_every_phone_is_read(tmp_path: Path, begins: str) -> None:
    (tweet,) = read(saved(tmp_path, f"{begins}Ann: it is late: very late\n"), ["ann"]).tweets
    assert (tweet.text, tweet.created_at) == ("it is late: very late", datetime(2023, 12, 31, 21, 41, tzinfo=UTC))


def test_the_order_of_a_chat_shows_if_the_day_comes_first(tmp_path: Path) -> None:
    days = ["03/04/23", "01/05/23", "02/06/23"]
    chat = "".join(f"{day}, 08:00 - Ann: it is morning\n" for day in days)
    months = [tweet.created_at and tweet.created_at.month for tweet in read(saved(tmp_path, chat)).tweets]
    assert months == [4, 5, 6]


def test_what_an_iphone_writes_by_itself_is_nobodys_words(tmp_path: Path) -> None:
    chat = (
        f"[31.12.23, 21:40:00] Harbour: {LTR}Messages and calls are end-to-end encrypted.\r\n"
        f"{LTR}[31.12.23, 21:41:00] Ann: {LTR}image omitted\r\n"
        "[31.12.23, 21:41:05] \u202a+49 170 1234567\u202c: who is that\r\n"
        "[31.12.23, 21:42:00] Ann: the lamp\r\n"
    )
    assert [tweet.text for tweet in read(saved(tmp_path, chat, "_chat.txt"), ["ann"]).tweets] == ["the lamp"]
    with pytest.raises(BadSource, match=r"several people: \+49 170 1234567 \(1\) and Ann \(1\)"):
        read(saved(tmp_path, chat, "_chat.txt"), ["zed"])


def test_the_zip_of_a_chat_with_its_pictures_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as packed:
        packed.writestr("_chat.txt", ANDROID)
        packed.writestr("IMG-20231231-WA0001.jpg", b"\xff\xd8")
    assert len(read(tmp_path / "chat.zip", ["ann"]).tweets) == 4


def test_a_text_that_only_mentions_a_date_is_no_chat(tmp_path: Path) -> None:
    text = "12/31/23 was a night\nthe fog came: it stayed\n"
    assert len(read(saved(tmp_path, text, "a.txt")).tweets) == 2


def test_a_chat_without_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="it holds no messages that somebody wrote"):
        read(saved(tmp_path, "31/12/23, 21:41 - Ann: <Media omitted>\n"), ["ann"])


def test_an_endless_line_is_refused_and_an_endless_message_bounded(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="longer than 1,048,576 characters"):
        read(saved(tmp_path, "31/12/23, 21:41 - Ann: " + "x" * (1 << 21)), ["ann"])
    endless = "31/12/23, 21:41 - Ann: it\n" + "goes on and on\n" * 40_000
    (tweet,) = read(saved(tmp_path, endless), ["ann"]).tweets
    assert len(tweet.text) < 1 << 18


def test_a_chat_that_does_not_show_if_the_day_comes_first_says_so(tmp_path: Path) -> None:
    doubtful = read(saved(tmp_path, "01/02/24, 08:00 - Ann: it is morning\n"), ["ann"])
    assert "whether the day or the month comes first" in doubtful.notes[0]
    assert read(saved(tmp_path, "13/02/24, 08:00 - Ann: it is morning\n"), ["ann"]).notes == ()


def test_what_was_said_before_names_nobody_in_the_chat(tmp_path: Path) -> None:
    chat = "13/02/24, 08:00 - Bob Mate: ann, is it you? it is Bob\n13/02/24, 08:01 - Ann Keeper: it is me, Bob\n"
    (tweet,) = read(saved(tmp_path, chat), ["ann"]).tweets
    assert tweet.text == "it is me, Bob"
    assert tweet.said == Said(", is it you? it is", "whatsapp:bob mate")


def test_an_author_who_wrote_nothing_is_nobody_else(tmp_path: Path) -> None:
    path = saved(tmp_path, "31/12/23, 21:41 - Ann Keeper: the lamp\n")
    assert len(Owned(path, author="Ann Keeper").read().tweets) == 1
    assert len(Owned(path, author="ann").read().tweets) == 1
    with pytest.raises(BadSource, match="it is by Ann Keeper, and not by Bob"):
        Owned(path, author="Bob").read()


def test_who_is_in_the_chat_is_forgotten_by_the_name_that_it_shows(tmp_path: Path) -> None:
    """Bob has no voice: he only said what Ann answered. Ann's voice has another name than she has in the chat."""
    settings = Settings(storage=StorageSettings(models=tmp_path / "models", data=tmp_path / "data"))
    store, path = TweetStore(settings.tweets), saved(tmp_path, ANDROID)
    store.take_in("keeper", Owned(path, author="Ann Keeper").read())
    assert [tweet.said.by for tweet in store.tweets("keeper") if tweet.said] == ["whatsapp:bob"]
    bob = parse_mark("WhatsApp: BOB ")
    assert bob
    assert affected(bob.name, settings, accounts=bob.accounts) == [bob.name]
    assert forget(bob.name, settings, accounts=bob.accounts)
    assert [tweet.said for tweet in store.tweets("keeper")] == [None] * 4
    store.take_in("keeper", Owned(path, author="Ann Keeper").read())
    assert [tweet.said for tweet in store.learnable("keeper")] == [None] * 4
    with pytest.raises(Forgotten):
        store.take_in("bobby", Owned(path, author="Bob").read())
    ann = parse_mark("whatsapp:Ann  Keeper")
    assert ann
    assert affected(ann.name, settings, accounts=ann.accounts) == [ann.name, "keeper"]
    assert forget(ann.name, settings, accounts=ann.accounts)
    assert store.handles() == []
    with pytest.raises(Forgotten):
        store.take_in("somebody", Owned(path, author="Ann Keeper").read())
