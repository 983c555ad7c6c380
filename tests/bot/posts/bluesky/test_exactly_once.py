"""Each approved post is on Bluesky exactly once, whatever it answers and whenever the process is killed."""

from pathlib import Path

from bot.core.post_text.room import room_on_bluesky
from tests.bot.posts.killing import KILLS, LABEL, LONG, POSTS, SEED, killed_poster, thread
from tests.fakes.bluesky_home import HANDLE, PASSWORD, BlueskyHome, refusals
from tests.fakes.moods import RandomMood

ACCOUNT = f"bluesky:{HANDLE}"


async def test_posts_are_made_exactly_once_though_the_process_is_killed_and_bluesky_misbehaves(
    tmp_path: Path,
) -> None:
    wanted = [f"post number {number}, with an & in it" for number in range(POSTS)]
    async with BlueskyHome(RandomMood(seed=SEED, refusals=refusals)) as home:
        settings = {"account": HANDLE, "url": home.url, "settle_seconds": 0.5}
        async with killed_poster(tmp_path, "bluesky", ACCOUNT, {"BLUESKY_PASSWORD": PASSWORD}, **settings) as poster:
            store = poster.store
            for number, text in enumerate(wanted):
                asked = home.mention("@thebot", number=number + 1) if number % 2 else ""
                await store.posts.add(f"key:{number}", ACCOUNT, text, state="queued", in_reply_to=asked)
            parts = thread(room_on_bluesky)
            await store.posts.add("long", ACCOUNT, LONG, state="queued")
            figures = await poster.post_all(POSTS + len(parts), KILLS)
            assert sorted(home.texts()) == sorted([*(f"{text} {LABEL}" for text in wanted), *parts]), (
                "each once, and nothing else"
            )
            records = {f"at://{key}": record for (_, key), record in home.records.items()}
            for post in await store.posts.latest(ACCOUNT, ["sent"], POSTS + len(parts)):
                record = records[f"at://{post.external_id.rpartition('/')[2]}"]
                assert record["text"] == post.text
                assert record.get("reply", {}).get("parent", {}).get("uri", "") == post.in_reply_to
            again = len(home.written) - POSTS - len(parts)
            print(f"\n{figures}, {len(home.requests)} requests, {again} posts written more than once as one")
