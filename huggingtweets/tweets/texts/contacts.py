"""E-mail addresses and telephone numbers are taken out of a text.

A telephone number has 7 to 15 digits, and is written in groups, with a country code, or with a zero before it. Dates,
amounts and large numbers in groups of three digits are none.

Knows texts. Does not know whose they are.
"""

import re

_EMAIL = re.compile(r"\s?(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}(?![\w-])")
_NUMBER = re.compile(
    r"\s?(?<![\w.,:/#$€£¥@+-])"
    r"(?P<number>\+?(?:\(\d{1,5}\)|\d+)(?:[ ./\u00a0-]{1,2}(?:\(\d{1,5}\)|\d+))*)"
    r"(?![\w%:]|[.,]\d)"
)
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{4} ?[-/] ?\d{2,4}")
_DECIMAL = re.compile(r"\d+\.\d+")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:([ .\u00a0])\d{3})(?:\1\d{3})*")
MIN_DIGITS, MAX_DIGITS = 7, 15
MIN_DIGITS_IN_A_ROW = 9  # of a number without a country code and without groups


def without_contacts(text: str) -> str:
    """`text` without them, and without the blank before each."""
    return _NUMBER.sub(_unless_telephone, _EMAIL.sub("", text)).strip()


def _unless_telephone(found: re.Match[str]) -> str:
    return "" if is_telephone(found["number"]) else found[0]


def is_telephone(number: str) -> bool:
    """Returns True if somebody could call this number."""
    digits = sum(character.isdigit() for character in number)
    if not MIN_DIGITS <= digits <= MAX_DIGITS or _is_another_number(number):
        return False
    if number.startswith(("+", "0", "(")):
        return True
    return digits >= MIN_DIGITS_IN_A_ROW if number.isdigit() else True


def _is_another_number(text: str) -> bool:
    return any(kind.fullmatch(text) for kind in (_DATE, _DECIMAL, _THOUSANDS))
