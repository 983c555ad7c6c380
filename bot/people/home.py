"""Which servers are home. All servers share voices, trainings and posts; the admins of home servers decide about them.

If config.toml names home servers, these count. Otherwise home is decided once, as soon as it is clear, and stored.
Servers that come or go later do not change it; only the owner does. Until it is decided, only the owner may do what
home admins may.

Knows servers as opaque ids. Does not know Discord, or who is an admin or the owner.
"""

from collections.abc import Collection, Sequence

from bot.people.access import GLOBAL
from bot.store.settings import StoredSettings

HOME = "home"  # the stored setting: a list of servers, which is empty if the owner has to decide


def first_home(servers: Collection[str], owned: Collection[str]) -> list[str] | None:
    """The home servers among `servers`, of which `owned` belong to the bot's owner.

    Returns None if it is too early to tell, and an empty list if only the owner can tell.
    """
    if not servers:
        return None
    if len(servers) == 1:
        return list(servers)
    own = [server for server in servers if server in owned]
    return own if len(own) == 1 else []


class Home:
    """The home servers as they are now. `configured` are those that config.toml names."""

    def __init__(self, settings: StoredSettings, configured: Sequence[str] = ()):
        self._settings = settings
        self._configured = frozenset(configured)
        self._stored: frozenset[str] | None = None
        self._is_loaded = False

    @property
    def servers(self) -> frozenset[str]:
        """Empty until they are decided."""
        return self._configured or self._stored or frozenset()

    @property
    def is_configured(self) -> bool:
        """Returns True if config.toml names home servers. Then no command can change them."""
        return bool(self._configured)

    async def load(self) -> None:
        """Read what is stored. Raises `StoreUnavailable`."""
        stored = await self._settings.get(GLOBAL, HOME)
        self._stored = None if stored is None else frozenset(stored)
        self._is_loaded = True

    async def decide(self, servers: Collection[str], owned: Collection[str]) -> bool:
        """Decide which servers are home, if nobody has. Returns True if this call decided it.

        The decision holds at once, before it is stored. If storing it raises `StoreUnavailable`, it does not hold.
        """
        if not self._is_loaded:
            await self.load()
        first = first_home(servers, owned)
        if self._configured or self._stored is not None or first is None:
            return False
        self._stored = frozenset(first)
        try:
            new = await self._settings.put_first(GLOBAL, HOME, first, "bot")
        except BaseException:
            self._stored = None
            raise
        await self.load()
        return new

    async def change(self, servers: Collection[str], by: str) -> None:
        """Make these servers home, because the owner says so."""
        await self._settings.put(GLOBAL, HOME, sorted(servers), by)
        await self.load()
