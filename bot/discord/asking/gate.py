"""Who may do what: the lists, pauses, and the rights of admins and owners. Discord hides commands, and this checks.

    everybody   whom no list keeps out and who is not paused
    moderator   may delete an answer; has the permission Manage Messages
    admin       of this server; has the permission Manage Server
    home admin  an admin of a home server; voices, trainings and posts belong to all servers
    owner       the application's owner or team, and the owners that config.toml names

Knows Discord's members, channels and permissions. Does not know commands.
"""

import logging
from enum import Enum, auto
from typing import Any

import discord

from bot.core.config import DiscordSettings
from bot.core.errors import NotAllowed
from bot.discord.asking.answering import person
from bot.people.access import Access, Where
from bot.people.home import Home
from bot.people.limits import Limits
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]


def server_id(guild: int | None) -> str:
    """Returns the id of a server, in the form that the use cases use; empty for a direct message."""
    return f"discord:server:{guild}" if guild else ""


def channel_id(channel: int | None) -> str:
    """Returns the id of a channel, category or thread, in the form that the use cases use."""
    return f"discord:channel:{channel}" if channel else ""


def message_id(message: int) -> str:
    """Returns the id of a message, in the form that the use cases use."""
    return f"discord:{message}"


def places(channel: object) -> tuple[str, ...]:
    """Returns the ids of a channel, of the channel that a thread is in, and of their category."""
    numbers = [getattr(channel, "id", None), getattr(channel, "parent_id", None)]
    if isinstance(channel, discord.Thread):
        numbers.append(channel.parent.category_id if channel.parent else None)
    else:
        numbers.append(getattr(channel, "category_id", None))
    return tuple(dict.fromkeys(channel_id(number) for number in numbers if number))


def where(guild: int | None, channel: object, user: discord.abc.User) -> Where:
    """Returns where somebody asks, and in which roles."""
    if not guild:
        return Where(people=(f"discord:user:{user.id}",))
    roles = [role.id for role in user.roles] if isinstance(user, discord.Member) else []
    people = (f"discord:user:{user.id}", *(f"discord:role:{role}" for role in roles))
    return Where(server_id(guild), places(channel), people)


class Who(Enum):
    """Whom a command or a click is for. An owner may do everything."""

    EVERYBODY = auto()
    ADMINS = auto()
    HOME_ADMINS = auto()  # voices and posts are one for all servers, so a stranger's server must not change them
    OWNERS = auto()


class Gate:
    """Raises `NotAllowed` or `Paused` for people who may not do something."""

    def __init__(
        self, client: discord.Client, *, access: Access, limits: Limits, settings: DiscordSettings, home: Home
    ):
        self._client = client
        self._access = access
        self._limits = limits
        self._settings = settings
        self._home = home

    async def admit(self, guild: int | None, channel: object, user: discord.abc.User) -> None:
        """Raises `KeptOut` or `Paused` for somebody whom a list keeps out or who is paused."""
        await self._access.refuse(where(guild, channel, user))
        await self._limits.refuse_paused(person(user))

    async def admit_interaction(self, interaction: Interaction) -> None:
        await self.admit(interaction.guild_id, interaction.channel, interaction.user)

    async def count(self, interaction: Interaction, cost: float) -> int:
        """Count an ask in all limits. Returns how many asks of the person count now. Raises `TooOften` or `Paused`."""
        await self._limits.count(person(interaction.user), server_id(interaction.guild_id), cost)
        return self._limits.asked(person(interaction.user))

    def count_own(self, user: discord.abc.User, cost: float) -> None:
        """Count what somebody decides about themselves or an admin does. What costs nothing is never refused.

        Raises `TooOften`.
        """
        if cost:
            self._limits.count_own(person(user), cost)

    def give_back(self, guild: int | None, cost: float) -> None:
        """Take a cost off the server's count, because the ask failed."""
        self._limits.give_back_shared(server_id(guild), cost)

    def note_failure(self, user: discord.abc.User, asked: int) -> None:
        """Count a failed ask a little, unless the person's count has grown since it was `asked`."""
        if self._limits.asked(person(user)) <= asked:
            self._limits.note_failure(person(user))

    def owner_ids(self) -> set[int]:
        """Returns the owners: the application's, or those of its team who may develop it, and those of config.toml."""
        application, owners = self._client.application, set(self._settings.owners)
        if application and not application.team:
            owners.add(application.owner.id)
        for member in application.team.members if application and application.team else ():
            accepted = member.membership_state is discord.TeamMembershipState.accepted
            if accepted and member.role is not discord.TeamMemberRole.read_only:
                owners.add(member.id)
        return owners

    def is_owner(self, user: discord.abc.User) -> bool:
        return user.id in self.owner_ids()

    def is_admin(self, interaction: Interaction) -> bool:
        rights = interaction.permissions
        return self.is_owner(interaction.user) or (
            interaction.guild_id is not None and (rights.manage_guild or rights.administrator)
        )

    def is_home_admin(self, interaction: Interaction) -> bool:
        return self.is_owner(interaction.user) or (
            self.is_admin(interaction) and server_id(interaction.guild_id) in self._home.servers
        )

    def may_have_home_admins(self, user: discord.abc.User, server: str) -> bool:
        """Returns True if somebody who reads an answer to `user` on `server` may be a home admin."""
        return server in self._home.servers or self.is_owner(user)

    def lets(self, who: Who, interaction: Interaction) -> bool:
        """Returns True if the person who asks is one of `who`."""
        match who:
            case Who.EVERYBODY:
                return True
            case Who.ADMINS:
                return self.is_admin(interaction)
            case Who.HOME_ADMINS:
                return self.is_home_admin(interaction)
            case Who.OWNERS:
                return self.is_owner(interaction.user)

    def refuse_others_than(self, who: Who, interaction: Interaction) -> None:
        """Raises `NotAllowed` if the person who asks is not one of `who`."""
        if self.lets(who, interaction):
            return
        if who is Who.ADMINS:
            raise NotAllowed(Phrase("Only admins of this server may do this: it needs the permission Manage Server."))
        if who is Who.OWNERS:
            raise NotAllowed(Phrase("Only my owner may do this: the person, or the team, who set me up at Discord."))
        homes = ", ".join(sorted(self._home.servers))
        log.info("%s is no admin of home (%s)", person(interaction.user), homes or "not decided: /home decides it")
        if not homes:
            raise NotAllowed(
                Phrase(
                    "Only admins of my home server may do this, and no server is my home yet. Whoever set me "
                    "up can choose one with /home; until then, only they may do this."
                )
            )
        raise NotAllowed(
            Phrase(
                "Only admins of my home server may do this, because my voices are the same on all servers. "
                "Ask somebody there who has the permission Manage Server, or whoever set me up."
            )
        )
