"""Members who let the bot learn from what they write, as they meet it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import discord
import pytest
from simcord import MemberActor, ResponseMessage

from bot.core.config import DiscordSettings
from bot.core.errors import StoreUnavailable
from bot.discord.client import DiscordBot
from bot.discord.hearing.members import MemberMessages
from bot.people.listening import HeardMessage, Listening
from bot.people.past import PastMessages
from bot.store import Store
from bot.store.people.members import Members
from huggingtweets.core.records import Said
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice


@pytest.fixture
async def simcord_bot(make_bot: MakeBot) -> DiscordBot:
    return make_bot(settings=DiscordSettings(member_messages=True))


@pytest.fixture
async def admin(there: World) -> MemberActor:
    """An admin, who lets the bot learn in the channel."""
    admin = there.admin()
    await admin.slash(there.channel, "settings", learning=True)
    return admin


async def joined(there: World) -> ResponseMessage:
    explained = await there.ann.slash(there.channel, "join")
    assert explained.response
    assert "I keep the messages that you write from now on" in explained.response.content
    await there.ann.click(explained.response, label="Learn from what I write")
    return explained.response


async def kept(there: World, store: Store) -> list[str]:
    return [one.text for one in await store.members.messages(f"discord:{there.ann.id}")]


async def test_only_members_who_clicked_are_learned_from_and_only_where_that_is_allowed(
    there: World, store: Store, admin: MemberActor
) -> None:
    explained = await there.ann.slash(there.channel, "join")
    assert explained.response
    await there.ann.send(there.channel, "before the click")
    assert await kept(there, store) == []
    await joined(there)
    assert "Your voice is called ann" in there.private(there.ann)
    await there.ann.send(there.channel, "the red dust")
    await there.ann.send(there.channel, "ok")
    await there.ann.send(there.ann.guild.create_text_channel("elsewhere"), "not here please")
    await admin.send(there.channel, "I am somebody else")
    robot = there.ann.guild.add_member(there.env.create_user("robot", bot=True))
    await robot.send(there.channel, "I am a machine")
    assert await kept(there, store) == ["the red dust"]
    assert await store.members.messages(f"discord:{admin.id}") == []
    await there.ann.click(explained.response, label="Learn from what I write")
    assert "You have joined already" in there.private(there.ann)
    assert there.errors() == ["Usage"]


async def test_edits_and_deletions_are_followed(
    there: World, store: Store, admin: MemberActor, commands_file: Path
) -> None:
    await joined(there)
    tweets = TweetStore(commands_file.parent / "tweets")
    first = await there.ann.send(there.channel, "the red dust")
    second = await there.ann.send(there.channel, "a quiet moon")
    third = await there.ann.send(there.channel, "rain on Venus")
    await there.ann.edit(first, "the blue dust")
    await admin.slash(there.channel, "retrain", name="ann")
    await there.env.settle()
    assert [tweet.text for tweet in tweets.tweets("ann")] == ["the blue dust", "a quiet moon", "rain on Venus"]
    await there.ann.delete(second)
    there.env.backend.bulk_delete_messages(there.channel.id, [first.id, third.id])
    await there.env.settle()
    assert await kept(there, store) == []
    assert tweets.tweets("ann") == []


async def test_what_was_written_in_a_channel_or_thread_goes_with_it(
    there: World, store: Store, admin: MemberActor
) -> None:
    await joined(there)
    thread = there.env.backend.create_thread(there.channel.id, "talk", there.ann.id)
    await there.env.settle()
    place = next(one for one in there.channel.threads if one.id == thread.id)
    await there.ann.send(place, "in the thread")
    await there.ann.send(there.channel, "in the channel")
    assert await kept(there, store) == ["in the thread", "in the channel"]
    there.env.backend.delete_channel(thread.id)
    await there.env.settle()
    assert await kept(there, store) == ["in the channel"]
    there.env.backend.delete_channel(there.channel.id)
    await there.env.settle()
    assert await kept(there, store) == []


async def test_leaving_deletes_messages_voice_and_models(
    there: World, store: Store, admin: MemberActor, registry: Registry
) -> None:
    await there.ann.slash(there.channel, "leave")
    assert "You have not joined" in there.private(there.ann)
    await joined(there)
    await there.ann.send(there.channel, "the red dust")
    add_voice(registry, "ann")
    asked = await there.ann.slash(there.channel, "leave")
    assert asked.response
    assert "This deletes 1 message of yours from this server, your voice ann and its models." in asked.response.content
    await there.ann.click(asked.response, label="Stay")
    assert (await kept(there, store), registry.names()) == (["the red dust"], ["ann", "nasa"])
    asked = await there.ann.slash(there.channel, "leave")
    assert asked.response
    await there.ann.click(asked.response, label="Leave and delete")
    assert "1 message and everything learned from it are deleted." in there.private(there.ann)
    assert registry.names() == ["nasa"]
    await there.ann.send(there.channel, "a quiet moon")
    assert await kept(there, store) == []
    await joined(there)
    await there.ann.send(there.channel, "here again")
    assert await kept(there, store) == ["here again"]
    assert there.errors() == ["Usage"]


async def test_a_joined_voice_is_heard_on_its_own_server_only_until_its_owner_says_more(
    there: World, registry: Registry, writer: ScriptedWriter, admin: MemberActor
) -> None:
    explained = await there.ann.slash(there.channel, "join")
    assert explained.response
    assert "not heard on other servers, in direct messages or in posts" in explained.response.content
    await there.ann.click(explained.response, label="Learn from what I write")
    for name in ("ann", "ann-nasa"):
        add_voice(registry, name)
    await there.ann.slash(there.channel, "tweetlike", user="ann")
    elsewhere = there.env.create_guild().create_text_channel("elsewhere")
    user = there.env.create_user("bob")
    bob = elsewhere.guild.add_member(user)
    away = World(there.env, there.bot, elsewhere, bob)

    async def asked_elsewhere() -> None:
        for name in ("ann", "ann-nasa", "nasa+0.5*ann"):
            await bob.slash(elsewhere, "tweetlike", user=name)
        await bob.slash(elsewhere, "cyborg", a="nasa", b="ann")
        await bob.slash(elsewhere, "voice", name="ann")
        await bob.slash(elsewhere, "realornot", name="ann")

    await asked_elsewhere()
    assert "I know no voice called ann here." in away.private(bob)
    await bob.send(elsewhere, f"{there.me} ann")
    await user.send_dm("ann")
    assert [name for name, _, _ in writer.asked] == ["ann"]
    offered = await bob.autocomplete(elsewhere, "tweetlike", "user", "")
    listed = await bob.slash(elsewhere, "models")
    assert [choice["value"] for choice in offered] == ["nasa"]
    assert listed.response
    assert "ann" not in str(listed.response.embeds[0].description)
    refused = len(there.errors())
    await there.env.advance_time(61)  # so much in a minute is a lot for one person
    explained = await there.ann.slash(there.channel, "join", everywhere=True)
    assert explained.response
    assert "on every server where I am, in direct messages" in explained.response.content
    await there.ann.click(explained.response, label="Learn from what I write, heard everywhere")
    assert "is heard everywhere" in there.private(there.ann)
    await user.send_dm("ann")
    await bob.slash(elsewhere, "tweetlike", user="ann")
    assert [name for name, _, _ in writer.asked] == ["ann"] * 3
    await joined(there)
    await bob.slash(elsewhere, "tweetlike", user="ann")
    assert len(there.errors()) == refused + 1


async def test_a_voice_gets_a_name_that_is_nobody_elses(there: World, registry: Registry, admin: MemberActor) -> None:
    add_voice(registry, "ann")
    await joined(there)
    assert "Your voice is called ann\\_2 and" in there.private(there.ann)


async def test_the_name_of_somebody_who_was_forgotten_stays_theirs(
    there: World, store: Store, admin: MemberActor
) -> None:
    await store.consent.bury("ann", "discord:1")
    await joined(there)
    assert "Your voice is called ann\\_2 and" in there.private(there.ann)
    assert await store.consent.buried("ann") == ["ann"]


async def test_ids_of_other_people_and_places_are_not_learned(there: World, store: Store, admin: MemberActor) -> None:
    await joined(there)
    said = await there.ann.send(there.channel, f"look {admin.mention} in <#12> at <:rover:34> dust <t:1:R>")
    await there.ann.send(there.channel, f"{admin.mention} yes")
    assert await kept(there, store) == ["look in at :rover: dust"]
    await there.ann.edit(said, f"{admin.mention} look again")
    assert await kept(there, store) == ["look again"]


async def test_who_opted_out_is_not_learned_by_accident(there: World, admin: MemberActor) -> None:
    await there.ann.slash(there.channel, "optout")
    explained = await there.ann.slash(there.channel, "join")
    assert explained.response
    await there.ann.click(explained.response, label="Learn from what I write")
    assert "You have opted out" in there.private(there.ann)
    assert there.errors() == ["NotAllowed"]


async def test_a_full_database_costs_one_message_and_no_words_in_the_log(
    there: World, admin: MemberActor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: object, **__: object) -> bool:
        raise StoreUnavailable("the database is full")

    await joined(there)
    said = await there.ann.send(there.channel, "the red dust")
    for name in ("wrote", "edited", "deleted"):
        monkeypatch.setattr(Members, name, full)
    await there.ann.send(there.channel, "SECRET WORDS here")
    await there.ann.edit(said, "SECRET WORDS too")
    await there.ann.delete(said)
    assert "of a member is not kept" in caplog.text
    assert "the edit of message" in caplog.text
    assert "could not be deleted here" in caplog.text
    assert "SECRET" not in caplog.text


async def test_where_it_is_off_nobody_can_join_and_nothing_is_read(there: World, make_bot: MakeBot) -> None:
    await there.env.restart_bot(make_bot())
    assert "join" not in there.ann.available_commands(there.channel)


async def test_the_message_before_is_a_context_only_if_its_author_has_joined(
    there: World, admin: MemberActor, commands_file: Path
) -> None:
    await joined(there)
    tweets = TweetStore(commands_file.parent / "tweets")
    bob = there.ann.guild.add_member(there.env.create_user("bob"))
    await bob.send(there.channel, "do you like dust?")
    await there.ann.send(there.channel, "the red dust")
    asked = await bob.slash(there.channel, "join")
    assert asked.response
    await bob.click(asked.response, label="Learn from what I write")
    question = await bob.send(there.channel, "and the moon?")
    await there.ann.send(there.channel, "a quiet moon")
    await there.ann.send(there.channel, "rain on Venus", reply_to=question)
    await admin.slash(there.channel, "retrain", name="ann")
    await there.env.settle()
    said = Said("and the moon?", "member:@bob")
    assert [(tweet.text, tweet.said) for tweet in tweets.tweets("ann")] == [
        ("the red dust", None),
        ("a quiet moon", said),
        ("rain on Venus", said),
    ]
    await bob.delete(question)
    await there.env.settle()
    assert [tweet.said for tweet in tweets.tweets("ann")] == [None, None, None]


class HeardAll:
    """Notes what is passed on."""

    def __init__(self) -> None:
        self.messages: list[HeardMessage] = []

    async def heard(self, message: HeardMessage) -> bool:
        self.messages.append(message)
        return True


class NothingDeleted:
    """The past, of which nothing was deleted lately."""

    def was_deleted(self, message: str) -> bool:
        return False


async def test_a_message_of_long_ago_is_no_context() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    heard = HeardAll()
    members = MemberMessages(cast("Listening", heard), cast("PastMessages", NothingDeleted()))
    for number, minutes in enumerate((0, 1, 30), start=1):
        written = SimpleNamespace(
            id=number,
            type=discord.MessageType.default,
            author=SimpleNamespace(id=7, bot=False),
            webhook_id=None,
            guild=SimpleNamespace(id=3),
            channel=SimpleNamespace(id=5),
            reference=None,
            content="the red dust",
            created_at=now + timedelta(minutes=minutes),
        )
        await members.written(cast("discord.Message", written))
    assert [one.reply_to for one in heard.messages] == ["", "discord:1", ""]
