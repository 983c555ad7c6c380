"""How a command or a click is declared: its name, who may use it, and where its answer will be.

    @command("cancel", "End a training that waits or runs", may=Who.HOME_ADMINS)
    @app_commands.describe(job="its number, as /jobs shows it")
    async def cancel(self, interaction: Interaction, job: int) -> None:
        ...

Before the function runs, whoever may not is refused, and Discord is told to wait: it gives up after 3 seconds.

Knows discord.py's decorators. Does not know single commands.
"""

from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from discord import app_commands

from bot.discord.asking.answering import Interaction
from bot.discord.asking.gate import Gate, Who
from bot.discord.asking.once import acknowledge
from bot.people.limits import CHEAP

ALWAYS = "always"  # in a command's extras: it also works for people who are kept out or paused
COST = "cost"  # in a command's extras: how many requests it counts as; None where the use case counts

MAY = "may"  # in a command's extras: whom it is for

# For groups of commands that make sense only where the bot is installed.
ON_SERVERS = app_commands.AppInstallationType(guild=True, user=False)
IN_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)

P = ParamSpec("P")
T = TypeVar("T", str, int)
Command = app_commands.Command[Any, P, None]
Act = Callable[Concatenate[Any, Interaction, P], Awaitable[None]]
Declared = Callable[Concatenate[Any, Interaction, P], Coroutine[Any, Any, None]]
Suggesting = Callable[[Any, Interaction, str], Awaitable[list[app_commands.Choice[T]]]]
Suggested = Callable[[Any, Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[T]]]]


class HasGate(Protocol):
    """What declares acts for some people only."""

    @property
    def gate(self) -> Gate: ...


class Shown(Enum):
    """Where the answer will be; the value is how Discord is told."""

    PRIVATELY = (("ephemeral", True), ("thinking", True))
    PUBLICLY = (("thinking", True),)
    IN_PLACE = ()  # in the message that was clicked


Where = Shown | Callable[[Interaction], Shown]


def deferred(shown: Where = Shown.PRIVATELY) -> Callable[[Act[P]], Declared[P]]:
    """Tell Discord first that an answer will come, and where. Then it may take 15 minutes."""

    def declare(act: Act[P]) -> Declared[P]:
        @wraps(act)
        async def answer(self: Any, interaction: Interaction, /, *args: P.args, **kwargs: P.kwargs) -> None:
            where = shown if isinstance(shown, Shown) else shown(interaction)
            first = interaction.response.defer(**dict(where.value))
            await acknowledge(interaction, first, thinking=where is not Shown.IN_PLACE)
            await act(self, interaction, *args, **kwargs)

        return answer

    return declare


def only(who: Who) -> Callable[[Act[P]], Declared[P]]:
    """Refuse others than `who` before anything else."""

    def declare(act: Act[P]) -> Declared[P]:
        @wraps(act)
        async def answer(self: HasGate, interaction: Interaction, /, *args: P.args, **kwargs: P.kwargs) -> None:
            self.gate.refuse_others_than(who, interaction)
            await act(self, interaction, *args, **kwargs)

        return answer

    return declare


def suggested_to(who: Who) -> Callable[[Suggesting[T]], Suggested[T]]:
    """Suggest nothing to others than `who`: the names may be none of their business."""

    def declare(suggest: Suggesting[T]) -> Suggested[T]:
        @wraps(suggest)
        async def answer(self: HasGate, interaction: Interaction, typed: str, /) -> list[app_commands.Choice[T]]:
            return await suggest(self, interaction, typed) if self.gate.lets(who, interaction) else []

        return answer

    return declare


def command(
    name: str,
    description: str,
    *,
    may: Who = Who.EVERYBODY,
    shown: Where = Shown.PRIVATELY,
    on_servers_only: bool = False,
    always: bool = False,
    everywhere: bool = False,
    cost: float | None = CHEAP,
) -> Callable[[Act[P]], Command[P]]:
    """A slash command of a `Family` or group.

    It counts as `cost` requests; None means that its use case counts. A command that is `always` there also works for
    people who are kept out or paused, as do all that are not for everybody. One that is for `everywhere` makes sense
    alone, so people may bring it along to any server and message.
    """
    extras = {ALWAYS: always or may is not Who.EVERYBODY, COST: cost, MAY: may.name}

    def declare(act: Act[P]) -> Command[P]:
        declared: Any = only(may)(deferred(shown)(act))
        if may is not Who.EVERYBODY:
            declared = app_commands.default_permissions(manage_guild=True)(declared)
        declared = app_commands.allowed_installs(guilds=True, users=everywhere)(declared)
        declared = app_commands.allowed_contexts(guilds=True, dms=not on_servers_only, private_channels=everywhere)(
            declared
        )
        return app_commands.command(name=name, description=description, extras=extras)(declared)

    return declare


def menu(
    name: str,
    callback: Callable[..., Any],
    *,
    on_servers_only: bool = False,
    everywhere: bool = False,
    cost: float | None = CHEAP,
) -> app_commands.ContextMenu:
    """An entry in the menu of a message or a member, by the type of what `callback` takes."""
    entry = app_commands.ContextMenu(name=name, callback=callback, extras={ALWAYS: False, COST: cost, MAY: "EVERYBODY"})
    entry.allowed_installs = app_commands.AppInstallationType(guild=True, user=everywhere)
    entry.allowed_contexts = app_commands.AppCommandContext(
        guild=True, dm_channel=not on_servers_only, private_channel=everywhere
    )
    return entry
