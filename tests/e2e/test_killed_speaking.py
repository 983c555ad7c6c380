"""The bot is killed while it speaks by itself under the names of voices. Nothing is said twice, and nothing is lost."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from simcord.backend.models import Message

from bot.core.clock.chatter import Chatter
from bot.discord.asking.channel_settings import VOICE
from bot.discord.speaking.personas import MARK
from bot.store import Store
from bot.voices.chattering import CHATTER
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.databases import sqlite_in
from tests.e2e.test_whole_process import TOKEN, bot_process
from tests.fakes.discord_server import DiscordServer, Trouble
from tests.fakes.own_webhooks import let_own_webhooks_have_buttons


def worn(server: DiscordServer, channel: int) -> list[Message]:
    """What was said there under the name of a voice, the oldest first."""
    messages = server.backend.messages[channel].values()
    return sorted((one for one in messages if one.webhook_id), key=lambda one: one.id)


async def chatty(store: Store, channel: int) -> None:
    """An admin lets it speak in a channel after every message."""
    chatter = Chatter(datetime.now(UTC), percent=100, pause_minutes=0, a_day=1_000, quiet="")
    await store.settings.put(f"discord:channel:{channel}", VOICE, "ann", "discord:1")
    await store.settings.put(f"discord:channel:{channel}", CHATTER, chatter.as_stored, "discord:1")


async def queued(store: Store, name: str, channel: int) -> None:
    """The clock lets it say something in a channel."""
    place = f"discord:channel:{channel}"
    await store.remarks.schedule(f"schedule:{name}:now", schedule=name, channel=place, voice=VoiceName("ann"))


async def test_a_kill_while_it_speaks_repeats_and_loses_nothing_and_the_next_start_goes_on(
    trained: tuple[Settings, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_own_webhooks_have_buttons(monkeypatch)
    models = trained[0].storage.models
    async with DiscordServer(TOKEN) as server, Store(sqlite_in(tmp_path / "data")) as store:
        chat = server.channel_id
        [said, waits] = [server.backend.create_channel(server.guild_id, name).id for name in ("said", "waits")]
        await chatty(store, chat)
        # Discord makes both messages when the process is dead already: what follows a message, and what was due.
        on_their_way = [Trouble("POST", "/webhooks/*/*", over=asyncio.Event()) for _ in range(2)]
        server.troubles = list(on_their_way)
        async with bot_process(server, models, tmp_path) as bot:
            await asyncio.wait_for(server.ready.wait(), 600)
            server.write("what a day")
            await asyncio.wait_for(on_their_way[0].met.wait(), 600)
            await queued(store, "said", said)
            await asyncio.wait_for(on_their_way[1].met.wait(), 600)
            await queued(store, "waits", waits)
            bot.process.kill()
            await bot.end()
        assert {(one.schedule, one.state) for one in await store.remarks.unfinished()} == {
            ("", "sending"),
            ("said", "sending"),
            ("waits", "waiting"),
        }
        for trouble in on_their_way:
            assert trouble.over
            trouble.over.set()
        await server.until(lambda: len(worn(server, chat)) == len(worn(server, said)) == 1)
        server.ready.clear()
        async with bot_process(server, models, tmp_path) as bot:
            await asyncio.wait_for(server.ready.wait(), 600)
            async with asyncio.timeout(600):
                while await store.remarks.unfinished():
                    await asyncio.sleep(0.2)
            assert [len(worn(server, channel)) for channel in (chat, said, waits)] == [1, 1, 1]
            assert len(server.backend.webhooks) == 3, "one a channel"
            # It goes on: the remark is answered in its voice, and the next message is followed by another one.
            [first] = worn(server, chat)
            reference = {"message_id": str(first.id), "channel_id": str(chat)}
            reply = server.backend.create_message(chat, server.ann.id, "and then?", reference=reference)
            await server.until(lambda: any(_replied_to(one) == reply.id and one.embeds for one in server.said()))
            server.write("what a night")
            await server.until(lambda: len(worn(server, chat)) == 2)
            code, log = await bot.stop()
        assert code == 0, log
        assert "Traceback" not in log
        for channel in (chat, said, waits):
            for message in worn(server, channel):
                assert str(message.author_name).endswith(MARK)
                remark = await store.remarks.of_message(f"discord:{message.id}")
                assert remark
                assert remark.state == "sent"
        assert server.said(said) + server.said(waits) == []


def _replied_to(message: Message) -> int:
    return int((message.reference or {}).get("message_id") or 0)
