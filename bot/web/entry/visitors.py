"""Who uses the page: a browser session, an address, what they may do.

Knows addresses as plain text. Does not know HTTP, cookies or use cases.
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from bot.core.errors import NotAllowed
from bot.core.servers import PAGE

IPV6_PREFIX = 64  # bits of an IPv6 address that name a household
PLACE = PAGE  # one place for all visitors of the page, as far as limits are concerned


class Role(StrEnum):
    """What somebody may do. A stranger may sign in, a visitor may try voices, an admin may do everything."""

    STRANGER = "stranger"
    VISITOR = "visitor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Visitor:
    """`session` is the browser's, `address` is where the request came from, `proxied` says if a proxy passed it on.

    `user` is the name of whoever has signed in, or empty.
    """

    session: str
    address: str = "127.0.0.1"
    proxied: bool = False
    role: Role = Role.STRANGER
    user: str = ""

    @property
    def person(self) -> str:
        """Whose limits count: a user's, a session's for visitors at this machine, an address's for all others."""
        if self.user:
            return f"{PLACE}:user:{self.user}"
        return f"{PLACE}:{self.session if self.here else self.network}"

    @property
    def network(self) -> str:
        """The address, as far as it tells people apart."""
        return network_of(self.address)

    @property
    def here(self) -> bool:
        """True if the visitor is at this machine."""
        return is_loopback(self.address) and not self.proxied

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    def refuse_strangers(self) -> None:
        """Raises `NotAllowed` for somebody who must sign in first."""
        if self.role is Role.STRANGER:
            raise NotAllowed("Sign in first.")

    def refuse_unless_admin(self) -> None:
        """Raises `NotAllowed` for a visitor who is no admin."""
        if not self.is_admin:
            raise NotAllowed("Only somebody who runs me may do this. Sign in as an admin first.")


def network_of(address: str) -> str:
    """An address of IPv4, or the network of an address of IPv6: one person has 2^64 of the latter."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))


def is_loopback(address: str) -> bool:
    """Returns True for an address of this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
