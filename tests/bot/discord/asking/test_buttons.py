"""The buttons below tweets, also after a restart."""

import pytest
from simcord import InteractionResult, MemberActor, ResponseMessage

from bot.discord.asking.gate import message_id
from bot.store import Store
from bot.store.voices.feedback import Tally
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World


async def tweets(there: World, count: int = 2, **options: object) -> ResponseMessage:
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa", prompt="We", count=count, **options)
    assert result.response
    return result.response


def told(result: InteractionResult) -> str:
    """Returns what only the person who clicked sees."""
    answers = [*result.followups, *([result.response] if result.response else [])]
    [answer] = [one for one in answers if one.ephemeral]
    return answer.content


async def test_again_writes_as_many_with_the_same_start_after_a_restart_too(
    there: World, writer: ScriptedWriter, make_bot: MakeBot
) -> None:
    shown = await tweets(there)
    await there.env.restart_bot(make_bot())
    await there.member("bob").click(shown, custom_id="tweets:again")
    assert writer.asked == [("nasa", "We", 2)] * 2
    assert [one.embeds[0].author.name for one in there.said()] == ["AI parody of @nasa"] * 2


async def test_again_knows_the_voice_even_when_the_database_does_not(
    there: World, writer: ScriptedWriter, store: Store
) -> None:
    shown = await tweets(there)
    await store.feedback.withdrawn(message_id(shown.id))
    await there.ann.click(shown, custom_id="tweets:again")
    assert writer.asked[-1] == ("nasa", "", 1)


async def test_again_below_a_private_answer_stays_private(there: World) -> None:
    shown = await tweets(there, private=True)
    assert shown.ephemeral
    result = await there.ann.click(shown, custom_id="tweets:again")
    assert there.said() == []
    assert result.response
    assert result.response.ephemeral


async def test_what_goes_wrong_with_again_is_told_privately(there: World, writer: ScriptedWriter) -> None:
    shown = await tweets(there)
    writer.error = ZeroDivisionError("secret")
    result = await there.ann.click(shown, custom_id="tweets:again")
    assert told(result).startswith("Something went wrong on my side")
    assert len(there.said()) == 1
    assert there.errors() == ["ZeroDivisionError"]


async def test_the_last_thumb_of_each_person_counts(there: World, store: Store, make_bot: MakeBot) -> None:
    shown = await tweets(there)
    bob = there.member("bob")
    await there.ann.click(shown, custom_id="tweets:up")
    await there.ann.click(shown, custom_id="tweets:down")
    await there.env.restart_bot(make_bot())
    result = await bob.click(shown, custom_id="tweets:up")
    assert "Noted" in told(result)
    assert await store.feedback.tally("nasa") == Tally(up=1, down=1)


async def test_a_thumb_for_what_nobody_remembers_is_refused_in_a_sentence(there: World, store: Store) -> None:
    shown = await tweets(there)
    await store.feedback.withdrawn(message_id(shown.id))
    assert "I do not know any more what this was" in told(await there.ann.click(shown, custom_id="tweets:up"))
    assert there.errors() == ["Usage"]


async def test_who_asked_and_moderators_may_delete_and_others_may_not(there: World) -> None:
    first, second = await tweets(there), await tweets(there)
    bob = there.member("bob")
    assert "Only who asked" in told(await bob.click(first, custom_id="tweets:delete"))
    assert len(there.said()) == 2
    await there.ann.click(first, custom_id="tweets:delete")
    await there.member("mod", manage_messages=True).click(second, custom_id="tweets:delete")
    assert there.said() == []
    assert there.errors() == ["NotAllowed"]


async def test_a_refused_deletion_is_told(there: World, store: Store) -> None:
    shown = await tweets(there)
    there.env.inject_error("DELETE", "/webhooks/*/*/messages/*", status=500)
    assert "Something went wrong" in told(await there.ann.click(shown, custom_id="tweets:delete"))
    assert await store.feedback.answer(message_id(shown.id))
    assert there.errors() == ["HTTPException"]


async def test_the_buttons_are_below_mentions_too(there: World, writer: ScriptedWriter) -> None:
    await there.ann.send(there.channel, f"{there.me} nasa My dream is")
    await there.ann.click(there.said()[0], custom_id="tweets:again")
    assert (writer.asked[-1], writer.contexts[-1]) == (("nasa", "", 1), "My dream is")


async def test_tweets_are_shown_though_they_cannot_be_remembered(
    there: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from bot.core.errors import StoreUnavailable
    from bot.store.voices.feedback import Feedback

    async def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("the database is full")

    monkeypatch.setattr(Feedback, "answered", full)
    shown = await tweets(there)
    assert [one.description for one in shown.embeds] == ["Tweet number 1", "Tweet number 2"]
    assert "is not kept" in caplog.text


async def test_without_x_nothing_can_be_queued(there: World) -> None:
    shown = await tweets(there)
    ids = [item["custom_id"] for row in shown.components for item in row["components"]]
    assert ids == ["tweets:again", "tweets:up", "tweets:down", "tweets:delete"]


async def test_a_click_that_comes_twice_is_answered_once(
    there: World, writer: ScriptedWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await tweets(there)
    monkeypatch.setattr(there.bot._asks, "begin", lambda _: False)
    bob: MemberActor = there.member("bob")
    await bob.click(shown, custom_id="tweets:again")
    assert len(writer.asked) == 1


async def test_no_button_dies_with_a_private_answer_and_none_is_kept_for_each_message(
    there: World, writer: ScriptedWriter
) -> None:
    shown = await tweets(there)
    await tweets(there, private=True)
    for command in ("forget", "mydata"):
        await there.ann.slash(there.channel, command, **({"what": "me"} if command == "forget" else {}))
    await there.env.advance_time(16 * 60)
    await there.ann.click(shown, custom_id="tweets:again")
    assert len(writer.asked) == 3
    assert list(there.bot._connection._view_store._views) == [None]
