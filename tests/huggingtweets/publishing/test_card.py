"""The model card: the whole document, metadata that the Hub's library accepts, and names that cannot break out."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.config.user_folders import CHECKOUT
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Comparison, Estimate, Replies, Report, Sense
from huggingtweets.core.text.visible import typed
from huggingtweets.publishing import card
from huggingtweets.publishing.card import CardPerson, Facts, figure, inline, render
from huggingtweets.registry.manifest import TrainingFacts
from huggingtweets.sources.sample import sample_account
from huggingtweets.workflow import pipeline
from huggingtweets.workflow.pipeline import Outcome

GOLDEN = Path(__file__).parent / "golden" / "card.md"
ANN = CardPerson("Ann", "Ann | <b>BOT</b> 🚀", 701, 391, 22, 288, "x")
FACTS = Facts(
    name="ann-dan",
    version="v3",
    created="2026-11-25",
    people=(ANN, CardPerson("dan", "דניאל כהן", 3_200, 200, 100, 2_900)),
    languages=("en", "he"),
    base="gpt2",
    base_is_on_hub=True,
    license="mit",
    prompt="My dream is",
    samples=("My dream is to *fly* 🚀", "a | b"),
    report=Report(
        held_out_tweets=300,
        held_out_bits_per_byte=1.98765432,
        base_held_out_bits_per_byte=2.5,
        drafts=50,
        exact_copies=0,
        near_copies=1,
        distinct_2=0.9,
        tweets=45,
        length_divergence=0.25,
        emoji_divergence=0.125,
        accounts=2,
        previous=Comparison("v2", 2.1, -0.1, 0.01),
        short_repeats=2,
        sense=Sense(
            tweets=45,
            told_apart=Estimate(0.8125, 0.71, 0.88),
            own_told_apart=Estimate(0.55, 0.45, 0.65),
            judge="models/base",
            bits_ratio=Estimate(1.125, 1.0, 1.25),
            bits_auc=Estimate(0.625, 0.5, 0.75),
        ),
    ),
    verdict="Fair: it has picked up the words and topics; more tweets would help most.",
    settings={"method": "lora", "seed": 7, "lora_rank": 32, "full_learning_rate": 0.0003, "threads": 2},
    training=TrainingFacts(
        epochs=4, kept_epoch=3, steps=1_234, tokens=97_206, batch_tokens=512, learning_rate=0.0008, seconds=289.6,
        start="v2",
    ),
    generation={"temperature": 1.0, "top_p": 0.95},
    libraries={"huggingtweets-bot": "0.1.0", "torch": "2.13.0"},
    runs={"preprocess": "@ann-dan-preprocess", "train": "[@ann-dan-train](https://wandb.example/runs/1)"},
    pictures=("predictions.png", "pipeline.png", "curve.png", "avatar-Ann.png"),
    contact="someone@example.org",
    consent="Both gave their archives for this.",
    repository="people/ann-dan",
    has_adapter=True,
    with_model=True,
)  # fmt: skip


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
        "base_held_out_bits_per_byte": 2.5,
        "exact_copies": 0,
        "near_copies": 1,
        "distinct_2": 0.9,
        "length_divergence": 0.25,
        "emoji_divergence": 0.125,
        "short_repeats": 2,
        "told_apart": 0.8125,
        "own_told_apart": 0.55,
        "bits_ratio": 1.125,
        "bits_auc": 0.625,
    }


def test_whether_a_voice_answers_is_on_the_card_if_it_was_measured() -> None:
    report = replace(FACTS.report, replies=Replies(150, 1.8, 2.0, 2.1, 0.82))
    text = render(replace(FACTS, report=report))
    for line in (
        "| Bits per byte on held-out replies, after what they answer | 1.8 |",
        "| The same, without it | 2 |",
        "| The same, after what another reply answers | 2.1 |",
        "| Replies with fewer bits after what they answer than after that | 0.82 |",
        "Of 150 held-out replies it is known what they answer.",
    ):
        assert line in text
    assert "Does it answer what was said?" not in render(FACTS)
    results = ModelCard(text).data.eval_results
    assert {one.metric_type: one.metric_value for one in results or ()}["replies_right_is_better"] == 0.82
    assert "replies_pairs" not in text


def test_what_was_not_measured_of_the_sense_is_not_on_the_card() -> None:
    assert FACTS.report.sense
    no_judge = replace(FACTS.report.sense, judge="", bits_ratio=None, bits_auc=None)
    alone = render(replace(FACTS, report=replace(FACTS.report, sense=no_judge)))
    assert "(0.71 to 0.88)" in alone
    assert "Do the tweets make sense?" in alone
    assert "Strangeness" not in alone
    assert "other model" not in alone
    older = render(replace(FACTS, report=replace(FACTS.report, sense=None)))
    assert "Do the tweets make sense?" not in older
    assert "told_apart" not in older


def test_a_base_that_is_no_hub_id_and_an_unknown_language_are_left_out_of_the_metadata() -> None:
    local = replace(FACTS, base="models/base", base_is_on_hub=False, languages=(), repository="")
    data = ModelCard(render(local)).data
    assert (data.base_model, data.language) == (None, None)
    assert data.thumbnail == "predictions.png"
    assert "Language" not in rendered(render(local))


def test_a_base_that_a_stranger_cannot_fetch_is_said_to_be_one() -> None:
    ours = render(replace(FACTS, base="models/base", base_is_on_hub=False))
    assert "the small GPT-2 that comes with huggingtweets-bot 0.1.0, trained from nothing" in ours
    theirs = render(replace(FACTS, base="my-base", base_is_on_hub=False))
    assert "The base model is called my-base. Nobody needs it to use this model." in theirs
    named = render(replace(FACTS, base="smollm2", base_is_on_hub=False, base_license="apache-2.0"))
    assert "The base model is called smollm2 and is under the licence apache-2.0. Nobody needs it" in named
    for card_text in (ours, theirs):
        assert "obody needs it to use this model." in card_text
        assert "models/base" not in card_text, "nothing that looks like an address and is none"


def test_what_is_only_on_somebodys_machine_is_not_pointed_at() -> None:
    text = render(replace(FACTS, runs={"preprocess": "@ann-preprocess", "train": "@ann-train"}))
    assert "the run" not in text
    assert "the run [@ann-dan-train](https://wandb.example/runs/1)" in render(FACTS)


def test_the_software_is_named_and_linked_where_its_package_names_a_page() -> None:
    assert "Made with huggingtweets-bot 0.1.0, a bot" in render(FACTS)
    linked = render(replace(FACTS, software_url="https://example.org/bot"))
    assert "Made with [huggingtweets-bot 0.1.0](https://example.org/bot), a bot" in linked
    assert card.software_url() in ("", *re.findall(r'"(https://[^"]+)"', (CHECKOUT / "pyproject.toml").read_text()))


def test_the_card_says_what_is_known_of_consent() -> None:
    assert "Both gave their archives for this." in render(FACTS)
    unsaid = render(replace(FACTS, consent=""))
    assert "has not written down here whether the people in it agreed" in unsaid
    hester = CardPerson(sample_account().handle, sample_account().display_name, 400, 0, 10, 390)
    sample = render(replace(FACTS, people=(hester,), consent=""))
    assert "is fictional: a sample account that comes with the software" in sample
    assert "Nobody is imitated here: the account is fictional." in sample
    assert "agreed" not in sample
    both = render(replace(FACTS, people=(hester, ANN), consent=""))
    assert "is fictional" in both
    assert "can have it taken down" in both


def test_the_snippet_names_something_that_is_there() -> None:
    assert 'model="people/ann-dan")\n' in render(FACTS)
    folder = render(replace(FACTS, repository=""))
    assert 'model=".")  # in the folder of this card' in folder
    alone = render(replace(FACTS, repository="", with_model=False))
    assert "pipeline(" not in alone
    assert 'huggingtweets generate ann-dan "My dream is"' in alone
    for text in (folder, alone):
        assert "FOLDER" not in text
    assert "adapter/" not in render(replace(FACTS, has_adapter=False))


@pytest.mark.parametrize(
    ("training", "says"),
    [
        ({"epochs": 1, "kept_epoch": 1}, "1 pass over the tweets was made; the weights after pass 1 were kept"),
        ({"epochs": 3, "kept_epoch": 2}, "3 passes over the tweets were made; the weights after pass 2 were kept"),
        ({"epochs": 1, "kept_epoch": 0, "start": "v1"}, "so the weights that training began with were kept"),
        ({}, "The weights of the pass with the lowest loss on those held out were kept."),
    ],
)
def test_the_passes_made_are_told_apart_from_the_one_that_was_kept(training: dict[str, object], says: str) -> None:
    text = render(replace(FACTS, training=TrainingFacts.model_validate(training)))
    assert says in text
    assert ("Training began with the weights of version v1." in text) is ("start" in training)


@pytest.mark.parametrize("patience", [1, 2])
def test_the_card_of_a_real_run_states_what_was(tiny_settings: Settings, tmp_path: Path, patience: int) -> None:
    """The held-out tweets are unlike the training tweets, so their loss rises and only an early pass is kept."""
    texts = [f"qqq zzz {number} qqq zzz qqq zzz" for number in range(200)]
    texts += [f"the crew looks at a quiet moon again today, number {number}." for number in range(20)]
    rows = [
        {"id": str(n), "text": text, "date": f"2024-01-01T{n // 60:02}:{n % 60:02}:00Z"} for n, text in enumerate(texts)
    ]
    (tmp_path / "ann.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    chosen = {
        "max_epochs": 8,
        "patience": patience,
        "batch_tokens": 0,
        "lora_learning_rate": 0.05,
        "deduplicate": False,
    }
    settings_of_run = tiny_settings.model_copy(update={"training": tiny_settings.training.model_copy(update=chosen)})
    version = pipeline.run(VoiceName("ann"), [tmp_path / "ann.jsonl"], settings_of_run).version
    curve = version.manifest.training.curve
    losses = [row["held_out_loss"] for row in curve]
    kept = losses.index(min(losses)) + 1
    assert kept < len(losses), "the example is of use"
    text = (version.folder / "card" / "README.md").read_text()
    table = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE))
    assert (table["passes made"], table["pass that was kept"]) == (str(len(losses)), str(kept))
    assert int(table["steps made"]) == curve[-1]["step"]
    assert table["tokens a step"] == "256", "what it was, and not the 0 of the settings"
    assert float(table["learning rate, at its highest"]) == pytest.approx(0.05 * 0.5**0.5, rel=1e-3)
    assert f"the weights after pass {kept} were kept" in text
    assert "0" not in {table[words] for words in card.DONE.values()}


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
    assert shown == typed(text)
    assert not re.search(r"https?://|www\.", inline(text), re.IGNORECASE)


@pytest.mark.parametrize(
    ("value", "shown"), [(1_234, "1,234"), (0.0003, "0.0003"), (1.98765432, "1.988"), ("lora", "lora"), (True, "True")]
)
def test_figures_are_short(value: object, shown: str) -> None:
    assert figure(value) == shown


def test_the_facts_are_those_of_the_manifest(trained: tuple[Settings, Outcome]) -> None:
    _, outcome = trained
    known = card.facts(outcome.version, generation={"top_k": 50}, license="mit", prompt="My dream is")
    (person,) = known.people
    assert (person.handle, person.name, person.kept) == ("Ann", "Ann O'Nymous", outcome.counts.kept)
    assert person.downloaded - person.retweets - person.short == person.kept
    assert known.report == outcome.report
    assert set(known.samples) >= set(outcome.samples)
    assert known.base == "base", "the path of a local base stays here"
    text = render(known)
    assert f"| Tweets kept | {outcome.counts.kept} |" in text
    assert str(outcome.version.folder) not in text
