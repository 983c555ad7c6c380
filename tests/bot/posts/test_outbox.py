"""Sending: what each answer of X means for a post, pauses that survive a restart, and a budget that holds."""

import asyncio
import time as clock
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.errors import PostRefused
from bot.posts.posting import Posting
from bot.posts.timeline import in_one_form, is_text_of
from bot.store import Store
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.remote.upstream import BadCredentials, Patience
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.forgetting import forget
from tests.bot.posting_parts import Parts
from tests.fakes.moods import Trouble
from tests.fakes.x_server import refusing

POST = ("POST", "/2/tweets")
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."


async def queued(parts: Parts, *texts: str, **more: Any) -> list[int]:
    posts = [
        await parts.store.posts.add(text, "thebot", text, state="queued", due_at=parts.time.now, **more)
        for text in texts
    ]
    return [post.id for post in posts if post]


async def test_approved_posts_go_out_in_order(parts: Parts) -> None:
    await queued(parts, "one", "two")
    await parts.steps()
    assert parts.x.texts() == ["one", "two"]
    assert await parts.states() == {"one": "sent", "two": "sent"}
    [one, two] = await parts.store.posts.listed("thebot", ["sent"])
    assert [one.external_id, two.external_id] == [post["id"] for post in parts.x.posts]
    assert await parts.spent() == 30_000


async def test_what_may_have_been_made_is_looked_up_and_never_repeated_blindly(parts: Parts) -> None:
    for number, trouble in enumerate(
        [
            Trouble.hang_up(*POST, done=True),
            Trouble.html_503(*POST, done=True),
            Trouble(*POST, 201, '{"data": {"id": "19', done=True),
            Trouble(*POST, until=asyncio.Event()),
        ]
    ):
        parts.x.troubles = [trouble]
        await queued(parts, f"Tom & Jerry {number}  <3")
        await parts.outbox.step()
        if trouble.until:
            trouble.until.set()
        while len(parts.x.posts) == number:
            await asyncio.sleep(0.01)
        await parts.steps()
    assert len(parts.x.posts) == 4
    assert set((await parts.states()).values()) == {"sent"}
    assert parts.x.requests.count("POST /2/tweets") == 4
    reads = parts.x.requests.count("GET /2/users/12/tweets")
    assert reads == 4
    assert await parts.spent() == 4 * 15_000 + 4 * 1_000, "four posts, each found by reading it"


async def test_a_reply_that_may_have_been_made_is_found_though_x_puts_names_before_it(parts: Parts) -> None:
    parts.x.add_user("5", "ann")
    for number, trouble in enumerate([Trouble.hang_up(*POST, done=True), Trouble(*POST, 201, "{", done=True)]):
        asked = parts.x.add_post("5", f"@thebot @bob {number}")["id"]
        parts.x.troubles = [trouble]
        await queued(parts, f"Tom & Jerry {number}", in_reply_to=asked)
        await parts.outbox.step()
        parts.time.pass_by(seconds=200)
        await parts.steps()
    assert parts.x.texts() == ["@ann @bob Tom &amp; Jerry 0", "@ann @bob Tom &amp; Jerry 1"]
    assert parts.x.requests.count("POST /2/tweets") == 2
    assert await parts.states() == {"Tom & Jerry 0": "sent", "Tom & Jerry 1": "sent"}


async def test_what_is_not_on_the_timeline_in_time_is_made_again(parts: Parts) -> None:
    [post_id] = await queued(parts, "one")
    parts.x.troubles = [Trouble.html_503(*POST)]
    await parts.steps()
    assert await parts.states() == {"one": "unknown"}
    parts.time.pass_by(seconds=60)
    await parts.steps()
    assert await parts.states() == {"one": "unknown"}, "X may take a while to show it"
    await queued(parts, "two")
    parts.time.pass_by(seconds=60)
    await parts.steps()
    assert parts.x.texts() == ["one", "two"], "nothing overtakes what is in doubt"
    post = await parts.store.posts.get(post_id)
    assert post
    assert (post.state, post.attempts, post.cost_micro_usd) == ("sent", 2, 15_000), "and it is paid once"


