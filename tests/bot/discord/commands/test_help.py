"""/help, and where each command may be used."""

import discord
import pytest
from discord import app_commands
from simcord import Env

from bot.discord.asking import answering
from bot.discord.asking.gate import channel_id, server_id
from bot.store import Store
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import MakeBot, World, add_voice

EVERYWHERE = {
    "tweetlike",
    "reply",
    "scene",
    "cyborg",
    "models",
    "voice",
    "privacy",
    "optout",
    "optin",
    "mydata",
    "forget",
    "help",
}


async def help_for(there: World, member: object) -> tuple[str, discord.Embed]:
    result = await member.slash(there.channel, "help")  # type: ignore[attr-defined]
    assert result.response
    assert result.response.ephemeral
    embeds = result.response.embeds
    return "\n".join(embed.description or "" for embed in embeds), embeds[-1]


async def test_it_lists_what_this_person_may_do_here(there: World) -> None:
    mine, _ = await help_for(there, there.ann)
    assert "`/tweetlike` Tweets like somebody whose voice I have learned" in mine
    assert "Right-click a message, Apps, **Continue this as ...**" in mine
    for name in ("settings", "train", "schedule set", "home"):
        assert f"`/{name}`" not in mine
    admins, _ = await help_for(there, there.admin())
    assert "`/settings`" in admins
    assert "`/schedule set`" in admins, "this server is home"
    assert "`/home`" not in admins


async def test_in_a_direct_message_it_leaves_out_what_needs_a_server(simcord_env: Env) -> None:
    bob = simcord_env.create_user("bob")
    result = await bob.slash("help")
    assert result.response
    text = "\n".join(embed.description or "" for embed in result.response.embeds)
    assert "`/tweetlike`" in text
    assert "`/realornot`" not in text
    assert "`/link`" not in text


async def test_who_is_kept_out_sees_what_is_left(there: World, store: Store) -> None:
    server = server_id(there.ann.guild.id)
    await store.settings.rule(server, channel_id(there.channel.id), allowed=False, by="a")
    text, _ = await help_for(there, there.ann)
    assert "`/optout`" in text
    assert "`/tweetlike`" not in text


async def test_it_says_how_the_bot_is_invited(there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, embed = await help_for(there, there.ann)
    [field] = [one for one in embed.fields if one.name == "Invite me"]
    assert f"client_id={there.bot.application_id}" in str(field.value)
    assert "&integration_type=1" in str(field.value)


def test_each_command_says_where_it_may_be_used(there: World) -> None:
    for one in there.bot.tree.get_commands():
        installs, contexts = one.allowed_installs, one.allowed_contexts
        assert installs, one.name
        assert contexts, one.name
        alone = one.name in EVERYWHERE or one.name in ("Continue this as ...", "Reply as ...")
        assert (installs.guild, installs.user) == (True, alone), one.name
        assert contexts.guild
        assert bool(contexts.private_channel) is alone, one.name
        if isinstance(one, app_commands.Command) and alone:
            assert contexts.dm_channel


async def test_where_somebody_has_brought_it_along_it_sends_five_follow_ups_at_most(
    there: World, registry: Registry, monkeypatch: pytest.MonkeyPatch, make_bot: MakeBot
) -> None:
    for number in range(400):
        add_voice(registry, f"voice_with_a_long_name_{number}")
    monkeypatch.setattr(discord.Interaction, "is_user_integration", lambda _: True)
    monkeypatch.setattr(discord.Interaction, "is_guild_integration", lambda _: False)
    result = await there.ann.slash(there.channel, "models")
    sent = [*result.followups, result.response]
    assert len([one for one in sent if one]) == answering.MAX_FOLLOW_UPS
    assert sent[-2] or sent[-1]
    assert any(one and "There is more than fits here." in one.content for one in sent)


async def test_a_joined_voice_is_not_heard_where_somebody_has_brought_the_bot_along(
    there: World, registry: Registry, store: Store
) -> None:
    add_voice(registry, "joined")
    await store.members.join("discord:server:1", "discord:8", "joined")
    await there.ann.slash(there.channel, "tweetlike", user="joined")
    assert "I know no voice called joined here" in there.private(there.ann)
    assert there.errors() == ["NotAllowed"]
