"""What all tests of Discord rely on: no pause of the bot depends on how fast the machine is."""

import asyncio

from huggingtweets.core.errors import Busy
from tests.bot.discord.conftest import ScriptedWriter, World
from tests.bot.discord.virtual_time import SHORTEST_PAUSE


async def test_the_real_clock_ends_no_pause(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = SHORTEST_PAUSE
    await there.ann.send(there.channel, f"{there.me} nasa")
    await asyncio.sleep(2 * SHORTEST_PAUSE)
    await there.env.settle()
    assert there.said() == []
    await there.env.advance_time(writer.seconds)
    assert len(there.said()) == 1


async def test_who_tries_again_and_again_is_not_waited_for(there: World, writer: ScriptedWriter) -> None:
    writer.error = Busy(retry_after_seconds=1)
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert len(writer.asked) == 1
    await there.env.advance_time(5)
    assert len(writer.asked) > 3
