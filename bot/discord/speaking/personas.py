"""Messages under the name and picture of who is imitated, by one webhook a channel.

The bot makes the webhook where it may manage webhooks, and remembers it. One that somebody has deleted, or
moved to another channel, is made anew once; a second time means that nobody wants it, and then the bot speaks under its
own name. Every name ends with "(AI parody)", and no setting changes that. The message is the same embed as everywhere,
which says so, too.

Discord takes no nonce for what a webhook says (discord-api-docs #6647), so a message that is sent twice appears twice.
So it is sent in one try (see `once`).

Knows webhooks. Does not know what is said, or when.
"""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import discord

from bot.discord.asking.gate import channel_id, server_id
from bot.discord.asking.once import NOBODY, in_one_try
from bot.discord.asking.parts import Parts
from bot.discord.look.rendering import SHOWABLE
from bot.voices.tweeting import Imitated
from huggingtweets.core.people.names import VoiceName

log = logging.getLogger(__name__)

WEBHOOK = "webhook"  # setting of a channel: its webhook, how many were made, and whose picture it has
MARK = " (AI parody)"
MAX_NAME = 80
FORBIDDEN = ("discord", "clyde")  # Discord refuses names of webhooks with these
MADE_AT_MOST = 2
SUFFIXES = (".png", ".jpg", ".jpeg")

Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


def persona_name(handles: Sequence[str]) -> str:
    """Returns the name for a message in the voice of these people, with the mark, as Discord takes it."""
    name = " + ".join(handles)
    if any(word in name.lower() for word in FORBIDDEN) or not name:
        return MARK.strip(" ()")
    return name[: MAX_NAME - len(MARK)] + MARK


