"""The platforms on which people meet the bot: the networks where it posts, the page, Discord.

Knows how each is built from the use cases. Does not know what people do there.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.foundation import Foundation, UseCases
from bot.app.reloading import Reloading
from bot.background.saying import Saying
from bot.background.schedule import Timetable
from bot.core.config import BlueskySettings, Config, MastodonSettings, XSettings
from bot.core.process.log import on_a_terminal
from bot.core.process.readiness import Readiness
from bot.core.process.stopping import seconds_for_answers
from bot.people.access import Access
from bot.people.past import PastMessages
from bot.posts.opening import PlaceParts, Surroundings
from bot.posts.outlets import Outlets
from bot.store.posts.outbox import Post
from bot.trainings.prepared import Preparing
from bot.voices.chattering import Chattering
from bot.voices.command_line import CommandLine
from bot.voices.exporting import Exporting
from bot.voices.tweeting import Tweeting
from bot.voices.versions import Versions
from bot.voices.voting import Voting
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.core.process.running_bot import RunningBot, announced
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.blend import find_voice
from huggingtweets.sources.sample import sample_account
from huggingtweets.tweets.kept.tweet_store import TweetStore

if TYPE_CHECKING:
    from bot.discord.asking.parts import Parts as DiscordParts

log = logging.getLogger(__name__)

PAGE_UPLOADS = "page-uploads"  # in the folder of the bot's data
MEBIBYTE = 1 << 20


@contextlib.asynccontextmanager
async def on_networks(base: Foundation, tweeting: Tweeting) -> AsyncIterator[tuple[Outlets, list[asyncio.Task[None]]]]:
    """Posting on networks, while the context lasts, and its tasks, which must not end by themselves."""

    async def draw(name: BlendName, count: int, context: str) -> Tweets:
        voice = await asyncio.to_thread(find_voice, name, base.registry.current)
        return await base.writer.write(voice, "", count, context=context)

    async def voices() -> list[VoiceName]:
        return await base.willing.among(await asyncio.to_thread(base.registry.names))

    async def paint(post: Post) -> bytes:
        return await tweeting.picture(Tweets((post.text,), post.voice, post.version, 0))

    around = Surroundings(
        store=base.store,
        willing=base.willing,
        draw=draw,
        notice=base.telling.notice,
        unwanted=base.writer.unwanted,
        voices=voices,
        paint=paint,
        tastes=base.tastes,
    )
    async with AsyncExitStack() as stack:
        places = [await stack.enter_async_context(place) for place in _places(base.config, around)]
        yield (
            Outlets(base.store, [parts.posting for parts in places]),
            [task for parts in places for task in parts.tasks],
        )


def _places(config: Config, around: Surroundings) -> list[contextlib.AbstractAsyncContextManager[PlaceParts]]:
    """X, which can always be tried, and all other accounts that are set up."""
    from bot.posts.bluesky.opening import posting_on_bluesky
    from bot.posts.mastodon.opening import posting_on_mastodon
    from bot.posts.x.opening import posting_on_x

    places: list[contextlib.AbstractAsyncContextManager[PlaceParts]] = []
    for settings in config.accounts:
        if isinstance(settings, XSettings) and (settings is config.x or settings.is_set_up):
            places.append(posting_on_x(settings, around))
        elif isinstance(settings, BlueskySettings) and settings.is_set_up:
            places.append(posting_on_bluesky(settings, around))
        elif isinstance(settings, MastodonSettings) and settings.is_set_up:
            places.append(posting_on_mastodon(settings, around))
    return places


@contextlib.asynccontextmanager
async def page(
    base: Foundation, use_cases: UseCases, timetable: Timetable, posting: Outlets, readiness: Readiness
) -> AsyncIterator[None]:
    """The local page, while the context lasts."""
    from bot.trainings.drafts import Drafts
    from bot.web.entry.sessions import Sessions
    from bot.web.entry.users import Users
    from bot.web.frame.parts import Parts
    from bot.web.server import serving

    config = base.config
    secrets = (
        secret.get_secret_value() if secret else "" for secret in (config.playground.users, config.playground.token)
    )
    users = Users.of(*secrets)
    command_line = CommandLine(
        settings=config,
        registry=base.registry,
        writer=base.writer,
        willing=base.willing,
        measured=base.measures.answer,
    )
    parts = Parts(
        users=users,
        store=base.store,
        tweeting=use_cases.tweeting,
        training=use_cases.training,
        versions=Versions(store=base.store, registry=base.registry),
        consenting=use_cases.consenting,
        exporting=Exporting(store=base.store, willing=base.willing, config=config, config_file=base.config_file),
        timetable=timetable,
        posting=posting,
        drafts=Drafts(config.storage.data / PAGE_UPLOADS, config.playground.upload_megabytes * MEBIBYTE),
        readiness=readiness,
        alive=lambda: not base.engine.dead,
        preparing=Preparing(config, use_cases.training),
        models=config.storage.models,
        base=config.training.base,
        tweets=TweetStore(config.tweets),
        avatars=config.avatars,
        sample=sample_account().handle,
        command_line=command_line,
        measures=base.measures,
        api=config.api,
    )
    sessions = await asyncio.to_thread(Sessions.kept_in, config.storage.data, users.fingerprint)
    async with serving(config.playground, parts, sessions) as address:
        log.info("the playground is at %s", address, extra=on_a_terminal(f"The page is at {address}"))
        with _announced(config.storage.data, address, command_line.token):
            yield


@contextlib.contextmanager
def _announced(data: Path, address: str, token: str) -> Iterator[None]:
    """Commands on this machine find the bot while the context lasts. It works without that, too."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(announced(data, RunningBot.at(address, token)))
        except OSError as error:
            log.warning("commands cannot ask this bot, so they load the models themselves: %s", error)
        yield


def discord_parts(
    base: Foundation, use_cases: UseCases, timetable: Timetable, posting: Outlets, reloading: Reloading
) -> "DiscordParts":
    """What the bot on Discord works with."""
    from bot.discord.asking.parts import Parts as DiscordParts

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
        past=PastMessages(store=base.store, listening=use_cases.listening, settings=base.config.discord),
        chattering=Chattering(base.store),
        timetable=timetable,
        posting=posting,
        reload=reloading.reload,
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
