"""Who uses the page: a browser session, an address, and whether the visitor is at this machine.

Knows cookies and addresses as plain text. Does not know HTTP servers, Gradio or use cases.
"""

import ipaddress
import re
import secrets
from dataclasses import dataclass

from bot.core.errors import NotAllowed

PLACE = "playground"  # one place for all visitors of the page, as far as limits are concerned
_SESSION = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """`session` is the browser's, `address` is where the request came from, `proxied` says if a proxy passed it on."""

    session: str
    address: str = "127.0.0.1"
    proxied: bool = False

    @property
    def person(self) -> str:
        """Whose limits and pauses count: a session for visitors at this machine, an address for all others."""
        return f"{PLACE}:{self.session if _is_loopback(self.address) else self.address}"

    @property
    def here(self) -> bool:
        """True if the visitor is at this machine."""
        return _is_loopback(self.address) and not self.proxied

    def refuse_unless_here(self, what: str) -> None:
        """Raises `NotAllowed` for a visitor from another machine. `what` is what they asked for, such as `to post`."""
        if not self.here:
            raise NotAllowed(f"Only somebody at the machine that I run on may ask me {what}.")


def new_session() -> str:
    """A session that nobody can guess."""
    return secrets.token_hex(16)


def known_session(cookie: str) -> str:
    """The session in a cookie, or an empty text if there is none."""
    return cookie if _SESSION.fullmatch(cookie) else ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
