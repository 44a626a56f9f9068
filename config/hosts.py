"""Hosts that can only be ours: mock mode signs what it sends, so it speaks to no others."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

# Besides those without a dot, as containers have them: names that no public server answers for (RFC 6761,
# RFC 6762, ICANN), as clusters give them.
PRIVATE_SUFFIXES: Final = (".localhost", ".local", ".internal")


def host_of(url: str) -> str:
    """Return the host of an address, nothing if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_private(host: str) -> bool:
    """Tell whether a host is this machine, in a private network, or a name that only one can have."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host.endswith(PRIVATE_SUFFIXES) or (host != "" and "." not in host)
