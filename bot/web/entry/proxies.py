"""Who asks when a proxy passes a request on, and whether they came by https: what a trusted proxy says of it counts.

A proxy adds the address that it sees at the end of X-Forwarded-For. All before that came with the request, and a
visitor can write anything there. So the addresses are read from the end, and those of trusted proxies are passed over.

Knows ASGI and these two headers. Does not know who may do what.
"""

import ipaddress
import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

EVERY = "*"
# With a port or without one: `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1`.
_ENTRY = re.compile(
    r"(?P<v4>[0-9.]{7,15})(:\d{1,5})?|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\](:\d{1,5})?|(?P<bare>[0-9A-Fa-f:.]{2,45})"
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Trusted:
    """The proxies that are believed: addresses and networks. Raises `ValueError` for what is neither.

    With `*`, whoever connects is one, and so are all addresses in private networks.
    """

    def __init__(self, proxies: Sequence[str]):
        self._every = EVERY in proxies
        self._networks = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies if proxy != EVERY]

    def may_connect(self, address: str) -> bool:
        """Returns True if a connection from `address` is a proxy's."""
        return self._every or self._is_one(_parsed(address))

    def client(self, forwarded_for: str) -> str:
        """The address of whoever asks. Empty if the header does not say it."""
        address = ""
        for entry in reversed(forwarded_for.split(",")):
            parsed = _parsed(entry)
            if parsed is None:
                return ""
            address = str(parsed)
            if not self._is_one(parsed):
                break
        return address

    def _is_one(self, address: Address | None) -> bool:
        if address is None:
            return False
        is_private = self._every and not address.is_global
        return is_private or any(address in network for network in self._networks)


class Proxies:
    """ASGI middleware: puts into the scope what trusted proxies say. The headers stay, for the door removes them."""

    def __init__(self, app: ASGIApp, trusted: Trusted):
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("client") and self._trusted.may_connect(scope["client"][0]):
            scope = {**scope, **self._said(Headers(scope=scope))}
        await self._app(scope, receive, send)

    def _said(self, headers: Headers) -> dict[str, object]:
        said: dict[str, object] = {}
        scheme = headers.getlist("x-forwarded-proto")[-1:]
        if scheme and (name := scheme[0].strip().lower()) in ("http", "https"):
            said["scheme"] = name
        if client := self._trusted.client(",".join(headers.getlist("x-forwarded-for"))):
            said["client"] = (client, 0)
        return said


def _parsed(text: str) -> Address | None:
    match = _ENTRY.fullmatch(text.strip())
    try:
        address = ipaddress.ip_address(next(filter(None, match.group("v4", "v6", "bare")))) if match else None
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
