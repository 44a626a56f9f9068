"""Bithumb tokens: a JWT that hashes the parameters, and ages: it carries the moment at which it was signed.

Source: docs/protocols/bithumb.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arb.venues import jwt
from arb.venues.api_key import ApiKey


@dataclass(frozen=True, slots=True)
class StampedPass:
    """Who asks, the nonce of this one request, and its moment, from which on the token ages."""

    api_key: ApiKey
    nonce: str = field(repr=False)
    stamp_ms: int


def token(access: StampedPass, text: str = "") -> str:
    """Return the token of one request; `text` is its parameters, empty when it has none."""
    claims = {"access_key": access.api_key.key, "nonce": access.nonce, "timestamp": access.stamp_ms}
    return jwt.token(claims, access.api_key.secret, text)


def bearer(access: StampedPass, text: str = "") -> Mapping[str, str]:
    """Return the header that carries the token."""
    return {"Authorization": f"Bearer {token(access, text)}"}
