"""What people like ranks candidates: off until it is known, measured on held-out judgements, gone with the voice."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from bot.posts.outlets import Outlets
from bot.posts.posting import Posting
from bot.store.posts.engagement import Counts
from bot.store.voices.judgements import Judged
from bot.voices.taste import Judgement, best, seen_in, told
from bot.voices.taste_fit import fit
from bot.voices.tastes import Tastes
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import Parts, willing_beside

ANN = VoiceName("ann")
WORDS = ("gulls", "fog", "pier", "harbour", "tide", "rope", "lamp", "salt", "boat", "rain", "wind", "net")


def text(chance: random.Random, *, asks: bool) -> str:
    words = " ".join(chance.choice(WORDS) for _ in range(chance.randrange(4, 12)))
    return f"{words} {chance.randrange(10**6)}{'?' if asks else '.'}"


def judged(number: int, truth: float, seed: int = 1) -> list[Judgement]:
    """Returns judgements of people who like questions with this probability, and others with the opposite one."""
    chance = random.Random(seed)
    asked = [chance.random() < 0.5 for _ in range(number)]
    return [Judgement(text(chance, asks=asks), (chance.random() < truth) == asks) for asks in asked]


def test_with_too_few_judgements_or_of_one_kind_there_is_no_taste() -> None:
    assert fit([]) is None
    assert fit(judged(39, 0.9)) is None
    assert fit([Judgement(f"text {number}", True) for number in range(100)]) is None


def test_a_real_taste_is_found_and_measured_on_what_was_held_out() -> None:
    taste = fit(judged(160, 0.9))
    assert taste
    assert taste.is_better_than_chance
    assert 0.75 < taste.area < 0.97
    assert best(["no more fog today.", "is there more fog today?"], taste) == "is there more fog today?"
    assert told(taste).endswith("it ranks what I draw.")


def test_chance_is_no_taste() -> None:
    found = [taste.is_better_than_chance for seed in range(40) if (taste := fit(judged(80, 0.5, seed)))]
    assert len(found) == 40
    assert sum(found) <= 6, "one in twenty may be taken for one"


def test_the_same_text_is_never_on_both_sides() -> None:
    chance = random.Random(3)
    texts = [text(chance, asks=False) for _ in range(12)]
    repeated = [Judgement(one, number % 2 == 0) for number, one in enumerate(texts) for _ in range(10)]
    taste = fit(repeated)
    assert taste is None or not taste.is_better_than_chance


def test_odd_texts_can_be_seen_too() -> None:
    assert {len(seen_in(odd)) for odd in ("", "?", "👍" * 9, "霧", "A B")} == {11}


async def votes(parts: Parts, judgements: list[Judgement]) -> None:
    """Let people vote on answers in ann's voice."""
    feedback = parts.store.feedback
    for number, judgement in enumerate(judgements):
        await feedback.answered(f"m{number}", person="discord:1", voice=ANN, version="v1", texts=[judgement.text])
        await feedback.vote(f"m{number}", "discord:2", 1 if judgement.liked else -1)


def typed(text: str) -> str:
    """What an editor makes of a text: a sentence with a capital letter and a full stop."""
    return f"{text[0].upper()}{text[1:].rstrip('?.')}."


def edits(number: int, seed: int = 1, editor: Callable[[str], str] = typed) -> list[Judgement]:
    """Returns what the edits of somebody say, as pairs of judgements."""
    chance = random.Random(seed)
    drawn = [text(chance, asks=chance.random() < 0.5) for _ in range(number)]
    pairs = [(Judgement(editor(one), True, group=one), Judgement(one, False, group=one)) for one in drawn]
    return [judgement for pair in pairs for judgement in pair]


def test_a_taste_is_learned_from_edits_and_measured_on_those_that_were_held_out() -> None:
    taste = fit(edits(40))
    assert taste
    assert taste.is_better_than_chance
    assert taste.area > 0.9
    assert best(["the fog is back", "The fog is back."], taste) == "The fog is back."


def test_edits_that_mean_nothing_are_no_taste() -> None:
    def at_random(before: str) -> str:
        chance = random.Random(before)
        return text(chance, asks=chance.random() < 0.5)

    learned = [taste.is_better_than_chance for seed in range(20) if (taste := fit(edits(40, seed, at_random)))]
    assert len(learned) == 20
    assert sum(learned) <= 4, "one in twenty may be taken for one"


async def test_an_edited_post_is_better_than_what_was_drawn_once_it_is_approved(parts: Parts) -> None:
    one = posting(parts)
    post = await one.propose(ANN, by="discord:1")
    drawn = post.text
    for text_of_editor in ("A fine day.", "A fine day at the pier."):
        await one.edit(post.id, text_of_editor, "discord:1")
    assert await parts.store.judgements.of("ann") == [], "nobody has decided yet"
    await one.approve(post.id, "discord:1")
    assert await parts.store.judgements.of("ann") == [Judged(("A fine day at the pier.",), True, drawn)]
    await one.reject(post.id, "discord:1")
    assert await parts.store.judgements.of("ann") == [Judged(("A fine day at the pier.",), False)]
    await parts.store.forgetting.voice("ann", by="discord:1")
    assert await parts.store.posts.get(post.id) is None


