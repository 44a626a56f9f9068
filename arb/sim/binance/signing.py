"""HMAC signatures of requests. Pure.

REST signs the raw query string followed by the raw body, both without the signature itself. The
WebSocket API signs all parameters but the signature, sorted by name. Hex, case-insensitive.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256


def signature_of(secret: str, payload: str) -> str:
    """Return the lower-case hex HMAC-SHA256 of `payload`."""
    return hmac.new(secret.encode(), payload.encode(), sha256).hexdigest()


def rest_payload(raw_query: str, raw_body: str) -> str:
    """Return what a REST request signs."""
    return _unsigned(raw_query) + _unsigned(raw_body)


def api_payload(params: Mapping[str, str]) -> str:
    """Return what a WebSocket API request signs."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "signature")


def matches(secret: str, payload: str, signature: str) -> bool:
    """Whether `signature` is the one of `payload`."""
    return hmac.compare_digest(signature_of(secret, payload).encode(), signature.lower().encode())


def _unsigned(raw: str) -> str:
    return "&".join(part for part in raw.split("&") if not part.startswith("signature="))
