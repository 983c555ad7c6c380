"""Tables of tweets are read in the shapes people have, and what cannot be learned from is refused in a sentence."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huggingtweets.core.errors import BadSource
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.sources.reading.files import MAX_BYTES
from huggingtweets.sources.tables import table

WRITTEN = "2015-05-26T19:04:21+00:00"
MOMENT = datetime(2015, 5, 26, 19, 4, 21, tzinfo=UTC)

TWINT = [
    "id", "conversation_id", "created_at", "date", "time", "timezone", "user_id", "username", "name", "tweet", "link",
    "retweet", "reply_to",
]  # fmt: skip
NEWSROOM = ["created_at", "text", "url", "replies", "retweets", "favorites", "user"]


def saved(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def jsonl(tmp_path: Path, *rows: Any, name: str = "tweets.jsonl") -> Path:
    return saved(tmp_path, name, "".join(json.dumps(row) + "\n" for row in rows))


def table_of(tmp_path: Path, *rows: list[str], delimiter: str = ",", name: str = "tweets.csv") -> Path:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return saved(tmp_path, name, written.getvalue())


def twint(**cells: str) -> list[str]:
    usual = {
        "id": "11", "conversation_id": "11", "created_at": "1562520004000", "date": "2019-07-07", "time": "10:20:04",
        "timezone": "Pacific Daylight Time", "user_id": "813", "username": "ann", "name": "Ann B", "tweet": "so it is",
        "link": "https://twitter.com/ann/status/11", "retweet": "False",
        "reply_to": "[{'user_id': '813', 'username': 'Ann'}]",
    }  # fmt: skip
    return [(usual | cells)[name] for name in TWINT]


def refusal(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """The sentence that `path` is refused with; it names the file."""
    with pytest.raises(BadSource) as refused:
        table.read(path, max_bytes)
    assert str(path) in str(refused.value)
    return str(refused.value)


def is_read_or_refused(path: Path) -> bool:
    try:
        return bool(table.read(path).tweets)
    except BadSource as refused:
        return str(path) in str(refused)


def only(path: Path) -> Tweet:
    (tweet,) = table.read(path).tweets
    return tweet


# JSON


def test_json_lines_give_raw_tweets(tmp_path: Path) -> None:
    row = {"id": "7", "created_at": WRITTEN, "text": "a &amp; b", "is_retweet": False, "is_reply": True, "lang": "en"}
    expected = Tweet("7", "a &amp; b", MOMENT, is_retweet=False, is_reply=True, lang="en")
    assert table.read(jsonl(tmp_path, row)) == Collected(None, (expected,))


def test_what_a_tweet_is_written_as_is_read_as_the_same_tweet(tmp_path: Path) -> None:
    tweet = Tweet("7", "one two", MOMENT, is_retweet=True, is_reply=True, lang="es")
    assert only(jsonl(tmp_path, tweet.as_json())) == tweet


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_gives_the_same_as_lines(tmp_path: Path, indent: int | None) -> None:
    rows = [{"id": str(n), "text": f"number {n}"} for n in range(5)]
    array = saved(tmp_path, "tweets.json", "\ufeff\n " + json.dumps(rows, indent=indent))
    assert table.read(array) == table.read(jsonl(tmp_path, *rows))


def test_json_is_told_by_what_it_is_not_by_what_it_is_called(tmp_path: Path) -> None:
    lines = jsonl(tmp_path, {"text": "one"}, {"text": "two"}, name="tweets.json")
    array = saved(tmp_path, "tweets.jsonl", '[{"text": "one"}, {"text": "two"}]')
    assert table.read(lines) == table.read(array)


def test_tweets_wrapped_as_in_an_x_archive_are_read(tmp_path: Path) -> None:
    row = {"tweet": {"id_str": "5", "id": 5.0e0, "full_text": "whole", "text": "who…", "in_reply_to_status_id": "4"}}
    assert only(jsonl(tmp_path, row)) == Tweet("5", "whole", is_reply=True, reply_to="4")


def test_blank_lines_between_json_lines_are_skipped(tmp_path: Path) -> None:
    assert len(table.read(saved(tmp_path, "a.jsonl", '\n{"text": "one"}\r\n\r\n{"text": "two"}')).tweets) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"full_text": "so it is"},
        {"tweet": "so it is"},
        {"Tweet Text": "so it is"},
        {"content": "so it is"},
        {"rawContent": "so it is"},
        {"text": "so it…", "fullText": "so it is"},
    ],
)
def test_the_text_is_found_under_its_usual_names(tmp_path: Path, row: dict[str, str]) -> None:
    assert only(jsonl(tmp_path, row)).text == "so it is"


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1147918213952360448},
        {"id": " 1147918213952360448 "},
        {"id_str": "1147918213952360448", "id": 1147918213952360400},
        {"tweet_id": "1147918213952360448"},
        {"id": None, "url": "https://twitter.com/ann/status/1147918213952360448?s=20"},
        {"id": "1.14792E+18", "permalink": "https://x.com/ann/statuses/1147918213952360448"},
    ],
)
def test_the_id_is_found_under_its_usual_names_or_in_the_link(tmp_path: Path, row: dict[str, Any]) -> None:
    assert only(jsonl(tmp_path, {"text": "so it is"} | row)).id == "1147918213952360448"


@pytest.mark.parametrize(
    ("row", "is_retweet"),
    [
        ({"is_retweet": True}, True),
        ({"retweet": "True"}, True),
        ({"retweeted": 1}, True),
        ({"isRetweet": "false"}, False),
        ({"retweeted_status_id": "55"}, True),
        ({"retweeted_status": {"id": 55}}, True),
        ({"retweeted_status": {}}, False),
        ({"retweeted_status_id": "nan", "retweets": "412"}, False),
        ({"text": "RT @bob: so it is"}, True),
        ({"text": "about RT @bob"}, False),
    ],
)
def test_a_retweet_is_told_by_flag_reference_or_text(tmp_path: Path, row: dict[str, Any], is_retweet: bool) -> None:
    assert only(jsonl(tmp_path, {"text": "so it is"} | row)).is_retweet is is_retweet


@pytest.mark.parametrize(
    ("row", "is_reply"),
    [
        ({"is_reply": "true"}, True),
        ({"is_reply": False, "text": "@bob so it is"}, False),
        ({"in_reply_to_status_id": ""}, False),
        ({"in_reply_to_status_id": None, "in_reply_to_screen_name": "bob"}, True),
        ({"id": "2", "conversation_id": "1", "reply_to": "[]"}, True),
        ({"id": "1", "conversation_id": "1", "reply_to": "[{'username': 'bob'}]"}, False),
        ({"username": "ann", "reply_to": "[{'user_id': '8', 'username': 'Ann'}]"}, False),
        ({"username": "ann", "reply_to": "[{'username': 'Ann'}, {'username': 'bob'}]"}, True),
        ({"username": "ann", "reply_to": [{"screen_name": "bob", "id": "3"}]}, True),
        ({"username": "ann", "reply_to": [{"screen_name": "ANN"}]}, False),
        ({"reply_to": []}, False),
        ({"reply_to": "12345"}, True),
        ({"text": "@bob so it is"}, True),
        ({"text": ".@bob so it is"}, False),
    ],
)
def test_an_answer_is_told_by_the_best_column_there_is(tmp_path: Path, row: dict[str, Any], is_reply: bool) -> None:
    assert only(jsonl(tmp_path, {"text": "so it is"} | row)).is_reply is is_reply


@pytest.mark.parametrize(
    "row",
    [
        {"createdAt": WRITTEN},
        {"created_at": 1432667061000},
        {"timestamp": "1432667061"},
        {"Created At": "Tue May 26 19:04:21 +0000 2015"},
        {"created_at": "2015-05-26 19:04:21 Somewhere Time", "date": "2015-05-26", "time": "19:04:21"},
    ],
)
def test_the_date_is_found_under_its_usual_names(tmp_path: Path, row: dict[str, Any]) -> None:
    assert only(jsonl(tmp_path, {"text": "so it is"} | row)).created_at == MOMENT


def test_a_date_alone_is_its_midnight_and_an_unreadable_one_is_unknown(tmp_path: Path) -> None:
    day = only(jsonl(tmp_path, {"text": "so it is", "date": "2015-05-26"})).created_at
    assert day == datetime(2015, 5, 26, tzinfo=UTC)
    assert only(jsonl(tmp_path, {"text": "so it is", "date": "last week"})).created_at is None


# CSV


def test_a_scrapers_export_is_read(tmp_path: Path) -> None:
    path = table_of(
        tmp_path,
        TWINT,
        twint(),
        twint(id="12", tweet="on\nit, goes", created_at="1562520005000"),
        twint(id="13", conversation_id="13", retweet="True", username="bob", user_id="5", name="Bob"),
        twint(id="12", conversation_id="11", tweet="on\nit, goes", created_at="1562520005000"),
    )
    first = datetime(2019, 7, 7, 17, 20, 4, tzinfo=UTC)
    assert table.read(path) == Collected(
        Account("ann", "Ann B"),
        (
            Tweet("11", "so it is", first),
            Tweet("12", "on\nit, goes", first.replace(second=5), is_reply=True),
            Tweet("13", "so it is", first, is_retweet=True),
        ),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_newsrooms_export_is_read_with_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    link = "https://twitter.com/Ann_B/status/920061541986250758"
    path = table_of(
        tmp_path,
        NEWSROOM,
        ["10/16/17 22:59", "Well; done, \tJohn &amp; all", link, "17064", "89916", "641842", "Ann_B"],
        ["9/20/17 16:32", "RT @bob: not hers", link[:-1] + "9", "846", "2615", "11273", "Ann_B"],
        delimiter=delimiter,
    )
    one, other = table.read(path).tweets
    assert one == Tweet(
        "920061541986250758", "Well; done, \tJohn &amp; all", datetime(2017, 10, 16, 22, 59, tzinfo=UTC)
    )
    assert (other.id, other.is_retweet) == ("920061541986250759", True)
    assert table.read(path).account == Account("Ann_B")


def test_rows_of_nothing_are_skipped_and_short_rows_are_filled(tmp_path: Path) -> None:
    path = saved(tmp_path, "tweets.csv", "text,lang\r\none,en\r\n\r\n,\r\ntwo\r\n")
    assert [(tweet.text, tweet.lang) for tweet in table.read(path).tweets] == [("one", "en"), ("two", None)]


def test_an_empty_text_in_a_row_that_says_something_is_a_tweet_without_words(tmp_path: Path) -> None:
    assert only(saved(tmp_path, "tweets.csv", "id,text\n7,\n")).text == ""


def test_a_broken_csv_is_refused_with_its_line(tmp_path: Path) -> None:
    path = saved(tmp_path, "tweets.csv", 'id,text\n1,one\n2,"two\n3,three\n')
    assert "line 4 is broken CSV (unexpected end of data)" in refusal(path)


def test_a_field_without_end_is_refused_with_its_line(tmp_path: Path) -> None:
    path = saved(tmp_path, "tweets.csv", 'id,text\n1,"one\n' + "2,two\n" * 30_000)
    assert "is broken CSV (field larger than field limit (131072))" in refusal(path)
    assert csv.field_size_limit() == 131072


def test_a_text_cut_in_two_by_its_comma_is_refused_with_its_line(tmp_path: Path) -> None:
    path = saved(tmp_path, "tweets.csv", "id,text\n1,one\n2,well, two\n")
    assert "line 3 has 3 cells, but there are 2 columns" in refusal(path)


def test_a_csv_without_a_column_of_texts_is_refused_and_its_columns_named(tmp_path: Path) -> None:
    assert "no column of texts, only these: id, lik?es" in refusal(saved(tmp_path, "tweets.csv", "id,lik\x07es\n1,2\n"))
    assert "no column of texts, only these: -" in refusal(saved(tmp_path, "tweets.csv", "\n1,2\n"))


# Plain text


def test_plain_text_is_one_tweet_a_line(tmp_path: Path) -> None:
    path = saved(tmp_path, "tweets.txt", "\ufeffone two\r\n\r\n  RT @bob: hi\n@bob \u2028 hello")
    assert [(tweet.text, tweet.is_retweet, tweet.is_reply) for tweet in table.read(path).tweets] == [
        ("one two", False, False),
        ("RT @bob: hi", True, False),
        ("@bob \u2028 hello", False, True),
    ]


# Ids of their own


def test_tweets_without_id_get_the_same_one_at_every_reading_and_repeats_remain(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"text": "BONG"}, {"text": "BONG"}, {"text": "BONG", "date": "2015-05-26"})
    first, second = table.read(path).tweets, table.read(path).tweets
    assert first == second
    assert len({tweet.id for tweet in first}) == 3


def test_the_same_tweet_has_the_same_id_in_every_format(tmp_path: Path) -> None:
    rows = [{"text": "one", "created_at": WRITTEN}, {"text": "two", "created_at": WRITTEN}]
    lines = table.read(jsonl(tmp_path, *rows)).tweets
    sheet = table.read(table_of(tmp_path, ["Text", "Created At"], *[list(row.values()) for row in rows])).tweets
    assert lines == sheet


def test_a_later_row_with_the_same_id_wins(tmp_path: Path) -> None:
    assert only(jsonl(tmp_path, {"id": "1", "text": "old"}, {"id": "1", "text": "new"})).text == "new"


# Whose it is


def test_the_author_is_told_by_handle_name_and_picture(tmp_path: Path) -> None:
    user = {"screen_name": "@Ann_B", "name": "Ann", "profile_image_url_https": "https://pbs.twimg.com/a.jpg", "id": 8}
    rows = [{"text": "one", "user": user}, {"text": "two", "user": user | {"screen_name": "ann_b", "name": "Ann"}}]
    assert table.read(jsonl(tmp_path, *rows)).account == Account("Ann_B", "Ann", "https://pbs.twimg.com/a.jpg")


def test_who_changed_the_name_is_still_one_person(tmp_path: Path) -> None:
    names = ["Ann", "Ann B", "Ann B"]
    rows = [{"text": name, "username": "ann", "name": name} for name in names]
    assert table.read(jsonl(tmp_path, *rows)).account == Account("ann", "Ann B")


def test_a_table_without_handles_names_nobody(tmp_path: Path) -> None:
    assert table.read(jsonl(tmp_path, {"text": "one", "name": "Ann", "user_id": 8})).account is None
    assert table.read(jsonl(tmp_path, {"text": "one", "user": "Ann & Co"})).account is None


@pytest.mark.parametrize(
    "column", ["username", "user", "screen_name", "author", "user_id", "author_id", "name", "display_name"]
)
def test_a_table_of_several_people_is_refused(tmp_path: Path, column: str) -> None:
    path = table_of(tmp_path, ["text", column], ["one", "ann"], ["two", "bob"], ["three", "eve"])
    assert "it is by several people: ann (1), bob (1) and eve (1); give each" in refusal(path)


def test_whom_a_retweet_is_by_does_not_matter(tmp_path: Path) -> None:
    rows = [{"text": "one", "username": "ann"}, {"text": "two", "username": "bob", "retweet": "True"}]
    assert table.read(jsonl(tmp_path, *rows)).account == Account("ann")


# Encodings and limits


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "só é 👋"}\n'),
        ("a.json", '[{"text": "só é 👋"}]'),
        ("a.csv", "text\r\nsó é 👋\r\n"),
        ("a.tsv", "lang\ttext\nes\tsó é 👋\n"),
        ("a.txt", "só é 👋"),
    ],
)
def test_utf8_and_marked_utf16_are_read(tmp_path: Path, name: str, content: str, encoding: str) -> None:
    assert only(saved(tmp_path, name, content.encode(encoding))).text == "só é 👋"


PORTUGUESE = "Não sei o que é, João; amanhã é só coração"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "latin-1", "mac-roman"])
@pytest.mark.parametrize(
    ("name", "written"),
    [("a.jsonl", '{{"text": "{}"}}\n'), ("a.csv", 'lang,text\npt,"{}"\n'), ("a.txt", "{}\n")],
)
def test_other_encodings_are_told_by_their_letters(tmp_path: Path, name: str, written: str, encoding: str) -> None:
    assert only(saved(tmp_path, name, written.format(PORTUGUESE).encode(encoding))).text == PORTUGUESE


def test_what_the_letters_told_is_said(tmp_path: Path) -> None:
    (note,) = table.read(saved(tmp_path, "a.csv", "text\nl’été coûte 5 €\n".encode("cp1252"))).notes
    assert "not in UTF-8 and was read as Windows-1252" in note
    assert table.read(saved(tmp_path, "a.csv", "text\nl’été\n")).notes == ()


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_spreadsheet_that_is_not_utf8_is_read_as_windows_1252(tmp_path: Path, ending: str) -> None:
    tweet = only(saved(tmp_path, f"a.{ending}", "text\nl’été coûte 5 €\n".encode("cp1252")))
    assert tweet.text == "l’été coûte 5 €"


def test_a_byte_that_windows_1252_does_not_define_is_replaced(tmp_path: Path) -> None:
    assert only(saved(tmp_path, "a.csv", b"text\ncaf\xe9 \x81\n")).text == "café \ufffd"


def test_a_spreadsheet_in_windows_1252_may_begin_with_utf8_for_long(tmp_path: Path) -> None:
    rows = "".join(f"{number},ascii\n" for number in range(6_000))
    path = saved(tmp_path, "a.csv", f"id,text\n{rows}".encode() + "x,é\n".encode("cp1252"))
    assert table.read(path).tweets[-1].text == "é"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt"])
@pytest.mark.parametrize("content", ["text\nsó é\n".encode("utf-16")[:-1], b"\0" * 100, bytes(range(1, 256)) * 4])
def test_what_is_no_text_in_any_encoding_is_refused_with_the_mend(tmp_path: Path, name: str, content: bytes) -> None:
    assert "the file is not UTF-8 text; save it as UTF-8" in refusal(saved(tmp_path, name, content))


def test_nul_bytes_far_inside_are_refused_with_their_line(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.txt", (b"fine" * 250 + b"\n") * 1_000 + b"not\0fine\n")
    assert "line 1001 holds NUL bytes" in refusal(path)


def test_a_file_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"text": "one"})
    size = path.stat().st_size
    assert table.read(path, size)
    assert f"the file is larger than the {size - 1} bytes that are read" in refusal(path, size - 1)


def test_the_usual_limit_is_a_gibibyte(tmp_path: Path) -> None:
    path = tmp_path / "tweets.txt"
    with path.open("wb") as sparse:
        sparse.truncate((1 << 30) + 1)
    assert "the file is larger than the 1 GiB that are read" in refusal(path)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a file that hides its size")
def test_a_file_that_hides_its_size_is_refused_as_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "tweets.txt").symlink_to("/proc/self/status")
    assert "larger than the 100 bytes" in refusal(tmp_path / "tweets.txt", 100)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.txt", "one\n" + "x" * ((1 << 20) + 1))
    assert "line 2 is longer than 1,048,576 characters" in refusal(path)


# Rows that are none


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"id": "1"}, "has no text"),
        ({"text": None}, "has no text"),
        ({"text": 7}, "has no text"),
        ([["text"]], "holds no JSON object"),
        (7, "holds no JSON object"),
        (None, "holds no JSON object"),
    ],
)
def test_a_row_that_is_no_tweet_is_refused_with_its_line(tmp_path: Path, row: Any, why: str) -> None:
    assert f"line 2 {why}" in refusal(jsonl(tmp_path, {"text": "one"}, row))
    array = saved(tmp_path, "tweets.json", f'[{{"text": "one"}},\n {json.dumps(row)}]')
    assert f"line 2 {why}" in refusal(array)


def test_a_csv_row_without_its_text_cell_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 3 has no text" in refusal(saved(tmp_path, "a.csv", "id,text\n1,one\n2\n"))


@pytest.mark.parametrize("broken", ["{'text': 'one'}", "{" * 2_000, "[" * 20_000, '{"text": ' + "9" * 5_000 + "}", "}"])
def test_what_is_no_json_is_refused_with_its_line(tmp_path: Path, broken: str) -> None:
    path = saved(tmp_path, "a.jsonl", '{"text": "one"}\n' + broken)
    assert "the file is no JSON at line 2; save it as JSON again" in refusal(path)


@pytest.mark.parametrize(
    "broken", ['{"text": "one"', '{"text": "on', '{"text": ', '{"text": "one"}, [{"text": "two"},']
)
def test_json_that_ends_in_the_middle_is_said_to_be_cut_off(tmp_path: Path, broken: str) -> None:
    path = saved(tmp_path, "a.jsonl", '{"text": "one"}\n' + broken)
    assert "the file is cut off: its JSON ends in the middle, at line 2; get it again" in refusal(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", "\n\n"), ("a.json", "[]"), ("a.csv", "id,text\n"), ("a.txt", " \n\n")],
)
def test_a_table_without_tweets_is_refused(tmp_path: Path, name: str, content: str) -> None:
    assert "it holds no tweets" in refusal(saved(tmp_path, name, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "none.csv")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), name=st.sampled_from(sorted(table.ENDINGS)))
def test_any_bytes_are_read_or_refused_but_never_crash(tmp_path: Path, content: bytes, name: str) -> None:
    assert is_read_or_refused(saved(tmp_path, f"tweets{name}", content))


@pytest.mark.parametrize(
    "column",
    [
        "id",
        "created_at",
        "date",
        "user",
        "retweet",
        "retweeted_status",
        "is_reply",
        "reply_to",
        "conversation_id",
        "lang",
    ],
)
def test_what_is_nested_as_deep_as_can_be_decoded_is_read_or_refused(tmp_path: Path, column: str) -> None:
    lines = (
        f'{{"text": "one", "date": "x", "{column}": {"[" * depth}{"]" * depth}}}' for depth in range(700, 1_000, 3)
    )
    assert all(is_read_or_refused(saved(tmp_path, f"{n}.jsonl", line)) for n, line in enumerate(lines))


CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}))
NAMES = st.sampled_from(["id", "created_at", "date", "time", "user", "name", "reply_to", "retweet", "conversation_id"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, CELLS | st.dictionaries(NAMES, CELLS)))
def test_whatever_stands_beside_a_text_the_tweet_is_read(tmp_path: Path, row: dict[str, Any]) -> None:
    assert only(jsonl(tmp_path, row | {"text": "one two"})).text == "one two"
