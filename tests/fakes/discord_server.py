"""Discord on loopback: SimCord's model of it served over HTTP and WebSocket, for the bot as a whole process.

What the model knows it decides: ids, permissions, lengths, the 3 seconds and the 15 minutes. This adds the wire, and
what goes wrong on it: events sent again, dropped connections, refusals of any status, slow answers.
"""

import asyncio
import copy
import fnmatch
import io
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import discord
from aiohttp import WSMsgType, web
from simcord import intents
from simcord._clock import Clock
from simcord.backend import Backend, serializers
from simcord.backend.errors import BackendError
from simcord.backend.models import Interaction, Message
from simcord.enums import AppCommandType, ChannelType
from simcord.http import routes as _routes  # noqa: F401  importing them registers them
from simcord.http.router import dispatch
from simcord.interactions import base_payload

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
BAD_TOKEN = 4004
HANG_UP = 599
# Discord takes the first answer within 3 s. Beside busy processes a bot may come to its turn later than that, and this
# Discord is no test of how fast the machine is. SimCord's own clock holds the 3 s in `tests/bot/discord`.
FIRST_ANSWER_SECONDS = 600.0


class WallClock(Clock):
    """The real time: the bot's process has no virtual clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Trouble:
    """A delay for the next `times` matching requests, and a refusal if there is a status.

    `HANG_UP` ends the connection without an answer. `over` is waited for before the request is done.
    """

    method: str
    path: str
    status: int = 0
    body: str = "{}"
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    times: int = 1
    afterwards: bool = False  # what was asked for is done first, so only the answer is lost
    met: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event | None = None

    @classmethod
    def rate_limit(cls, method: str, path: str, seconds: float) -> Self:
        """A 429 as Discord sends it. Without a Via header it would be a 429 of Cloudflare."""
        body = json.dumps({"message": "You are being rate limited.", "retry_after": seconds, "global": False})
        return cls(method, path, 429, body, headers={"Retry-After": f"{seconds:g}", "Via": "1.1 google"})

    @classmethod
    def html_503(cls, method: str, path: str) -> Self:
        return cls(method, path, 503, "<html>Service Unavailable</html>", "text/html")


@dataclass(frozen=True)
class Where:
    """Where somebody asks. Without a `guild` it is a direct message to the bot, or, if they have brought the bot along,
    a talk with somebody else.
    """

    channel: int
    guild: int | None
    is_brought: bool = False


class DiscordServer:
    """One server with a channel and Ann in it. Use it as an async context manager."""

    def __init__(self, token: str = "a.bot.token"):
        self.token = token
        self.backend = Backend(clock=WallClock())
        self.troubles: list[Trouble] = []
        self.weather: Callable[[str, str], Trouble | None] = lambda method, path: None
        self.asked: dict[int, Interaction] = {}
        self.identified = 0
        self.resumed = 0
        self.ready = asyncio.Event()
        self._events: list[str] = []
        self._numbered: dict[tuple[str, str], Any] = {}
        self._intents = discord.Intents.none()
        self._socket: web.WebSocketResponse | None = None
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self.backend.subscribers.append(self._deliver)
        self.ann = self.backend.make_user("ann")
        guild = self.backend.create_guild("Server")
        self.guild_id = guild.id
        self.channel_id = self.backend.create_channel(guild.id, "general").id
        self.backend.add_member(guild.id, self.ann.id)
        # The bot joined long ago, so it sends no welcome.
        guild.members[self.backend.bot_user.id].joined_at = "2025-01-01T00:00:00+00:00"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/gateway/", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drop()
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway/"

    # what people do

    def member(self, name: str) -> int:
        """Add a member to the server. Returns their id."""
        user = self.backend.make_user(name)
        self.backend.add_member(self.guild_id, user.id)
        return user.id

    def direct(self, person: int) -> Where:
        """The direct messages between somebody and the bot."""
        return Where(self.backend.get_dm_channel(person).id, None)

    def brought(self, person: int) -> Where:
        """A talk between somebody, who has brought the bot along, and Ann."""
        channel = self.backend.create_channel(None, None, type=ChannelType.DM)
        channel.recipient_ids = [person, self.ann.id]
        return Where(channel.id, None, is_brought=True)

    def slash(
        self, name: str, /, *, by: int | None = None, where: Where | None = None, locale: str = "en-US", **options: Any
    ) -> dict[str, Any]:
        """Ann or another member uses a command. Returns the event, which can be sent again."""
        command = self.backend.find_command(name, self.guild_id)
        assert command, f"/{name} is not registered"
        kinds = {option["name"]: option["type"] for option in command["options"]}
        given = [{"name": key, "type": kinds[key], "value": value} for key, value in options.items()]
        data = {"id": command["id"], "name": name, "type": 1, "options": given}
        return self._interaction(2, by, data, where, {"locale": locale})

    def menu(self, name: str, message: Message, *, by: int | None = None) -> dict[str, Any]:
        """Ann or another member uses an entry in the menu of a message. Returns the event."""
        command = self.backend.find_command(name, self.guild_id, AppCommandType.MESSAGE)
        assert command, f"{name} is not registered"
        shown = {str(message.id): dict(serializers.message_payload(self.backend, message))}
        data = {"id": command["id"], "name": name, "type": 3, "target_id": str(message.id)}
        data |= {"resolved": {"messages": shown}}
        return self._interaction(2, by, data, self._at(message))

    def click(self, message: Message, custom_id: str, *, by: int | None = None) -> dict[str, Any]:
        """Ann or another member clicks a button. Returns the event."""
        return self._used(message, {"custom_id": custom_id, "component_type": 2}, by)

    def choose(self, message: Message, custom_id: str, value: str, *, by: int | None = None) -> dict[str, Any]:
        """Ann or another member chooses something from a list. Returns the event."""
        return self._used(message, {"custom_id": custom_id, "component_type": 3, "values": [value]}, by)

    def _at(self, message: Message) -> Where:
        return Where(message.channel_id, self.backend.get_channel(message.channel_id).guild_id)

    def _used(self, message: Message, data: dict[str, Any], by: int | None) -> dict[str, Any]:
        shown = {"message": dict(serializers.message_payload(self.backend, message))}
        return self._interaction(3, by, data, self._at(message), shown, message.id)

    def _interaction(
        self,
        kind: int,
        by: int | None,
        data: dict[str, Any],
        where: Where | None = None,
        more: Mapping[str, Any] | None = None,
        source: int = 0,
    ) -> dict[str, Any]:
        where, user = where or Where(self.channel_id, self.guild_id), by or self.ann.id
        record, payload = base_payload(
            self.backend, type=kind, channel_id=where.channel, guild_id=where.guild, user_id=user, data=data
        )
        if where.is_brought:
            payload |= {"context": 2, "authorizing_integration_owners": {"1": str(user)}}
        payload.update(more or {})
        record.source_message_id = source or None
        record.initial_response_deadline = self.backend.iso_after(FIRST_ANSWER_SECONDS)
        self.asked[record.id] = record
        self.backend.emit("INTERACTION_CREATE", payload)
        return payload

    def answers(self, interaction: Mapping[str, Any]) -> list[Message]:
        """The answers to an interaction, public and private ones, without the "is thinking"."""
        record = self.asked[int(interaction["id"])]
        messages = self.backend.messages[record.channel_id]
        answers = [messages.get(one) for one in (record.message_id, *record.followup_ids) if one]
        return [one for one in answers if one and (one.embeds or one.content not in ("", "…"))]

    def called_out(self, interaction: Mapping[str, Any]) -> list[Message]:
        """Later messages in the channel that name the person who asked. They come if Discord took no other answer."""
        record = self.asked[int(interaction["id"])]
        said = self.said(record.channel_id)
        return [one for one in said if one.id > record.id and one.content.startswith(f"<@{record.user_id}> ")]

    def write(self, text: str) -> Message:
        """Ann writes into the channel; `{me}` is the bot's mention."""
        me = f"<@{self.backend.bot_user.id}>"
        return self.backend.create_message(self.channel_id, self.ann.id, text.format(me=me))

    def said(self, channel: int = 0) -> list[Message]:
        """The messages of the bot in a channel, oldest first, without its "is thinking"."""
        messages = sorted(self.backend.messages[channel or self.channel_id].values(), key=lambda one: one.id)
        return [one for one in messages if one.author_id == self.backend.bot_user.id and (one.content or one.embeds)]

    async def until(self, happened: Callable[[], bool], seconds: float = 300.0) -> None:
        """Wait until something is true. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not happened():
                await asyncio.sleep(0.02)

    # what goes wrong

    def send_raw(self, event: str, payload: Any) -> None:
        """Send an event that SimCord would not send."""
        self._queue(event, payload)

    def ask_to_reconnect(self) -> None:
        self._outgoing.put_nowait(json.dumps({"op": RECONNECT, "d": None}))

    async def drop(self, code: int = 4000) -> None:
        """Close the gateway's connection."""
        if self._socket is not None:
            await self._socket.close(code=code)

    # the wire

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        body, files = await _body(request)  # before any delay: after it the client may be gone
        trouble = await self._trouble(request, path)
        refusal = _response(trouble.status, trouble.body, trouble.content_type, trouble.headers) if trouble else None
        if trouble and refusal and not trouble.afterwards:
            return refusal
        done = self._done(request, path, body, files)
        return refusal or done

    async def _trouble(self, request: web.Request, path: str) -> Trouble | None:
        """Wait as long as the troubles of a request say. Returns the first one that refuses it."""
        rain = self.weather(request.method, path)
        for trouble in [*([rain] if rain else []), *(one for one in self.troubles if one.method == request.method)]:
            if trouble.times and fnmatch.fnmatch(path, trouble.path):
                trouble.times -= 1
                trouble.met.set()
                await asyncio.sleep(trouble.delay_seconds)
                if trouble.over:
                    await trouble.over.wait()
                if trouble.status == HANG_UP:
                    assert request.transport
                    request.transport.close()
                if trouble.status:
                    return trouble
        return None

    def _done(self, request: web.Request, path: str, body: Any, files: list[discord.File] | None) -> web.Response:
        """Do what is asked, once for each number that a message has."""
        tokened = path.startswith(("/webhooks/", "/interactions/"))
        if not tokened and request.headers.get("Authorization") != f"Bot {self.token}":
            return _response(401, json.dumps({"message": "401: Unauthorized", "code": 0}))
        if path == "/gateway/bot":
            limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
            gateway = {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}
            return _response(200, json.dumps(gateway))
        number = (path, body["nonce"]) if isinstance(body, dict) and body.get("enforce_nonce") else ("", "")
        if number in self._numbered:
            return _response(200, json.dumps(self._numbered[number]))
        try:
            given = {"json": body, "params": dict(request.query), "files": files}
            given["message_content_access"] = self._intents.message_content
            result = dispatch(self.backend, request.method, path, **given)
        except BackendError as error:
            return _response(error.status, json.dumps(error.to_json()))
        if all(number):
            self._numbered[number] = result
        return web.Response(status=204) if result is None else _response(200, json.dumps(result))

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
        sender: asyncio.Task[None] | None = None
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    continue
                said = json.loads(frame.data)
                if said["op"] == HEARTBEAT:
                    await socket.send_json({"op": ACK})
                elif said["op"] in (IDENTIFY, RESUME):
                    if said["d"]["token"] != self.token:
                        await socket.close(code=BAD_TOKEN)
                        break
                    self._socket, self._outgoing = socket, asyncio.Queue()
                    (self._identify if said["op"] == IDENTIFY else self._resume)(said["d"])
                    sender = asyncio.create_task(self._send(socket, self._outgoing))
        finally:
            if sender:
                sender.cancel()
            if self._socket is socket:
                self._socket = None
        return socket

    def _identify(self, wanted: dict[str, Any]) -> None:
        self.identified += 1
        self._intents = discord.Intents._from_value(wanted["intents"])
        self._events.clear()
        ready = {
            "v": 10,
            "user": serializers.user_payload(self.backend.bot_user),
            "guilds": [],
            "session_id": f"session-{self.identified}",
            "resume_gateway_url": self.gateway_url,
            "application": {"id": str(self.backend.application_id), "flags": 0},
            **({"shard": wanted["shard"]} if wanted.get("shard") else {}),
        }
        self._queue("READY", ready)
        for guild in self.backend.guilds.values():
            self._deliver("GUILD_CREATE", serializers.guild_create_payload(self.backend, guild))
        self.ready.set()

    def _resume(self, wanted: dict[str, Any]) -> None:
        """Send all events after the last one that the client has seen."""
        self.resumed += 1
        for event in self._events[wanted["seq"] :]:
            self._outgoing.put_nowait(event)
        self._queue("RESUMED", {})

    def _deliver(self, event: str, payload: Mapping[str, Any]) -> None:
        """Send an event if the intents allow it, as SimCord's own gateway does."""
        needed = intents.required_intent(event, payload)
        if not self.identified or (needed and not getattr(self._intents, needed)):
            return
        allowed = copy.deepcopy(dict(payload))
        bot_id = self.backend.bot_user.id
        if event == "GUILD_CREATE":
            intents.prune_guild_create(allowed, self._intents, bot_id)
        elif event == "MESSAGE_CREATE" and not self._intents.message_content:
            intents.censor_message(allowed, bot_id, backend=self.backend)
        self._queue(event, allowed)

    def _queue(self, event: str, payload: Any) -> None:
        self._events.append(json.dumps({"op": DISPATCH, "t": event, "s": len(self._events) + 1, "d": payload}))
        self._outgoing.put_nowait(self._events[-1])

    @staticmethod
    async def _send(socket: web.WebSocketResponse, outgoing: asyncio.Queue[str]) -> None:
        with suppress(ConnectionError):
            while not socket.closed:
                await socket.send_str(await outgoing.get())


async def _body(request: web.Request) -> tuple[Any, list[discord.File] | None]:
    """The JSON of a request, and its files."""
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        files = [
            discord.File(io.BytesIO(field.file.read()), field.filename)
            for field in form.values()
            if isinstance(field, web.FileField)
        ]
        return json.loads(str(form["payload_json"])), files
    return (await request.json() if request.can_read_body else None), None


def _response(
    status: int, body: str, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> web.Response:
    # As bytes: for a text aiohttp adds a charset to the content type, and then discord.py does not read it as JSON.
    return web.Response(status=status, body=body.encode(), content_type=content_type, headers=headers)
