"""The bot speaks by itself where an admin wants it, as people meet it."""

from datetime import timedelta

import discord
import pytest
import sqlalchemy as sa

from bot.background.saying import Saying
from bot.core.config import DiscordSettings
from bot.discord.asking.gate import channel_id, message_id, server_id
from bot.store import Store
from bot.store.tables import remarks
from bot.store.voices.feedback import Tally
from bot.voices.chattering import CHATTER
from huggingtweets.core.errors import Busy, NotEnoughDrafts
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice

ALWAYS = {"chatter": "on", "voice": "nasa", "chatter_percent": 100, "chatter_pause": 10, "quiet": "-"}


async def switched_on(there: World, **changes: object) -> str:
    """An admin lets the bot speak after each message. Returns what the admin is told."""
    result = await there.admin().slash(there.channel, "settings", **{**ALWAYS, **changes})
    assert result.response
    return result.response.content


async def test_it_speaks_after_a_message_of_a_person_without_reading_it(there: World, writer: ScriptedWriter) -> None:
    assert "after 100 of 100 messages, with 10 min between, 12 times a day" in await switched_on(there)
    await there.ann.send(there.channel, "SECRET WORDS")
    [remark] = there.said()
    assert remark.embeds[0].author.name == "AI parody of @nasa"
    assert remark.embeds[0].description == "Tweet number 1"
    assert not remark.reference
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], [""])


async def test_with_the_intent_it_answers_what_was_said_and_does_not_keep_it(
    there: World, writer: ScriptedWriter, make_bot: MakeBot, store: Store
) -> None:
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    await switched_on(there, chatter_pause=1)
    first = await there.ann.send(there.channel, "is the fog thick?")
    await there.env.advance_time(120)
    bob = there.member("bob")
    await bob.send(there.channel, f"Ann, ask {there.ann.mention} &amp; me", reply_to=first)
    assert writer.contexts == ["is the fog thick?", "is the fog thick?\n, ask &amp; me"]
    for remark in there.said():
        record = await store.feedback.answer(message_id(remark.id))
        assert record
        assert record.context == ""


async def test_it_is_silent_by_default_and_elsewhere(there: World) -> None:
    await there.ann.send(there.channel, "hello")
    await switched_on(there)
    other = there.ann.guild.create_text_channel("other")
    await there.ann.send(other, "hello")
    assert there.said() == []
    assert other.history()[-1].content == "hello"


async def test_pause_and_cap_hold_after_a_restart_too(there: World, make_bot: MakeBot) -> None:
    await switched_on(there, chatter_a_day=2)
    await there.ann.send(there.channel, "one")
    await there.ann.send(there.channel, "two")
    assert len(there.said()) == 1
    await there.env.restart_bot(make_bot())
    await there.ann.send(there.channel, "three")
    assert len(there.said()) == 1
    for number in range(3):
        await there.env.advance_time(11 * 60)
        await there.ann.send(there.channel, f"more {number}")
    assert len(there.said()) == 2
    await there.env.advance_time(24 * 3600)
    await there.ann.send(there.channel, "the next day")
    assert len(there.said()) == 3


async def test_in_quiet_hours_it_says_nothing(there: World) -> None:
    now = discord.utils.utcnow()
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
    await switched_on(there, quiet=hours)
    await there.ann.send(there.channel, "hello")
    assert there.said() == []


async def test_chance_decides(there: World) -> None:
    await switched_on(there, chatter_percent=40)
    there.bot.buttons.parts.chattering._draw = lambda: 0.4
    await there.ann.send(there.channel, "hello")
    assert there.said() == []
    there.bot.buttons.parts.chattering._draw = lambda: 0.39
    await there.ann.send(there.channel, "hello")
    assert len(there.said()) == 1


async def test_bots_webhooks_and_itself_are_never_followed(there: World, writer: ScriptedWriter) -> None:
    await switched_on(there)
    robot = there.ann.guild.add_member(there.env.create_user("robot", bot=True))
    await robot.send(there.channel, "beep")
    await there.ann.guild.create_webhook(there.channel).send("from outside")
    backend = there.env.backend
    backend.create_message(there.channel.id, backend.bot_user.id, "my own")
    await there.env.settle()
    assert writer.asked == []


async def test_two_bots_in_one_channel_do_not_talk_to_each_other(there: World) -> None:
    await switched_on(there, chatter_pause=1)
    robot = there.ann.guild.add_member(there.env.create_user("robot", bot=True))
    await there.ann.send(there.channel, "hello")
    for _ in range(5):
        await there.env.advance_time(120)
        await robot.send(there.channel, "beep")
    assert len(there.said()) == 1


