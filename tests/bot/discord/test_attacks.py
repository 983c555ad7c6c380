"""What a hostile gateway, other applications, moderators and bad moments do to the bot that takes part."""

from collections.abc import Sequence
from typing import Any

import discord
import pytest
from simcord import ChannelHandle, MemberActor
from simcord.backend.models import Overwrite
from simcord.backend.serializers import message_payload
from simcord.enums import ChannelType
from simcord.interactions import base_payload

from bot.core.config import DiscordSettings
from bot.discord.asking.gate import channel_id, server_id
from bot.discord.speaking.personas import MARK, WEBHOOK
from bot.store import Store
from bot.voices.chattering import CHATTER
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World
from tests.bot.discord.speaking.test_chatter import ALWAYS, switched_on
from tests.bot.discord.test_saying import hourly, queue_remark, saying
from tests.fakes.own_webhooks import let_own_webhooks_have_buttons

AS_PARODY = MARK.strip(" ()")
PERSON = "discord:1"


@pytest.fixture(autouse=True)
def webhooks_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    let_own_webhooks_have_buttons(monkeypatch)


def written(there: World, channel: int = 0) -> list[discord.Message]:
    """What the bot wrote into a channel, under whatever name, the oldest first."""
    number, backend = channel or there.channel.id, there.env.backend
    assert there.bot.user
    own = [one for one in backend.messages[number].values() if one.author_id == there.bot.user.id or one.webhook_id]
    return [one for one in sorted(own, key=lambda one: one.id) if one.embeds]  # type: ignore[return-value, misc]


# what a webhook said, and who made it


