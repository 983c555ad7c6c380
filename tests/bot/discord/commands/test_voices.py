"""/models and /voice as people meet them."""

import re

import pytest

from bot.store import Store
from bot.voices.tweeting import Tweeting
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Unavailable
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.discord.conftest import MakeBot, World, add_voice


async def test_the_versions_in_use_are_listed_with_their_day(there: World, registry: Registry) -> None:
    add_voice(registry, "nasa", base="models/base")
    add_voice(registry, "a_b")
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    assert result.response.ephemeral
    assert (result.response.embeds[0].description or "").split("\n") == [
        "**a\\_b** v1 · learned on 2026-02-03",
        "**nasa** v2 · learned on 2026-02-03",
    ]


async def test_no_voice_at_all_is_said(there: World, registry: Registry) -> None:
    registry.forget("nasa")
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    assert result.response.embeds[0].description == "I know nobody yet; an admin can train a voice with /train."


async def test_sixty_voices_fit(there: World, registry: Registry) -> None:
    for number in range(59):
        add_voice(registry, f"somebody_with_a_long_name_{number:02}", base="somebody/with-a-very-long-base-model-name")
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    pages = [result.response, *result.followups]
    embeds = [embed for page in pages for embed in page.embeds]
    lines = [line for embed in embeds for line in (embed.description or "").split("\n")]
    assert len(lines) == 60
    assert all(page.ephemeral for page in pages)
    assert len(pages) == 1


async def test_a_voices_profile_has_its_figures_votes_and_picture(
    there: World, make_bot: MakeBot, trained: tuple[Settings, Outcome], store: Store
) -> None:
    await there.env.restart_bot(make_bot(knows=Registry(trained[0].storage.models)))
    await store.feedback.answered("discord:1", person="discord:2", voice=VoiceName("ann"), version="v1")
    await store.feedback.vote("discord:1", "discord:2", 1)
    result = await there.ann.slash(there.channel, "voice", name="@Ann")
    assert result.response
    [embed] = result.response.embeds
    assert embed.title == "AI parody of @ann"
    fields = {field.name: field.value for field in embed.fields}
    assert "of 250 tweets; left out: 10 retweets" in str(fields)
    assert re.search(
        r"Foresees tweets that it had never seen \d+% better than before", fields["How well it knows them"]
    )
    assert re.match(r"(Faint|Fair): it has picked up .*\.\n", fields["How well it knows them"])
    assert "bits" not in str(fields)
    assert fields["Answers"] == "👍 1 · 👎 0"
    assert fields["Real or AI?"] == "nobody has guessed yet"
    [picture] = result.response.attachments
    assert (await picture.read()).startswith(b"\x89PNG")


async def test_a_profile_comes_without_a_picture_where_none_can_be_set(
    there: World, make_bot: MakeBot, trained: tuple[Settings, Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> bytes:
        raise Unavailable("no fonts")

    monkeypatch.setattr(Tweeting, "picture", broken)
    await there.env.restart_bot(make_bot(knows=Registry(trained[0].storage.models)))
    result = await there.ann.slash(there.channel, "voice", name="ann")
    assert result.response
    assert result.response.attachments == []


async def test_an_unmeasured_voice_has_a_profile_too(there: World) -> None:
    result = await there.ann.slash(there.channel, "voice", name="nasa")
    assert result.response
    assert "nobody has voted yet" in str(result.response.embeds[0].to_dict())


async def test_a_profile_of_nobody_is_told_privately(there: World) -> None:
    await there.ann.slash(there.channel, "voice", name="nobody")
    assert "I do not know nobody yet" in there.private(there.ann)
    assert [one["value"] for one in await there.ann.autocomplete(there.channel, "voice", "name", "")] == ["nasa"]
    assert there.errors() == ["UnknownVoice"]


async def test_a_refused_profile_is_told(there: World) -> None:
    there.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=500)
    await there.ann.slash(there.channel, "voice", name="nasa")
    assert "Something went wrong on my side" in there.private(there.ann)
    assert there.errors() == ["HTTPException"]
