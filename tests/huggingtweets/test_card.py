"""The model card: the whole document, metadata that the Hub's library accepts, and names that cannot break out."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from huggingtweets import card
from huggingtweets.card import Facts, Person, figure, inline, render
from huggingtweets.config import Settings
from huggingtweets.pipeline import Outcome

GOLDEN = Path(__file__).parent / "golden" / "card.md"
ANN = Person("Ann", "Ann | <b>BOT</b> 🚀", 701, 391, 22, 288, "x")
FACTS = Facts(
    name="ann-dan",
    version="v3",
    created="2026-11-25",
    people=(ANN, Person("dan", "דניאל כהן", 3_200, 200, 100, 2_900)),
    languages=("en", "he"),
    base="gpt2",
    base_is_on_hub=True,
    license="mit",
    prompt="My dream is",
    samples=("My dream is to *fly* 🚀", "a | b"),
    report={
        "held_out_tweets": 300,
        "held_out_bits_per_byte": 1.98765432,
        "drafts": 50,
        "exact_copies": 0,
        "distinct_2": 0.9,
        "attribution": None,
        "something_new": 0.25,
        "previous": {"version": "v2", "held_out_bits_per_byte": 2.1},
    },
    settings={"method": "lora", "seed": 7, "lora_rank": 32, "full_learning_rate": 0.0003, "threads": 2},
    training={"epochs": 4, "steps": 1_234, "tokens": 97_206, "seconds": 289.6, "curve": []},
    generation={"temperature": 1.0, "top_p": 0.95},
    libraries={"torch": "2.13.0"},
    runs={"preprocess": "@ann-dan-preprocess", "train": "[@ann-dan-train](https://wandb.example/runs/1)"},
    pictures=("predictions.png", "pipeline.png", "curve.png", "avatar-Ann.png"),
    contact="someone@example.org",
    repository="people/ann-dan",
)


def rendered(markdown: str) -> str:
    """The card's body as HTML, by a CommonMark parser with tables and raw HTML on, as on the Hub."""
    body = re.sub(r"\A---\n.*?\n---\n", "", markdown, flags=re.DOTALL)
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(body)


def test_the_whole_card_is_as_agreed() -> None:
    assert render(FACTS) == GOLDEN.read_text(encoding="utf-8"), "read the difference; if it is meant, update the file"


def test_the_hubs_library_reads_the_front_matter_and_finds_the_metrics() -> None:
    data = ModelCard(render(FACTS)).data
    assert data.to_dict() == yaml.safe_load(card.front_matter(FACTS)), "nothing is lost on the way"
    assert (data.license, data.base_model, data.language) == ("mit", "gpt2", ["en", "he"])
    assert "huggingtweets" in data.tags
    assert data.widget == [{"text": "My dream is"}]
    assert data.thumbnail == "https://huggingface.co/people/ann-dan/resolve/main/predictions.png"
    measured = {result.metric_type: result.metric_value for result in data.eval_results}
    assert measured == {
        "held_out_bits_per_byte": 1.987654,
        "exact_copies": 0,
        "distinct_2": 0.9,
        "something_new": 0.25,
    }


def test_a_base_that_is_no_hub_id_and_an_unknown_language_are_left_out_of_the_metadata() -> None:
    local = replace(FACTS, base="models/base", base_is_on_hub=False, languages=(), repository="", report={})
    data = ModelCard(render(local)).data
    assert (data.base_model, data.language, data.eval_results) == (None, None, None)
    assert data.thumbnail == "predictions.png"
    assert "`models/base`, which comes with the software" in render(local)
    assert "Language" not in rendered(render(local))


def test_one_person_is_a_bot_whatever_the_name_says() -> None:
    alone = rendered(render(replace(FACTS, people=(replace(ANN, display_name="CYBORG BOT"),))))
    assert "🤖 AI BOT 🤖" in alone
    assert "AI CYBORG" not in alone
    assert "CYBORG BOT" in alone
    assert "🤖 AI CYBORG 🤖" in rendered(render(FACTS))


