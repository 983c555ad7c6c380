"""Every post says that an AI wrote it: by its text, once, within X's limit, or else by the account's profile."""

from pathlib import Path
from typing import Any

import pytest

from bot.check import check
from bot.core.config import Config
from bot.core.errors import PostRefused
from bot.core.post_text.ai_label import says_ai, with_label, without_label
from bot.core.post_text.post_checks import fit_for_a_label
from bot.posts.x.opening import posting_on_x
from huggingtweets.core.errors import Misconfigured
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.checks import weighted_length
from tests.bot.posting_parts import Parts
from tests.fakes.moods import Trouble
from tests.fakes.x_server import refusing

ADMIN = "discord:1"
LABEL = Config().x.ai_label
KEYS = {f"X_{name}": "k" for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")}
labelled = pytest.mark.parametrize("x_settings", [{"ai_label": LABEL}])
unlabelled = pytest.mark.parametrize("x_settings", [{"ai_label": ""}])


def test_a_label_stands_at_the_end_once() -> None:
    once = with_label("gulls over the pier", LABEL)
    assert once == f"gulls over the pier {LABEL}"
    assert with_label(with_label(once, LABEL), LABEL) == once
    assert without_label(f"{once} {LABEL} ", LABEL) == "gulls over the pier"
    assert with_label("gulls", "") == without_label("gulls", "") == "gulls"
    assert with_label("I ate an AI", "AI") == "I ate an AI", "it says so already"
    assert with_label("the MIA", "AI") == "the MIA AI"
    assert with_label(f"gulls{LABEL}", LABEL) == with_label(LABEL + LABEL, LABEL).replace(LABEL, f"gulls {LABEL}")
    assert without_label(LABEL, LABEL) == ""


@labelled
async def test_posts_and_answers_carry_the_label_and_the_queue_shows_it(parts: Parts, x_settings: Any) -> None:
    post = await parts.posting.propose(VoiceName("ann"), by=ADMIN)
    assert post.text == f"a fine day at the shore {LABEL}", "what is approved is what is posted"
    await parts.posting.approve(post.id, ADMIN)
    await parts.posting.answer(VoiceName("ann"), in_reply_to="7", key="reply")
    await parts.posting.offer("gulls over the pier", voice=VoiceName("ann"), version="v1", by=ADMIN)
    await parts.steps()
    assert parts.x.texts() == [
        f"a fine day at the shore {LABEL}",
        f"the fog came in early {LABEL}",
        f"gulls over the pier {LABEL}",
    ]


@labelled
async def test_an_edit_neither_loses_nor_doubles_the_label(parts: Parts, x_settings: Any) -> None:
    post = await parts.posting.propose(VoiceName("ann"), by=ADMIN)
    assert (await parts.posting.edit(post.id, "a fine day", ADMIN)).text == f"a fine day {LABEL}"
    assert (await parts.posting.edit(post.id, f"a fine day! {LABEL}", ADMIN)).text == f"a fine day! {LABEL}"
    with pytest.raises(PostRefused, match="empty"):
        await parts.posting.edit(post.id, LABEL, ADMIN)


@labelled
async def test_the_label_counts_in_the_280_characters(parts: Parts, x_settings: Any) -> None:
    room = 280 - weighted_length(f" {LABEL}")
    post = await parts.posting.offer("x" * room, voice=VoiceName("ann"), version="v1", by=ADMIN)
    assert weighted_length(post.text) == 280
    with pytest.raises(PostRefused, match="too long with its AI label"):
        await parts.posting.offer("y" * (room + 1), voice=VoiceName("ann"), version="v1", by=ADMIN)
    parts.drawing.texts = ["z" * (room + 1), "the fog came in early"]
    assert (await parts.posting.propose(VoiceName("ann"), by=ADMIN)).text == f"the fog came in early {LABEL}"


@labelled
async def test_what_was_queued_without_a_label_gets_it_when_it_is_sent(parts: Parts, x_settings: Any) -> None:
    for text in ("gulls over the pier", "x" * 280):
        await parts.store.posts.add(text, "thebot", text, state="queued", due_at=parts.time.now)
    await parts.steps()
    assert parts.x.texts() == [f"gulls over the pier {LABEL}"]
    [refused] = await parts.store.posts.latest("thebot", ["rejected"])
    assert refused.error == "too long with its AI label; shorten it and queue it again"


@labelled
async def test_a_post_in_doubt_is_found_by_its_labelled_text_and_posted_once(parts: Parts, x_settings: Any) -> None:
    await parts.store.posts.add("one", "thebot", "gulls over the pier", state="queued", due_at=parts.time.now)
    parts.x.troubles = [
        refusing("POST", "/2/tweets", 429, "Too Many Requests"),
        Trouble.hang_up("POST", "/2/tweets", done=True),
    ]
    for _ in range(3):
        await parts.steps()
        parts.time.pass_by(seconds=1)
    assert parts.x.texts() == [f"gulls over the pier {LABEL}"]
    assert await parts.states() == {f"gulls over the pier {LABEL}": "sent"}


@labelled
async def test_texts_are_compared_without_the_label_that_all_share(parts: Parts, x_settings: Any) -> None:
    await parts.posting.offer("gulls over the pier", voice=VoiceName("ann"), version="v1", by=ADMIN)
    with pytest.raises(PostRefused, match="posted before"):
        await parts.posting.offer("Gulls over the PIER!", voice=VoiceName("ann"), version="v1", by=ADMIN)
    parts.drawing.texts = ["gulls over a pier", "see the AI on shore", "gulls over the pier"]
    assert (await parts.posting.propose(VoiceName("ann"), by=ADMIN)).text == f"see the AI on shore {LABEL}"


@pytest.mark.parametrize("x_settings", [{"ai_label": LABEL, "dry_run": True}])
async def test_a_dry_run_keeps_what_would_have_been_posted(parts: Parts, x_settings: Any) -> None:
    await parts.store.posts.add("one", "thebot", "gulls", state="queued", due_at=parts.time.now)
    await parts.steps()
    assert await parts.states() == {f"gulls {LABEL}": "sent"}


@unlabelled
@pytest.mark.parametrize(
    ("profile", "is_sent"),
    [
        ({"name": "Harbour", "description": "Gulls and fog."}, False),
        ({"name": "Harbour", "description": "An AI writes here."}, True),
        ({"name": "Harbour 🤖", "description": ""}, True),
        ({"name": "Harbour", "description": "", "parody": True}, True),
    ],
)
async def test_without_a_label_the_profile_must_say_it(
    parts: Parts, x_settings: Any, profile: dict[str, object], is_sent: bool
) -> None:
    parts.x.users["12"] |= profile
    await parts.store.posts.add("one", "thebot", "gulls", state="queued", due_at=parts.time.now)
    await parts.steps()
    assert (parts.x.texts() == ["gulls"]) is is_sent
    if is_sent:
        return
    [notice] = await parts.notices()
    assert "Posts carry no mark that an AI wrote them" in notice
    parts.x.users["12"]["description"] = "Automated parody."
    assert await parts.posting.resume(ADMIN)
    await parts.steps()
    assert parts.x.texts() == ["gulls"], "the profile is read again"


@labelled
async def test_with_a_label_no_profile_is_asked_for(parts: Parts, x_settings: Any) -> None:
    parts.x.users["12"] |= {"name": "Harbour", "description": ""}
    await parts.store.posts.add("one", "thebot", "gulls", state="queued", due_at=parts.time.now)
    await parts.steps()
    assert parts.x.texts() == [f"gulls {LABEL}"]


async def test_the_admins_are_asked_once_for_the_automated_label(parts: Parts) -> None:
    for dry_run, notices in ((True, 0), (False, 1), (False, 1)):
        settings = parts.settings.model_copy(update={"dry_run": dry_run})
        async with posting_on_x(settings, parts.around()):
            asked = [notice for notice in await parts.notices() if "Automated label" in notice]
        assert len(asked) == notices


def test_the_check_asks_for_it_too_and_says_what_an_empty_label_means(home: Any) -> None:
    assert "Automated label" not in check(Config.load(home.config_file, KEYS), home.config_file), "a dry run"
    with home.config_file.open("a") as file:
        file.write('[x]\ndry_run = false\nai_label = ""\n')
    said = check(Config.load(home.config_file, KEYS), home.config_file)
    assert "x: X wants automated accounts to carry its Automated label" in said
    assert "x: posts carry no mark ([x] ai_label is empty)" in said


@pytest.mark.parametrize(
    "text", ["An A.I.", "parody account", "Automated by @me", "KI-Bot", "Parodie", "我是机器人", "🤖"]
)
def test_a_profile_that_says_it(text: str) -> None:
    assert says_ai("Ann", text)


@pytest.mark.parametrize("text", ["", "I paint", "Botany and Maine", "aikido"])
def test_a_profile_that_does_not(text: str) -> None:
    assert not says_ai("Ann", text)


@pytest.mark.parametrize("label", [" AI", "a\nb", "see ai.example", "@me", "$AI", "x" * 41, "\ue000"])
def test_a_label_that_would_harm_a_post_is_refused(label: str, tmp_path: Path) -> None:
    assert fit_for_a_label(label)
    path = tmp_path / "config.toml"
    path.write_text(f"[x]\nai_label = {label!r}\n".replace("'", '"'), encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"\[x\] ai_label"):
        Config.load(path, {})


@pytest.mark.parametrize("label", ["", "🤖", "#AI", "— written by an AI", LABEL])
def test_a_word_or_two_is_a_label(label: str) -> None:
    assert fit_for_a_label(label) is None
