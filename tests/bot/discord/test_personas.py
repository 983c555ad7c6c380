"""The bot speaks under the name and picture of who is imitated, always marked as AI."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simcord.http.router import RequestContext
from simcord.http.routes import interactions

from bot.discord.gate import channel_id, message_id, server_id
from bot.discord.personas import MARK, MAX_NAME, WEBHOOK, persona_name
from bot.store import Store
from huggingtweets.core.names import VoiceName
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World
from tests.bot.discord.test_chatter import switched_on
from tests.bot.discord.test_saying import hourly, queue_remark, saying


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
    """SimCord takes every webhook for somebody else's. Discord lets an application's own have buttons, and threads.

    https://docs.discord.com/developers/resources/webhook#execute-webhook
    """

    def body_of(ctx: RequestContext) -> tuple[dict[str, Any], bool]:
        return dict(ctx.body()), ctx.params.get("with_components") is not None

    def webhook_of(ctx: RequestContext) -> Any:
        webhook = known(ctx)
        thread = ctx.params.get("thread_id")
        return replace(webhook, channel_id=int(thread)) if thread else webhook

    known = interactions._incoming_webhook
    monkeypatch.setattr(interactions, "_incoming_webhook_body", body_of)
    monkeypatch.setattr(interactions, "_incoming_webhook", webhook_of)


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
