"""The whole process is killed while it says something by the clock. Afterwards the channel shows it once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store import Store
from huggingtweets.core.config import Settings
from huggingtweets.core.names import VoiceName
from huggingtweets.workflow.pipeline import Outcome
from tests.e2e.test_whole_process import TOKEN, bot_process
from tests.fakes.discord_server import DiscordServer, Trouble


@pytest.mark.timeout(300)
async def test_a_kill_while_it_speaks_leaves_one_message(trained: tuple[Settings, Outcome], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    models = trained[0].storage.models
    async with DiscordServer(TOKEN) as server, Store(f"sqlite:///{data / 'bot.db'}") as store:
        channel = f"discord:channel:{server.channel_id}"
        due = datetime.now(UTC)
        await store.remarks.schedule(f"schedule:s:{due}", schedule="s", channel=channel, voice=VoiceName("ann"))
        # Discord makes the message a while after the request has come, when the process is dead already.
        slow = Trouble("POST", f"/channels/{server.channel_id}/messages", delay_seconds=1.0)
        server.troubles = [slow]
        async with bot_process(server, models, tmp_path) as bot:
            await asyncio.wait_for(slow.met.wait(), 120)
            bot.process.kill()
            await bot.end()
        await server.until(lambda: len(server.said()) == 1)
        [doubtful] = await store.remarks.unfinished()
        assert doubtful.state == "sending"
        async with bot_process(server, models, tmp_path) as bot:
            async with asyncio.timeout(120):
                while await store.remarks.unfinished():
                    await asyncio.sleep(0.2)
            code, log = await bot.stop()
        assert code == 0, log[-2_000:]
        [message] = server.said()
        remark = await store.remarks.of_message(f"discord:{message.id}")
        assert remark
        assert remark.state == "sent"