async def test_who_calls_it_is_answered_once_and_not_remarked_on(there: World, writer: ScriptedWriter) -> None:
    await switched_on(there)
    await there.ann.send(there.channel, f"{there.me} nasa My dream is")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["My dream is"])
    assert len(there.said()) == 1


async def test_what_it_answered_meanwhile_takes_its_turn(there: World, writer: ScriptedWriter) -> None:
    await switched_on(there)
    writer.seconds = 30
    await there.ann.send(there.channel, "hello")
    writer.seconds = 10
    await there.member("bob").send(there.channel, f"{there.me} nasa")
    await there.env.advance_time(60)
    assert len(writer.asked) == 2
    assert [one.reference is not None for one in there.said()] == [True], "never two without a person between"


async def test_switched_off_while_it_is_drawn_nothing_is_said(there: World, writer: ScriptedWriter) -> None:
    await switched_on(there)
    writer.seconds = 30
    await there.ann.send(there.channel, "hello")
    result = await there.member("eve", manage_guild=True).slash(there.channel, "settings", chatter="off")
    assert result.response
    assert "I speak here by myself: never." in result.response.content
    await there.env.advance_time(60)
    assert len(writer.asked) == 1
    assert there.said() == []


async def test_off_means_off_at_once(there: World, store: Store) -> None:
    await switched_on(there)
    await there.admin().slash(there.channel, "settings", chatter="off")
    await there.ann.send(there.channel, "hello")
    assert there.said() == []
    assert "chatter" in {act.action for act in await store.audit.recent()}


async def test_a_majority_of_thumbs_down_ends_it_and_one_alone_does_not(there: World, store: Store) -> None:
    await switched_on(there, chatter_pause=1)
    await there.ann.send(there.channel, "hello")
    [remark] = there.said()
    bob, eve, sue = (there.member(name) for name in ("bob", "eve", "sue"))
    await there.ann.click(remark, custom_id="tweets:down")
    assert "If more people give me 👎 than 👍, I stop" in there.private(there.ann)
    await bob.click(remark, custom_id="tweets:up")
    await eve.click(remark, custom_id="tweets:up")
    await there.env.advance_time(120)
    await there.ann.send(there.channel, "hello again")
    _, second = there.said()
    await sue.click(second, custom_id="tweets:down")
    await bob.click(second, custom_id="tweets:down")
    assert "I do not speak here by myself any more" in there.private(bob)
    await there.env.advance_time(3600)
    await there.ann.send(there.channel, "are you there?")
    assert len(there.said()) == 2
    assert await store.settings.get(channel_id(there.channel.id), CHATTER) is None
    assert "chatter.voted_off" in {act.action for act in await store.audit.recent()}


async def test_votes_of_before_do_not_end_it_after_it_was_switched_on_again(there: World) -> None:
    await switched_on(there, chatter_pause=1)
    await there.ann.send(there.channel, "hello")
    [remark] = there.said()
    await there.ann.click(remark, custom_id="tweets:down")
    await there.member("bob").click(remark, custom_id="tweets:down")
    await there.env.advance_time(3600)
    await there.member("eve", manage_guild=True).slash(there.channel, "settings", **ALWAYS)
    await there.ann.send(there.channel, "hello")
    await there.member("sue").click(there.said()[-1], custom_id="tweets:down")
    await there.env.advance_time(3600)
    await there.ann.send(there.channel, "are you there?")
    assert len(there.said()) == 3


async def test_a_message_that_comes_twice_is_remarked_on_once(there: World, make_bot: MakeBot) -> None:
    await switched_on(there, chatter_pause=1)
    written = await there.ann.send(there.channel, "hello")
    again = there.env.backend.get_message(there.channel.id, written.id)
    await there.env.advance_time(120)
    there.env.backend.announce_message_create(again)
    await there.env.settle()
    await there.env.restart_bot(make_bot())
    there.env.backend.announce_message_create(again)
    await there.env.settle()
    assert len(there.said()) == 1