async def test_what_was_drawn_goes_with_the_text(parts: Parts) -> None:
    one = posting(parts)
    post = await one.propose(ANN, by="discord:1")
    await one.edit(post.id, "A fine day.", "discord:1")
    gone = await parts.store.posts.move(post.id, "proposed", "rejected", text="")
    assert gone
    assert (gone.text, gone.drawn) == ("", "")


async def test_what_is_known_is_at_hand_without_a_wait(parts: Parts) -> None:
    await votes(parts, judged(60, 0.95))
    tastes = Tastes(parts.store, parts.time, ["🤖 AI", ""])
    assert tastes.at_hand(ANN) is None, "it is being learned"
    await tastes.settled()
    first = tastes.at_hand(ANN)
    assert first
    await votes(parts, judged(90, 0.95))
    parts.time.pass_by(hours=2)
    assert tastes.at_hand(ANN) == first, "the old one, until the new one is there"
    await tastes.settled()
    again = tastes.at_hand(ANN)
    assert again
    assert again.judgements == 90
    assert tastes.at_hand(VoiceName("bob")) is None
    await tastes.close()


def posting(parts: Parts, **settings: Any) -> Posting:
    changed = parts.settings.model_copy(update=settings)
    return Posting(
        store=parts.store, willing=willing_beside(parts.store), outbox=parts.outbox, draw=parts.drawing,
        budget=parts.budget, settings=changed, connected=True, tastes=Tastes(parts.store, parts.time),
    )  # fmt: skip


async def test_thumbs_rank_candidates_and_the_page_is_told_how_well(parts: Parts) -> None:
    parts.drawing.texts = ["the fog is back again.", "the fog came back yesterday.", "who brought the fog back?"]
    first = await posting(parts).propose(ANN, by="discord:1")
    assert first.text == "the fog is back again."
    await parts.posting.reject(first.id, "discord:1")
    await votes(parts, judged(120, 0.95))
    ranked = posting(parts)
    post = await ranked.propose(ANN, by="discord:1")
    assert post.text == "who brought the fog back?"
    [line] = await Outlets(parts.store, [ranked]).tastes([post])
    assert line.startswith("@ann. What people like: of 121 judgements it tells liked texts from others in ")
    switched_off = posting(parts, rank_by_feedback=False)
    assert await Outlets(parts.store, [switched_off]).tastes([post]) == []


async def test_what_people_like_never_repeats_the_last_posts(parts: Parts) -> None:
    await votes(parts, judged(120, 0.95))
    await parts.store.posts.add("old", "thebot", "who brought the old fog back to us then?", state="sent")
    parts.drawing.texts = ["who brought the old fog back to us now?", "gulls over the pier."]
    assert (await posting(parts).propose(ANN, by="discord:1")).text == "gulls over the pier."


async def test_decisions_and_response_are_judgements_and_go_with_the_voice(parts: Parts) -> None:
    posts = parts.store.posts
    for number, (state, by) in enumerate([("sent", "discord:1"), ("rejected", "discord:1"), ("queued", "")]):
        await posts.add(f"k{number}", "thebot", f"text {number} 🤖 AI", state="proposed", voice="ann")
        if state != "queued":
            await posts.move(number + 1, "proposed", "queued" if state == "sent" else "rejected", decided_by=by)
    await posts.add("answer:discord:9:0", "thebot", "picked", state="queued", voice="ann")
    judgements = await parts.store.judgements.of("ann")
    assert sorted((each.texts[0], each.liked) for each in judgements) == [
        ("picked", True),
        ("text 0 🤖 AI", True),
        ("text 1 🤖 AI", False),
    ]
    for number in range(12):
        post = await posts.add(f"s{number}", "thebot", f"sent {number}", state="queued", voice="ann")
        assert post
        await posts.move(post.id, "queued", "sending")
        await posts.move(post.id, "sending", "sent", external_id=str(number + 1))
        await parts.store.engagement.note({post.id: Counts(likes=number)})
    assert await parts.store.judgements.response("ann", parts.time()) == []
    parts.time.pass_by(days=3)
    assert len(await parts.store.judgements.response("ann", parts.time())) == 12
    await parts.store.forgetting.voice("ann", by="discord:1")
    assert await parts.store.judgements.of("ann") == []
    assert await parts.store.judgements.response("ann", parts.time()) == []


@pytest.mark.parametrize(("hours", "is_learned_anew"), [(0.5, False), (2, True)])
async def test_a_taste_holds_for_an_hour(parts: Parts, hours: float, is_learned_anew: bool) -> None:
    tastes = Tastes(parts.store, parts.time)
    assert await tastes.of(ANN) is None
    await votes(parts, judged(60, 0.95))
    parts.time.pass_by(hours=hours)
    assert (await tastes.of(ANN) is not None) is is_learned_anew