class Personas:
    """The webhooks of all channels. Pictures lie in the folder `avatars`, or come from linked members and archives."""

    def __init__(self, client: discord.Client, parts: Parts, avatars: Path | None):
        self._client = client
        self._parts = parts
        self._avatars = avatars
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._gone_ids: set[int] = set()
        self.ids: set[int] = set()

    async def load(self) -> None:
        """Read which webhooks are the bot's own, so that replies to their messages are recognised."""
        settings = self._parts.store.settings
        for scope in await settings.scopes_with(WEBHOOK):
            self.ids.add((await settings.get(scope, WEBHOOK))["id"])

    async def send(
        self, place: Place, people: Sequence[Imitated], voice: str, **message: Any
    ) -> discord.WebhookMessage | None:
        """Send a message as the people who are imitated, once. Returns None if that is not possible here.

        Raises `aiohttp.ClientError` or `HTTPException` if it may have been sent.
        """
        home = place.parent if isinstance(place, discord.Thread) else place
        if home is None or not home.permissions_for(place.guild.me).manage_webhooks:
            return None
        thread: dict[str, Any] = {"thread": place} if isinstance(place, discord.Thread) else {}
        async with self._locks[home.id]:
            for _ in range(2):
                webhook = await self._webhook(home)
                if not webhook:
                    return None
                try:
                    look = await self._look(webhook, home, people, voice)
                    once = in_one_try(webhook)
                    return await once.send(**message, **look, **thread, allowed_mentions=NOBODY, wait=True)
                except discord.NotFound:
                    log.info("the webhook of channel %d is gone", home.id)
                    await self._gone(home)
                except discord.HTTPException as error:
                    if error.status >= 500:
                        raise
                    log.info("no webhook in channel %d: status %s, code %s", home.id, error.status, error.code)
                    return None
        return None

    async def _webhook(self, home: Any) -> discord.Webhook | None:
        """Returns the channel's webhook, and makes it if it was not made too often."""
        stored = await self._stored(home)
        try:
            if stored.get("id"):
                webhook = await self._client.fetch_webhook(stored["id"])
                if webhook.channel_id == home.id:
                    return webhook
                log.info("the webhook of channel %d was moved to another one", home.id)
                stored = await self._gone(home)
        except discord.NotFound:
            stored = await self._gone(home)
        except discord.HTTPException as error:
            if error.status >= 500:
                raise
            return None
        try:
            made = await self._left_over(home)
            if not made and stored.get("made", 0) >= MADE_AT_MOST:
                return None
            made = made or await home.create_webhook(name=MARK.strip(" ()"), reason="speaks as an AI parody")
        except discord.HTTPException as error:
            if error.status >= 500:
                raise
            log.info("channel %d gets no webhook: status %s, code %s", home.id, error.status, error.code)
            return None
        self.ids.add(made.id)
        await self._store(home, {"id": made.id, "made": stored.get("made", 0) + 1})
        return made

    async def _left_over(self, home: Any) -> discord.Webhook | None:
        """Returns a webhook that we made and did not note: the process died, or Discord's answer was lost.

        Whoever made it says whose it is. Another application may call its webhook as we do.
        """
        assert self._client.user
        webhooks: list[discord.Webhook] = await home.webhooks()
        own = [one for one in webhooks if one.user and one.user.id == self._client.user.id and one.token]
        usable = (one for one in own if one.name == MARK.strip(" ()") and one.id not in self._gone_ids)
        return next(usable, None)

    async def _look(
        self, webhook: discord.Webhook, home: Any, people: Sequence[Imitated], voice: str
    ) -> dict[str, Any]:
        """Returns the name and the address of the picture. A picture out of a file is given to the webhook itself."""
        look: dict[str, Any] = {"username": persona_name([one.handle for one in people])}
        file = self._file(people[0].handle) if len(people) == 1 else None
        url = "" if file or len(people) != 1 else await self._url(home.guild, people[0], voice)
        if url:
            return {**look, "avatar_url": url}
        await self._wear(webhook, home, file)
        return look

    async def _wear(self, webhook: discord.Webhook, home: Any, file: Path | None) -> None:
        """Give the webhook the picture in `file`, or none, so that nobody wears somebody else's."""
        picture = await asyncio.to_thread(file.read_bytes) if file else None
        digest = hashlib.sha256(picture).hexdigest()[:16] if picture else ""
        stored = await self._stored(home)
        if stored.get("avatar", "") == digest:
            return
        try:
            await webhook.edit(avatar=picture)
        except (discord.Forbidden, discord.NotFound):
            raise
        except discord.HTTPException as error:
            if stored.get("avatar") or error.status >= 500:
                raise  # it would wear somebody else's picture
            log.info("the picture of a voice is not taken: status %s, code %s", error.status, error.code)
            return
        await self._store(home, {**stored, "avatar": digest})

    async def _url(self, guild: discord.Guild, person: Imitated, voice: str) -> str:
        """Returns the address of the picture of the member whose voice it is, or else of the one in their archive."""
        server, name = server_id(guild.id), VoiceName.parse(voice)
        links = await self._parts.store.consent.links_of(server=server, voice=name)
        owners = [link.person for link in links if link.state == "confirmed"]
        owners += [one.person for one in await self._parts.store.members.of_voice(name) if one.server == server]
        for owner in owners:
            try:
                member = await guild.fetch_member(int(owner.removeprefix("discord:")))
            except (discord.HTTPException, ValueError):
                continue  # they have left the server
            return member.display_avatar.url
        return person.avatar_url if SHOWABLE.fullmatch(person.avatar_url) else ""

    def _file(self, handle: str) -> Path | None:
        paths = (self._avatars / f"{handle.lower()}{suffix}" for suffix in SUFFIXES) if self._avatars else ()
        return next((path for path in paths if path.is_file()), None)

    async def _stored(self, home: Any) -> dict[str, Any]:
        return await self._parts.store.settings.get(channel_id(home.id), WEBHOOK) or {}

    async def _store(self, home: Any, value: dict[str, Any]) -> None:
        await self._parts.store.settings.put(channel_id(home.id), WEBHOOK, value, "bot")

    async def _gone(self, home: Any) -> dict[str, Any]:
        """Forget the webhook of a channel, but not how many were made. Returns what is stored now."""
        before = await self._stored(home)
        self._gone_ids.add(before.get("id", 0))
        stored = {"id": 0, "made": before.get("made", 1)}
        await self._store(home, stored)
        return stored
