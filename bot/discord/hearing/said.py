"""What was said in messages, as a voice reads it: without the names of people who wrote it, are mentioned, or are near.

Who is near: those who wrote in the channel lately, and the members of the server that discord.py knows. Only names are
remembered, in memory. How a name is told from a word is `huggingtweets.tweets.texts.named`.

Knows Discord's messages. Does not know who answers, or why.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import islice

import discord

from huggingtweets.tweets.learned.clean import as_typed_context

MAX_CHANNELS = 10_000
MAX_NEAR = 50  # people of a channel whose names are remembered
MAX_MEMBERS = 500  # members of a server whose names are looked at


def names_of(user: discord.abc.User) -> frozenset[str]:
    """Returns what somebody is called: their account, their name everywhere, and the one on this server."""
    names = {user.name, user.display_name, getattr(user, "global_name", None), getattr(user, "nick", None)}
    return frozenset(name for name in names if name)


class Near:
    """The names of people who wrote in each channel lately."""

    def __init__(self) -> None:
        self._names: OrderedDict[int, OrderedDict[int, frozenset[str]]] = OrderedDict()

    def seen(self, message: discord.Message) -> None:
        """Note who wrote a message."""
        people = self._names.setdefault(message.channel.id, OrderedDict())
        people[message.author.id] = names_of(message.author)
        people.move_to_end(message.author.id)
        self._names.move_to_end(message.channel.id)
        if len(people) > MAX_NEAR:
            people.popitem(last=False)
        if len(self._names) > MAX_CHANNELS:
            self._names.popitem(last=False)

    def names(self, channel: int, guild: discord.Guild | None) -> set[str]:
        """Returns the names of who is near in a channel."""
        members = islice(guild.members, MAX_MEMBERS) if guild else ()
        known = {name for member in members for name in names_of(member)}
        return known.union(*self._names.get(channel, {}).values())


def as_said(lines: Sequence[str], people: Iterable[discord.abc.User], near: Iterable[str] = ()) -> str:
    """Returns `lines`, the oldest first, as a context without the names of `people`, and of who is `near`."""
    return as_typed_context(lines, {name for user in people for name in names_of(user)}, set(near))


def replied_to(message: discord.Message) -> discord.Message | None:
    """Returns the message that `message` replies to, if it is there."""
    before = message.reference.resolved if message.reference else None
    return before if isinstance(before, discord.Message) else None


def said_in(messages: Sequence[discord.Message], near: Near) -> str:
    """Returns what `messages` say, the oldest first. It is empty without the Message Content Intent."""
    message = messages[-1]
    people = [user for one in messages for user in (one.author, *one.mentions)]
    lines = [one.content for one in messages] if message.content else []
    return as_said(lines, people, near.names(message.channel.id, message.guild))
