"""Binance signatures: HMAC-SHA256 in hex over the parameters as they are on the wire.

REST signs the percent-encoded query string or body; the WebSocket API signs its parameters sorted by
name, `apiKey` included. Source: docs/protocols/binance.md.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from arb.venues.api_key import ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStamp:
    """Who asks, when, and how late the venue may still take it."""

    api_key: ApiKey
    timestamp_ms: int
    recv_window_ms: int

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the header that names the key."""
        return {"X-MBX-APIKEY": self.api_key.key}


def sign(secret: str, payload: str) -> str:
    """Return the signature of an encoded payload."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def signed(parameters: Mapping[str, str], stamp: RequestStamp) -> str:
    """Return the encoded parameters with window, timestamp and signature."""
    timing = {"recvWindow": str(stamp.recv_window_ms), "timestamp": str(stamp.timestamp_ms)}
    payload = urlencode({**parameters, **timing})
    return f"{payload}&signature={sign(stamp.api_key.secret, payload)}"


def sign_sorted(secret: str, parameters: Mapping[str, str]) -> str:
    """Return the signature of WebSocket API parameters."""
    return sign(secret, "&".join(f"{name}={parameters[name]}" for name in sorted(parameters)))
