"""Which server is the bot's home. Nobody changes that by inviting the bot or by removing it."""

import asyncio
from typing import Any

import discord
import pytest
from simcord import ChannelHandle, Env, MemberActor

from bot.background.telling import Delivery
from bot.core.config import DiscordSettings
from bot.discord.speaking.notices import OWNER
from bot.store import Store
from tests.bot.discord.conftest import MakeBot, World

ELSEWHERE = "Only admins of my home server may do this, because my voices are the same on all servers."
UNDECIDED = "no server is my home yet. Whoever set me up can choose one with /home"


def stranger_in(env: Env) -> tuple[ChannelHandle, MemberActor]:
    """Returns a channel of another server, and an admin there."""
    guild = env.create_guild("Elsewhere")
    boss = guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    return guild.create_text_channel("general"), guild.add_member(env.create_user("stranger"), roles=[boss])


async def refused(who: MemberActor, channel: ChannelHandle, command: str, **options: Any) -> str:
    result = await who.slash(channel, command, **options)
    assert result.response
    assert result.response.ephemeral
    return str(result.response.content)


async def leave(there: World, guild: int) -> None:
    found = there.bot.get_guild(guild)
    assert found
    await found.leave()
    await there.env.settle()


async def decided(store: Store) -> None:
    """Wait until home is decided. SimCord does not wait for that."""
    async with asyncio.timeout(120):
        while await store.settings.get("global", "home") is None or not await notices(store):
            await asyncio.sleep(0.01)


async def notices(store: Store) -> list[str]:
    return [notice.text for notice in await store.notices.untold() if notice.place == OWNER]


async def test_a_strangers_server_gets_no_rights_by_inviting_the_bot(there: World, store: Store) -> None:
    await decided(store)
    admin = there.admin()
    channel, stranger = stranger_in(there.env)
    await there.env.settle()
    assert ELSEWHERE in await refused(stranger, channel, "rollback", name="nasa")
    await admin.slash(there.channel, "retrain", name="nasa")
    assert [job.name for job in await store.jobs.active()] == ["nasa"], "home keeps its rights"
    assert there.errors() == ["NotAllowed"]


async def test_a_strangers_server_gets_no_rights_when_home_sends_the_bot_away(
    there: World, make_bot: MakeBot, store: Store
) -> None:
    await decided(store)
    channel, stranger = stranger_in(there.env)
    await there.env.settle()
    await leave(there, there.ann.guild.id)
    assert len(there.bot.guilds) == 1
    assert ELSEWHERE in await refused(stranger, channel, "promote", name="nasa", version="v1")
    await there.env.restart_bot(make_bot())
    assert ELSEWHERE in await refused(stranger, channel, "promote", name="nasa", version="v1")
    told = await notices(store)
    assert len(told) == 2
    assert told[0].startswith("My home is Test Guild.")
    assert told[1].startswith("I am not on my home server any more.")
    assert there.errors() == ["NotAllowed"] * 2


async def test_what_happened_while_the_bot_was_away_changes_no_home(
    there: World, make_bot: MakeBot, store: Store
) -> None:
    await store.settings.put("global", "home", ["discord:server:999999999999999999"], "bot")
    await there.env.restart_bot(make_bot())
    assert ELSEWHERE in await refused(there.admin(), there.channel, "retrain", name="nasa")
    assert [text[:38] for text in await notices(store)][-1] == "I am not on my home server any more. U"
    assert there.errors() == ["NotAllowed"]


async def test_on_two_servers_from_the_start_the_owner_decides(there: World, make_bot: MakeBot, store: Store) -> None:
    channel, stranger = stranger_in(there.env)
    owner = there.admin()
    bob = there.member("bob", manage_guild=True)
    await decided(store)
    await store.settings.remove("global", "home")
    await there.env.restart_bot(make_bot(settings=DiscordSettings(owners=[owner.id])))
    for who, place in ((stranger, channel), (bob, there.channel)):
        assert UNDECIDED in await refused(who, place, "retrain", name="nasa")
        assert "Only my owner may do this" in await refused(who, place, "home")
    assert "Until you choose one, only you may teach me voices" in (await notices(store))[-1]
    await owner.slash(there.channel, "retrain", name="nasa")
    assert len(await store.jobs.active()) == 1, "somebody must be able to train"
    choices = await owner.autocomplete(there.channel, "home", "server", "test")
    assert [one["value"] for one in choices] == [str(there.ann.guild.id)]
    assert await bob.autocomplete(there.channel, "home", "server", "") == []
    assert "My home is Test Guild." in await refused(owner, there.channel, "home", server=choices[0]["value"])
    await bob.slash(there.channel, "cancel", job=1)
    assert await store.jobs.active() == []
    assert ELSEWHERE in await refused(stranger, channel, "retrain", name="nasa")
    assert "I am on no such server" in await refused(owner, there.channel, "home", server="12")
    added = await refused(owner, there.channel, "home", server=str(stranger.guild.id), also=True)
    assert added.startswith("My home is Test Guild and Elsewhere.")
    assert [act.action for act in await store.audit.recent(5) if act.action == "home"] == ["home", "home"]
    assert there.errors() == ["NotAllowed"] * 5 + ["Usage"]


async def test_home_of_the_settings_cannot_be_changed_by_a_command(
    there: World, make_bot: MakeBot, store: Store
) -> None:
    owner = there.admin()
    bob = there.member("bob", manage_guild=True)
    settings = DiscordSettings(owners=[owner.id], home_servers=[there.ann.guild.id])
    channel, stranger = stranger_in(there.env)
    await there.env.restart_bot(make_bot(settings=settings))
    await bob.slash(there.channel, "retrain", name="nasa")
    assert len(await store.jobs.active()) == 1
    said = await refused(owner, there.channel, "home", server=str(stranger.guild.id))
    assert "it can only be changed there" in said
    assert ELSEWHERE in await refused(stranger, channel, "retrain", name="nasa")
    assert there.errors() == ["Usage", "NotAllowed"]


async def test_the_owner_is_told_by_a_direct_message_and_the_log_where_none_is_taken(
    there: World, make_bot: MakeBot, store: Store
) -> None:
    await decided(store)
    owner = there.admin()
    [notice] = [one for one in await store.notices.untold() if one.place == OWNER]
    assert await make_bot().notices.tell(notice) is Delivery.NOT_YET
    await there.env.restart_bot(make_bot(settings=DiscordSettings(owners=[owner.id])))
    assert await there.env.bot.notices.tell(notice) is Delivery.TOLD
    message = owner.user.dm_channel.history()[-1].content
    assert message.startswith("My home is Test Guild. Who has the permission Manage Server there may teach me voices")
    there.env.inject_error("POST", f"/channels/{owner.user.dm_channel.id}/messages", status=403)
    assert await there.env.bot.notices.tell(notice) is Delivery.NOT_MINE


@pytest.mark.parametrize("place", ["home", "sync"])
async def test_what_is_the_owners_is_refused_in_words_of_people(there: World, place: str) -> None:
    said = await refused(there.admin(), there.channel, place)
    assert "set me up at Discord" in said
    assert "[discord]" not in said
    assert there.errors() == ["NotAllowed"]
