"""Tokens of venues that quote in KRW: a JWT that hashes the parameters and is used once.

The hashed text is the query string before percent-encoding, or the JSON body flattened in its own key
order. Source: docs/protocols/upbit.md, docs/protocols/bithumb.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arb.venues import jwt
from arb.venues.api_key import ApiKey


@dataclass(frozen=True, slots=True)
class Pass:
    """Who asks, and the nonce that makes this one request's token unlike any other. It does not age."""

    api_key: ApiKey
    nonce: str = field(repr=False)

    def claims(self) -> dict[str, str | int]:
        """Return what the token says beside its parameters."""
        return {"access_key": self.api_key.key, "nonce": self.nonce}


@dataclass(frozen=True, slots=True)
class StampedPass(Pass):
    """The same with the moment from which on the token ages."""

    stamp_ms: int

    def claims(self) -> dict[str, str | int]:
        """Return what the token says beside its parameters."""
        return {"access_key": self.api_key.key, "nonce": self.nonce, "timestamp": self.stamp_ms}


def token(access: Pass, text: str = "") -> str:
    """Return the token of one request; `text` is its parameters, empty when it has none."""
    return jwt.token(access.claims(), access.api_key.secret, text)


def bearer(access: Pass, text: str = "") -> Mapping[str, str]:
    """Return the header that carries the token."""
    return {"Authorization": f"Bearer {token(access, text)}"}
