"""/scene as people meet it: lines that appear one after the other, of people who all agree."""

import pytest

from bot.discord.commands import scenes
from bot.store import Store
from bot.voices.tweeting import Imitated
from huggingtweets.core.errors import NotEnoughDrafts
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice


@pytest.fixture(autouse=True)
def voices(registry: Registry) -> None:
    for name in ("dril", "elon", "ann"):
        add_voice(registry, name)


class Numbering(ScriptedWriter):
    """Each line is another one. After `last` lines there is no more."""

    def __init__(self, last: int = 100):
        super().__init__()
        self.last = last

    async def write(self, *arguments, **options) -> Tweets:  # type: ignore[no-untyped-def, override]
        number = len(self.asked) + 1
        if number > self.last:
            raise NotEnoughDrafts("nasa", {"copied": 7})
        self.texts = (f"line {number} of *many*",)
        return await super().write(*arguments, **options)


@pytest.fixture
def writer() -> ScriptedWriter:
    return Numbering()


def lines(there: World) -> list[tuple[str, str]]:
    """Returns who says what in the last message of the bot."""
    return [
        ((embed.author.name or "").removeprefix("AI parody of @"), embed.description or "")
        for embed in there.said()[-1].embeds
    ]


async def test_people_talk_in_turns_each_told_what_was_said_before(there: World, writer: ScriptedWriter) -> None:
    result = await there.ann.slash(
        there.channel, "scene", a="nasa", b="@Dril", c="elon", topic="fog & @bob's rain", lines=5
    )
    assert result.response
    assert not result.response.ephemeral
    assert [name for name, _ in lines(there)] == ["nasa", "dril", "elon", "nasa", "dril"]
    assert lines(there)[4][1] == r"line 5 of \*many\*"
    assert writer.contexts[0] == "fog & 's rain"
    assert writer.contexts[4] == "fog & 's rain\nline 3 of *many*\nline 4 of *many*"
    message = there.said()[-1]
    assert message.content == ""
    assert all("Written by an AI, and by nobody else" in str(embed.footer.text) for embed in message.embeds)


