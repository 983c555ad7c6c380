"""Home admins delete a voice, after a question, and end a pause."""

import discord

from bot.store import Store
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import World, add_voice


async def test_a_voice_is_deleted_after_a_question_and_may_be_learned_again(
    there: World, registry: Registry, store: Store
) -> None:
    for name in ("ann", "ann-nasa", "bob"):
        add_voice(registry, name)
    admin = there.admin()
    choices = await admin.autocomplete(there.channel, "deletevoice", "name", "@AN")
    assert [one["value"] for one in choices] == ["ann", "ann-nasa"]
    asked = await admin.slash(there.channel, "deletevoice", name="@Ann")
    assert asked.response
    assert "This deletes ann with all its tweets and versions." in asked.response.content
    assert "The same person is in ann-nasa, so that goes, too." in asked.response.content
    assert registry.all_names() == ["ann", "ann-nasa", "bob", "nasa"]
    await admin.click(asked.response, label="Delete the voice")
    assert "ann, ann-nasa are no more" in there.private(admin)
    assert registry.all_names() == ["bob", "nasa"]
    assert "ann" not in await store.consent.all_buried()
    assert "voice.delete" in [act.action for act in await store.audit.recent()]


async def test_a_voice_may_be_kept_after_all(there: World, registry: Registry) -> None:
    admin = there.admin()
    asked = await admin.slash(there.channel, "deletevoice", name="nasa")
    assert asked.response
    await admin.click(asked.response, label="Keep it")
    assert registry.all_names() == ["nasa"]


async def test_deleting_what_was_forgotten_takes_no_promise_back(there: World, store: Store) -> None:
    await store.consent.bury("ann", "discord:1")
    admin = there.admin()
    await admin.slash(there.channel, "deletevoice", name="ann")
    assert "I know no voice called ann." in there.private(admin)
    await admin.slash(there.channel, "deletevoice", name="naza")
    assert "Did you mean nasa?" in there.private(admin)
    assert "ann" in await store.consent.all_buried()
    assert there.errors() == ["Usage"] * 2


async def test_only_admins_of_home_delete_voices_and_end_pauses(there: World, registry: Registry) -> None:
    admin = there.admin()
    asked = await admin.slash(there.channel, "deletevoice", name="nasa")
    assert asked.response
    guild = there.env.create_guild()
    channel = guild.create_text_channel("general")
    boss = guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    stranger = guild.add_member(there.env.create_user("stranger"), roles=[boss])
    for command, options in (("deletevoice", {"name": "nasa"}), ("unpause", {"member": there.ann.user})):
        result = await stranger.slash(channel, command, **options)
        assert result.response
        assert "Only admins of my home server" in result.response.content
    assert await stranger.autocomplete(channel, "deletevoice", "name", "") == []
    assert registry.all_names() == ["nasa"]
    assert there.errors() == ["NotAllowed"] * 2


async def test_a_pause_is_lifted(there: World, store: Store) -> None:
    await store.pauses.pause(f"discord:{there.ann.id}", Phrase("asked too often"), "limits")
    admin = there.admin()
    result = await admin.slash(there.channel, "unpause", member=there.ann)
    assert result.response
    assert "I answer ann again." in result.response.content
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert len(there.said()) == 1
    await admin.slash(there.channel, "unpause", member=there.ann)
    assert "I take no break from ann" in there.private(admin)
    assert there.errors() == ["Usage"]