async def test_an_answer_that_was_late_beyond_all_patience_makes_no_second_post(parts: Parts) -> None:
    await queued(parts, "one")
    parts.x.troubles = [Trouble(*POST, until=(late := asyncio.Event()))]
    await parts.outbox.step()
    parts.time.pass_by(seconds=100)
    await parts.outbox.step()
    assert await parts.states() == {"one": "queued"}
    late.set()
    async with asyncio.timeout(120):
        while parts.x.texts() != ["one"]:  # it is made only now
            await asyncio.sleep(0.01)
    await parts.steps()
    assert parts.x.texts() == ["one"]
    assert await parts.states() == {"one": "sent"}


async def test_a_duplicate_of_something_old_fails_and_costs_nothing(parts: Parts) -> None:
    parts.x.add_post("12", "one", created_at="2020-01-01T00:00:00.000Z")
    await queued(parts, "one")
    await parts.steps()
    assert await parts.states() == {"one": "unknown"}
    parts.time.pass_by(seconds=300)
    await parts.steps()
    assert await parts.states() == {"one": "failed"}
    [post] = await parts.store.posts.latest("thebot", ["failed"])
    assert post.error == "X has this text already, from before; write another."
    assert await parts.spent() <= 5_000


@pytest.mark.parametrize(
    ("status", "detail", "told"),
    [
        (401, "Unauthorized", "does not let me in"),
        (402, "No credits left", "wants to be paid first"),
        (403, "You are not permitted to perform this action.", "does not allow me this"),
        (403, "Your account is suspended", "has suspended or locked"),
    ],
)
async def test_a_refusal_of_the_account_pauses_and_is_told_once(
    parts: Parts, status: int, detail: str, told: str
) -> None:
    await queued(parts, "one")
    parts.x.troubles = [refusing(*POST, status, detail, times=99)]
    await parts.steps()
    for _ in range(3):
        assert await parts.outbox.step() > 0
    async with Store(f"sqlite:///{parts.database}") as other:
        pause = await other.pauses.get("x:thebot")
    assert pause, "it survives the process"
    assert told in pause.reason
    [notice] = await parts.notices()
    assert notice.startswith("Posting on X as @thebot is paused: X ")
    assert parts.x.requests.count("POST /2/tweets") == 1, "not a second call"
    parts.x.troubles = []
    assert await parts.posting.resume("discord:1")
    await parts.steps()
    assert parts.x.texts() == ["one"]
    assert await parts.spent() == 15_000


async def test_a_refusal_of_one_post_ends_that_one_alone(parts: Parts) -> None:
    await queued(parts, "bad", "blocked", in_reply_to="7")
    await queued(parts, "worse", "good")
    only, blocked = "You can only reply to who mentioned you.", "You have been blocked from the author of this tweet."
    for status, detail in ((403, only), (403, blocked), (400, only)):
        parts.x.troubles.append(refusing(*POST, status, detail))
    await parts.steps()
    assert await parts.states() == {"bad": "failed", "blocked": "failed", "worse": "failed", "good": "sent"}
    assert await parts.spent() == 15_000
    assert await parts.store.pauses.get("x:thebot") is None


async def test_a_rate_limit_is_waited_for(parts: Parts) -> None:
    await queued(parts, "one")
    reset = {"x-rate-limit-reset": str(int(clock.time()) + 600)}
    parts.x.troubles = [refusing(*POST, 429, "Too Many Requests", headers=reset)]
    await parts.steps()
    parts.time.pass_by(seconds=590)
    await parts.steps()
    assert parts.x.requests.count("POST /2/tweets") == 1
    parts.time.pass_by(seconds=20)
    await parts.steps()
    assert parts.x.texts() == ["one"]
    parts.x.troubles = [refusing(*POST, 429, "Too Many Requests", times=3)]
    await queued(parts, "two")
    for _ in range(4):
        await parts.steps()
        parts.time.pass_by(seconds=1)
    assert parts.x.texts() == ["one", "two"]
    assert await parts.spent() == 30_000


