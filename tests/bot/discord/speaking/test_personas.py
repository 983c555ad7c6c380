"""The bot speaks under the name and picture of who is imitated, always marked as AI."""

from datetime import timedelta

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.webhook.async_ import AsyncWebhookAdapter, async_context
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.asking.gate import channel_id, message_id, server_id
from bot.discord.asking.once import in_one_try
from bot.discord.speaking.personas import MARK, MAX_NAME, WEBHOOK, persona_name
from bot.store import Store
from bot.voices.tweeting import Imitated
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.writer import Tweets
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World
from tests.bot.discord.speaking.test_chatter import switched_on
from tests.bot.discord.test_saying import hourly, queue_remark, saying
from tests.fakes.own_webhooks import let_own_webhooks_have_buttons


def worn(there: World) -> list[discord.Message]:
    """Returns the messages of webhooks."""
    return [one for one in there.channel.history() if one.webhook_id]


async def spoken(there: World, times: int = 1) -> list[discord.Message]:
    """Ann writes so many messages, after each of which the bot may speak."""
    for _ in range(times):
        await there.env.advance_time(3600)
        await there.ann.send(there.channel, "hello")
    return worn(there)


@pytest.fixture(autouse=True)
def webhooks_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    let_own_webhooks_have_buttons(monkeypatch)


async def test_it_wears_the_name_with_the_mark_by_one_webhook_a_channel(
    there: World, store: Store, make_bot: MakeBot
) -> None:
    await switched_on(there)
    await spoken(there)
    await there.env.restart_bot(make_bot())
    first, second = await spoken(there)
    assert first.author.name == second.author.name == "nasa (AI parody)"
    assert first.webhook_id == second.webhook_id
    assert first.embeds[0].footer.text == "Written by an AI, and by nobody else · nasa v1"
    assert len(there.env.backend.webhooks) == 1
    assert (await store.settings.get(channel_id(there.channel.id), WEBHOOK))["made"] == 1


async def test_what_the_clock_says_wears_it_too_and_is_found_after_a_kill(there: World, store: Store) -> None:
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    await saying(there, store).step()
    [remark] = worn(there)
    [_] = [one for one in [await store.remarks.of_message(message_id(remark.id))] if one]
    await there.env.advance_time(60)
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    [waiting] = await store.remarks.unfinished()
    await store.remarks.move(waiting.id, "waiting", "sending", text="Tweet number 1", version="v1")
    await there.bot.stage.send(waiting, await there.bot.stage.draw(waiting))  # and then the process dies
    await there.env.advance_time(60)
    await saying(there, store).step()
    assert len(worn(there)) == 2
    assert await store.remarks.unfinished() == []


async def test_buttons_replies_and_deletion_work(there: World, writer: ScriptedWriter, store: Store) -> None:
    await switched_on(there)
    [remark] = await spoken(there)
    await there.ann.click(remark, custom_id="tweets:again")
    assert len(writer.asked) == 2
    await there.ann.send(there.channel, "And then", reply_to=remark)
    assert writer.asked[-1][0] == "nasa"
    assert len(writer.asked) == 3
    await there.ann.click(remark, custom_id="tweets:up")
    assert (await store.feedback.tally("nasa")).up == 1
    await there.member("mod", manage_messages=True).click(remark, custom_id="tweets:delete")
    assert worn(there) == []
    assert await store.feedback.answer(message_id(remark.id)) is None


async def test_whom_it_imitates_may_delete_it(there: World, store: Store) -> None:
    server, bob = server_id(there.ann.guild.id), there.member("bob")
    await store.consent.claim(server, f"discord:{bob.id}", "nasa")
    await store.consent.confirm(server, f"discord:{bob.id}", "nasa", by="discord:1")
    await switched_on(there)
    [remark] = await spoken(there)
    await bob.click(remark, custom_id="tweets:delete")
    assert worn(there) == []


async def test_the_picture_is_that_of_the_linked_member(there: World, store: Store) -> None:
    server, bob = server_id(there.ann.guild.id), there.member("bob")
    await store.consent.claim(server, f"discord:{bob.id}", "nasa")
    await switched_on(there)
    await spoken(there)
    await store.consent.confirm(server, f"discord:{bob.id}", "nasa", by="discord:1")
    await spoken(there)
    sent = [one.json for one in there.env.http_requests if one.method == "POST" and "username" in (one.json or {})]
    assert [bool(one.get("avatar_url")) for one in sent if one] == [False, True], "a claim alone is no link"


async def test_a_deleted_webhook_is_made_anew_once(there: World, store: Store) -> None:
    await switched_on(there)
    backend = there.env.backend
    for made in (1, 2):
        await spoken(there)
        assert len(worn(there)) == made
        [webhook] = backend.webhooks
        backend.delete_webhook(webhook)
    await spoken(there, 2)
    assert backend.webhooks == {}
    assert len(worn(there)) == 2
    assert [one.author.id for one in there.said()] == [there.bot.user.id] * 2 if there.bot.user else False


