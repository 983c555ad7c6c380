"""Which texts hold an e-mail address or a telephone number, and what is left of them."""

import pytest

from huggingtweets.tweets.texts.contacts import without_contacts


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to ann.b+x@mail.example.org please", "write to please"),
        ("ann@example.com", ""),
        ("call me on +44 20 7946 0958 tonight", "call me on tonight"),
        ("call 555-123-4567", "call"),
        ("(020) 7946 0958 is mine", "is mine"),
        ("tel 0301234567.", "tel."),
        ("my number: 030/123 45 67!", "my number:!"),
        ("+15551234567", ""),
    ],
)
def test_contacts_go(text: str, left: str) -> None:
    assert without_contacts(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "on 2024-01-02 we sailed",
        "born 12.03.1984, or 12/03/84",
        "1 000 000 people and 12.345.678 more",
        "it cost $1,234,567 in 2024",
        "we won 21-14, 3.14159265 is pi",
        "hello @ann_b and @bob.example",
        "the years 1939-1945 and 2024/25",
        "meet at 10:30 or 11:45",
        "112 stairs, 41 years, 1234567 ships",
    ],
)
def test_other_numbers_and_names_stay(text: str) -> None:
    assert without_contacts(text) == text