async def test_a_limit_that_x_says_is_over_but_still_applies_is_asked_less_and_less(parts: Parts) -> None:
    await queued(parts, "one")
    reset = {"x-rate-limit-reset": str(int(clock.time()) - 30)}
    parts.x.troubles = [refusing(*POST, 429, "Too Many Requests", headers=reset, times=50)]
    parts.outbox._patience = Patience(first_seconds=2.0, longest_seconds=300.0)
    for _ in range(600):
        assert await parts.outbox.step() >= 0
        parts.time.pass_by(seconds=1)
    assert 7 <= parts.x.requests.count("POST /2/tweets") <= 10, "of ten minutes"
    parts.x.troubles = []
    parts.time.pass_by(seconds=300)
    await parts.steps()
    assert parts.x.texts() == ["one"]
    assert parts.outbox._refusals == 0


@pytest.mark.parametrize("x_settings", [{"monthly_budget_usd": 0.332, "own_read_usd": 0.001}])
async def test_the_budget_is_never_passed_and_its_end_is_told_once(parts: Parts, x_settings: Any) -> None:
    await queued(parts, "one", "two", "three")
    for _ in range(3):
        await parts.steps()
    assert parts.x.texts() == ["one", "two"], (
        "0.332 less what is kept for looking posts up is 0.032, of which 0.001 is spent"
    )
    [notice] = await parts.notices()
    assert "The budget for X is used up for this month" in notice
    parts.time.pass_by(days=32)
    await parts.steps()
    assert parts.x.texts() == ["one", "two", "three"]


@pytest.mark.parametrize("x_settings", [{"dry_run": True}])
async def test_a_dry_run_does_everything_but_the_call(parts: Parts, x_settings: Any) -> None:
    await queued(parts, "one")
    await parts.steps()
    [post] = await parts.store.posts.latest("thebot", ["sent"])
    assert (post.dry_run, post.external_id) == (True, "")
    assert parts.x.requests == []
    assert await parts.spent() == 0


@pytest.mark.parametrize("x_settings", [{"quiet_hours": "00:00-23:59", "time_zone": "Asia/Tokyo"}])
async def test_nothing_but_an_answer_is_sent_in_quiet_hours(parts: Parts, x_settings: Any) -> None:
    parts.time.now = parts.time.now.replace(hour=3, minute=0, second=0)
    await queued(parts, "one")
    await queued(parts, "an answer", in_reply_to="7")
    assert (await parts.posting.status()).quiet_until
    await parts.steps()
    assert parts.x.texts() == ["an answer"]
    assert await parts.outbox.step() > 0


@pytest.mark.parametrize("x_settings", [{"minutes_between_posts": 15.0}])
async def test_a_queue_does_not_come_out_in_a_burst(parts: Parts, x_settings: Any) -> None:
    await queued(parts, "one", "two")
    await parts.steps()
    parts.time.pass_by(minutes=14)
    await parts.steps()
    assert parts.x.texts() == ["one"]
    parts.time.pass_by(minutes=2)
    await parts.steps()
    assert parts.x.texts() == ["one", "two"]


async def test_a_voice_that_was_withdrawn_is_not_posted(parts: Parts) -> None:
    for voice in ("ann", "ann-bob", "0.5*ann+bob"):
        await queued(parts, f"by {voice}", voice=voice)
    await queued(parts, "by cat", voice="cat")
    await queued(parts, "by bob", voice="bob")
    await parts.store.consent.bury("ann", by="discord:1")
    await parts.store.members.join("s1", "discord:2", "cat")
    await parts.store.consent.opt_out("discord:2", "imitation")
    await parts.steps()
    assert parts.x.texts() == ["by bob"]
    withdrawn = await parts.store.posts.latest("thebot", ["rejected"])
    assert [post.text for post in withdrawn] == ["", "", "", ""]


