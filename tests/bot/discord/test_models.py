"""/models as people meet it."""

from huggingtweets.registry import Registry
from tests.bot.discord.conftest import World, add_voice


async def test_the_versions_in_use_are_listed_with_base_and_day(there: World, registry: Registry) -> None:
    add_voice(registry, "nasa", base="models/base")
    add_voice(registry, "a_b")
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    assert result.response.ephemeral
    assert (result.response.embeds[0].description or "").split("\n") == [
        "**a\\_b** v1 · gpt2 · 2026-02-03",
        "**nasa** v2 · models/base · 2026-02-03",
    ]


async def test_no_voice_at_all_is_said(there: World, registry: Registry) -> None:
    registry.forget("nasa")
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    assert result.response.embeds[0].description == "I know nobody yet."


async def test_sixty_voices_fit(there: World, registry: Registry) -> None:
    for number in range(59):
        add_voice(registry, f"somebody_with_a_long_name_{number:02}", base="somebody/with-a-very-long-base-model-name")
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    pages = [result.response, *result.followups]
    lines = [line for page in pages for line in (page.embeds[0].description or "").split("\n")]
    assert len(lines) == 60
    assert all(page.ephemeral for page in pages)
    assert len(pages) == 2
