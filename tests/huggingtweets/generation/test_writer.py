"""Every tweet in an answer passes every check, pings nobody and is no copy; the answer says how many are missing."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import NotEnoughDrafts, TooLittleData, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.checks import CopyCheck, LeftoverCheck, LengthCheck, first_objection
from huggingtweets.generation.drawing_options import DrawingOptions
from huggingtweets.generation.engine import Engine, Request, adapters
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.generation.engine.preview_voice import preview_voice
from huggingtweets.generation.unwanted import ListedWords
from huggingtweets.generation.writer import MAX_COUNT, Sieve, Writer, as_tweet
from huggingtweets.registry.version import Version
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.tweets.texts.copies import normalised
from huggingtweets.workflow.pipeline import Outcome
from tests.conftest import sentences

Trained = tuple[Settings, Outcome]


@pytest.fixture
def version(trained: Trained) -> Version:
    return trained[1].version


@pytest.fixture
async def writer(tiny_generation: GenerationSettings) -> AsyncIterator[Writer]:
    async with Engine(tiny_generation) as engine:
        yield Writer(engine)


class Saying(Engine):
    """An engine that answers with given drafts: the far end of the writer."""

    def __init__(self, settings: GenerationSettings, *rounds: list[Draft]):
        super().__init__(settings)
        self.rounds, self.requests = list(rounds), list[Request]()

    async def draw(self, request: Request) -> list[Draft]:
        self.requests.append(request)
        return self.rounds.pop(0) if self.rounds else []


def drafts(*texts: str, ended: bool = True) -> list[Draft]:
    return [Draft(text, ended) for text in texts]


async def test_tweets_pass_every_check_and_differ(writer: Writer, version: Version) -> None:
    tweets = await writer.write(version, "the crew", count=8, options=DrawingOptions(seed=3))
    assert len(tweets.texts) == 8
    assert len(set(map(normalised, tweets.texts))) == 8
    checks = (LeftoverCheck(), LengthCheck(), CopyCheck(Dataset.load(version.dataset).texts))
    assert [first_objection(checks, text) for text in tweets.texts] == [None] * 8
    assert all(text.startswith("the crew") for text in tweets.texts)
    assert (tweets.name, tweets.version, tweets.seed) == ("ann", "v1", 3)


async def test_a_forgotten_voice_is_in_memory_no_more(writer: Writer, version: Version, monkeypatch) -> None:
    loads: list[Path] = []
    real = adapters.load
    monkeypatch.setattr(adapters, "load", lambda folder, *rest: (loads.append(folder), real(folder, *rest))[1])
    names = (VoiceName("ann-cat"), VoiceName("bob"))
    ann, bob = (Version(name, version.version, version.folder, version.manifest) for name in names)
    for voice in (ann, bob, ann, bob):
        await writer.write(voice)
    assert len(loads) == 2
    writer.forget("cat")
    assert {key[0] for key in writer._knowledge} == {"bob"}
    for voice in (ann, bob):
        await writer.write(voice)
    assert len(loads) == 3


async def test_the_same_seed_gives_the_same_tweets(tiny_generation: GenerationSettings, version: Version) -> None:
    """Without selection also for a seed that was not given: how many candidates there is time for may differ."""
    for candidates in (1, 8):
        settings = tiny_generation.model_copy(update={"candidates": candidates})
        async with Engine(settings) as engine:
            writer = Writer(engine)
            tweets = await writer.write(version, count=3, options=DrawingOptions(seed=None if candidates == 1 else 7))
            assert await writer.write(version, count=3, options=DrawingOptions(seed=tweets.seed)) == tweets


@pytest.mark.parametrize("count", [0, -1, MAX_COUNT + 1])
async def test_a_count_out_of_bounds_is_refused(writer: Writer, version: Version, count: int) -> None:
    with pytest.raises(Usage, match=f"ask for 1 to {MAX_COUNT}"):
        await writer.write(version, count=count)


async def test_a_prompt_is_put_on_one_line(writer: Writer, version: Version) -> None:
    tweets = await writer.write(version, "  the\n crew \t", options=DrawingOptions(seed=1))
    assert tweets.texts[0].startswith("the crew")


@pytest.mark.parametrize("nothing", ["\ufffd\ufffd\ufffd", "\uf8ff", "\U000e1234"])
async def test_what_means_nothing_in_a_prompt_keeps_no_tweet_away(
    writer: Writer, version: Version, nothing: str
) -> None:
    [text] = (await writer.write(version, f"the crew {nothing} looks", options=DrawingOptions(seed=1))).texts
    assert text.startswith("the crew looks")


async def test_a_prompt_that_is_too_long_for_a_tweet_is_told(writer: Writer, version: Version) -> None:
    with pytest.raises(
        NotEnoughDrafts, match=r"No draft of ann passed the checks .*too long.*; try another prompt"
    ) as no:
        await writer.write(version, "x" * 100_000, count=1)
    assert sum(no.value.reasons.values()) >= 6


async def test_pings_are_defused(tiny_generation: GenerationSettings, version: Version) -> None:
    engine = Saying(tiny_generation, drafts("hello @everyone and <@123> there"))
    (text,) = (await Writer(engine).write(version)).texts
    assert text == "hello @\u200beveryone and <\u200b@\u200b123> there"


async def test_a_link_of_the_prompt_or_of_the_model_cannot_be_clicked(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    engine = Saying(tiny_generation, drafts("join https://discord.gg/abc or discord.gg/abc now"))
    (text,) = (await Writer(engine).write(version, "join https://discord.gg/abc")).texts
    assert text == "join https:\u200b//discord\u200b.gg/abc or discord\u200b.gg/abc now"


async def test_what_nobody_sees_is_neither_read_nor_answered(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    engine = Saying(tiny_generation, drafts("the \u202ecrew\u2066 works\u200f"))
    (text,) = (await Writer(engine).write(version, "the \u202ecrew\u2069\x07")).texts
    assert (engine.requests[0].prompt, text) == ("the crew", "the crew works")


async def test_only_good_drafts_are_answered_and_the_others_counted(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    copy = Dataset.load(version.dataset).learned[0]
    bad = [*drafts(copy.upper(), "caf\ufffd", "x" * 281, "...", "say"), *drafts("cut off", ended=False)]
    engine = Saying(tiny_generation, [*bad, *drafts("say something good")])
    assert (await Writer(engine).write(version, "say")).texts == ("say something good",)
    with pytest.raises(NotEnoughDrafts) as no:
        await Writer(Saying(tiny_generation, bad)).write(version, "say")
    assert no.value.reasons == {"copied": 1, "broken": 1, "too long": 1, "empty": 2, "unfinished": 1}


async def test_no_answer_holds_a_link_or_a_mark_that_the_model_made_up(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    invented = drafts("look at that pic.twitter.com/EmA61eQjOM", "see www.ann.example now", "<|startoftext|>good day")
    engine = Saying(tiny_generation, [*invented, *drafts("a good day to all")])
    assert (await Writer(engine).write(version, count=4)).texts == ("a good day to all",)
    linked = Saying(tiny_generation, drafts("read https://a.example aloud", "read https://a.example at x.com/b"))
    (text,) = (await Writer(linked).write(version, "read https://a.example")).texts
    assert text == "read https:\u200b//a.example aloud"


async def test_rounds_go_on_until_there_are_enough_and_repeat_nothing(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    settings = tiny_generation.model_copy(update={"candidates": 1})
    engine = Saying(settings, drafts("one", "One!"), drafts("two", "one"), drafts("three", "four"))
    tweets = await Writer(engine).write(version, count=3, options=DrawingOptions(seed=10))
    assert tweets.texts == ("one", "two", "three")
    assert [(request.count, request.seed) for request in engine.requests] == [(5, 10), (4, 11), (3, 12)]


async def test_fewer_are_answered_when_the_rounds_are_over(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    engine = Saying(tiny_generation, drafts("one"))
    assert (await Writer(engine).write(version, count=3)).texts == ("one",)
    assert len(engine.requests) == tiny_generation.max_rounds


async def test_a_new_version_is_checked_against_its_own_tweets(
    tiny_generation: GenerationSettings, version: Version, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("v2")
    newer = Version(VoiceName("ann"), "v2", folder, version.manifest)
    Dataset.of_texts(("a brand new tweet",), ("another",)).save(newer.dataset)
    copy = Dataset.load(version.dataset).learned[0]
    engine = Saying(tiny_generation, drafts(copy, "fine"), drafts("a brand new tweet", copy))
    writer = Writer(engine)
    assert (await writer.write(version)).texts == ("fine",)
    assert (await writer.write(newer)).texts == (as_tweet(copy),)


def test_a_tweet_is_the_first_line_of_a_draft() -> None:
    assert as_tweet("\n  a  b\nc") == "a b"


async def test_previews_pass_the_checks_and_are_marked(writer: Writer, tiny_base: Path) -> None:
    own = sentences(150, seed=8)
    preview = preview_voice("ann", own, str(tiny_base))
    tweets = await writer.write(preview, "  the\n crew ", 3, options=DrawingOptions(seed=5))
    assert (tweets.name, tweets.version, tweets.seed) == ("ann", "preview", 5)
    assert len(set(tweets.texts)) == 3
    checks = (LeftoverCheck(), LengthCheck(), CopyCheck(own))
    assert [first_objection(checks, text) for text in tweets.texts] == [None] * 3
    assert all(text.startswith("the crew") for text in tweets.texts)
    assert await writer.write(preview, "the crew", 3, options=DrawingOptions(seed=5)) == tweets


async def test_a_preview_is_in_the_persons_words(writer: Writer, tiny_base: Path) -> None:
    own = [f"zarquon {number} blimfo quizzle {number * 7} frabjous" for number in range(60)]
    tweets = await writer.write(preview_voice("ann", own, str(tiny_base)), count=5, options=DrawingOptions(seed=1))
    text = " ".join(tweets.texts)
    assert any(word in text for word in ("zarquon", "blimfo", "quizzle", "frabjous")), text


def test_a_preview_needs_some_tweets() -> None:
    with pytest.raises(TooLittleData, match="ann: only 10 characters"):
        preview_voice("ann", ["ten, or so"], "base")


async def test_the_context_changes_what_is_drawn_and_the_same_seed_gives_the_same_again(
    writer: Writer, version: Version
) -> None:
    first = await writer.write(version, count=2, options=DrawingOptions(seed=3), context="is the fog thick?")
    assert (
        first.texts
        == (await writer.write(version, count=2, options=DrawingOptions(seed=3), context="is the fog thick?")).texts
    )
    assert first.texts != (await writer.write(version, count=2, options=DrawingOptions(seed=3))).texts


def test_a_repeat_of_what_was_said_is_a_copy() -> None:
    sieve = Sieve([CopyCheck(["is the fog thick today or not?", "good morning"])])
    for text in ("Is the fog thick today, or not?", "good morning!", "the fog is thick indeed"):
        sieve.offer(Draft(text, ended=True))
    assert sieve.texts == ("the fog is thick indeed",)
    assert sieve.refused == {"copied": 2}


async def test_a_draft_with_an_unwanted_word_is_drawn_again_and_never_masked(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    engine = Saying(tiny_generation, drafts("buy my sp4m", "some heck"), drafts("s p a m again", "a fine day"))
    writer = Writer(engine, [ListedWords(["spam"])])
    assert (await writer.write(version, unwanted=[ListedWords(["heck"])])).texts == ("a fine day",)
    assert len(engine.requests) == 2


async def test_a_start_with_an_unwanted_word_is_refused_before_anything_is_drawn(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    engine = Saying(tiny_generation)
    with pytest.raises(Usage, match="begin in another way") as refused:
        await Writer(engine, [ListedWords(["spam"])]).write(version, "I like SPAM")
    assert "spam" not in refused.value.for_people.lower()
    assert engine.requests == []


@pytest.mark.parametrize("wanted", ["?", "!"])
async def test_what_people_like_is_likelier_to_be_answered(
    tiny_generation: GenerationSettings, version: Version, wanted: str
) -> None:
    settings = tiny_generation.model_copy(update={"candidates": 4})
    engine = Saying(settings, drafts("is it foggy here?", "it is foggy here!", "nothing is foggy.", "we saw the fog"))

    def liked(texts: Sequence[str]) -> list[float]:
        return [50.0 * (text[-1] == wanted) for text in texts]

    tweets = await Writer(engine).write(version, "", liked=liked)
    assert tweets.texts[0][-1] == wanted
    assert engine.requests[0].count >= 3, "there is something to choose from"


async def test_of_what_is_a_little_liked_the_rest_has_its_chance_too(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    settings = tiny_generation.model_copy(update={"candidates": 2})
    texts = ("is it foggy here?", "it is foggy here!")
    answers = set[str]()
    for _ in range(60):
        writer = Writer(Saying(settings, drafts(*texts)))
        answers |= set((await writer.write(version, "", liked=lambda given: [0.5] + [0.0] * (len(given) - 1))).texts)
    assert answers == set(texts)
