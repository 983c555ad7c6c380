"""A post in HTML becomes the text that a reader sees, with whole addresses in place of shortened ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.sources.reading.html_text import text_of
from huggingtweets.tweets.learned.clean import clean

LINK = (
    '<a href="https://ann.example/a/long/way" rel="nofollow noopener" target="_blank"><span class="invisible">https://'
    '</span><span class="ellipsis">ann.example/a/lo</span><span class="invisible">ng/way</span></a>'
)
MENTION = '<span class="h-card"><a href="https://m.example/@bob" class="u-url mention">@<span>bob</span></a></span>'
TAG = '<a href="https://m.example/tags/fog" class="mention hashtag" rel="tag">#<span>fog</span></a>'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Kettle&#x27;s on. &lt;3 &amp;amp;</p>", "Kettle's on. <3 &amp;"),
        ("<p>one<br />two<br>three</p><p>four</p>", "one\ntwo\nthree\nfour"),
        (f"<p>{MENTION} hello {TAG}</p>", "@bob hello #fog"),
        (f"<p>see{LINK}now</p>", "see https://ann.example/a/long/way now"),
        ('<p>see <a href="https://ann.example">what I wrote</a> now</p>', "see what I wrote now"),
        ('<p>a <a href="https://ann.example/x">ann.example/x</a></p>', "a https://ann.example/x"),
        ('<p class="quote-inline">RE: <a href="https://b.example/1">b.example/1</a></p><p>so true</p>', "so true"),
        ('<p>lit <img class="custom-emoji" alt=":lamp:" src="x" /> up</p>', "lit :lamp: up"),
        ("<ul><li>one</li><li>two</li></ul><blockquote>three</blockquote>", "one\ntwo\nthree"),
        ("<p>a<script>alert(1)</script>b<style>p{}</style></p>", "ab"),
        ("no tags\nat all", "no tags at all"),
        ('<p>open <a href="https://a.b">https://a.b', "open https://a.b"),
        ("", ""),
    ],
)
def test_html_is_read_as_it_is_seen(html: str, text: str) -> None:
    assert text_of(html) == text


def test_cleaning_takes_the_whole_address() -> None:
    assert clean(text_of(f"<p>see {LINK} and {MENTION} now</p>")) == "see and @bob now"


TAGS = ("<p>", "</p>", "<a href='x'>", "</a>", "<br>", "<span class='quote-inline'>", "</span>")
PIECES = st.sampled_from([*TAGS, "&amp", "a ", "<", ">", "<!--", "\n"])


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(PIECES).map("".join))
def test_broken_html_is_read_too(html: str) -> None:
    text = text_of(html)
    assert text == "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())