def test_every_person_has_a_column_of_four_counts() -> None:
    text = render(FACTS)
    assert "| Tweets downloaded | 701 | 3,200 |" in text
    assert "| Retweets | 391 | 200 |" in text
    assert "| Short tweets | 22 | 100 |" in text
    assert "| Tweets kept | 288 | 2,900 |" in text
    page = rendered(text)
    assert "Ann | &lt;b&gt;BOT&lt;/b&gt; 🚀" in html.unescape(
        page.replace("&lt;", "&amp;lt;").replace("&gt;", "&amp;gt;")
    )
    assert len(re.findall(r"<th[ >]", page.split("</thead>")[0])) == 3, "a bar in a name made no column"


def test_only_an_account_that_is_known_to_be_there_is_linked() -> None:
    people = (
        replace(ANN, handle="ann_b"),
        replace(ANN, handle="ann.bsky.social", site=""),
        replace(ANN, handle="me", site=""),
    )
    page = rendered(render(replace(FACTS, people=people)))
    shown = page.split("</strong></p>")[1].split("</div>")[0]
    assert re.findall(r'href="([^"]*)"', shown) == ["https://x.com/ann_b", "https://bsky.app/profile/ann.bsky.social"]
    assert "@me" in shown


NASTY = [
    "| a | b |",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![y](https://evil.example/y.png)",
    "**bold** _it_ `code` ~~gone~~ # head",
    "\u202eevil\u202c \u2066x",
    "a\n---\nb: !!python/object:x\n- c",
    "{{ 7 * 7 }} {% raw %}",
    "&lt;b&gt; &amp; & \\| \\\\",
    "$$x$$ \\(y\\) @everyone #1 www.evil.example https://evil.example",
    "שלום | <b>",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_shown_and_has_no_other_effect(name: str) -> None:
    person = replace(ANN, handle="ann", display_name=name)
    plain = render(replace(FACTS, people=(replace(person, display_name="NAME"),), samples=("NAME",), contact="NAME"))
    nasty = render(replace(FACTS, people=(person,), samples=(name,), contact=name))
    assert yaml.safe_load(nasty.split("---\n")[1]) == yaml.safe_load(plain.split("---\n")[1])
    structure = re.compile(r"<[^>]*>")
    assert structure.findall(rendered(nasty)) == structure.findall(rendered(plain))


@settings(max_examples=50)
@given(st.text())
def test_any_text_comes_back_as_it_was_seen(text: str) -> None:
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(f"x {inline(text)} x")
    shown = html.unescape(re.sub(r"\A<p>x |x</p>\n\Z", "", page)).strip(" \u2068\u2069")
    assert shown == " ".join(card._CONTROLS.sub(" ", text).replace("\u200b", "").split())
    assert not re.search(r"https?://|www\.", inline(text), re.IGNORECASE)


@pytest.mark.parametrize(
    ("value", "shown"), [(1_234, "1,234"), (0.0003, "0.0003"), (1.98765432, "1.988"), ("lora", "lora"), (True, "True")]
)
def test_figures_are_short(value: object, shown: str) -> None:
    assert figure(value) == shown


def test_a_hub_id_is_told_from_a_path() -> None:
    assert card.is_hub_id("gpt2")
    assert card.is_hub_id("openai-community/gpt2")
    assert not card.is_hub_id("/srv/models/base")
    assert not card.is_hub_id("../base")
    assert not card.is_hub_id("a/b/c")


def test_the_facts_are_those_of_the_manifest(trained: tuple[Settings, Outcome]) -> None:
    _, outcome = trained
    known = card.facts(outcome.version, generation={"top_k": 50}, license="mit", prompt="My dream is")
    (person,) = known.people
    assert (person.handle, person.name, person.kept) == ("Ann", "Ann O'Nymous", outcome.counts.kept)
    assert person.downloaded - person.retweets - person.short == person.kept
    assert known.report["held_out_bits_per_byte"] == outcome.report.held_out_bits_per_byte
    assert set(known.samples) >= set(outcome.samples)
    assert known.base == "base", "the path of a local base stays here"
    text = render(known)
    assert f"| Tweets kept | {outcome.counts.kept} |" in text
    assert str(outcome.version.folder) not in text
