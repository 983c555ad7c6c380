"""`look` shows what is understood of a file and keeps nothing. What is said about a file holds in each command."""

import json
from pathlib import Path

import pytest

from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.huggingtweets.cli.running import Run, sentence

TABLE = """nr;wann;wer;gesagt;text
1;31.01.2022;Ann;der Nebel ist heute früh dick;x
2;01.02.2022;Bob;ist er das;y
3;02.02.2022;Ann;und er bleibt noch lange;z
4;03.02.2022;Ann;RT @bob: ist er das denn;z
5;04.02.2022;Ann;ja;z
"""
SAID = ["--text-column", "gesagt", "--date-column", "wann", "--author-column", "wer", "--author", "ann"]
COUNTED = "4 tweets from 2022-01-31 to 2022-02-04: 1 retweets, 1 too short, 2 to learn from,"
CHAT = """31/12/23, 21:40 - Bob Mate: is the fog thick tonight?
31/12/23, 21:41 - Ann Keeper: so it is my dear
31/12/23, 21:42 - Ann Keeper: <Media omitted>
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_bytes(TABLE.encode("cp1252"))
    return tmp_path / "a.csv"


def test_form_encoding_account_counts_and_texts_are_shown(run: Run, table: Path) -> None:
    code, out, err = run("look", table, *SAID)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{table}: a table in CSV, written in Windows-1252, by @Ann.",
        f"{COUNTED} 0 of them with what was said before.",
        "Left out: 1 by others.",
        "a.csv: It is not in UTF-8 and was read as Windows-1252; if letters are wrong, save it as UTF-8.",
        "a.csv: 1 of its tweets are by others than Ann and were left out.",
        "- der Nebel ist heute früh dick",
        "- und er bleibt noch lange",
    ]


def test_the_same_is_said_to_programs(run: Run, table: Path, tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text(CHAT, encoding="utf-8")
    code, out, _ = run("look", tmp_path / "chat.txt", "--author", "Ann Keeper", "--json")
    row = json.loads(out)
    assert code == 0
    assert row["form"] == "a chat of WhatsApp"
    assert (row["downloaded"], row["retweets"], row["short"], row["kept"], row["contexts"]) == (1, 0, 0, 1, 1)
    assert row["left_out"] == {"without a text": 1, "by others": 1}
    assert (row["encoding"], row["account"], row["texts"]) == ("UTF-8", None, ["so it is my dear"])
    assert (row["first"], row["last"]) == ("2023-12-31T21:41:00+00:00",) * 2
    code, out, _ = run("look", table, tmp_path / "chat.txt", *SAID, "--json")
    assert code == 0
    assert [json.loads(line)["kept"] for line in out.splitlines()] == [2, 1], "a chat has no columns"


def test_only_ten_texts_are_shown_and_a_bad_file_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("".join(f"this is line number {number}\n" for number in range(30)))
    assert run("look", tmp_path / "a.txt")[1].count("\n- ") == 10
    assert "there is no such file" in sentence(run("look", tmp_path / "none.zip"), 65)
    (tmp_path / "a.csv").write_bytes(TABLE.encode())
    assert "it has no column gesgt" in sentence(run("look", tmp_path / "a.csv", "--text-column", "gesgt"), 65)


def test_files_are_collected_with_what_is_said_about_them(run: Run, config: Path, table: Path) -> None:
    code, out, err = run("collect", "ann", "--from", table, *SAID, "--config", config)
    assert (code, out) == (0, "4 new tweets of ann, 0 gone at their source.\n")
    assert "by others than Ann" in err
    store = TweetStore(config.parent / "data" / "tweets")
    assert store.tweets("ann")[0].text == "der Nebel ist heute früh dick"
    assert run("collect", "ann", "--from", table, *SAID, "--config", config)[1].startswith("0 new tweets")
    store.forget("ann")
    told = sentence(run("collect", "ann", "--from", table, *SAID[:-2], "--author", "Ann", "--config", config), 65)
    assert "asked to be forgotten" in told


def test_of_each_person_in_a_voice_another_author_is_read(run: Run, config: Path, tmp_path: Path) -> None:
    chat = tmp_path / "chat.txt"
    chat.write_text(CHAT, encoding="utf-8")
    files = ["--from", f"ann={chat}", "--from", f"bob={chat}"]
    code, _, err = run(
        "collect", "ann-bob", *files, "--author", "ann=Ann Keeper", "--author", "Bob", "--config", config
    )
    assert code == 0, err
    store = TweetStore(config.parent / "data" / "tweets")
    assert [tweet.text for tweet in store.tweets("ann")] == ["so it is my dear"]
    assert [tweet.text for tweet in store.tweets("bob")] == ["is the fog thick tonight?"]


def test_a_training_reads_the_named_columns(run: Run, config: Path, table: Path) -> None:
    code, _, told = run("train", "hester", "--from", table, *SAID[:2], "--config", config)
    assert code == 65
    assert "(5 downloaded - 1 retweets - 1 short = 3 kept)" in told, "nothing says that the rows are by several people"
    code, _, told = run("train", "hester", "--from", table, *SAID, "--config", config)
    assert code == 65
    assert "(4 downloaded - 1 retweets - 1 short = 2 kept)" in told
    assert "by others than Ann" in told
