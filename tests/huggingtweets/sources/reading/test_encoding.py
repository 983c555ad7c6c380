"""The mark of a text or its letters show its encoding. Bytes that are no text in any encoding are refused."""

import pytest

from huggingtweets.sources.reading.encoding import detect

TEXTS = {
    "English": "Keeper’s log – the kettle’s on… I can’t say “no” to tea at the café",
    "German": "Schöne Grüße aus München, das Wetter ist heute überhaupt nicht schlecht",
    "French": "Déjà vu à l’école, où ça ? Nous étions très fatigués cette année, être là",
    "Spanish": "¿Qué pasó ayer en el puerto? El niño comió mañana, ¡cuánto frío!",
    "Polish": "Mgła przyszła o szóstej i nie chciała powiedzieć, jak długo zostanie, zażółć gęślą",
    "Russian": "Туман стоит в гавани, чайник кипит, корабли идут домой медленно и молча",
    "Greek": "Καλημέρα πλοία, η ομίχλη ήρθε στο λιμάνι και το φως είναι αναμμένο",
    "Turkish": "Günaydın gemiler, sis limana geldi, çok güzel bir gün, şimdi çay içiyorum",
    "Ukrainian": "Туман стоїть у гавані, чайник кипить, їжак іде додому повільно, ґава мовчить",
    "Bulgarian": "Мъглата стои в пристанището, чайникът кипи, корабите се прибират бавно",
    "Hebrew": "הערפל עומד בנמל, הקומקום רותח, הספינות חוזרות הביתה לאט",
    "Arabic": "الضباب يقف في الميناء والغلاية تغلي والسفن تعود إلى المنزل ببطء",
    "Thai": "หมอกอยู่ในท่าเรือ กาน้ำกำลังเดือด เรือกลับบ้านช้าๆ",
    "Czech": "Mlha stojí v přístavu, konvice vře, lodě se vracejí domů pomalu, žluťoučký kůň",
    "Portuguese": "A névoa está no porto, a chaleira ferve, os navios não voltam amanhã, coração",
    "Japanese": "おはようございます、船たち。霧が港に来ました。どれくらいいるのかは言いません",
    "Chinese": "早上好，船只。雾来到了港口，我看守灯塔四十一年了",
    "Traditional Chinese": "早上好，船隻。霧來到了港口，我看守燈塔四十一年了",
    "Korean": "안녕하세요, 배들. 안개가 항구에 왔습니다. 등대를 사십일 년 동안 지켰어요",
}
ENCODINGS = [
    ("English", "cp1252"),
    ("English", "mac-roman"),
    ("German", "cp1252"),
    ("German", "mac-roman"),
    ("German", "cp850"),
    ("French", "cp1252"),
    ("French", "mac-roman"),
    ("Spanish", "latin-1"),
    ("Polish", "cp1250"),
    ("Polish", "iso8859-2"),
    ("Polish", "mac-latin2"),
    ("Russian", "cp1251"),
    ("Russian", "koi8-r"),
    ("Russian", "cp866"),
    ("Russian", "iso8859-5"),
    ("Russian", "mac-cyrillic"),
    ("Ukrainian", "cp1251"),
    ("Ukrainian", "koi8-u"),
    ("Bulgarian", "cp1251"),
    ("Greek", "iso8859-7"),
    ("Hebrew", "cp1255"),
    ("Arabic", "cp1256"),
    ("Thai", "tis-620"),
    ("Czech", "cp1250"),
    ("Portuguese", "cp1252"),
    ("Traditional Chinese", "big5"),
    ("Greek", "cp1253"),
    ("Turkish", "cp1254"),
    ("Japanese", "shift_jis"),
    ("Japanese", "euc_jp"),
    ("Japanese", "iso2022_jp"),
    ("Chinese", "gbk"),
    ("Korean", "cp949"),
]
MARKED = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize(
    ("language", "encoding"),
    [*ENCODINGS, *(("English", name) for name in MARKED), *(("Russian", name) for name in MARKED)],
)
@pytest.mark.parametrize("size", [7, 1 << 16])
def test_the_letters_come_out_as_they_went_in(language: str, encoding: str, size: int) -> None:
    rows = "".join(f"{number},2022-01-03,{TEXTS[language]}\r\n" for number in range(4))
    written = f"id,date,text\r\n{rows}".encode(encoding)
    # The first piece decides about UTF-16, so it is as long as what is read at once.
    pieces = [written[:200], *(written[at : at + size] for at in range(200, len(written), size))]
    found = detect(pieces)
    assert written.decode(found.name, found.errors).removeprefix("\ufeff") == f"id,date,text\r\n{rows}"
    assert bool(found.guess) == ((language, encoding) in ENCODINGS)


@pytest.mark.parametrize("content", [b"\0" * 100, bytes(range(1, 256)) * 4, b"text\n" + b"\x01\x02\xff\xfe" * 50])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(UnicodeError):
        detect([content])


def test_nothing_and_plain_ascii_are_utf_8() -> None:
    assert detect([]).name == detect([b"plain"]).name == "utf-8-sig"


def test_letters_late_in_a_long_text_count() -> None:
    written = b"plain and long\n" * 50_000 + TEXTS["Russian"].encode("cp1251")
    assert detect(written[at : at + 4_096] for at in range(0, len(written), 4_096)).name == "cp1251"