async def test_where_it_may_not_manage_webhooks_it_speaks_as_itself(there: World) -> None:
    guild = there.ann.guild
    overwrite = discord.PermissionOverwrite(manage_webhooks=False)
    channel = guild.create_text_channel("plain", overwrites={guild.default_role: overwrite})
    settings = {"chatter": "on", "voice": "nasa", "chatter_percent": 100, "quiet": "-"}
    await there.admin().slash(channel, "settings", **settings)
    await there.ann.send(channel, "hello")
    last = channel.history()[-1]
    assert not last.webhook_id
    assert last.embeds[0].author.name == "AI parody of @nasa"


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_a_refusal_of_the_webhook_is_no_reason_not_to_speak(there: World, status: int) -> None:
    await switched_on(there)
    there.env.inject_error("POST", "/channels/*/webhooks", status=status)
    await spoken(there)
    assert len(there.said()) == 1
    assert worn(there) == []


async def test_a_server_error_at_the_webhook_is_settled_by_the_channel(there: World, store: Store) -> None:
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    there.env.inject_error("POST", "/webhooks/*/*", status=500)
    one = saying(there, store)
    await one.step()
    assert worn(there) == []
    await there.env.advance_time(31)
    for _ in range(2):
        await one.step()
    assert len(worn(there)) == 1
    assert there.said() == []


async def test_it_wears_the_name_in_threads_and_posts_of_forums(there: World) -> None:
    forum = there.ann.guild.create_forum_channel("forum")
    place = there.bot.get_channel(forum.id)
    assert isinstance(place, discord.ForumChannel)
    await place.create_thread(name="a post", content="first")
    [post] = forum.threads
    settings = {"chatter": "on", "voice": "nasa", "chatter_percent": 100, "quiet": "-"}
    await there.admin().slash(post, "settings", **settings)
    await there.ann.send(post, "hello")
    assert post.history()[-1].author.name == "nasa (AI parody)"


async def test_its_own_webhook_is_no_person(there: World, writer: ScriptedWriter) -> None:
    await switched_on(there, chatter_pause=1)
    await spoken(there)
    assert there.bot.buttons.parts.chattering.last_word.is_own(there.channel.id)
    await there.env.advance_time(timedelta(hours=2).total_seconds())
    assert len(writer.asked) == 1


@given(st.lists(st.from_regex(r"[a-z0-9_]{1,30}", fullmatch=True), min_size=1, max_size=8))
def test_every_name_has_the_mark_and_is_one_that_discord_takes(handles: list[str]) -> None:
    name = persona_name([VoiceName(handle) for handle in handles])
    assert name.endswith(MARK) or name == "AI parody"
    assert 1 <= len(name) <= MAX_NAME
    assert not any(word in name.lower() for word in ("discord", "clyde"))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_after_a_server_error_a_webhook_sends_nothing_again(there: World, status: int) -> None:
    """Discord may have taken the message, and has no nonce for webhooks, so a second one would be seen, too."""
    tries = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal tries
        tries += 1
        return web.Response(status=status, text="taken, but nobody is told")

    app = web.Application()
    app.router.add_post("/webhooks/{id}/{token}", answer)
    previous = discord.http.Route.BASE
    outside = async_context.set(AsyncWebhookAdapter())
    try:
        async with TestServer(app) as server, aiohttp.ClientSession() as session:
            discord.http.Route.BASE = str(server.make_url("")).rstrip("/")
            webhook = discord.Webhook.partial(1, "token", session=session)
            with pytest.raises(aiohttp.ClientResponseError):
                await in_one_try(webhook).send("hello", wait=True)
    finally:
        discord.http.Route.BASE = previous
        async_context.reset(outside)
    assert tries == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/webhooks/*"), ("POST", "/webhooks/*/*")])
async def test_a_right_that_is_taken_in_the_middle_is_no_reason_not_to_speak(
    there: World, method: str, path: str
) -> None:
    await switched_on(there)
    await spoken(there)
    there.env.inject_error(method, path, status=403)
    await spoken(there)
    assert (len(worn(there)), len(there.said())) == (1, 1)


async def test_a_webhook_that_is_deleted_while_it_is_used_is_made_anew(there: World) -> None:
    await switched_on(there)
    await spoken(there)
    there.env.inject_error("POST", "/webhooks/*/*", status=404)
    first, second = await spoken(there)
    assert first.webhook_id != second.webhook_id
    assert there.said() == []


async def test_a_webhook_that_was_moved_to_another_channel_says_nothing_there(there: World) -> None:
    await switched_on(there)
    [first] = await spoken(there)
    other = there.ann.guild.create_text_channel("secret")
    for _ in range(2):
        there.env.backend.edit_webhook(max(there.env.backend.webhooks), {"channel_id": str(other.id)})
        await spoken(there)
    assert [one.webhook_id == first.webhook_id for one in worn(there)] == [True, False]
    assert other.history() == []
    assert len(there.said()) == 1, "after the second time it speaks as itself"


async def test_what_is_worn_by_somebody_who_is_forgotten_meanwhile_is_taken_back(
    there: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The voice is forgotten after its last consent, while the message is on its way."""
    tweeting = there.bot.buttons.parts.tweeting
    imitated = tweeting.imitated

    async def meanwhile(tweets: Tweets) -> list[Imitated]:
        people = await imitated(tweets)
        await store.forgetting.voice("nasa", by="discord:1")
        return people

    monkeypatch.setattr(tweeting, "imitated", meanwhile)
    await switched_on(there)
    assert await spoken(there) == []
    assert there.said() == []
