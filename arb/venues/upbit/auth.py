"""Upbit tokens: a JWT that hashes the parameters and is used once. It does not age.

The hashed text is the query string before percent-encoding, or the JSON body flattened in its own key
order. Source: exchange_protocols.md 2.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arb.venues import jwt
from arb.venues.api_key import ApiKey


@dataclass(frozen=True, slots=True)
class Pass:
    """Who asks, and the nonce that makes this one request's token unlike any other."""

    api_key: ApiKey
    nonce: str = field(repr=False)


def token(access: Pass, text: str = "") -> str:
    """Return the token of one request; `text` is its parameters, empty when it has none."""
    claims = {"access_key": access.api_key.key, "nonce": access.nonce}
    return jwt.token(claims, access.api_key.secret, text)


def bearer(access: Pass, text: str = "") -> Mapping[str, str]:
    """Return the header that carries the token."""
    return {"Authorization": f"Bearer {token(access, text)}"}
