"""Each approved post is on the Mastodon server exactly once, whatever it answers and whenever the process is killed."""

from pathlib import Path

import pytest

from bot.core.post_text.room import RoomOnMastodon
from tests.bot.posts.killing import KILLS, LABEL, LONG, POSTS, SEED, killed_poster, thread
from tests.fakes.mastodon_server import TOKEN, MastodonServer, refusals
from tests.fakes.moods import RandomMood


@pytest.mark.parametrize(
    ("forgets_keys", "slow_seconds", "settle_seconds"),
    [
        # Answers that come later than all patience: there the server's memory of keys is needed.
        pytest.param(False, 0.7, 1.0, id="slow"),
        # A server without that memory lets every duplicate pass. Then only the timeline helps.
        pytest.param(True, 0.25, 2.0, id="careless"),
    ],
)
async def test_posts_are_made_exactly_once_though_the_process_is_killed_and_the_server_misbehaves(
    tmp_path: Path, forgets_keys: bool, slow_seconds: float, settle_seconds: float
) -> None:
    wanted = [f"post number {number}, with an & and a #tag in it" for number in range(POSTS)]
    async with MastodonServer(RandomMood(seed=SEED, slow_seconds=slow_seconds, refusals=refusals)) as server:
        server.forgets_keys = forgets_keys
        server.add_account("5", "cat@other.example")
        account = f"mastodon:thebot@{server.url.removeprefix('http://')}"
        settings = {"account": "thebot", "url": server.url, "settle_seconds": settle_seconds}
        async with killed_poster(tmp_path, "mastodon", account, {"MASTODON_TOKEN": TOKEN}, **settings) as poster:
            store = poster.store
            for number, text in enumerate(wanted):
                asked = server.mention(f"@thebot {number}")["id"] if number % 2 else ""
                await store.posts.add(f"key:{number}", account, text, state="queued", in_reply_to=asked)
            parts = thread(RoomOnMastodon())
            await store.posts.add("long", account, LONG, state="queued")
            figures = await poster.post_all(POSTS + len(parts), KILLS)
            texts = {status["id"]: status["said"].removeprefix("@cat@other.example ") for status in server.statuses}
            own = [texts[status["id"]] for status in server.statuses if status["account"]["id"] == "12"]
            assert sorted(own) == sorted([*(f"{text} {LABEL}" for text in wanted), *parts]), (
                "each once, and nothing else"
            )
            for post in await store.posts.latest(account, ["sent"], POSTS + len(parts)):
                assert texts[post.external_id] == post.text
            print(f"\n{figures}, {len(server.requests)} requests")
