"""Staying connected: where Discord is, what ends a connection for good, and when to try again after the rest.

discord.py resumes dropped connections by itself. But it gives up when Discord cannot be reached at the start, and at an
event that it cannot read; then this starts it again.

Knows discord.py's connection. Does not know what the bot does with it.
"""

import asyncio
import logging
import random
from collections.abc import Iterator

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.core.config import DiscordSettings
from huggingtweets.core.errors import Misconfigured, PipelineError, Unavailable

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
HEALTHY_SECONDS = 60.0  # a connection that lasted so long was a good one: the pauses begin anew
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
BAD_TOKEN = 4004


def use_endpoints(settings: DiscordSettings) -> None:
    """Let discord.py talk to the endpoints of `settings`. They are global there: one Discord a process."""
    Route.BASE = settings.api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)


async def stay_connected(client: discord.Client, settings: DiscordSettings) -> None:
    """Log in and stay connected until `client` is closed.

    Raises `Misconfigured` or `Unavailable` when another attempt cannot help. Cancelled, it leaves `client` open.
    """
    for name in ("discord.client", "discord.shard"):
        logging.getLogger(name).addFilter(_ONE_SENTENCE)
    logged_in = False
    pauses = _pauses()
    while not client.is_closed():
        started = asyncio.get_running_loop().time()
        try:
            if not logged_in:
                await _log_in(client, settings)
                logged_in = True
            await client.connect()
        except Exception as error:
            if client.is_closed() and not isinstance(error, discord.ConnectionClosed):
                return
            if final := _final(error, settings):
                raise final from error
            if asyncio.get_running_loop().time() - started >= HEALTHY_SECONDS:
                pauses = _pauses()
            pause = next(pauses)
            if _is_away(error):
                log.warning("Discord cannot be reached (%s); trying again in %.1f s", _cause(error), pause)
            else:
                log.exception("the connection to Discord failed; trying again in %.1f s", pause)
            await _hang_up(client)
            await asyncio.sleep(pause)


def _is_away(error: BaseException) -> bool:
    """Whether it is Discord, or the network, that does not answer as it should, and no fault of ours."""
    if isinstance(error, discord.HTTPException):
        return error.status >= 500
    return isinstance(error, OSError | aiohttp.ClientError | discord.GatewayNotFound | discord.ConnectionClosed)


def _cause(error: BaseException) -> str:
    """What happened, in a few words of the library's; never a page that was sent in place of an answer."""
    if isinstance(error, discord.HTTPException):
        return f"status {error.status}"
    return (str(error).strip().split("\n")[0] or type(error).__name__)[:200]


class _OneSentence(logging.Filter):
    """discord.py shows a traceback at each attempt to come back while Discord is away: this leaves the sentence."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error and _is_away(error):
            record.msg, record.args = f"{record.getMessage()} ({_cause(error)})", ()
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


_ONE_SENTENCE = _OneSentence()


async def _log_in(client: discord.Client, settings: DiscordSettings) -> None:
    assert settings.token
    try:
        await client.login(settings.token.get_secret_value())
    except BaseException:
        if not client.is_closed():
            # Each attempt makes a session of its own, on the connector of the one before if that is still there.
            await client.http.close()
            client.http.connector = discord.utils.MISSING
        raise


async def _hang_up(client: discord.Client) -> None:
    """End what is left of a connection, heartbeat included, so that the next one begins from nothing."""
    if isinstance(client, discord.AutoShardedClient):
        for shard in client.shards.values():
            await shard.disconnect()
    elif client.ws and client.ws.open:
        await client.ws.close(code=1000)


def _final(error: Exception, settings: DiscordSettings) -> PipelineError | None:
    """The error to end with, if another attempt would end the same."""
    bad_token = isinstance(error, discord.LoginFailure)
    code = error.code if isinstance(error, discord.ConnectionClosed) else None
    if bad_token or code == BAD_TOKEN:
        return Misconfigured(
            f"Discord refuses the token in {settings.token_env}: in the Developer Portal open your application, "
            "click Bot > Reset Token, and put the new token there."
        )
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return Misconfigured(
            "Discord refuses the bot's intents: in the Developer Portal open your application, click Bot, and under "
            "Privileged Gateway Intents switch on Message Content Intent; or set [discord] member_messages = false."
        )
    if code is not None:
        return Unavailable(f"Discord ended the connection for good (close code {code}); update the bot.")
    return None


def _pauses() -> Iterator[float]:
    """Seconds to wait, doubling; spread so that many bots do not come back at once."""
    longest = FIRST_PAUSE_SECONDS
    while True:
        yield random.uniform(max(FIRST_PAUSE_SECONDS, longest / 2), longest)  # noqa: S311  no secret
        longest = min(LONGEST_PAUSE_SECONDS, longest * 2)