async def test_nothing_goes_out_after_a_forget_on_the_command_line(parts: Parts) -> None:
    settings = Settings(
        storage=StorageSettings(models=parts.database.parent / "models", data=parts.database.parent / "data")
    )
    store = TweetStore(settings.tweets)
    store.merge("me", Collected(Account("Ann", site="x"), (Tweet("1", "a"),)))
    for voice in ("me", "bob+0.5*me", "ann", "bob"):
        await queued(parts, f"by {voice}", voice=voice)
    forget(VoiceName("ann"), settings)
    await parts.steps()
    assert parts.x.texts() == ["by bob"]
    with pytest.raises(PostRefused, match="was forgotten"):
        await parts.posting.propose(VoiceName("me"), by="discord:1")
    assert parts.drawing.asked == []


async def test_a_joined_voice_is_posted_only_where_its_owner_agreed_to_everywhere(parts: Parts) -> None:
    await parts.store.members.join("s1", "discord:1", "ann")
    await parts.store.members.join("s1", "discord:2", "bob", everywhere=True)
    for voice in ("ann", "bob"):
        await queued(parts, f"by {voice}", voice=voice)
    await parts.steps()
    assert parts.x.texts() == ["by bob"]


async def test_a_post_of_somebody_forgotten_meanwhile_is_settled_and_leaves_no_text(parts: Parts) -> None:
    await queued(parts, "by ann", voice="ann")
    parts.x.troubles = [Trouble.hang_up(*POST, done=True)]
    await parts.outbox.step()
    await parts.store.forgetting.voice("ann", by="discord:1")
    await parts.steps()
    [post] = await parts.store.posts.latest("thebot", ["sent"])
    assert (post.text, post.external_id) == ("", parts.x.posts[0]["id"])


async def test_keys_of_another_account_pause_before_anything_is_sent(parts: Parts) -> None:
    parts.x.users["12"]["username"] = "somebodyelse"
    await queued(parts, "one")
    await parts.steps()
    pause = await parts.store.pauses.get("x:thebot")
    assert pause
    assert "My keys for X are of @somebodyelse" in pause.reason
    assert parts.x.requests == ["GET /2/users/me"]
    with pytest.raises(BadCredentials):
        await parts.account.me()


async def test_the_task_goes_on_after_failures_and_wakes_at_once(parts: Parts) -> None:
    async with parts.outbox:
        parts.x.troubles = [Trouble.html_503("GET", "/2/users/me", times=3), Trouble.hang_up(*POST, done=True)]
        await queued(parts, "one")
        parts.outbox.wake()
        async with asyncio.timeout(120):
            while (await parts.states()) != {"one": "sent"}:
                await asyncio.sleep(0.01)
        assert parts.x.texts() == ["one"]


async def test_it_ends_when_it_is_cancelled_in_the_moment_in_which_it_is_woken(parts: Parts) -> None:
    for _ in range(25):
        async with asyncio.timeout(60), parts.outbox as outbox:
            while not outbox._wake._waiters:  # until it waits
                await asyncio.sleep(0.001)
            outbox.wake()
        assert outbox.task.cancelled()


@pytest.mark.parametrize("x_settings", [{"dry_run": True}])
async def test_what_is_in_doubt_is_in_no_dry_runs_way(parts: Parts, x_settings: Any) -> None:
    [post_id] = await queued(parts, "one")
    await parts.store.posts.move(post_id, "queued", "sending")
    await queued(parts, "two")
    await parts.steps()
    assert await parts.states() == {"one": "sending", "two": "sent"}
    assert parts.x.requests == []


