"""CSV is read in the ways that spreadsheets and scripts write it, with a header and without."""

import gzip
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.sources import read
from huggingtweets.sources.tables import table

PROSE = ["Good morning, ships. It is me.", "The kettle is on; come in.", "Fog, fog, fog, and no end of it.", "Log it."]


def texts(tmp_path: Path, content: str | bytes, name: str = "tweets.csv") -> list[str]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [tweet.text for tweet in read(path).tweets]


def refusal(tmp_path: Path, content: str, name: str = "tweets.csv") -> str:
    with pytest.raises(BadSource) as refused:
        texts(tmp_path, content, name)
    return str(refused.value)


def quoted(*cells: str) -> str:
    return "".join(f'"{cell}"\r\n' for cell in cells)


def test_one_column_without_a_name_begins_with_a_tweet(tmp_path: Path) -> None:
    assert texts(tmp_path, quoted(*PROSE)) == PROSE
    assert texts(tmp_path, "It is me\nThe kettle is on\nLog it\n") == ["It is me", "The kettle is on", "Log it"]


def test_a_tweet_in_quotes_may_have_lines_and_quotes(tmp_path: Path) -> None:
    assert texts(tmp_path, 'tweets\n"one\ntwo, three"\n"he said ""no"""\n') == ["one\ntwo, three", 'he said "no"']
    assert texts(tmp_path, '"one\ntwo, three"\n"four, five"\n') == ["one\ntwo, three", "four, five"]


def test_lines_of_prose_are_a_tweet_each_whatever_commas_they_hold(tmp_path: Path) -> None:
    assert texts(tmp_path, "".join(f"{line}\n" for line in PROSE)) == PROSE
    assert texts(tmp_path, "text\n" + "".join(f"{line}\n" for line in PROSE)) == PROSE, "under the name of one column"


def test_more_columns_without_names_are_refused_since_one_may_name_others(tmp_path: Path) -> None:
    rows = "".join(
        f'0,{1467810369 + n},"Mon Apr 06 22:19:45 PDT 2009",somebody{n},"{line}"\n' for n, line in enumerate(PROSE)
    )
    assert "its columns have no names; write the names of the columns into its first line" in refusal(tmp_path, rows)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_every_line_end_is_one(tmp_path: Path, line_end: str) -> None:
    assert texts(tmp_path, line_end.join(["tweets", "one two", "three four", ""])) == ["one two", "three four"]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_excels_own_first_line_tells_the_delimiter(tmp_path: Path, first: str) -> None:
    content = f"{first}\r\nid;date;text\r\n7;2022-01-03;one, two; three\r\n".replace("two;", "two")
    assert texts(tmp_path, content) == ["one, two three"]
    with pytest.raises(BadSource, match="line 4 has 4 cells, but there are 3 columns"):
        texts(tmp_path, f"{first}\r\nid;date;text\r\n7;2022;one\r\n8;2022;one;two\r\n")


@pytest.mark.parametrize("name", ["tweets.txt", "tweets.csv", "tweets.dat", "tweets"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_table_is_told_by_what_it_is_in_a_file_of_any_name(tmp_path: Path, name: str, encoding: str) -> None:
    content = 'id\tdate\ttext\r\n7\t03/01/2022 08:00\tone, two\r\n8\t13/01/2022 08:00\t"three\nfour"\r\n'
    assert texts(tmp_path, content.encode(encoding), name) == ["one, two", "three\nfour"]


@pytest.mark.parametrize("name", ["tweets.txt", "tweets.csv.gz", "tweets.log", "tweets.md", "tweets", "TWEETS.JSONL"])
def test_json_is_told_by_what_it_is_in_a_file_of_any_name(tmp_path: Path, name: str) -> None:
    assert texts(tmp_path, '{"text": "one"}\n{"text": "two"}\n', name) == ["one", "two"]


def test_a_table_that_is_called_json_is_a_table(tmp_path: Path) -> None:
    assert texts(tmp_path, '"id","text"\n"7","so it is"\n', "tweets.json") == ["so it is"]


@pytest.mark.parametrize(
    "first", ["[1/2] about text, and more", "{curly} tweets, these days", "Text, id, both are words I like"]
)
def test_prose_that_looks_like_something_else_at_first_is_prose(tmp_path: Path, first: str) -> None:
    assert texts(tmp_path, f"{first}\n[2/2] the end\n", "tweets.txt") == [first, "[2/2] the end"]


def test_a_name_above_plain_text_is_no_tweet(tmp_path: Path) -> None:
    assert texts(tmp_path, "tweets\none two\ntext\n", "tweets.txt") == ["one two", "text"]


def test_empty_cells_that_a_spreadsheet_adds_are_nothing(tmp_path: Path) -> None:
    assert texts(tmp_path, "id,text\n7,one,,\n8,two, \n") == ["one", "two"]
    assert texts(tmp_path, "id,text,,\n7,one,,\n") == ["one"]


def test_tables_put_one_after_the_other_repeat_their_header(tmp_path: Path) -> None:
    assert texts(tmp_path, "id,text\n7,one\nid,text\n8,two\n") == ["one", "two"]


def test_gzip_is_unpacked_and_a_broken_one_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"id,text\n7,one\n8,two\n")
    assert texts(tmp_path, packed, "tweets.csv.gz") == ["one", "two"]
    assert texts(tmp_path, packed, "tweets.csv") == ["one", "two"]
    for broken in (packed[:-9], packed[:30] + b"????" + packed[34:]):
        with pytest.raises(BadSource, match="the file is a broken gzip file; get it again"):
            texts(tmp_path, broken, "tweets.csv.gz")


def test_what_gzip_unpacks_to_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "zeros.txt.gz"
    path.write_bytes(gzip.compress(b"0 0 0\n" * 100_000))
    with pytest.raises(BadSource, match="larger than the 100,000 bytes"):
        table.read(path, 100_000)


def test_dates_follow_the_order_of_the_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("date,text\n03/04/2022,one\n13/04/2022,two\n")
    collected = table.read(path)
    assert [str(tweet.created_at)[:10] for tweet in collected.tweets] == ["2022-04-03", "2022-04-13"]
    assert collected.notes == ()


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ("soon,one\n2022-01-03,two\n,three\n", "1 of 2 dates could not be read, such as soon, so it is not known when"),
        ("13/04/2022,one\n04/13/2022,two\n03/04/2022,three\n", "1 of 3 dates could not be read, such as 03/04/2022"),
        ("03/04/2022,one\n", "The dates do not show whether the day or the month comes first"),
    ],
)
def test_what_could_not_be_read_of_the_dates_is_said(tmp_path: Path, rows: str, note: str) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("date,text\n" + rows)
    (told,) = table.read(path).notes
    assert told.startswith(f"tweets.csv: {note}")
