"""Each approved post is on the timeline exactly once, whatever X answers and whenever the process is killed."""

import re
from pathlib import Path

import pytest

from bot.core.post_text.room import room_on_x
from tests.bot.posts.killing import KILLS, LABEL, LONG, POSTS, SEED, killed_poster, thread
from tests.fakes.moods import RandomMood
from tests.fakes.x_server import KEYS, XServer, refusals

ENVIRONMENT = {
    "X_CONSUMER_KEY": KEYS.consumer_key,
    "X_CONSUMER_SECRET": KEYS.consumer_secret,
    "X_ACCESS_TOKEN": KEYS.access_token,
    "X_ACCESS_TOKEN_SECRET": KEYS.access_token_secret,
}


def said(text: str) -> str:
    """Returns what we wrote in a post that X shows as `text`."""
    return re.sub("^@ann @bob ", "", text).replace("&amp;", "&")


@pytest.mark.parametrize(
    ("refuses_duplicates", "slow_seconds", "settle_seconds"),
    [
        # Answers that come later than all patience: there X's own refusal of duplicates is needed.
        pytest.param(True, 0.5, 0.5, id="slow"),
        # X may let a duplicate pass: then only the timeline keeps posts from being made twice.
        pytest.param(False, 0.25, 2.0, id="careless"),
    ],
)
async def test_posts_are_made_exactly_once_though_the_process_is_killed_and_x_misbehaves(
    tmp_path: Path, refuses_duplicates: bool, slow_seconds: float, settle_seconds: float
) -> None:
    wanted = [f"post number {number}, with an & in it" for number in range(POSTS)]
    mood = RandomMood(seed=SEED, slow_seconds=slow_seconds, refusals=refusals)
    async with XServer(mood, refuses_duplicates=refuses_duplicates) as x:
        x.add_user("5", "ann")
        settings = {"account": "thebot", "api_url": x.url, "settle_seconds": settle_seconds, "monthly_budget_usd": 10.0}
        async with killed_poster(tmp_path, "x", "thebot", ENVIRONMENT, **settings) as poster:
            store = poster.store
            for number, text in enumerate(wanted):
                # Every other one answers somebody, so X puts names before its text.
                answered = x.add_post("5", f"@thebot @bob {number}")["id"] if number % 2 else ""
                await store.posts.add(f"key:{number}", "thebot", text, state="queued", in_reply_to=answered)
            parts = thread(room_on_x)
            await store.posts.add("long", "thebot", LONG, state="queued")
            figures = await poster.post_all(POSTS + len(parts), KILLS)
            texts = {post["id"]: said(post["text"]) for post in x.posts if post["author_id"] == "12"}
            assert sorted(texts.values()) == sorted([*(f"{text} {LABEL}" for text in wanted), *parts]), (
                "each once, and nothing else"
            )
            assert sum(text.startswith("@ann @bob ") for text in x.texts()) == POSTS // 2
            for post in await store.posts.latest("thebot", ["sent"], POSTS + len(parts)):
                assert texts[post.external_id] == post.text
                assert post.cost_micro_usd == (10_000 if post.in_reply_to and not post.follows else 15_000)
            print(f"\n{figures}, {len(x.requests)} requests")
