"""What the clock says in channels: each remark once, whenever the process dies."""

from typing import Any

import discord
import pytest

from bot.background.saying import Saying, queue_remark
from bot.core.clock.schedule_entry import Schedule
from bot.discord.asking.gate import channel_id, message_id, server_id
from bot.discord.speaking import stage
from bot.store import Store
from bot.store.voices.remarks import Remark
from huggingtweets.core.errors import NotEnoughDrafts
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice

NASA = VoiceName("nasa")


class Killed(BaseException):
    """The process ends at this point: nothing after it runs."""


def saying(there: World, store: Store) -> Saying:
    return Saying(
        store=store,
        stage=there.bot.stage,
        notice=lambda key, text: store.notices.add(key, text),
        clock=discord.utils.utcnow,
    )


def hourly(there: World, voice: str = "nasa") -> Schedule:
    return Schedule(
        "hourly", "say", VoiceName(voice), cron="0 * * * *", options={"channel": channel_id(there.channel.id)}
    )


async def hour(there: World, store: Store, *, hours: int = 1) -> None:
    """Let the clock run, and look what is due, as a process does."""
    await there.env.advance_time(hours * 3600)
    await there.bot.buttons.parts.timetable.look()


async def test_it_speaks_at_its_time_once(there: World, store: Store, writer: ScriptedWriter) -> None:
    await store.schedules.put(hourly(there), by="test")
    await there.ann.send(there.channel, "hello")
    await hour(there, store)
    for _ in range(3):
        await there.bot.buttons.parts.timetable.look()
        await saying(there, store).step()
    [remark] = there.said()
    assert remark.embeds[0].author.name == "AI parody of @nasa"
    assert remark.embeds[0].description == "Tweet number 1"
    assert [run.outcome for run in await store.schedules.runs("hourly")] == ["queued"]
    said = await store.remarks.of_message(message_id(remark.id))
    assert said
    assert (said.state, said.text) == ("sent", "")
    await there.ann.click(remark, custom_id="tweets:again")
    assert len(writer.asked) == 2


async def test_after_a_stop_or_a_time_without_discord_one_is_made_up_for(there: World, store: Store) -> None:
    await store.schedules.put(hourly(there), by="test")
    await hour(there, store, hours=30)
    await hour(there, store)
    await hour(there, store)
    assert len(await store.remarks.unfinished()) == 1, "those before were due and never said"
    for _ in range(2):
        await saying(there, store).step()
    assert len(there.said()) == 1


class Dying:
    """The real stage, in a process that is killed just before or after it sends."""

    def __init__(self, stage: Any, *, after: bool):
        self._stage, self._after = stage, after

    def is_ready(self) -> bool:
        return True

    async def draw(self, remark: Remark) -> Tweets:
        drawn: Tweets = await self._stage.draw(remark)
        return drawn

    async def send(self, remark: Remark, tweets: Tweets) -> str:
        if self._after:
            await self._stage.send(remark, tweets)
        raise Killed

    async def find(self, remark: Remark) -> str:
        raise AssertionError


@pytest.mark.parametrize("after", [True, False])
async def test_a_kill_around_the_call_neither_repeats_nor_loses_it(
    there: World, store: Store, make_bot: MakeBot, writer: ScriptedWriter, after: bool
) -> None:
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    dying = Saying(
        store=store, stage=Dying(there.bot.stage, after=after), notice=store.notices.add, clock=discord.utils.utcnow
    )
    with pytest.raises(Killed):
        await dying.step()
    [doubtful] = await store.remarks.unfinished()
    assert doubtful.state == "sending"
    await there.env.restart_bot(make_bot())
    await saying(there, store).step()
    assert len(there.said()) == int(after), "it may still be on its way, so nothing is decided yet"
    await there.env.advance_time(31)
    for _ in range(3):
        await saying(there, store).step()
    assert len(there.said()) == 1
    assert len(writer.asked) == (1 if after else 2)
    assert await store.remarks.of_message(message_id(there.said()[0].id))
    assert await store.remarks.unfinished() == []


@pytest.mark.parametrize(("before", "searched", "is_told"), [(0, 100, False), (120, 2_000, False), (120, 100, True)])
async def test_it_is_found_below_all_that_was_written_since(
    there: World, store: Store, monkeypatch: pytest.MonkeyPatch, before: int, searched: int, is_told: bool
) -> None:
    """Also if its time is told a bit differently here and there. If it cannot be seen, it is not said again."""
    monkeypatch.setattr(stage, "MAX_SEARCHED", searched)
    await queue_remark(store, hourly(there), discord.utils.utcnow())

    def write(messages: int) -> None:
        for number in range(messages):
            there.env.backend.create_message(there.channel.id, there.ann.id, f"what a day, {number}")

    class Crowded(Dying):
        async def send(self, remark: Remark, tweets: Tweets) -> str:
            write(before)
            return await super().send(remark, tweets)

    dying = Crowded(there.bot.stage, after=True)
    with pytest.raises(Killed):
        await Saying(store=store, stage=dying, notice=store.notices.add, clock=discord.utils.utcnow).step()
    write(250)
    await there.env.advance_time(31)
    for _ in range(3):
        await saying(there, store).step()
    assert len(there.said()) == 1
    assert await store.remarks.unfinished() == []
    told = [one.text for one in await store.notices.untold() if one.key.startswith("say:")]
    assert bool(told) == is_told
    assert bool(await store.remarks.of_message(message_id(there.said()[0].id))) != is_told


