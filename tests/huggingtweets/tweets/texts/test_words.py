"""Words are counted as a reader would, in scripts with and without blanks between them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.core.records import Tweet
from huggingtweets.tweets.learned.clean import Dropped, clean_all, keep
from huggingtweets.tweets.style.likeness import distinct_n
from huggingtweets.tweets.style.profile import distinctive
from huggingtweets.tweets.texts import segments, words
from huggingtweets.tweets.texts.copies import KnownTexts, exact_copies, near_copies, short_repeats, without_near_copies

JAPANESE = "今日は霧が深くて遠い昔のことを思い出します。明日は晴れるといいな。"
CHINESE = "傍晚的码头上，连一条船也看不见，大家路上小心。"
THAI = "หลานสาวโทรมาหาและมองไม่เห็นเรือสักลำเดียวในทะเล"
KHMER = "ថ្ងៃនេះមានអ័ព្ទក្រាស់ណាស់នៅលើសមុទ្រ"
BURMESE = "ဒီနေ့ပင်လယ်ပေါ်မှာမြူတွေထူထပ်နေတယ်"
LAO = "ມື້ນີ້ມີໝອກໜາຫຼາຍຢູ່ທະເລ"
KOREAN = "오늘은 안개가 아주 짙어요"


@pytest.mark.parametrize("text", [JAPANESE, CHINESE, THAI, KHMER, BURMESE, LAO, KOREAN, f"@ann #霧 {JAPANESE}"])
def test_a_sentence_is_kept_in_every_script(text: str) -> None:
    assert keep(Tweet("1", text)) == text


@pytest.mark.parametrize(
    "text", ["了解", "おはよう", "ครับ", "谢谢", "草", "@ann 了解", "#霧が深くて遠い昔のこと", "@霧が深くて遠い昔の"]
)
def test_a_word_or_two_are_short_in_every_script(text: str) -> None:
    assert keep(Tweet("1", text)) is Dropped.SHORT


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("one two three", 3),
        ("霧 が 深い", 3),
        ("今日は", 1),
        ("iPhoneを買った", 2),
        ("ลมแรงมาก", 3),
        ("你好世界", 2),
    ],
)
def test_words_are_counted(text: str, count: int) -> None:
    assert words.count(text) == count


def test_marks_belong_to_their_letter() -> None:
    assert words.tokens("ที่นี่ カー abc") == ["ที่", "นี่", "カー", "abc"]


@settings(deadline=None)
@given(st.text("ab c.@#", max_size=40))
def test_where_blanks_part_words_nothing_else_does(text: str) -> None:
    assert words.tokens(text) == text.split()
    assert words.count(text) == len(text.split())
    assert words.terms(text) == set(text.split())
    listed = text.split()
    assert list(words.runs(text, 2)) == list(pairwise(listed))


@pytest.mark.parametrize("text", [JAPANESE, CHINESE, THAI, KHMER])
def test_copies_are_found_without_blanks(text: str) -> None:
    known = KnownTexts([text])
    changed = f"々々{text}"
    assert exact_copies([f"{text}！", text[:4]], known) == 1
    assert near_copies([changed, f"……{text}"], known) == 2
    assert without_near_copies([text, changed]) == [0]
    assert not known.has_nearly(text[len(text) // 2 :] + text[: len(text) // 2][::-1])


def test_a_phrase_is_nobodys_own_without_blanks_either() -> None:
    known = KnownTexts(["ありがとう", JAPANESE])
    assert short_repeats(["ありがとう！"], known) == 1
    assert exact_copies(["ありがとう！"], known) == 0
    assert near_copies(["明日は雨です"], known) == 0, "a beginning in common is no copy"


def test_pairs_are_told_apart_without_blanks() -> None:
    assert distinct_n([CHINESE, CHINESE], 2) == pytest.approx(0.5, abs=0.03)
    assert distinct_n(["你好"], 2) == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("孫娘が電話をくれて新しいスマホの使い方を教わりました。", {"孫娘", "電話", "スマホ"}),
        ("海の霧とカモメたち", {"海", "霧", "カモメ"}),
        ("大家路上小心", {"大家", "小心"}),
        ("เรือประมงกลับเข้าฝั่ง", {"เรือ", "ประมง"}),
        ("iPhoneで#霧 @海 を見た3回", {"見た"}),
    ],
)
def test_words_are_found_where_no_blanks_part_them(text: str, expected: set[str]) -> None:
    assert expected <= set(segments.words_in(text))
    assert not {"は", "が", "的", "これは"} & set(segments.words_in(text))


def test_a_text_with_blanks_has_no_segments() -> None:
    assert segments.words_in("the fog is thick, 오늘은 안개가") == []


def test_a_profile_names_words_and_no_sentences() -> None:
    texts = [f"{JAPANESE}カモメが{n}羽いました" for n in ("一", "二", "三", "四")]
    found = [word for word, *_ in distinctive(texts)]
    assert {"霧", "カモメ", "明日"} <= set(found)
    assert all(len(word) <= 6 for word in found)


def test_the_counts_add_up_without_blanks() -> None:
    kept, counts = clean_all([Tweet(str(n), text) for n, text in enumerate([JAPANESE, CHINESE, THAI, "了解"])])
    assert (counts.downloaded, counts.retweets, counts.short, counts.kept) == (4, 0, 1, 3)
    assert [tweet.text for tweet in kept] == [JAPANESE, CHINESE, THAI]
    assert str(counts) == "4 downloaded - 0 retweets - 1 short = 3 kept"