async def test_lines_appear_as_they_are_drawn(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = 40
    result = await there.ann.slash(there.channel, "scene", a="nasa", b="dril", lines=3)
    assert result.deferred
    await there.env.advance_time(41)
    assert (there.said()[-1].content, len(lines(there))) == ("Line 2 of 3 …", 1)
    await there.env.advance_time(40)
    assert (there.said()[-1].content, len(lines(there))) == ("Line 3 of 3 …", 2)
    await there.env.advance_time(40)
    assert (there.said()[-1].content, len(lines(there))) == ("", 3)


async def test_a_scene_that_ends_early_says_so(there: World, make_bot: MakeBot) -> None:
    await there.env.restart_bot(make_bot(writes=Numbering(last=2)))
    await there.ann.slash(there.channel, "scene", a="nasa", b="dril")
    assert (there.said()[-1].content, len(lines(there))) == ("The scene ends after 2 of 6 lines.", 2)


async def test_without_a_line_the_reason_is_told_privately(there: World, make_bot: MakeBot) -> None:
    await there.env.restart_bot(make_bot(writes=Numbering(last=0)))
    await there.ann.slash(there.channel, "scene", a="nasa", b="dril")
    assert "No draft of nasa passed the checks" in there.private(there.ann)
    assert there.said() == []
    await there.ann.slash(there.channel, "scene", a="nasa", b="nasa")
    assert "A scene needs 2 to 4 different voices." in there.private(there.ann)
    await there.ann.slash(there.channel, "scene", a="nasa", b="nobody")
    assert "I do not know nobody yet" not in there.private(there.ann), "nasa is drawn first and has no draft"
    assert there.errors() == ["NotEnoughDrafts", "Usage", "NotEnoughDrafts"]


async def test_who_withdraws_while_it_is_played_is_shown_no_longer(
    there: World, writer: ScriptedWriter, store: Store
) -> None:
    writer.seconds = 40
    await there.ann.slash(there.channel, "scene", a="nasa", b="dril", lines=4)
    await there.env.advance_time(81)
    assert len(lines(there)) == 2
    await store.consent.bury("nasa", "discord:1")
    await there.env.advance_time(41)
    assert lines(there) == []
    assert there.said()[-1].content == scenes.TAKEN_BACK
    assert "nasa does not want to be imitated" in there.private(there.ann)
    assert there.errors() == ["NotAllowed"]


async def test_a_voice_that_is_not_heard_here_is_in_no_scene_here(there: World, store: Store) -> None:
    await store.members.join("discord:server:999", "discord:7", "elon")
    await there.ann.slash(there.channel, "scene", a="nasa", b="elon")
    assert "I know no voice called elon here" in there.private(there.ann)
    assert there.said() == []
    assert there.errors() == ["NotAllowed"]


async def test_a_reply_to_a_scene_is_answered_by_who_spoke_last(there: World, writer: ScriptedWriter) -> None:
    await there.ann.slash(there.channel, "scene", a="nasa", b="dril", topic="fog", lines=2)
    await there.ann.send(there.channel, f"{there.me} and then?", reply_to=there.said()[-1])
    assert writer.asked[-1][0] == "dril"
    assert writer.contexts[-1] == "fog\nline 2 of *many*\nand then?"


async def test_below_a_scene_people_vote_and_those_in_it_may_delete_it(
    there: World, store: Store, simcord_bot: object
) -> None:
    result = await there.ann.slash(there.channel, "scene", a="nasa", b="dril", lines=2)
    assert result.response
    buttons = [button.custom_id for row in there.said()[-1].components for button in row.children]  # type: ignore[union-attr]
    assert buttons == ["tweets:up", "tweets:down", "tweets:delete"]
    bob = there.member("bob")
    await bob.click(result.response, custom_id="tweets:up")
    assert (await store.feedback.tally("nasa+dril")).up == 1
    await bob.click(result.response, custom_id="tweets:delete")
    assert "Only who asked for this may delete it" in there.private(bob)
    server = f"discord:server:{there.ann.guild.id}"
    await store.consent.claim(server, f"discord:{bob.id}", "dril")
    await store.consent.confirm(server, f"discord:{bob.id}", "dril", "discord:1")
    await bob.click(result.response, custom_id="tweets:delete")
    assert there.said() == []
    assert there.errors() == ["NotAllowed"]


async def test_a_scene_that_somebody_deletes_is_not_played_on(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = 40
    await there.ann.slash(there.channel, "scene", a="nasa", b="dril", lines=6)
    await there.env.advance_time(41)
    there.env.backend.delete_message(there.channel.id, there.said()[-1].id)
    await there.env.advance_time(300)
    assert len(writer.asked) < 6
    assert there.said() == []
    assert there.errors() == []


async def test_a_scene_has_room_in_one_message(there: World, writer: ScriptedWriter) -> None:
    await there.ann.slash(there.channel, "scene", a="nasa", b="dril", c="elon", d="ann", lines=10)
    assert len(lines(there)) == 10
    assert scenes.MOST_LINES == 10
    embed = there.said()[-1].embeds[0]
    assert len(embed) * 10 + 10 * 280 < 6_000


@pytest.mark.parametrize("withdrawn", ["forgotten", "opted out"])
async def test_a_voice_that_withdraws_after_its_last_line_leaves_no_scene(
    there: World, store: Store, monkeypatch: pytest.MonkeyPatch, withdrawn: str
) -> None:
    """It withdraws after the last consent, and before what the message shows is kept."""
    tweeting = there.bot.buttons.parts.tweeting
    imitated = tweeting.imitated

    async def meanwhile(tweets: Tweets) -> list[Imitated]:
        people = await imitated(tweets)
        if tweets.texts == ("line 4 of *many*",):
            if withdrawn == "forgotten":
                await store.forgetting.voice("dril", by="discord:1")
            else:
                await store.consent.opt_out("discord:9", "imitation")
        return people

    await store.consent.claim("discord:server:1", "discord:9", "dril")
    await store.consent.confirm("discord:server:1", "discord:9", "dril", by="discord:1")

    monkeypatch.setattr(tweeting, "imitated", meanwhile)
    await there.ann.slash(there.channel, "scene", a="nasa", b="dril", lines=4)
    assert there.said() == []