@pytest.mark.parametrize("error", [Busy(1000), NotEnoughDrafts("nasa", {"copied": 3})])
async def test_what_fails_is_told_to_nobody(
    there: World, writer: ScriptedWriter, store: Store, error: Exception
) -> None:
    await switched_on(there)
    writer.error = error
    await there.ann.send(there.channel, "hello")
    await there.env.advance_time(200)
    assert writer.asked
    assert await store.remarks.unfinished() == [], "it is given up"
    assert there.said() == []
    assert there.ann.user.dm_channel.history() == []


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_refusal_of_discord_ends_that_remark_alone(
    there: World, store: Store, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    await switched_on(there, chatter_pause=1)
    there.env.inject_error("POST", "/channels/*/messages", status=status, times=5)
    await there.ann.send(there.channel, "hello")
    await there.env.advance_time(120)
    assert there.said() == []
    [remark] = await store.remarks.unfinished() or [None]
    assert (remark is not None) is (status == 500), "after a 500 it may be there"


async def test_where_it_may_not_write_nothing_is_drawn(there: World, writer: ScriptedWriter) -> None:
    guild = there.ann.guild
    admin = there.member("root", administrator=True)
    for right in ("send_messages", "embed_links"):
        nobody, ann = discord.PermissionOverwrite(**{right: False}), discord.PermissionOverwrite(**{right: True})
        channel = guild.create_text_channel(right, overwrites={guild.default_role: nobody, there.ann: ann})
        await admin.slash(channel, "settings", **ALWAYS)
        await there.ann.send(channel, "hello")
    assert writer.asked == []


async def test_who_is_kept_out_or_paused_is_not_followed(there: World, writer: ScriptedWriter, store: Store) -> None:
    await switched_on(there)
    await store.pauses.pause(f"discord:{there.ann.id}", Phrase("asked too often"), "limits")
    await there.ann.send(there.channel, "hello")
    await store.pauses.resume(f"discord:{there.ann.id}")
    await store.settings.rule(server_id(there.ann.guild.id), channel_id(there.channel.id), allowed=False, by="a")
    await there.ann.send(there.channel, "hello")
    assert writer.asked == []


async def test_a_voice_that_opted_out_or_joined_elsewhere_says_nothing(
    there: World, writer: ScriptedWriter, store: Store, registry: Registry
) -> None:
    await switched_on(there)
    await store.consent.claim("discord:server:1", "discord:7", "nasa")
    await store.consent.confirm("discord:server:1", "discord:7", "nasa", by="discord:1")
    await store.consent.opt_out("discord:7", "imitation")
    await there.ann.send(there.channel, "hello")
    add_voice(registry, "joined")
    await store.members.join("discord:server:1", "discord:8", "joined")
    await store.settings.put(channel_id(there.channel.id), "voice", "joined", "discord:1")
    await there.env.advance_time(3600)
    await there.ann.send(there.channel, "hello")
    assert there.said() == []
    await store.members.join("discord:server:1", "discord:8", "joined", everywhere=True)
    await there.env.advance_time(3600)
    await there.ann.send(there.channel, "hello")
    assert [one.embeds[0].author.name for one in there.said()] == ["AI parody of @joined"]


async def test_it_speaks_in_a_thread_and_in_a_post_of_a_forum(there: World) -> None:
    admin = there.admin()
    forum = there.ann.guild.create_forum_channel("forum")
    place = there.bot.get_channel(forum.id)
    assert isinstance(place, discord.ForumChannel)
    await place.create_thread(name="a post", content="first")
    [post] = forum.threads
    await admin.slash(post, "settings", **ALWAYS)
    await there.ann.send(post, "hello")
    assert post.history()[-1].embeds[0].description == "Tweet number 1"


async def test_the_buttons_below_a_remark_work_and_moderators_delete_it(there: World, writer: ScriptedWriter) -> None:
    await switched_on(there)
    await there.ann.send(there.channel, "hello")
    [remark] = there.said()
    await there.ann.click(remark, custom_id="tweets:again")
    assert len(writer.asked) == 2
    await there.ann.click(remark, custom_id="tweets:delete")
    assert "Only who asked" in there.private(there.ann)
    await there.member("mod", manage_messages=True).click(remark, custom_id="tweets:delete")
    assert len(there.said()) == 1
    assert there.errors() == ["NotAllowed"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"chatter": "on"}, "Whose voice shall I speak in here?"),
        ({"chatter_pause": 5}, "switch that on with the option chatter"),
        ({"chatter": "on", "voice": "nasa", "quiet": "night"}, "are no quiet hours"),
        ({"chatter": "on", "voice": "nasa", "quiet": "22:00+02:00-07:00"}, "are no quiet hours"),
        ({"chatter": "on", "voice": "nasa", "time_zone": "Mars"}, "There is no time zone"),
    ],
)
async def test_what_makes_no_sense_is_told_to_the_admin(
    there: World, options: dict[str, object], sentence: str
) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "settings", **options)
    assert sentence in there.private(admin)
    assert there.errors() == ["Usage"]