async def test_a_kill_before_the_call_is_drawn_anew(there: World, store: Store) -> None:
    await queue_remark(store, hourly(there), discord.utils.utcnow())

    class Drawing(Dying):
        async def draw(self, remark: Remark) -> Tweets:
            raise Killed

    stage = Drawing(there.bot.stage, after=False)
    with pytest.raises(Killed):
        await Saying(store=store, stage=stage, notice=store.notices.add, clock=discord.utils.utcnow).step()
    await saying(there, store).step()
    assert len(there.said()) == 1


async def test_chatter_that_a_kill_cut_off_is_not_said_later(there: World, store: Store) -> None:
    for number in (1, 2):
        await store.remarks.claim(
            f"chatter:discord:{number}",
            server=server_id(there.ann.guild.id),
            channel=channel_id(there.channel.id),
            voice=NASA,
            may=lambda remarks: True,
        )
    first, _ = await store.remarks.unfinished()
    await store.remarks.move(first.id, "waiting", "sending", text="We", version="v1")
    await there.env.advance_time(600)
    await saying(there, store).step()
    assert there.said() == []
    assert await store.remarks.unfinished() == []


async def test_the_same_due_time_is_queued_once(there: World, store: Store) -> None:
    due = discord.utils.utcnow()
    assert await queue_remark(store, hourly(there), due) == "queued"
    assert await queue_remark(store, hourly(there), due) == "queued before"


async def test_a_server_error_is_settled_by_what_the_channel_shows(there: World, store: Store) -> None:
    await there.ann.send(there.channel, "hello")
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    there.env.inject_error("POST", "/channels/*/messages", status=500)
    await saying(there, store).step()
    assert there.said() == []
    await there.env.advance_time(31)
    for _ in range(2):
        await saying(there, store).step()
    assert len(there.said()) == 1


async def test_where_it_may_not_write_admins_are_told_once(there: World, store: Store) -> None:
    await there.ann.send(there.channel, "hello")
    for _ in range(2):
        await queue_remark(store, hourly(there), discord.utils.utcnow())
        there.env.inject_error("POST", "/channels/*/messages", status=403)
        await saying(there, store).step()
        await there.env.advance_time(60)
        await saying(there, store).step()
    assert there.said() == []
    notices = [one.text for one in await store.notices.untold() if one.key.startswith("say:")]
    assert len(notices) == 1
    assert notices[0].startswith("The schedule hourly could not speak. Discord does not let me write in #general")


async def test_a_channel_that_is_gone_is_told(there: World, store: Store) -> None:
    schedule = Schedule("hourly", "say", NASA, cron="0 * * * *", options={"channel": "discord:channel:404"})
    await queue_remark(store, schedule, discord.utils.utcnow())
    await saying(there, store).step()
    [notice] = [one.text for one in await store.notices.untold() if one.key.startswith("say:")]
    assert "The channel is gone" in notice


async def test_a_voice_is_asked_for_its_consent_each_time(there: World, store: Store, registry: Registry) -> None:
    add_voice(registry, "joined")
    await store.members.join("discord:server:1", "discord:8", VoiceName("joined"))
    await queue_remark(store, hourly(there, "joined"), discord.utils.utcnow())
    await saying(there, store).step()
    assert there.said() == []
    assert await store.remarks.unfinished() == []
    await there.env.advance_time(60)
    await store.members.join(server_id(there.ann.guild.id), "discord:9", VoiceName("nasa"))
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    await saying(there, store).step()
    assert len(there.said()) == 1


async def test_a_channel_that_is_denied_hears_nothing(there: World, store: Store) -> None:
    await store.settings.rule(server_id(there.ann.guild.id), channel_id(there.channel.id), allowed=False, by="a")
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    await saying(there, store).step()
    assert there.said() == []
    assert await store.remarks.unfinished() == []


async def test_what_cannot_be_drawn_is_tried_again_with_pauses_and_then_given_up(
    there: World, store: Store, writer: ScriptedWriter
) -> None:
    writer.error = NotEnoughDrafts("nasa", {"copied": 3})
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    one = saying(there, store)
    for _ in range(5):
        await one.step()
    assert len(writer.asked) == 1
    await there.env.advance_time(3600)
    await one.step()
    assert len(writer.asked) == 2
    await there.env.advance_time(24 * 3600)
    await one.step()
    assert await store.remarks.unfinished() == []
    writer.error = None
    await one.step()
    assert there.said() == []


async def test_chatter_does_not_follow_it_without_a_person_between(there: World, store: Store) -> None:
    settings = {"chatter": "on", "voice": "nasa", "chatter_percent": 100, "chatter_pause": 30, "quiet": "-"}
    await there.admin().slash(there.channel, "settings", **settings)
    await queue_remark(store, hourly(there), discord.utils.utcnow())
    await saying(there, store).step()
    assert there.bot.buttons.parts.chattering.last_word.is_own(there.channel.id)
    await there.ann.send(there.channel, "hello")
    assert len(there.said()) == 1, "the pause counts from what the clock said"


async def test_admins_set_it_by_command(there: World, store: Store) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "schedule set", name="morning", action="say", voice="nasa", cron="0 9 * * *")
    told = there.private(admin)
    assert f"speaks in the voice of nasa in <#{there.channel.id}>, every day at 09:00" in told
    [schedule] = await store.schedules.all()
    assert schedule.options == {"channel": channel_id(there.channel.id)}
    await admin.slash(there.channel, "schedule set", name="odd", action="say", cron="0 9 * * *")
    assert "In whose voice shall I speak?" in there.private(admin)
    assert there.errors() == ["Usage"]
