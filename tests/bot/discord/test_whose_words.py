"""What people say to the bot, and what it answers of others: nothing of it stays when they withdraw."""

import pytest

from bot.core.config import DiscordSettings
from bot.discord.asking.gate import message_id
from bot.store import Store
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice
from tests.bot.discord.speaking.test_chatter import switched_on


async def kept(there: World, store: Store, number: int) -> tuple[str, str]:
    """What answer `number` in the channel begins with and answers, as far as that is kept."""
    record = await store.feedback.answer(message_id(there.said()[number].id))
    assert record
    return record.prompt, record.context


async def test_who_is_forgotten_is_not_quoted_in_answers_to_others(there: World, store: Store) -> None:
    bob = there.member("bob")
    await there.ann.send(there.channel, f"{there.me} nasa My secret dream")
    await bob.send(there.channel, "And then?", reply_to=there.said()[0])
    await bob.click(there.said()[0], label="Again")
    message = await there.ann.send(there.channel, "a secret of mine")
    for entry in ("Reply as ...", "Continue this as ..."):
        asked = await bob.context_menu(there.channel, entry, message)
        assert asked.response
        await bob.select(asked.response, ["nasa"])
    assert "secret" in str([await kept(there, store, number) for number in range(5)])
    about = await store.forgetting.about(f"discord:{there.ann.id}")
    assert len(about["quoted"]) == 4, "all but the answer to herself"
    await store.forgetting.person(f"discord:{there.ann.id}", "discord:1")
    assert [await kept(there, store, number) for number in range(5)] == [("", "")] * 5
    assert "secret" not in str(await store.forgetting.about(f"discord:{bob.id}"))


async def test_a_voice_that_is_forgotten_is_not_quoted_in_what_another_voice_answers(
    there: World, store: Store, registry: Registry, writer: ScriptedWriter
) -> None:
    add_voice(registry, "dril")
    writer.texts = ("drawn from a life",)
    await there.ann.send(there.channel, f"{there.me} nasa hello")
    asked = await there.ann.context_menu(there.channel, "Reply as ...", there.said()[0])
    assert asked.response
    await there.ann.select(asked.response, ["dril"])
    assert await kept(there, store, 1) == ("", "drawn from a life")
    await store.forgetting.voice("nasa", "discord:1")
    assert await kept(there, store, 1) == ("", "")


async def test_what_is_drawn_while_its_author_is_forgotten_keeps_no_words_of_theirs(
    there: World, store: Store, writer: ScriptedWriter
) -> None:
    bob = there.member("bob")
    message = await there.ann.send(there.channel, "a secret of mine")
    asked = await bob.context_menu(there.channel, "Reply as ...", message)
    assert asked.response
    writer.seconds = 20
    await bob.select(asked.response, ["nasa"])
    await store.forgetting.person(f"discord:{there.ann.id}", "discord:1")
    await there.env.advance_time(30)
    assert await kept(there, store, 0) == ("", "")


async def test_who_opts_out_before_a_voice_is_chosen_is_not_answered(
    there: World, store: Store, writer: ScriptedWriter
) -> None:
    bob = there.member("bob")
    message = await there.ann.send(there.channel, "My dream is")
    asked = await bob.context_menu(there.channel, "Reply as ...", message)
    assert asked.response
    assert asked.response.embeds[0].url == message.jump_url
    await there.ann.slash(there.channel, "optout")
    await bob.select(asked.response, ["nasa"])
    assert there.private(bob).startswith("Whoever wrote this has opted out")
    assert writer.asked == []
    assert there.errors() == []


async def test_in_a_chain_nothing_is_answered_of_who_has_opted_out(there: World, writer: ScriptedWriter) -> None:
    bob = there.member("bob")
    await there.ann.send(there.channel, f"{there.me} nasa My dream is")
    await there.ann.slash(there.channel, "optout")
    await bob.send(there.channel, "And then?", reply_to=there.said()[0])
    await bob.click(there.said()[0], label="Again")
    assert writer.contexts == ["My dream is", "Tweet number 1\nAnd then?", ""]
    await there.ann.send(there.channel, "At last", reply_to=there.said()[0])
    assert writer.contexts[-1] == "My dream is\nTweet number 1\nAt last", "what she says herself"


async def test_chatter_does_not_read_the_message_of_somebody_who_opted_out_that_is_replied_to(
    there: World, writer: ScriptedWriter, make_bot: MakeBot
) -> None:
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    bob = there.member("bob")
    first = await bob.send(there.channel, "my secret words")
    await bob.slash(there.channel, "optout")
    await switched_on(there)
    await there.ann.send(there.channel, "is the fog thick?", reply_to=first)
    assert writer.contexts == ["is the fog thick?"]


async def test_tweets_of_a_voice_that_has_opted_out_are_not_continued(
    there: World, store: Store, registry: Registry
) -> None:
    add_voice(registry, "dril")
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    shown = there.said()[0]
    await store.feedback.withdrawn(message_id(shown.id))
    await store.consent.bury("nasa", "discord:1")
    await there.ann.context_menu(there.channel, "Reply as ...", shown)
    assert "nasa does not want to be imitated" in there.private(there.ann)
    assert there.errors() == ["NotAllowed"]


@pytest.mark.parametrize("who", ["ann", "bob"])
async def test_answers_to_others_stay_as_they_are_if_somebody_else_is_forgotten(
    there: World, store: Store, who: str
) -> None:
    people = {"ann": there.ann, "bob": there.member("bob"), "eve": there.member("eve")}
    await people["eve"].send(there.channel, f"{there.me} nasa My dream is")
    await there.ann.send(there.channel, "And then?", reply_to=there.said()[0])
    await store.forgetting.person(f"discord:{people[who].id}", "discord:1")
    wanted = ("", "") if who == "ann" else ("", "My dream is\nTweet number 1\nAnd then?")
    assert await kept(there, store, 1) == wanted
