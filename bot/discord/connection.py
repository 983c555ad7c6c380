"""Staying connected: Discord's addresses, which failures are final, and when to try again after the others.

discord.py resumes dropped connections by itself. But it gives up if Discord cannot be reached at the start, and at an
event that it cannot read. This module starts it again then.

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
from bot.core.process.log import NOT_ON_A_TERMINAL, on_a_terminal
from huggingtweets.core.errors import Misconfigured, PipelineError, Unavailable, first_line

log = logging.getLogger(__name__)

AWAY = "Discord cannot be reached, so I try again until it can. See whether this machine is online."

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
HEALTHY_SECONDS = 60.0  # after a connection that lasted so long, the pauses begin with the shortest again
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
BAD_TOKEN = 4004


def use_endpoints(settings: DiscordSettings) -> None:
    """Let discord.py talk to the endpoints of `settings`. It keeps them globally, so a process has one Discord."""
    Route.BASE = settings.api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)


async def stay_connected(client: discord.Client, settings: DiscordSettings) -> None:
    """Log in and stay connected until `client` is closed.

    Raises `Misconfigured` or `Unavailable` if another attempt cannot help. A cancellation leaves `client` open.
    """
    for name in ("discord.client", "discord.shard"):
        logging.getLogger(name).addFilter(_ONE_SENTENCE)
    logged_in = away = False
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
                pauses, away = _pauses(), False
            pause = next(pauses)
            if _is_away(error):
                # Whoever looks at a terminal needs it once, and programs each time.
                shown = NOT_ON_A_TERMINAL if away else on_a_terminal(AWAY)
                log.warning("Discord cannot be reached (%s); trying again in %.1f s", _cause(error), pause, extra=shown)
                away = True
            else:
                log.exception("the connection to Discord failed; trying again in %.1f s", pause)
            await _hang_up(client)
            await asyncio.sleep(pause)


def _is_away(error: BaseException) -> bool:
    """Returns True if Discord or the network does not answer as it should, so the fault is not ours."""
    if isinstance(error, discord.HTTPException):
        return error.status >= 500
    return isinstance(error, OSError | aiohttp.ClientError | discord.GatewayNotFound | discord.ConnectionClosed)


def _cause(error: BaseException) -> str:
    """Returns what happened, in a few words of the library's, and never a page that came in place of an answer."""
    if isinstance(error, discord.HTTPException):
        return f"status {error.status}"
    return first_line(error)


class _OneSentence(logging.Filter):
    """While Discord is away, discord.py logs a traceback at each attempt. This leaves one sentence of it."""

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
            # Each attempt makes a session of its own, with the connector of the one before if that is still there.
            await client.http.close()
            client.http.connector = discord.utils.MISSING
        raise


async def _hang_up(client: discord.Client) -> None:
    """End what is left of a connection, also its heartbeat, so that the next one begins anew."""
    if isinstance(client, discord.AutoShardedClient):
        for shard in client.shards.values():
            await shard.disconnect()
    elif client.ws and client.ws.open:
        await client.ws.close(code=1000)


def _final(error: Exception, settings: DiscordSettings) -> PipelineError | None:
    """Returns the error to end with, or None if another attempt may help."""
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
    """Yields the seconds to wait. They double, and are random, so that many bots do not come back at once."""
    longest = FIRST_PAUSE_SECONDS
    while True:
        yield random.uniform(max(FIRST_PAUSE_SECONDS, longest / 2), longest)  # noqa: S311  no secret
        longest = min(LONGEST_PAUSE_SECONDS, longest * 2)
