"""Who is let in: lists, limits, strikes and pauses, as people meet them."""

import discord
import pytest
from simcord import Env

from bot.core.config import DiscordSettings, LimitsSettings
from bot.core.errors import TooOften
from bot.store import Store
from huggingtweets.core.text.phrases import Phrase
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World


async def test_a_denied_channel_is_silent_in_public_and_told_in_private(there: World, writer: ScriptedWriter) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "deny", channel=there.channel)
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert result.response
    assert result.response.ephemeral
    assert "I do not answer in this channel." in result.response.content
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert there.said() == []
    assert "I do not answer in this channel." in there.ann.user.dm_channel.history()[-1].content
    assert writer.asked == []
    await admin.slash(there.channel, "deny", channel=there.channel, remove=True)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert len(there.said()) == 1
    assert there.errors() == ["CheckFailure"]


async def test_who_takes_no_direct_messages_is_left_alone_where_the_bot_is_kept_out(there: World) -> None:
    await there.admin().slash(there.channel, "deny", channel=there.channel)
    there.env.inject_error("POST", "/users/@me/channels", status=403)
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert there.said() == []


async def test_a_list_counts_for_categories_and_threads(there: World, writer: ScriptedWriter) -> None:
    guild = there.ann.guild
    category = guild.create_category("bots")
    inside = guild.create_text_channel("bot", category=category)
    await there.admin().slash(there.channel, "allow", channel=category)
    await there.ann.slash(inside, "tweetlike", user="nasa")
    refused = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert refused.response
    assert "I do not answer in this channel." in refused.response.content
    thread = there.env.backend.create_thread(inside.id, "talk", there.ann.id)
    await there.env.settle()
    place = next(one for one in inside.threads if one.id == thread.id)
    await there.ann.slash(place, "tweetlike", user="nasa")
    assert len(writer.asked) == 2
    assert there.errors() == ["CheckFailure"]


async def test_roles_and_people_can_be_kept_out_and_let_in(there: World, writer: ScriptedWriter) -> None:
    admin = there.admin()
    bob = there.member("bob")
    fans = there.ann.guild.create_role("fans")
    eve = there.ann.guild.add_member(there.env.create_user("eve"), roles=[fans])
    await admin.slash(there.channel, "allow", role=fans)
    await eve.slash(there.channel, "tweetlike", user="nasa")
    refused = await bob.slash(there.channel, "tweetlike", user="nasa")
    assert refused.response
    assert "I do not answer you here." in refused.response.content
    result = await admin.slash(there.channel, "deny", member=eve)
    assert result.response
    assert result.response.content == f"Allowed: <@&{fans.id}>. Denied: <@{eve.id}>."
    await eve.slash(there.channel, "tweetlike", user="nasa")
    assert len(writer.asked) == 1
    assert there.errors() == ["CheckFailure"] * 2


async def test_whole_servers_are_only_for_the_owner(there: World, make_bot: MakeBot, writer: ScriptedWriter) -> None:
    admin = there.admin()
    refused = await admin.slash(there.channel, "deny", server=str(there.ann.guild.id))
    assert refused.response
    assert "Only my owner" in refused.response.content
    await there.env.restart_bot(make_bot(settings=DiscordSettings(owners=[admin.id])))
    await admin.slash(there.channel, "deny", server="12")
    assert "Copy Server ID" in there.private(admin)
    await admin.slash(there.channel, "deny", server=str(there.ann.guild.id))
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert result.response
    assert "I do not work on this server." in result.response.content
    assert writer.asked == []
    assert there.errors() == ["NotAllowed", "Usage", "CheckFailure"]


async def test_what_concerns_oneself_works_for_everybody(there: World) -> None:
    await there.admin().slash(there.channel, "deny", member=there.ann)
    for command in ("privacy", "optout", "mydata"):
        result = await there.ann.slash(there.channel, command)
        assert result.response
        assert "I do not answer you" not in result.response.content


async def test_lists_hold_in_direct_messages_for_people_only(simcord_env: Env, store: Store) -> None:
    bob = simcord_env.create_user("bob")
    await store.settings.rule("global", f"discord:user:{bob.id}", allowed=False, by="test")
    result = await bob.slash("tweetlike", user="nasa")
    assert "I do not answer you here." in result.response.content
    assert [type(error.__cause__).__name__ for error in simcord_env.errors] == ["KeptOut"]


@pytest.fixture
def few() -> LimitsSettings:
    return LimitsSettings(requests_per_minute=2, server_requests_per_minute=3, strikes=3, pause_minutes=30.0)


async def test_limits_of_a_person_and_a_server_say_when_to_come_back(
    there: World, make_bot: MakeBot, few: LimitsSettings
) -> None:
    await there.env.restart_bot(make_bot(limits=few))
    bob = there.member("bob")
    for _ in range(2):
        await there.ann.slash(there.channel, "tweetlike", user="nasa")
    await there.env.advance_time(20)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "That was a lot at once; try again in 40 s." in there.private(there.ann)
    await bob.slash(there.channel, "tweetlike", user="nasa")
    await bob.slash(there.channel, "tweetlike", user="nasa")
    assert "A lot is asked here just now; try again in 40 s." in there.private(bob)
    await there.env.advance_time(41)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert len(there.said()) == 4
    assert there.errors() == ["CheckFailure"] * 2


