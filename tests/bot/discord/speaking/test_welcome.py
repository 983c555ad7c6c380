"""The first message on a server."""

import asyncio

import discord
from simcord import ChannelHandle, Env

from bot.discord.speaking.welcome import HELLO
from bot.store import Store
from tests.bot.discord.conftest import MakeBot, World


async def hello(channel: ChannelHandle) -> str:
    """Wait for the first message, because SimCord does not, and return it."""
    async with asyncio.timeout(120):
        while not channel.history():
            await asyncio.sleep(0.01)
    return channel.history()[0].content


async def test_a_server_is_welcomed_once_with_the_next_steps(there: World, make_bot: MakeBot) -> None:
    said = await hello(there.channel)
    assert said.startswith(HELLO)
    for command in ("/models", "/tweetlike", "/train", "/allow", "/settings", "/privacy"):
        assert f"`{command}`" in said
    await there.env.restart_bot(make_bot())
    await asyncio.sleep(0.2)
    assert len(there.shown()) == 1


async def test_another_server_is_not_told_to_train(there: World) -> None:
    await hello(there.channel)
    other = there.env.create_guild().create_text_channel("general")
    said = await hello(other)
    assert "`/train`" not in said
    assert "`/link`" in said


async def test_hello_is_said_where_the_bot_may_write_and_no_list_keeps_it_out(
    simcord_env: Env, store: Store, make_bot: MakeBot
) -> None:
    guild = simcord_env.create_guild()
    silent = {guild.default_role: discord.PermissionOverwrite(send_messages=False)}
    closed = guild.create_text_channel("rules", overwrites=silent)
    denied = guild.create_text_channel("serious")
    good = guild.create_text_channel("bots")
    await store.settings.rule(
        f"discord:server:{guild.id}", f"discord:channel:{denied.id}", allowed=False, by="discord:1"
    )
    await simcord_env.restart_bot(make_bot())
    assert (await hello(good)).startswith(HELLO)
    assert closed.history() == []
    assert denied.history() == []


async def test_a_server_that_knows_the_bot_is_not_bothered(there: World, make_bot: MakeBot, store: Store) -> None:
    await hello(there.channel)
    await store.settings.remove(f"discord:server:{there.ann.guild.id}", "welcomed")
    await there.env.advance_time(2 * 86_400)
    await there.env.restart_bot(make_bot())
    await asyncio.sleep(0.2)
    assert len(there.shown()) == 1
