"""Whom wrong passwords are counted for: a visitor's address, behind a reverse proxy the one that it tells.

Only what a trusted proxy put last into `X-Forwarded-For` is believed: all before it is the visitor's word.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from aiohttp import web

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
HEADER: Final = "X-Forwarded-For"
PREFIX_V6: Final = 64  # what one visitor has at the least


def visitor_of(request: web.Request, proxies: Sequence[Network]) -> str:
    """Return who sends a request; without an address of its own, its proxy."""
    peer = _address(request.remote or "")
    if peer is None:
        return ""
    told = ",".join(request.headers.getall(HEADER, ())).rpartition(",")[2]
    is_proxy = any(peer in proxy for proxy in proxies)
    return _name((_address(told.strip()) if is_proxy else None) or peer)


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _name(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, PREFIX_V6), strict=False))
