"""A refused file is explained twice: in every detail for whoever runs the bot, in plain words for whoever gave it."""

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.core.events import Failed, failed, read_event, write_event
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources import read

DETAIL = re.compile(r"window|Grailbird|\.js\b|\bJSON\b|NUL|bytes|member|actor|channel\.json|messages\.json|data/|/")


def months(details: str) -> dict[str, str]:
    month = 'Grailbird.data.tweets_2012_01 = [{"id_str": "1", "text": "a"}]'
    return {"data/js/tweets/2012_01.js": month, "data/js/user_details.js": details}


CASES: dict[str, tuple[dict[str, str], str, str]] = {
    "no beginning": ({"data/tweets.js": "[]"}, "no window.YTD", "it is not what X puts into an archive"),
    "another kind": (
        {"data/tweets.js": "window.YTD.follower.part0 = []"}, "lists follower", "it holds something else than tweets",
    ),
    "a bad tweet": (
        {"data/tweets.js": "window.YTD.tweets.part0 = [7]"}, "holds no record", "one of the tweets in it is damaged",
    ),
    "cut off": ({"data/tweets.js": "window.YTD.tweets.part0 = [{"}, "its JSON ends in", "its end is missing"),
    "no tweets": ({"data/account.js": "x"}, "without data/tweets.js", "I find no tweets in it"),
    "two archives": (
        {f"{one}/data/tweets.js": "x" for one in "ab"}, "(a/data/ and b/data/)", "it holds several archives",
    ),
    "leads out": ({"../tweets.js": "x"}, "its member ../tweets.js leads out", "it is not built as archives are"),
    "a bad month": (
        {"data/js/tweets/2012_01.js": "Grailbird.data.tweets_2012_01 = [7]"},
        "without id or text", "one of the tweets in it is damaged",
    ),
    "no details": (months("x"), "its data/js/user_details.js cannot be read", "I do not know whose it is"),
    "a bad message": (
        {"messages/c1/messages.json": "[7]", "messages/c1/channel.json": '{"type": 0}'},
        "without ID or Contents", "one of the messages in it is damaged",
    ),
    "a bad channel": (
        {"messages/c1/messages.json": "[]", "messages/c1/channel.json": "{"},
        "its messages/c1/channel.json is broken", "a file in it is damaged",
    ),
    "a bad actor": (
        {"outbox.json": '{"type": "OrderedCollection", "orderedItems": []}', "actor.json": "{"},
        "its actor.json cannot be read", "I do not know whose it is",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_people_hear_what_they_can_see_and_the_operator_where_it_is(tmp_path: Path, case: str) -> None:
    files, detail, sentence = CASES[case]
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    explained(path, detail, sentence)


def test_the_same_of_a_tar_archive_and_of_single_files(tmp_path: Path) -> None:
    tar, inner = tmp_path / "archive.tar", tmp_path / "tweets.js"
    inner.write_text("x")
    with tarfile.open(tar, "w") as archive:
        archive.add(inner, "../tweets.js")
    explained(tar, "its member ../tweets.js leads out", "it is not built as archives are")
    for name, text, detail, sentence in (
        ("tweets.txt", ("fine " * 20 + "\n") * 3_000 + "not\0fine\n", "NUL bytes", "it is no plain text"),
        ("tweets.json", '[{"text": "a"}, 7]', "holds no JSON object", "line 1 holds no tweet"),
        ("tweets.json", '[{"text": "a"}, }', "is no JSON at line 1", "I cannot read it at line 1"),
        ("tweets.csv", 'id,text\n1,one\n2,"two\n', "is broken CSV", "line 3 is not written as tables are"),
    ):
        (tmp_path / name).write_text(text)
        explained(tmp_path / name, detail, sentence)


def explained(path: Path, detail: str, sentence: str) -> None:
    with pytest.raises(BadSource) as refused:
        read(path)
    assert detail in str(refused.value)
    told = refused.value.for_people
    assert told.startswith(f"{path.name} cannot be used: ")
    assert sentence in told
    assert not DETAIL.search(told.split(";")[0].removeprefix(path.name))
    # Every word is a phrase, also after the pipe from the child process: what is left are names.
    line = io.StringIO()
    write_event(failed(told), line)
    event = read_event(line.getvalue())
    assert isinstance(event, Failed)
    assert event.reason == told
    assert [text for text in texts_in(event.reason) if " " in text] == []


def texts_in(phrase: Phrase) -> Iterator[str]:
    """Yields the texts in a phrase that are in no catalogue."""
    for value in phrase.values.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Phrase):
                yield from texts_in(one)
            elif isinstance(one, str):
                yield one