async def test_who_goes_on_asking_too_much_is_paused_also_after_a_restart(
    there: World, make_bot: MakeBot, few: LimitsSettings
) -> None:
    await there.env.restart_bot(make_bot(limits=few))
    for _ in range(5):
        await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "I take a break from you; try again in 30 min." in there.private(there.ann)
    await there.env.advance_time(60)
    await there.env.restart_bot(make_bot(limits=few))
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "try again in 29 min." in there.private(there.ann)
    await there.env.advance_time(29 * 60 + 1)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert len(there.said()) == 3
    assert there.errors() == ["CheckFailure"] * 4


async def test_a_paused_person_is_told_once_and_then_no_more(there: World, store: Store) -> None:
    await store.pauses.pause(f"discord:{there.ann.id}", Phrase("spam"), "discord:1")
    for _ in range(3):
        await there.ann.send(there.channel, f"{there.me} nasa")
    assert there.said() == []
    assert len(there.ann.user.dm_channel.history()) == 1
    assert "An admin has paused you" in there.ann.user.dm_channel.history()[0].content


async def test_a_limit_is_told_in_the_channel_where_no_direct_message_is_taken(
    there: World, make_bot: MakeBot, few: LimitsSettings
) -> None:
    await there.env.restart_bot(make_bot(limits=few))
    there.env.inject_error("POST", "/users/@me/channels", status=403)
    for _ in range(3):
        await there.ann.send(there.channel, f"{there.me} nasa")
    assert "try again in 60 s" in there.said()[-1].content


async def test_a_chain_of_replies_has_an_end(there: World, make_bot: MakeBot, writer: ScriptedWriter) -> None:
    await there.env.restart_bot(make_bot(limits=LimitsSettings(chain=2)))
    await there.ann.send(there.channel, f"{there.me} nasa")
    for _ in range(2):
        await there.ann.send(there.channel, "go on", reply_to=there.said()[-1])
    assert "We have gone on for 2 tweets" in there.said()[-1].content
    assert len(writer.asked) == 2


async def test_commands_of_admins_are_hidden_and_refused(there: World) -> None:
    visible = set(there.ann.available_commands(there.channel))
    assert visible.isdisjoint({"allow", "deny", "settings", "status", "train", "promote"})
    # Discord's own setting can be changed by a server, so the bot checks again.
    guild = there.ann.guild
    everyone = guild.default_role
    for command in ("allow", "settings", "status", "jobs", "sync"):
        known = there.env.backend.find_command(command, guild.id)
        guild.set_command_permissions(int(known["id"]), {everyone: True})
        result = await there.ann.slash(there.channel, command)
        assert result.response
        assert result.response.ephemeral
        assert "Only" in result.response.content
    assert there.errors() == ["NotAllowed"] * 5


async def test_admins_of_a_strangers_server_change_no_voice(there: World) -> None:
    elsewhere = there.env.create_guild()
    channel = elsewhere.create_text_channel("general")
    role = elsewhere.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    stranger = elsewhere.add_member(there.env.create_user("stranger"), roles=[role])
    result = await stranger.slash(channel, "rollback", name="nasa")
    assert result.response
    assert "Only admins of my home server" in result.response.content
    assert there.errors() == ["NotAllowed"]


async def passed(there: World, times: int, command: str, **options: str) -> int:
    """Ask so many times in a row. Returns how many asks no limit refused."""
    before = len(there.env.errors)
    for _ in range(times):
        await there.ann.slash(there.channel, command, **options)
    refused = [getattr(one, "original", one.__cause__) for one in there.env.errors[before:]]
    return times - sum(isinstance(one, TooOften) for one in refused)


@pytest.mark.parametrize(
    ("command", "options", "allowed"),
    [
        ("voice", {"name": "nasa"}, 5),
        ("link", {"voice": "nasa"}, 10),
        ("mydata", {}, 10),
        ("tweetlike", {"user": "nasa"}, 10),
        ("tweetlike", {"user": "nobody"}, 10),
        ("tweetlike", {"user": "<@1>"}, 15),
        ("models", {}, 15),
        ("optout", {}, 15),
        ("forget", {"what": "me"}, 15),
        ("privacy", {}, 15),
    ],
)
async def test_every_command_counts_by_what_it_costs_except_for_withdrawing(
    there: World, make_bot: MakeBot, command: str, options: dict[str, str], allowed: int
) -> None:
    await there.env.restart_bot(make_bot(limits=LimitsSettings(requests_per_minute=10, strikes=100)))
    assert await passed(there, 15, command, **options) == allowed
    there.errors()


async def test_who_is_paused_can_still_withdraw(there: World, store: Store) -> None:
    await store.pauses.pause(f"discord:{there.ann.id}", Phrase("spam"), "discord:1")
    for command, options in (("optout", {}), ("forget", {"what": "me"}), ("unlink", {}), ("leave", {})):
        result = await there.ann.slash(there.channel, command, **options)
        assert result.response
        assert "paused" not in result.response.content
    there.errors()


async def test_failures_of_one_person_do_not_use_up_the_servers_limit(
    there: World, make_bot: MakeBot, writer: ScriptedWriter
) -> None:
    limits = LimitsSettings(requests_per_minute=10, server_requests_per_minute=3, strikes=100)
    await there.env.restart_bot(make_bot(limits=limits))
    for _ in range(4):
        await there.ann.slash(there.channel, "tweetlike", user="nobody")
    bob = there.member("bob")
    for _ in range(3):
        await bob.slash(there.channel, "tweetlike", user="nasa")
    assert len(writer.asked) == 3
    assert there.errors() == ["UnknownVoice"] * 4


async def test_asking_how_to_ask_counts_too(there: World, make_bot: MakeBot) -> None:
    await there.env.restart_bot(make_bot(limits=LimitsSettings(requests_per_minute=2)))
    for _ in range(5):
        await there.ann.send(there.channel, there.me)
    assert len(there.said()) == 2