async def test_without_keys_the_queue_waits(parts: Parts) -> None:
    parts.outbox._destination = None
    await queued(parts, "one")
    assert await parts.outbox.step() > 0
    assert await parts.states() == {"one": "queued"}


def test_texts_are_compared_as_x_may_give_them_back() -> None:
    assert in_one_form("Tom &amp; Jerry  &lt;3 é") == in_one_form("Tom & Jerry <3 e\u0301")
    assert in_one_form("a") != in_one_form("b")


async def test_only_a_reply_may_stand_after_names(parts: Parts) -> None:
    [post_id] = await queued(parts, "@bob, hi", in_reply_to="7")
    reply = await parts.store.posts.get(post_id)
    assert reply
    for shown in ("@bob, hi", "@ann @bob, hi", "@ann @cat\n@bob, hi"):
        assert is_text_of(reply, shown)
    for shown in ("@ann, @bob, hi", "so @bob, hi", "@ann hi", "@ann@bob, hi"):
        assert not is_text_of(reply, shown)
    assert not is_text_of(replace(reply, in_reply_to=""), "@ann @bob, hi")


async def test_a_pause_of_an_admin_is_no_news_to_them(parts: Parts) -> None:
    posting: Posting = parts.posting
    await posting.pause("discord:1")
    await queued(parts, "one")
    await parts.steps()
    assert await parts.notices() == []
    assert parts.x.texts() == []
    assert (await posting.status()).pause
    assert await posting.resume("discord:1")
    assert not await posting.resume("discord:1")
    parts.time.pass_by(seconds=timedelta(minutes=1).total_seconds())
    await parts.steps()
    assert parts.x.texts() == ["one"]


class Slow:
    """A destination that is made ready slowly: somebody does something meanwhile."""

    def __init__(self, parts: Parts, meanwhile: Callable[[], Awaitable[object]]):
        self._parts, self._meanwhile = parts, meanwhile

    async def ready(self) -> None:
        await self._meanwhile()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parts.account, name)


async def test_a_text_that_is_edited_while_it_is_about_to_go_out_goes_out_as_edited(parts: Parts) -> None:
    [post] = await parts.outlets.offer("the fog came in early", voice=VoiceName("ann"), version="v1", by="discord:1")

    async def edit() -> None:
        if not (await parts.posting.recent() or (await parts.posting.queue())[0].text.startswith("the sun")):
            await parts.posting.edit(post.id, "the sun came out after all", "discord:2")

    parts.outbox._destination = Slow(parts, edit)
    await parts.steps()
    assert parts.x.texts() == ["the sun came out after all"]
    assert (await parts.states()) == {"the sun came out after all": "sent"}


@pytest.mark.parametrize("x_settings", [{"dry_run": True}])
async def test_a_dry_run_shows_a_text_as_it_was_edited_last(parts: Parts, x_settings: Any) -> None:
    [post] = await parts.outlets.offer("the fog came in early", voice=VoiceName("ann"), version="v1", by="discord:1")
    await parts.store.posts.edit(post.id, "the sun came out", "discord:2")
    assert await parts.store.posts.move(post.id, "queued", "sending", was=post.text) is None
    await parts.steps()
    assert await parts.states() == {"the sun came out": "sent"}


async def test_a_post_of_somebody_forgotten_meanwhile_that_fails_leaves_no_text(parts: Parts) -> None:
    parts.x.add_post("12", "something old", created_at="2020-01-01T00:00:00.000Z")
    await parts.store.posts.add("k", "thebot", "something old", state="queued", voice="ann")
    await parts.outbox.step()
    await parts.store.forgetting.voice("ann", by="discord:1")
    for _ in range(4):
        parts.time.pass_by(seconds=300)
        await parts.steps()
    [post] = await parts.store.posts.latest("thebot", ["failed", "sent"])
    assert (post.state, post.text, post.voice) == ("failed", "", "")
