"""Members let the bot read what they wrote before, and what is kept of that."""

import asyncio
from datetime import timedelta

import discord
import pytest
from simcord import MemberActor, ResponseMessage

from bot.core.config import DiscordSettings
from bot.discord.asking.gate import server_id
from bot.discord.client import DiscordBot
from bot.discord.hearing import past
from bot.store import Store
from tests.bot.discord.conftest import MakeBot, World

WHY = "Discord has permitted it on 1 March."
ON = DiscordSettings(member_messages=True, past_messages=True, past_messages_reason=WHY)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "SECONDS_BETWEEN_PAGES", 0.0)
    monkeypatch.setattr(past, "A_PAGE", 10)


@pytest.fixture
async def simcord_bot(make_bot: MakeBot) -> DiscordBot:
    return make_bot(settings=ON)


@pytest.fixture
async def admin(there: World) -> MemberActor:
    """An admin, who lets the bot learn in the channel."""
    admin = there.admin()
    await admin.slash(there.channel, "settings", learning=True)
    return admin


async def agreed(there: World, label: str = "Learn from what I write and wrote", **options: bool) -> ResponseMessage:
    asked = await there.ann.slash(there.channel, "join", past=True, **options)
    assert asked.response
    await there.ann.click(asked.response, label=label)
    await there.env.settle()
    return asked.response


async def kept(there: World, store: Store) -> list[str]:
    return [one.text for one in await store.members.messages(f"discord:{there.ann.id}")]


def write(there: World, by: MemberActor, *texts: str) -> None:
    """Messages that the bot does not hear: it was not there, or nobody had joined."""
    for text in texts:
        there.env.backend.create_message(there.channel.id, by.id, text)


