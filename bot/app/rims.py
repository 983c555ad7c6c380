"""The platforms on which people meet the bot: X, the page, Discord.

Knows how each is built from the use cases. Does not know what people do there.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from bot.app.foundation import Foundation, UseCases
from bot.background.saying import Saying
from bot.background.schedule import Timetable
from bot.core.readiness import Readiness
from bot.core.stopping import seconds_for_answers
from bot.people.access import Access
from bot.playground.attachments import Attachments
from bot.playground.chat import Chat
from bot.posts.posting import Posting
from bot.voices.chattering import Chattering
from bot.voices.versions import Versions
from bot.voices.voting import Voting
from huggingtweets.core.names import BlendName, VoiceName
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.blend import find_voice
from huggingtweets.sources.sample import sample_account

if TYPE_CHECKING:
    from bot.discord.parts import Parts as DiscordParts
    from bot.posts.x.opening import XParts

log = logging.getLogger(__name__)

PAGE_UPLOADS = "page-uploads"  # in the folder of the bot's data


def on_x(base: Foundation) -> contextlib.AbstractAsyncContextManager["XParts"]:
    """Posting on X, as a context."""
    from bot.posts.x.opening import posting_on_x

    async def draw(name: BlendName, count: int, context: str) -> Tweets:
        voice = await asyncio.to_thread(find_voice, name, base.registry.current)
        return await base.writer.write(voice, "", count, context=context)

    async def voices() -> list[VoiceName]:
        return await base.willing.among(await asyncio.to_thread(base.registry.names))

    return posting_on_x(
        store=base.store,
        settings=base.config.x,
        willing=base.willing,
        draw=draw,
        notice=base.telling.notice,
        unwanted=base.writer.unwanted,
        voices=voices,
    )


@contextlib.asynccontextmanager
async def page(base: Foundation, use_cases: UseCases, posting: Posting, readiness: Readiness) -> AsyncIterator[None]:
    """The local page, while the context lasts."""
    from bot.playground.server import serving

    attachments = Attachments(base.config.storage.data / PAGE_UPLOADS)
    chat = Chat(tweeting=use_cases.tweeting, training=use_cases.training, attachments=attachments)
    sample = sample_account().handle
    suggestions = [f"/tweetlike @{sample}", f"/tweetlike @{sample} Good morning", "/models"]
    async with serving(
        base.config.playground,
        chat,
        posting,
        attachments=attachments,
        max_count=base.config.limits.tweets_per_request,
        suggestions=suggestions,
        readiness=readiness,
        alive=lambda: not base.engine.dead,
    ) as address:
        log.info("the playground is at %s", address)
        yield


def discord_parts(base: Foundation, use_cases: UseCases, timetable: Timetable, posting: Posting) -> "DiscordParts":
    """What the bot on Discord works with."""
    from bot.discord.parts import Parts as DiscordParts

    return DiscordParts(
        store=base.store,
        access=Access(base.store.settings),
        limits=use_cases.limits,
        consenting=use_cases.consenting,
        tweeting=use_cases.tweeting,
        training=use_cases.training,
        versions=Versions(store=base.store, registry=base.registry),
        voting=Voting(store=base.store, tweeting=use_cases.tweeting, seconds=base.config.discord.round_seconds),
        listening=use_cases.listening,
        chattering=Chattering(base.store),
        timetable=timetable,
        posting=posting,
    )


async def connect_to_discord(base: Foundation, parts: "DiscordParts", stack: AsyncExitStack) -> asyncio.Task[None]:
    """Returns the task that keeps the connection. From now on notices are told on Discord, too."""
    from bot.discord.client import discord_bot
    from bot.discord.connection import stay_connected

    config = base.config
    client = discord_bot(
        settings=config.discord,
        parts=parts,
        commands_file=config.storage.data / "discord-commands.json",
        stop_seconds=seconds_for_answers(config.bot.stop_seconds),
        chain=config.limits.chain,
        avatars=config.avatars,
    )
    await stack.enter_async_context(client)
    base.telling.add(client.notices.tell)
    await stack.enter_async_context(Saying(store=base.store, stage=client.stage, notice=base.telling.notice))
    return asyncio.create_task(stay_connected(client, config.discord), name="discord")
