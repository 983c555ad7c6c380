"""Fuzzing of what people type and of what stands in their posts: names, blends, prompts, contexts, wishes, events."""

import contextlib
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bot import web
from bot.voices.wish import understood
from bot.web.frame.rendering import environment
from huggingtweets.core.errors import Usage
from huggingtweets.core.events import read_event
from huggingtweets.core.people.names import MAX_CHARACTERS, BlendName, VoiceName
from huggingtweets.core.records import Tweet
from huggingtweets.core.text.quoted import quoted
from huggingtweets.core.text.whole_text import whole
from huggingtweets.generation.checks import first_objection
from huggingtweets.generation.writer import MAX_PROMPT_CHARACTERS, Sieve, as_tweet, asked_for
from huggingtweets.tweets.learned.clean import as_context, clean, keep
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS as MAX_CONTEXT
from huggingtweets.tweets.learned.contexts import MAX_POSTS

PIECES = st.sampled_from(
    [
        *("@ann", "nasa", "+", "*", "0.5", "-", "https://x.com/a", "t.co/x", "\u202e", "\u200b", "\ud83d", "&amp;lt;"),
        *("<|endoftext|>", "RT @bob: ", "\r\n", "\u2028", "\ufdfa", "a\u0300" * 5, "<@123>", "@everyone", "..", "/"),
        *("\0", "e\u0301", "\U0001f468\u200d\U0001f469"),
    ]
)
WORDS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=8).map(" ".join)
GLUED = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=8).map("".join)
TEXTS = st.one_of(WORDS, GLUED)


def is_one_line(text: str) -> bool:
    return len(text.splitlines()) <= 1


def is_shown_as_one_line(text: str) -> bool:
    """Returns True if nothing in `text` ends a line or works on a terminal."""
    return not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text)


@given(text=TEXTS)
def test_any_text_can_be_cleaned(text: str) -> None:
    cleaned = clean(text)
    assert is_one_line(cleaned)
    assert "<|endoftext|>" not in cleaned
    cleaned.encode()  # no halves of characters
    keep(Tweet("1", text))


@given(text=TEXTS)
def test_any_text_is_a_name_or_refused_in_a_sentence(text: str) -> None:
    for parse in (VoiceName.parse, BlendName.parse):
        try:
            name = parse(text)
        except Usage as refused:
            assert is_shown_as_one_line(str(refused))
            assert str(refused).endswith(".")
            continue
        assert parse(name) == name
        assert all(len(voice) <= MAX_CHARACTERS and not {"/", ".", "\\", "\0"} & set(voice) for voice in name.voices)


@given(text=TEXTS, draft=TEXTS)
def test_any_prompt_is_drawn_or_refused_in_a_sentence(text: str, draft: str) -> None:
    prompt = asked_for(text, 1)
    assert len(prompt) <= MAX_PROMPT_CHARACTERS
    assert is_one_line(prompt)
    prompt.encode()
    sieve = Sieve([], prompt, 1)
    tweet = as_tweet(draft)
    assert is_one_line(tweet)
    first_objection(sieve._checks, tweet)


@given(texts=st.lists(TEXTS, max_size=5), names=st.lists(TEXTS, max_size=3))
@example(texts=["000@ann"], names=["000"])
def test_any_context_is_said_on_one_line_each(texts: list[str], names: list[str]) -> None:
    context = as_context(texts, names)
    assert len(context) <= MAX_CONTEXT
    assert len(context.splitlines()) <= MAX_POSTS
    assert not re.search(r"(?<![\w/])@\w", context)


@given(text=TEXTS, voices=st.lists(st.sampled_from(["nasa", "ann", "ann-bob"]), unique=True))
def test_any_message_is_understood_as_some_wish(text: str, voices: list[str]) -> None:
    wish = understood(text, voices)
    assert isinstance(wish.prompt, str)


@given(text=TEXTS)
def test_any_text_can_stand_in_a_message(text: str) -> None:
    assert is_one_line(quoted(text))
    assert len(quoted(text)) <= 63


class Read(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(text=st.one_of(TEXTS, st.text(alphabet="<>&\"'/ =scriptonload;#x3c")))
def test_any_text_is_shown_on_the_page_as_it_is(text: str) -> None:
    page = environment().from_string('<p title="{{ text }}">{{ text }}</p>').render(text=text)
    read = Read()
    read.feed(page)
    read.close()
    assert read.tags == [("p", [("title", whole(text))])]
    assert read.text == whole(text)


def test_no_template_shows_anything_as_markup_that_is_none() -> None:
    files = [*Path(web.__file__).parent.rglob("*.html")]
    assert len(files) > 5
    assert [file.name for file in files if re.search(r"\|\s*safe\b|autoescape\s+false", file.read_text())] == []


EVENT_KEYS = st.sampled_from(["event", "stage", "done", "total", "version", "report", "new", "for_people", "loss"])
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.sampled_from(["progress", "done", "skipped", "failed", "train"]),
    st.text(max_size=5),
)


@given(row=st.dictionaries(EVENT_KEYS, VALUES), cut=st.integers(0, 5))
def test_any_line_of_a_training_is_an_event_or_none(row: dict[str, Any], cut: int) -> None:
    import json

    line = json.dumps(row)
    with contextlib.suppress(ValueError):
        read_event(line[: len(line) - cut])