async def test_it_is_off_until_the_operator_says_why_they_may(
    there: World, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    await there.ann.slash(there.channel, "join", past=True)
    told = there.private(there.ann)
    assert "Reading what was written before is switched off" in told
    assert "past_messages" not in told
    assert "[discord] past_messages is off" in caplog.text
    assert there.errors() == ["Usage"]


async def test_only_the_persons_own_messages_are_kept_after_they_have_agreed(
    there: World, store: Store, admin: MemberActor
) -> None:
    bob = there.member("bob")
    write(there, there.ann, "the red dust", "ok")
    write(there, bob, "SECRET words of bob")
    write(there, there.ann, f"a quiet moon <@{bob.id}>")
    question = await agreed(there)
    for said in (WHY, "at most 5,000 messages of the last 730 days", "Nothing of other people is kept."):
        assert said in question.content
    assert await kept(there, store) == ["the red dust", "a quiet moon"]
    assert await store.members.messages(f"discord:{bob.id}") == []
    told = there.private(there.ann)
    assert told.startswith("I have read what you wrote before: 1 of 1 channel read,")
    assert "2 of yours kept to learn from" in told
    assert await store.past_readings.members() == []


async def test_without_the_click_nothing_is_read(there: World, store: Store, admin: MemberActor) -> None:
    write(there, there.ann, "the red dust")
    await there.ann.slash(there.channel, "join", past=True)
    await there.env.settle()
    assert not [one for one in there.env.http_requests if one.method == "GET" and one.path.endswith("/messages")]
    assert await kept(there, store) == []


async def test_a_member_who_joined_before_adds_their_past(there: World, store: Store, admin: MemberActor) -> None:
    write(there, there.ann, "the red dust")
    asked = await there.ann.slash(there.channel, "join")
    assert asked.response
    await there.ann.click(asked.response, label="Learn from what I write")
    await there.ann.send(there.channel, "since I joined")
    await agreed(there)
    assert await kept(there, store) == ["the red dust", "since I joined"]
    await agreed(there, "Learn from what I write and wrote, heard everywhere", everywhere=True)
    [member] = await store.members.all()
    assert member.everywhere
    assert await kept(there, store) == ["the red dust", "since I joined"], "nothing is kept twice"


async def test_what_is_answered_is_known_if_its_author_has_joined_too(
    there: World, store: Store, admin: MemberActor
) -> None:
    bob = there.member("bob")
    asked = await bob.slash(there.channel, "join")
    assert asked.response
    await bob.click(asked.response, label="Learn from what I write")
    question = await bob.send(there.channel, "do you like dust?")
    write(there, there.ann, "the red dust")
    await there.env.advance_time(3600)
    write(there, there.ann, "an hour later")
    await agreed(there)
    first, second = await store.members.messages(f"discord:{there.ann.id}")
    assert (first.reply_to, second.reply_to) == (f"discord:{question.id}", "")


async def test_closed_and_open_threads_of_an_allowed_channel_are_read_and_other_channels_are_not(
    there: World, store: Store, admin: MemberActor
) -> None:
    elsewhere = there.ann.guild.create_text_channel("elsewhere")
    there.env.backend.create_message(elsewhere.id, there.ann.id, "not here please")
    thread = there.env.backend.create_thread(there.channel.id, "talk", there.ann.id)
    there.env.backend.create_message(thread.id, there.ann.id, "in the thread")
    write(there, there.ann, "in the channel")
    await there.env.settle()
    await agreed(there)
    assert sorted(await kept(there, store)) == ["in the channel", "in the thread"]


async def test_a_reading_goes_on_where_the_process_died_and_reads_no_page_twice(
    there: World, store: Store, admin: MemberActor, make_bot: MakeBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(there, there.ann, *(f"the dust of day {number}" for number in range(25)))
    monkeypatch.setattr(past, "SECONDS_BETWEEN_PAGES", 1_000.0)
    await agreed(there)
    assert len(await kept(there, store)) == 9, "the oldest of a page waits for what is before it"
    assert "0 of 1 channel read, 9 messages looked at" in there.private(there.ann)
    monkeypatch.setattr(past, "SECONDS_BETWEEN_PAGES", 0.0)
    before = len(there.env.http_requests)
    await there.env.restart_bot(make_bot(settings=ON))
    await there.env.settle()
    assert await kept(there, store) == [f"the dust of day {number}" for number in range(25)]
    pages = [one for one in there.env.http_requests[before:] if one.method == "GET" and one.path.endswith("/messages")]
    assert len(pages) == 2
    told = there.ann.user.dm_channel.history()[-1].content
    assert "25 of yours kept to learn from" in told


async def test_old_messages_and_too_many_are_not_read(
    there: World, store: Store, admin: MemberActor, make_bot: MakeBot
) -> None:
    settings = ON.model_copy(update={"past_messages_limit": 3, "past_messages_days": 2})
    await there.env.restart_bot(make_bot(settings=settings))
    write(there, there.ann, "of last week")
    await there.env.advance_time(timedelta(days=5).total_seconds())
    write(there, there.ann, *(f"the dust of day {number}" for number in range(5)))
    await agreed(there)
    assert await kept(there, store) == ["the dust of day 2", "the dust of day 3", "the dust of day 4"]


async def test_an_admin_who_forbids_it_meanwhile_and_a_member_who_leaves_end_it(
    there: World, store: Store, admin: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(there, there.ann, *(f"the dust of day {number}" for number in range(25)))
    monkeypatch.setattr(past, "SECONDS_BETWEEN_PAGES", 600.0)
    await agreed(there)
    await admin.slash(there.channel, "settings", learning=False)
    await there.env.advance_time(601)
    assert len(await kept(there, store)) == 9
    assert await store.past_readings.members() == []
    await admin.slash(there.channel, "settings", learning=True)
    await agreed(there)
    asked = await there.ann.slash(there.channel, "leave")
    assert asked.response
    await there.ann.click(asked.response, label="Leave and delete")
    await there.env.advance_time(601)
    assert (await kept(there, store), await store.past_readings.members()) == ([], [])


async def test_a_member_who_opts_out_is_read_no_further(
    there: World, store: Store, admin: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(there, there.ann, *(f"the dust of day {number}" for number in range(25)))
    monkeypatch.setattr(past, "SECONDS_BETWEEN_PAGES", 600.0)
    await agreed(there)
    await there.ann.slash(there.channel, "optout")
    await there.env.advance_time(601)
    assert len(await kept(there, store)) == 9
    assert await store.past_readings.members() == []


async def test_what_is_deleted_or_edited_while_a_page_is_read_is_not_kept_as_it_was(
    there: World, store: Store, admin: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(there, there.ann, "SECRET words", "the red dust")
    page_of = past._page

    async def slow_page(*arguments):  # type: ignore[no-untyped-def]
        page = await page_of(*arguments)
        secret, dust = [int(one.message.removeprefix("discord:")) for one in page.messages if one.person][::-1][:2]
        there.env.backend.delete_message(there.channel.id, secret)
        there.env.backend.edit_message(there.channel.id, dust, {"content": "the blue dust"})
        await asyncio.sleep(1)
        return page

    monkeypatch.setattr(past, "_page", slow_page)
    await agreed(there)
    await there.env.advance_time(5)
    assert await kept(there, store) == ["the blue dust"]


async def test_a_reading_begins_though_it_cannot_be_shown_that_it_does(
    there: World, store: Store, admin: MemberActor
) -> None:
    write(there, there.ann, "the red dust")
    asked = await there.ann.slash(there.channel, "join", past=True)
    assert asked.response
    there.env.inject_error("POST", "/webhooks/*/*", status=500)
    await there.ann.click(asked.response, label="Learn from what I write and wrote")
    await there.env.settle()
    assert await kept(there, store) == ["the red dust"]
    assert await store.past_readings.members() == [], "its end was told"
    assert there.private(there.ann).startswith("Thank you.")
    assert there.errors() == []


@pytest.mark.parametrize("status", [403, 404])
async def test_a_channel_that_cannot_be_read_is_passed_over(
    there: World, store: Store, admin: MemberActor, status: int
) -> None:
    write(there, there.ann, "the red dust")
    there.env.inject_error("GET", "/channels/*/messages", status=status)
    await agreed(there)
    assert "1 of 1 channel read, 0 messages looked at" in there.private(there.ann)
    assert await kept(there, store) == []


async def test_a_server_error_is_waited_for(there: World, store: Store, admin: MemberActor) -> None:
    write(there, there.ann, "the red dust")
    there.env.inject_error("GET", "/channels/*/messages", status=500)
    await agreed(there)
    assert await kept(there, store) == []
    await there.env.advance_time(past.SECONDS_TO_RETRY + 1)
    assert await kept(there, store) == ["the red dust"]


async def test_forgetting_and_mydata_know_of_it(there: World, store: Store, admin: MemberActor) -> None:
    server, ann = server_id(there.ann.guild.id), f"discord:{there.ann.id}"
    await agreed(there)
    await store.past_readings.begin(server, ann, ["discord:channel:1"], "discord:9")
    assert (await store.forgetting.about(ann))["past_readings"][0]["channel"] == "discord:channel:1"
    await store.forgetting.person(ann, ann)
    assert await store.past_readings.members() == []
    assert discord.utils.utcnow()