async def test_forgetting_a_voice_leaves_nothing_of_what_it_said(there: World, store: Store) -> None:
    await switched_on(there)
    await there.ann.send(there.channel, "hello")
    [remark] = there.said()
    assert await store.remarks.of_message(message_id(remark.id))
    await store.forgetting.voice("nasa", by="discord:1")
    assert await store.remarks.of_message(message_id(remark.id)) is None
    await there.env.advance_time(3600)
    await there.ann.send(there.channel, "hello")
    assert len(there.said()) == 1


async def test_a_thumb_down_that_comes_twice_counts_once(there: World, store: Store, make_bot: MakeBot) -> None:
    """A gateway may send a click again, also to a bot that was started anew and knows nothing of the first."""
    await switched_on(there, chatter_pause=1)
    await there.ann.send(there.channel, "hello")
    [remark] = there.said()
    await there.ann.click(remark, custom_id="tweets:down")
    await there.ann.click(remark, custom_id="tweets:down")
    await there.env.restart_bot(make_bot())
    await there.ann.click(remark, custom_id="tweets:down")
    assert "If more people give me 👎 than 👍, I stop" in there.private(there.ann)
    assert await store.feedback.tally("nasa") == Tally(0, 1)
    await there.env.advance_time(120)
    await there.ann.send(there.channel, "still there?")
    assert len(there.said()) == 2


async def test_a_remark_that_a_kill_left_half_said_counts_for_the_day(
    there: World, store: Store, make_bot: MakeBot
) -> None:
    await switched_on(there, chatter_a_day=1, chatter_pause=1)
    await there.ann.send(there.channel, "hello")
    [remark] = await store.remarks.unfinished() or [await store.remarks.of_message(message_id(there.said()[0].id))]
    assert remark
    async with store.database.writing() as connection:
        # As a kill leaves it right after Discord has taken the message.
        half = sa.update(remarks).where(remarks.c.id == remark.id)
        await connection.execute(half.values(state="sending", message="", text="Tweet number 1"))
    await there.env.restart_bot(make_bot())
    await there.env.advance_time(120)
    await there.ann.send(there.channel, "hello again")
    assert len(there.said()) == 1
    await Saying(store=store, stage=there.bot.stage, notice=store.notices.add, clock=discord.utils.utcnow).step()
    assert await store.remarks.unfinished() == []
    await there.ann.send(there.channel, "and now?")
    assert len(there.said()) == 1


NASTY = "**bold** @everyone <@1> \u202eevil " + "🦊" * 12


async def test_names_of_people_can_be_anything(there: World, writer: ScriptedWriter, make_bot: MakeBot) -> None:
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    await switched_on(there, chatter_pause=1)
    people = [there.ann.guild.add_member(there.env.create_user(NASTY[:32])), there.member("🦊" * 32)]
    for one in people:
        await there.env.advance_time(120)
        await one.send(there.channel, f"tell {NASTY[:32]} and {'🦊' * 32} that the fog is thick")
        await one.send(there.channel, f"{there.me} nasa what of {NASTY[:32]}?")
        await one.send(there.channel, f"{there.me} hello {NASTY}")
        await one.slash(there.channel, "tweetlike", user=NASTY[:32])
    assert there.errors() == ["UnknownVoice"] * 2 or there.errors() == ["Usage"] * 2
    assert writer.contexts[1] == "what of ?", "the names of who wrote are taken out, whatever they are"
    assert "🦊" * 12 not in writer.contexts[-1]
    for message in there.said():
        assert "@everyone" not in message.content
        assert not message.mention_everyone
    sent = [one.json or {} for one in there.env.http_requests if one.method in ("POST", "PATCH")]
    assert all(one["allowed_mentions"]["parse"] == [] for one in sent if "allowed_mentions" in one)


async def test_each_server_has_its_own_language(there: World) -> None:
    await switched_on(there)
    guild = there.bot.get_guild(there.ann.guild.id)
    assert guild
    guild.preferred_locale = discord.Locale.french
    await there.ann.send(there.channel, "salut")
    [remark] = there.said()
    assert remark.embeds[0].author.name == "Parodie par IA de @nasa"
    await there.ann.send(there.channel, f"{there.me} nasa", reply_to=remark)
    assert there.said()[-1].embeds[0].footer.text == "Écrit par une IA, et par personne d'autre · nasa v1"
