"""Which servers are home: their admins decide about voices, trainings and posts, which all servers share.

What config.toml says wins. Otherwise home is decided once, as soon as it is clear, and stored. From then on no server
that comes or goes changes it; only the owner does. While it is not decided, only the owner may do what its admins may.

Knows servers as opaque ids. Does not know Discord, or who is an admin or the owner.
"""

from collections.abc import Collection, Sequence

from bot.people.access import GLOBAL
from bot.store.settings import StoredSettings

HOME = "home"  # the setting: a list of servers; empty when the owner has to decide


def first_home(servers: Collection[str], owned: Collection[str]) -> list[str] | None:
    """What is home on these servers, of which `owned` belong to the bot's owner.

    Returns None when nothing can be said yet, and an empty list when only the owner can say it.
    """
    if not servers:
        return None
    if len(servers) == 1:
        return list(servers)
    own = [server for server in servers if server in owned]
    return own if len(own) == 1 else []


class Home:
    """The home servers as they are now. `configured` are those of config.toml."""

    def __init__(self, settings: StoredSettings, configured: Sequence[str] = ()):
        self._settings = settings
        self._configured = frozenset(configured)
        self._stored: frozenset[str] | None = None
        self._is_loaded = False

    @property
    def servers(self) -> frozenset[str]:
        """Empty while nobody has decided."""
        return self._configured or self._stored or frozenset()

    @property
    def is_configured(self) -> bool:
        """Returns True if config.toml names home, so that no command can change it."""
        return bool(self._configured)

    async def load(self) -> None:
        """Read what was decided before. Raises `StoreUnavailable`."""
        stored = await self._settings.get(GLOBAL, HOME)
        self._stored = None if stored is None else frozenset(stored)
        self._is_loaded = True

    async def decide(self, servers: Collection[str], owned: Collection[str]) -> bool:
        """Decide what is home, unless that was done before. Returns True if it is decided now.

        It holds from the first moment, and not only once it is stored. After a `StoreUnavailable` it is not decided.
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
        """Make these servers home, as the owner says."""
        await self._settings.put(GLOBAL, HOME, sorted(servers), by)
        await self.load()
