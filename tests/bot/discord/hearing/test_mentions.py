"""Mentions, direct messages and replies as people meet them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import Env
from simcord.backend.models import AllowedMentions
from simcord.enums import MessageType

from bot.core.config import LimitsSettings
from bot.discord.asking.gate import message_id
from bot.store import Store
from huggingtweets.core.errors import Busy, NotEnoughDrafts
from huggingtweets.core.people import names
from huggingtweets.generation.drawing_options import AS_USUAL, DrawingOptions
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.blend import Voice
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS
from tests.bot.discord.conftest import LIMITS, MakeBot, ScriptedWriter, World


async def test_a_mention_is_answered_with_a_reply(there: World, writer: ScriptedWriter) -> None:
    asked = await there.ann.send(there.channel, f"{there.me} NASA My dream is")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["My dream is"])
    [answer] = there.said()
    assert answer.reference
    assert answer.reference.message_id == asked.id
    assert answer.embeds[0].author.name == "AI parody of @nasa"
    assert answer.embeds[0].description == "Tweet number 1"
    stored = there.env.backend.get_message(there.channel.id, answer.id)
    assert not stored.allowed_mentions.replied_user


async def test_a_name_is_parsed_once_and_consent_is_asked_once_before_and_once_after_drawing(
    there: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: object) -> Any:
            calls.append(name)
            return call(*arguments)

        return counting

    monkeypatch.setattr(store.consent, "judged", counted("consent", store.consent.judged))
    monkeypatch.setattr(names, "parse_handle", counted("parse", names.parse_handle))
    await there.ann.send(there.channel, f"{there.me} nasa My dream is")
    assert there.said()[0].embeds[0].description == "Tweet number 1"
    assert calls == ["consent", "parse", "consent"]


async def test_what_is_answered_may_begin_on_the_next_line(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, f"{there.me}\nnasa\n\nMy dream is")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["My dream is"])


async def test_typing_is_shown_while_it_is_written(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = 12
    await there.ann.send(there.channel, f"{there.me} nasa")
    await there.env.advance_time(20)
    typed = [one for one in there.env.http_requests if one.path.endswith("/typing")]
    assert len(typed) == 3
    assert len(there.said()) == 1


async def test_no_typing_is_no_reason_not_to_answer(there: World) -> None:
    there.env.inject_error("POST", "/channels/*/typing", status=403)
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert there.said()[0].embeds[0].description == "Tweet number 1"


async def test_other_people_are_not_named_in_what_is_answered(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa hello {there.ann.mention}, Ann and @bob!")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["hello , and !"])


@pytest.mark.parametrize(
    "text",
    ["{me}", "  {me}  ", "I do like {me} a lot", "{me} 😀", "{me} help", "{me} who are you?", "{me} hi!", "{me} ?"],
)
async def test_called_without_a_command_it_says_how_to_ask(there: World, text: str, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, text.format(me=there.me))
    assert "Tell me who to tweet like: `@TestBot nasa`" in there.said()[0].content
    assert "I know nasa." in there.said()[0].content
    assert writer.asked == []


async def test_who_knows_nobody_says_how_that_is_mended(
    there: World, make_bot: MakeBot, tmp_path: Path, writer: ScriptedWriter
) -> None:
    await there.env.restart_bot(make_bot(knows=Registry(tmp_path / "empty")))
    await there.ann.send(there.channel, f"{there.me} help")
    assert "I know nobody yet; an admin can train one with /train" in there.said()[0].content


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("{me} Nasa,", ""),
        ("{me} tweet like nasa please", ""),
        ("{me}, can you tweet like @NASA?", ""),
        ("{me} My dream is, as nasa", "My dream is"),
    ],
)
async def test_a_voice_is_found_however_it_is_put(there: World, writer: ScriptedWriter, text: str, prompt: str) -> None:
    await there.ann.send(there.channel, text.format(me=there.me))
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], [prompt])


async def test_a_member_who_is_mentioned_first_is_heard_in_their_linked_voice(
    there: World, writer: ScriptedWriter, store: Store
) -> None:
    bob = there.member("bob")
    await there.ann.send(there.channel, f"{there.me} {bob.mention} hi")
    assert "I know no voice of theirs" in there.said()[0].content
    server = f"discord:server:{there.ann.guild.id}"
    await store.consent.claim(server, f"discord:{bob.id}", "nasa")
    await store.consent.confirm(server, f"discord:{bob.id}", "nasa", by="discord:1")
    await there.ann.send(there.channel, f"{there.me} {bob.mention} hi {there.ann.mention}")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["hi"])


async def test_answers_to_asks_in_vain_count_too(there: World) -> None:
    bob = there.member("bob")
    for _ in range(12):
        await there.ann.send(there.channel, f"{there.me} {bob.mention} hi")
    assert len(there.said()) == 10, "as many as there may be asks in a minute"
    assert "That was a lot at once" in there.ann.user.dm_channel.history()[-1].content


async def test_a_slip_is_answered_with_the_name_that_was_meant(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, f"{there.me} naza My dream is")
    assert "I do not know naza yet. Did you mean nasa?" in there.said()[0].content
    result = await there.ann.slash(there.channel, "tweetlike", user="Naza,")
    assert "Did you mean nasa?" in there.private(there.ann)
    assert there.errors() == ["UnknownVoice"]
    assert result


async def test_a_channel_with_a_voice_of_its_own_helps_who_asks_for_help(
    there: World, writer: ScriptedWriter, store: Store
) -> None:
    await store.settings.put(f"discord:channel:{there.channel.id}", "voice", "nasa", "discord:1")
    await there.ann.send(there.channel, f"{there.me} who are you?")
    assert "Tell me who to tweet like" in there.said()[0].content
    await there.ann.send(there.channel, f"{there.me} who are you to say so")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["who are you to say so"])


async def test_a_direct_message_needs_no_mention(simcord_env: Env, writer: ScriptedWriter) -> None:
    bob = simcord_env.create_user("bob")
    await bob.send_dm("nasa My dream is")
    assert (writer.asked, writer.contexts) == ([("nasa", "", 1)], ["My dream is"])
    assert bob.dm_channel.history()[-1].embeds[0].description == "Tweet number 1"


async def test_a_reply_to_its_tweets_goes_on_in_the_same_voice(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa")
    await there.ann.send(there.channel, "And then", reply_to=there.said()[0])
    assert writer.asked[-1] == ("nasa", "", 1)
    assert writer.contexts == ["", "Tweet number 1\nAnd then"]
    assert len(there.said()) == 2


async def test_the_last_messages_of_a_chain_are_answered_also_by_another_one(
    there: World, writer: ScriptedWriter
) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa My dream is")
    await there.ann.send(there.channel, "And then", reply_to=there.said()[0])
    await there.ann.send(there.channel, "At last", reply_to=there.said()[1])
    assert writer.contexts == [
        "My dream is",
        "My dream is\nTweet number 1\nAnd then",
        "And then\nTweet number 1\nAt last",
    ]
    await there.ann.click(there.said()[2], label="Again")
    assert writer.contexts[-1] == writer.contexts[-2]
    assert writer.asked[-1] == ("nasa", "", 1)


async def test_a_reply_finds_its_voice_after_a_restart(there: World, writer: ScriptedWriter, make_bot: MakeBot) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa")
    first = there.said()[0]
    await there.env.restart_bot(make_bot())
    await there.ann.send(there.channel, "And then", reply_to=first)
    assert writer.asked[-1] == ("nasa", "", 1)
    assert writer.contexts[-1] == "Tweet number 1\nAnd then"


async def test_a_reply_to_a_commands_tweets_goes_on_though_discord_hides_its_text(
    there: World, writer: ScriptedWriter
) -> None:
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert result.response
    there.env.backend.create_message(
        there.channel.id,
        there.ann.id,
        "And then",
        reference={"message_id": str(result.response.id)},
        allowed_mentions=AllowedMentions(replied_user=False),  # as Discord does it
    )
    await there.env.settle()
    assert writer.asked[-1] == ("nasa", "", 1)
    assert len(there.said()) == 2


async def test_a_reply_without_a_ping_is_not_for_the_bot(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa")
    there.env.backend.create_message(
        there.channel.id,
        there.ann.id,
        "so true",
        reference={"message_id": str(there.said()[0].id)},
        allowed_mentions=AllowedMentions(replied_user=False),
    )
    await there.env.settle()
    assert len(writer.asked) == 1


async def test_a_reply_to_its_help_or_to_others_is_not_for_the_bot(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, there.me)
    await there.ann.send(there.channel, "thanks", reply_to=there.said()[0])
    other = await there.ann.send(there.channel, "something else")
    await there.ann.send(there.channel, "yes", reply_to=other)
    assert len(there.said()) == 1
    assert writer.asked == []


async def test_tweets_that_only_look_like_its_own_are_no_voice(there: World, writer: ScriptedWriter) -> None:
    webhook = there.ann.guild.create_webhook(there.channel)
    embed = discord.Embed(description="fake").set_author(name="AI parody of @nasa").set_footer(text="nasa v1")
    forged = await webhook.send(embed=embed)
    await there.ann.send(there.channel, "And then", reply_to=forged)
    assert writer.asked == []


async def test_talk_among_people_is_left_alone(there: World) -> None:
    await there.ann.send(there.channel, "nasa is great")
    assert there.said() == []


async def test_bots_webhooks_and_everyone_are_never_answered(there: World, writer: ScriptedWriter) -> None:
    robot = there.ann.guild.add_member(there.env.create_user("robot", bot=True))
    await robot.send(there.channel, f"{there.me} nasa")
    await there.ann.guild.create_webhook(there.channel).send(f"{there.me} nasa")
    owner = there.ann.guild.owner
    backend = there.env.backend
    for everyone in ("@everyone", "@here"):
        backend.create_message(there.channel.id, owner.id, f"{there.me} nasa {everyone}")
        await there.env.settle()
    assert backend.messages[there.channel.id][max(backend.messages[there.channel.id])].mention_everyone
    assert there.said() == []
    assert writer.asked == []


async def test_it_never_answers_itself(there: World, writer: ScriptedWriter) -> None:
    backend = there.env.backend
    backend.create_message(there.channel.id, backend.bot_user.id, f"{there.me} nasa")
    await there.env.settle()
    assert writer.asked == []


async def test_a_resent_message_is_answered_once(there: World, writer: ScriptedWriter) -> None:
    asked = await there.ann.send(there.channel, f"{there.me} nasa")
    there.env.backend.announce_message_create(there.env.backend.get_message(there.channel.id, asked.id))
    await there.env.settle()
    assert len(writer.asked) == 1
    assert len(there.said()) == 1


async def test_a_failure_is_told_in_a_reply(there: World, writer: ScriptedWriter) -> None:
    writer.error = NotEnoughDrafts("nasa", {"copied": 3})
    await there.ann.send(there.channel, f"{there.me} nasa")
    [answer] = there.said()
    assert answer.content.startswith("No draft of nasa passed the checks")
    assert answer.reference


async def test_where_too_many_wait_it_waits_too_and_then_says_so_in_private(
    there: World, writer: ScriptedWriter
) -> None:
    writer.error = Busy(retry_after_seconds=30)
    await there.ann.send(there.channel, f"{there.me} nasa")
    await there.env.advance_time(60)
    assert there.said() == []
    told = there.ann.user.dm_channel.history()[-1].content
    assert told.startswith("Too many requests are waiting; try again in 30 s. (")
    assert len(writer.asked) > 10


class Crowded(ScriptedWriter):
    """Refuses new requests while it serves `places` of them, as the engine does."""

    def __init__(self, places: int, seconds: float):
        super().__init__()
        self.places, self.seconds, self.serving = places, seconds, 0

    async def write(
        self, voice: Voice, prompt: str = "", count: int = 1, options: DrawingOptions = AS_USUAL, **more: Any
    ) -> Tweets:
        if self.serving >= self.places:
            raise Busy(2.0)
        self.serving += 1
        try:
            return await super().write(voice, prompt, count, options, **more)
        finally:
            self.serving -= 1


async def test_a_burst_of_mentions_is_answered_one_after_the_other(there: World, make_bot: MakeBot) -> None:
    limits = LimitsSettings(requests_per_minute=10, server_requests_per_minute=12)
    await there.env.restart_bot(make_bot(writes=Crowded(places=4, seconds=3), limits=limits))
    people = [there.member(f"person{number}") for number in range(12)]
    for person in people:
        there.env.backend.create_message(there.channel.id, person.id, f"{there.me} nasa")
    await there.env.advance_time(40)
    assert len(there.said()) == 12
    assert all(one.embeds for one in there.said())


async def test_a_failing_answer_is_logged_and_the_next_one_given(
    there: World, caplog: pytest.LogCaptureFixture
) -> None:
    await there.ann.send(there.channel, "hello")  # the server is welcomed, which is a message, too
    there.env.inject_error("POST", "/channels/*/messages", status=403, times=2)
    await there.ann.send(there.channel, f"{there.me} nasa SECRET WORDS")
    assert there.said() == []
    assert "no answer reached message" in caplog.text
    assert "SECRET" not in caplog.text
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert len(there.said()) == 1


async def test_where_it_may_not_embed_it_says_so(there: World, writer: ScriptedWriter) -> None:
    guild = there.ann.guild
    channel = guild.create_text_channel(
        "plain", overwrites={guild.default_role: discord.PermissionOverwrite(embed_links=False)}
    )
    await there.ann.send(channel, f"{there.me} nasa")
    assert "Embed Links" in channel.history()[-1].content
    assert writer.asked == []


async def test_a_message_that_was_deleted_meanwhile_is_still_answered(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = 20
    asked = await there.ann.send(there.channel, f"{there.me} nasa")
    await there.ann.delete(asked)
    await there.env.advance_time(21)
    assert len(there.said()) == 1
    # SimCord takes the reply either way; Discord refuses one to a message that is gone, unless it is told not to.
    sent = [one.json for one in there.env.http_requests if one.method == "POST" and one.path.endswith("/messages")]
    assert sent[-1]
    assert sent[-1]["message_reference"]["fail_if_not_exists"] is False


async def test_pins_and_joins_are_no_calls(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa")
    there.ann.guild.create_system_message(
        there.channel,
        MessageType.PINS_ADD,
        author=there.ann,
        referenced_message=there.said()[0],
    )
    await there.env.settle()
    assert len(writer.asked) == 1


async def test_where_it_may_not_speak_it_says_so_in_private(there: World, writer: ScriptedWriter) -> None:
    guild = there.ann.guild
    channel = guild.create_text_channel(
        "quiet",
        overwrites={there.env.bot.user: discord.PermissionOverwrite(send_messages=False)},  # type: ignore[dict-item]
    )
    await there.ann.send(channel, f"{there.me} nasa")
    told = there.ann.user.dm_channel.history()[-1].content
    assert "Send Messages" in told
    assert "Edit Channel > Permissions" in told
    assert writer.asked == []


async def test_in_a_thread_where_it_may_not_embed_it_says_so(there: World, writer: ScriptedWriter) -> None:
    guild = there.ann.guild
    overwrites = {guild.default_role: discord.PermissionOverwrite(embed_links=False)}
    channel = guild.create_text_channel("plain", overwrites=overwrites)
    place = there.bot.get_channel(channel.id)
    assert isinstance(place, discord.TextChannel)
    await place.create_thread(name="talk", type=discord.ChannelType.public_thread)
    [thread] = channel.threads
    await there.ann.send(thread, f"{there.me} nasa")
    assert "Embed Links" in thread.history()[-1].content
    assert writer.asked == []


async def test_a_long_chain_of_replies_ends_and_what_is_read_of_it_stays_short(
    there: World, writer: ScriptedWriter
) -> None:
    people = [there.member(f"person{number}") for number in range(3)]
    await there.ann.send(there.channel, f"{there.me} nasa where does it end?")
    for number in range(LIMITS.chain + 2):
        shown = [message for message in there.said() if message.embeds][-1]
        await people[number % 3].send(there.channel, f"line {number} " + "and on " * 40, reply_to=shown)
    assert len(writer.asked) == LIMITS.chain
    assert "We have gone on for 20 tweets; begin again with a new message." in there.said()[-1].content
    assert all(len(context) <= MAX_CHARACTERS for context in writer.contexts)


async def test_what_was_deleted_on_discord_is_not_kept_and_not_answered_any_more(
    there: World, writer: ScriptedWriter, store: Store
) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa is the fog thick?")
    await there.ann.send(there.channel, "why?", reply_to=there.said()[0])
    first, second = there.said()
    await there.member("mod", manage_messages=True).delete(first)
    assert await store.feedback.answer(message_id(first.id)) is None
    assert await store.feedback.answer(message_id(second.id))
    reference = {"message_id": str(first.id)}
    there.env.backend.create_message(there.channel.id, there.ann.id, "And then?", reference=reference)
    await there.env.settle()
    assert len(writer.asked) == 2
    await there.ann.send(there.channel, "And now?", reply_to=second)
    assert len(writer.asked) == 3


async def test_a_channel_that_is_deleted_takes_its_answers_along(there: World, store: Store) -> None:
    other = there.ann.guild.create_text_channel("other")
    for place in (there.channel, other):
        await there.ann.send(place, f"{there.me} nasa")
    gone, left = other.history()[-1], there.said()[-1]
    place = there.bot.get_channel(other.id)
    assert isinstance(place, discord.TextChannel)
    there.env.backend.delete_channel(other.id)
    await there.env.settle()
    assert await store.feedback.answer(message_id(gone.id)) is None
    assert await store.feedback.answer(message_id(left.id))


async def test_who_withdraws_while_an_answer_is_drawn_is_not_heard(
    there: World, writer: ScriptedWriter, store: Store
) -> None:
    writer.seconds = 20
    await there.ann.send(there.channel, f"{there.me} nasa")
    await store.consent.bury("nasa", "discord:1")
    await there.env.advance_time(21)
    [told] = there.said()
    assert told.embeds == []
    assert "nasa does not want to be imitated" in told.content