async def test_a_remark_of_a_webhook_is_found_after_a_kill_though_discord_hides_what_it_says(
    there: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    http: Any = there.bot.http
    monkeypatch.setattr(http, "message_content_access", False)
    for number in (1, 2):
        await queue_remark(store, hourly(there), discord.utils.utcnow())
        [waiting] = await store.remarks.unfinished()
        await store.remarks.move(waiting.id, "waiting", "sending", text=f"Tweet number {number}", version="v1")
        await there.bot.stage.send(waiting, await there.bot.stage.draw(waiting))  # and then the process dies
        await there.env.advance_time(60)
        await saying(there, store).step()
        assert await store.remarks.unfinished() == []
        assert len(written(there)) == number, "it is not said again"
    # One that was never sent is not taken for one of these.
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    [waiting] = await store.remarks.unfinished()
    await store.remarks.move(waiting.id, "waiting", "sending", text="Tweet number 3", version="v1")
    await there.env.advance_time(60)
    await saying(there, store).step()
    await saying(there, store).step()
    assert len(written(there)) == 3
    assert await store.remarks.unfinished() == []


async def test_a_webhook_that_a_process_made_before_it_died_is_used_again(there: World, store: Store) -> None:
    await switched_on(there)
    await there.ann.send(there.channel, "hello")
    await store.settings.remove(channel_id(there.channel.id), WEBHOOK)  # it died before it could note that
    await there.env.advance_time(3600)
    await there.ann.send(there.channel, "hello")
    assert len(there.env.backend.webhooks) == 1
    assert len(written(there)) == 2


async def test_a_webhook_of_another_application_with_its_name_is_neither_used_nor_answered(
    there: World, writer: ScriptedWriter
) -> None:
    backend, other = there.env.backend, there.env.create_user("other", bot=True)
    there.ann.guild.add_member(other)
    theirs = backend.create_webhook(there.channel.id, AS_PARODY, other.id)
    embeds = [{"author": {"name": "AI parody of @nasa"}, "description": "look at me"}]
    forged = backend.create_message(
        there.channel.id,
        theirs.webhook_user_id,
        embeds=embeds,
        webhook_id=theirs.id,
        author_name=f"nasa{MARK}",
    )
    await there.env.settle()
    reference = {"message_id": str(forged.id), "channel_id": str(there.channel.id)}
    backend.create_message(there.channel.id, there.ann.id, "and then?", reference=reference)
    await there.env.settle()
    assert writer.asked == []
    await switched_on(there)
    await there.ann.send(there.channel, "hello")
    own = [one for one in written(there) if one.id != forged.id]
    assert [one.webhook_id != theirs.id for one in own] == [True]
    assert len(backend.webhooks) == 2


# a gateway that sends things again


async def test_what_was_deleted_is_not_kept_if_its_message_is_sent_again(
    there: World, store: Store, make_bot: MakeBot
) -> None:
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    await there.admin().slash(there.channel, "settings", learning=True)
    await store.members.join(server_id(there.ann.guild.id), f"discord:{there.ann.id}", "ann")
    message = await there.ann.send(there.channel, "the red dust")
    stored = there.env.backend.get_message(there.channel.id, message.id)
    there.env.backend.delete_message(there.channel.id, message.id)
    await there.env.settle()
    there.env.backend.messages[there.channel.id][stored.id] = stored
    there.env.backend.announce_message_create(stored)
    await there.env.settle()
    assert await store.members.messages(f"discord:{there.ann.id}") == []


async def test_a_message_that_is_sent_again_is_no_new_word_of_a_person(there: World, writer: ScriptedWriter) -> None:
    await switched_on(there)
    writer.seconds = 30
    message = await there.ann.send(there.channel, "hello")
    writer.seconds = 10
    await there.member("bob").send(there.channel, f"{there.me} nasa")
    await there.env.advance_time(15)
    there.env.backend.announce_message_create(there.env.backend.get_message(there.channel.id, message.id))
    await there.env.advance_time(60)
    assert len(written(there)) == 1, "never two without a person between"


# people who withdraw


async def test_nothing_more_is_kept_of_a_member_who_has_opted_out(
    there: World, store: Store, make_bot: MakeBot
) -> None:
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    await there.admin().slash(there.channel, "settings", learning=True)
    person = f"discord:{there.ann.id}"
    await store.members.join(server_id(there.ann.guild.id), person, "ann")
    await there.ann.send(there.channel, "the red dust")
    await there.ann.slash(there.channel, "optout")
    await there.ann.send(there.channel, "a quiet moon")
    await there.ann.slash(there.channel, "optin")
    await there.ann.send(there.channel, "no wind at all")
    kept = [one.text for one in await store.members.messages(person)]
    assert kept == ["the red dust", "no wind at all"]


async def test_who_withdraws_while_a_remark_is_drawn_is_not_heard(
    there: World, store: Store, writer: ScriptedWriter
) -> None:
    await switched_on(there)
    writer.seconds = 20
    await there.ann.send(there.channel, "hello")
    await store.consent.bury("nasa", PERSON)
    await there.env.advance_time(60)
    assert written(there) == []


@pytest.mark.parametrize("withdrawn", ["forgotten", "opted out"])
async def test_who_withdraws_while_a_remark_is_sent_is_not_shown(
    there: World, store: Store, monkeypatch: pytest.MonkeyPatch, withdrawn: str
) -> None:
    """The webhook takes a while, as it does where Discord makes the bot wait."""
    bob = there.member("bob")
    server, person = server_id(there.ann.guild.id), f"discord:{bob.id}"
    await store.consent.claim(server, person, "nasa")
    await store.consent.confirm(server, person, "nasa", by=PERSON)
    await switched_on(there)
    send = there.bot._personas.send

    async def slow(*given: Any, **message: Any) -> Any:
        if withdrawn == "forgotten":
            await there.bot.buttons.parts.consenting.forget(person)
        else:
            await there.bot.buttons.parts.consenting.opt_out(person)
        return await send(*given, **message)

    monkeypatch.setattr(there.bot._personas, "send", slow)
    await there.ann.send(there.channel, "hello")
    await there.env.settle()
    assert written(there) == []


# places, permissions, buttons


def place(there: World, kind: str) -> ChannelHandle:
    """Returns a channel of this kind."""
    backend, guild = there.env.backend, there.ann.guild
    if kind == "thread":
        made = backend.create_thread(there.channel.id, "about *fog* @everyone", there.ann.id)
    elif kind == "post":
        forum = backend.create_channel(guild.id, "questions", type=ChannelType.FORUM)
        made = backend.create_thread(forum.id, "is it thick?", there.ann.id, broadcast=False)
        backend.announce_thread_create(made)
    else:
        kinds = {"voice": ChannelType.VOICE, "stage": ChannelType.STAGE_VOICE, "announcements": ChannelType.NEWS}
        made = backend.create_channel(guild.id, kind, type=kinds[kind])
    return ChannelHandle(there.env, guild, made)


@pytest.mark.parametrize("kind", ["thread", "post", "voice", "stage", "announcements"])
async def test_in_each_kind_of_place_it_answers_and_speaks_by_itself(there: World, store: Store, kind: str) -> None:
    channel = place(there, kind)
    await there.env.settle()
    await there.ann.send(channel, f"{there.me} nasa hello")
    assert len(written(there, channel.id)) == 1
    result = await there.admin().slash(channel, "settings", **ALWAYS)
    assert result.response
    assert await store.settings.get(channel_id(channel.id), CHATTER)
    await there.env.advance_time(3600)
    await there.ann.send(channel, "what a day")
    answer, remark = written(there, channel.id)
    assert remark.webhook_id
    assert not answer.webhook_id
    assert len(there.env.backend.webhooks) == 1


@pytest.mark.parametrize("lost", ["send_messages", "embed_links", "view_channel"])
async def test_permissions_that_go_while_it_draws_leave_no_half_answer(
    there: World, writer: ScriptedWriter, store: Store, lost: str
) -> None:
    await switched_on(there)
    writer.seconds = 20
    await there.ann.send(there.channel, "what a day")
    denied = Overwrite(there.ann.guild.id, 0, deny=discord.Permissions(**{lost: True}).value)
    there.env.backend.set_overwrite(there.channel.id, denied)
    await there.env.advance_time(60)
    assert written(there) == []
    assert await store.remarks.unfinished() == []


async def at_once(there: World, message: discord.Message, custom_id: str, people: Sequence[MemberActor]) -> None:
    """All `people` press one button at the same time."""
    backend = there.env.backend
    stored = backend.get_message(there.channel.id, message.id)
    for number in [person.id for person in people]:
        record, payload = base_payload(
            backend,
            type=3,
            channel_id=there.channel.id,
            guild_id=there.ann.guild.id,
            user_id=number,
            data={"custom_id": custom_id, "component_type": 2},
        )
        record.source_message_id = message.id
        backend.emit("INTERACTION_CREATE", payload | {"message": dict(message_payload(backend, stored))})
    await there.env.settle()


async def test_two_people_press_one_button_at_the_same_time(there: World, store: Store) -> None:
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    [shown], mod = there.said(), there.member("mod", manage_messages=True)
    await at_once(there, shown, "tweets:up", [there.ann, mod])
    assert (await store.feedback.tally("nasa")).up == 2
    await at_once(there, shown, "tweets:delete", [there.ann, mod])
    assert there.said() == []
    assert there.errors() == []


async def test_pings_and_ids_of_others_are_not_read(there: World, make_bot: MakeBot, writer: ScriptedWriter) -> None:
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    role = there.ann.guild.create_role("crew")
    text = f"@everyone @here <@&{role.id}> <#{there.channel.id}> </train:12345> <t:1:R> **is** the ||fog|| thick?"
    await switched_on(there)
    await there.ann.send(there.channel, text)
    assert writer.contexts == ["**is** the ||fog|| thick?"]
    assert not written(there)[0].content
