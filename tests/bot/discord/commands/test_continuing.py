"""A message is continued in any of the voices, whether there is one or hundreds."""

import discord
import pytest
from simcord import MemberActor

from bot.discord.look.rendering import as_read, as_written
from bot.store import Store
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice


@pytest.fixture
def many(registry: Registry) -> None:
    """73 voices, @nasa among them."""
    for number in range(72):
        add_voice(registry, f"voice_{number:02}")


def chooser(there: World, viewer: MemberActor) -> discord.Message:
    """Returns the message with the list, as it is now."""
    return [one for one in there.channel.history(viewer=viewer) if one.flags.ephemeral and one.embeds][-1]


def listed(message: discord.Message) -> list[str]:
    return [option.label for option in message.components[0].children[0].options]  # type: ignore[union-attr]


async def test_a_message_is_continued_in_a_voice_that_is_chosen_also_after_a_restart(
    there: World, writer: ScriptedWriter, make_bot: MakeBot
) -> None:
    message = await there.ann.send(there.channel, "My *dream*\nis")
    await there.env.restart_bot(make_bot())
    bob = there.member("bob")
    menu = await bob.context_menu(there.channel, "Continue this as ...", message)
    assert menu.response
    assert menu.response.ephemeral
    await bob.select(menu.response, ["nasa"])
    assert writer.asked == [("nasa", "My *dream* is", 1)]
    assert there.said()[0].embeds[0].description == "Tweet number 1"


async def test_what_goes_wrong_with_a_choice_is_told(there: World, writer: ScriptedWriter) -> None:
    message = await there.ann.send(there.channel, "My dream is")
    menu = await there.ann.context_menu(there.channel, "Continue this as ...", message)
    assert menu.response
    await there.env.advance_time(16 * 60)  # when discord.py lets private views expire
    writer.error = ZeroDivisionError("secret")
    await there.ann.select(menu.response, ["nasa"])
    assert "Something went wrong on my side" in there.private(there.ann)
    assert there.said() == []


async def test_nothing_to_continue_and_nobody_to_do_it_are_told(there: World, registry: Registry) -> None:
    picture = await there.ann.send(there.channel, "\u202e\u200b")
    await there.ann.context_menu(there.channel, "Continue this as ...", picture)
    assert "There is no text in this message" in there.private(there.ann)
    message = await there.ann.send(there.channel, "My dream is")
    registry.forget("nasa")
    await there.ann.context_menu(there.channel, "Continue this as ...", message)
    assert "I know nobody yet" in there.private(there.ann)
    assert there.errors() == ["Usage", "Usage"]


async def test_all_voices_are_within_reach_also_after_a_restart(
    there: World, writer: ScriptedWriter, many: None, make_bot: MakeBot
) -> None:
    message = await there.ann.send(there.channel, "My dream is")
    await there.ann.context_menu(there.channel, "Continue this as ...", message)
    seen: list[str] = []
    for footer in ("Voices 1 to 25 of 73", "Voices 26 to 50 of 73", "Voices 51 to 73 of 73"):
        asking = chooser(there, there.ann)
        assert (asking.embeds[0].footer.text or "").startswith(footer)
        seen += listed(asking)
        await there.env.restart_bot(make_bot())
        await there.ann.click(asking, custom_id=f"continue:after:{(len(seen) // 25) % 3 if len(seen) < 73 else 0}")
    assert sorted(seen) == ["nasa", *(f"voice_{number:02}" for number in range(72))]
    assert listed(chooser(there, there.ann))[0] == "nasa", "after the last page comes the first"
    await there.ann.click(chooser(there, there.ann), custom_id="continue:before:2")
    await there.ann.select(chooser(there, there.ann), ["voice_71"])
    assert writer.asked == [("voice_71", "My dream is", 1)]


async def test_a_name_is_typed_where_there_are_many(there: World, writer: ScriptedWriter, many: None) -> None:
    message = await there.ann.send(there.channel, "My dream is")
    await there.ann.context_menu(there.channel, "Continue this as ...", message)
    form = await there.ann.click(chooser(there, there.ann), custom_id="continue:name")
    assert form.modal
    await there.ann.submit_modal(form, {"continue:typed": "Voice_42, "})
    assert writer.asked == [("voice_42", "My dream is", 1)]
    form = await there.ann.click(chooser(there, there.ann), custom_id="continue:name")
    await there.ann.submit_modal(form, {"continue:typed": "naza"})
    assert "Did you mean nasa?" in there.private(there.ann)


async def test_few_voices_need_no_pages(there: World) -> None:
    message = await there.ann.send(there.channel, "My dream is")
    await there.ann.context_menu(there.channel, "Continue this as ...", message)
    asking = chooser(there, there.ann)
    assert listed(asking) == ["nasa"]
    assert len(asking.components) == 1
    assert not asking.embeds[0].footer.text


async def test_its_own_tweets_are_continued_too(there: World, writer: ScriptedWriter, store: Store) -> None:
    writer.texts = ("the *first* one", "the second")
    await there.ann.slash(there.channel, "tweetlike", user="nasa", count=2)
    shown = there.said()[0]
    for _ in range(2):
        await there.ann.context_menu(there.channel, "Continue this as ...", shown)
        await there.ann.select(chooser(there, there.ann), ["nasa"])
        assert writer.asked[-1] == ("nasa", "the *first* one", 1)
        await store.feedback.withdrawn(f"discord:{shown.id}")  # then what is shown is all there is


async def test_a_long_message_is_continued_from_a_whole_word(there: World, writer: ScriptedWriter) -> None:
    message = await there.ann.send(there.channel, "word " * 39 + "another \u202eone")
    await there.ann.context_menu(there.channel, "Continue this as ...", message)
    assert chooser(there, there.ann).embeds[0].description == ("word " * 39).strip()


@pytest.mark.parametrize("text", ["plain", "*bold* _it_", r"back\\slash \\*", "# title", "- list", "a`b"])
def test_what_is_shown_is_read_back(text: str) -> None:
    assert as_read(as_written(text)) == text


async def test_a_message_is_answered_in_a_voice_that_is_chosen(there: World, writer: ScriptedWriter) -> None:
    message = await there.ann.send(there.channel, f"Is the fog thick, {there.ann.mention}?")
    asked = await there.ann.context_menu(there.channel, "Reply as ...", message)
    assert asked.response
    assert asked.response.embeds[0].description == "Is the fog thick, ?"
    await there.ann.select(asked.response, ["nasa"])
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["Is the fog thick, ?"])


async def test_the_command_answers_what_is_typed(there: World, writer: ScriptedWriter) -> None:
    await there.ann.slash(there.channel, "reply", user="nasa", to="is the fog\nthick today, @bob?")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["is the fog thick today, ?"])


async def test_what_somebody_wrote_who_opted_out_is_neither_answered_nor_continued(
    there: World, store: Store, writer: ScriptedWriter
) -> None:
    bob = there.member("bob")
    message = await bob.send(there.channel, "My dream is")
    await bob.slash(there.channel, "optout")
    for entry in ("Reply as ...", "Continue this as ..."):
        await there.ann.context_menu(there.channel, entry, message)
        assert there.private(there.ann).startswith("Whoever wrote this has opted out")
    assert writer.asked == []
    await bob.slash(there.channel, "optin")
    assert there.errors() == ["NotAllowed", "NotAllowed"]
    asked = await there.ann.context_menu(there.channel, "Reply as ...", message)
    assert asked.response
    assert asked.response.embeds[0].description == "My dream is"
