"""Upbit tokens: a JWT (HS256, raw secret) that hashes the parameters and is used once.

The hashed text is the query string before percent-encoding, or the JSON body flattened in its own key
order. Source: exchange_protocols.md 2.2.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from arb.venues.api_key import ApiKey

HEADER: Final = {"alg": "HS256", "typ": "JWT"}
Parameters = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pass:
    """Who asks, and the nonce that makes this one request's token unlike any other."""

    api_key: ApiKey
    nonce: str = field(repr=False)


def nonce_of(random_bits: int) -> str:
    """Return 128 random bits as a version 4 UUID."""
    return str(uuid.UUID(int=random_bits, version=4))


def hashed_text(parameters: Parameters) -> str:
    """Return the text whose hash the token carries."""
    return "&".join(f"{name}={value}" for name, value in parameters)


def query_hash(text: str) -> str:
    """Return the SHA-512 of the parameters' text, in hex."""
    return hashlib.sha512(text.encode()).hexdigest()


def token(access: Pass, text: str = "") -> str:
    """Return the token of one request; `text` is its parameters, empty when it has none."""
    claims = {"access_key": access.api_key.key, "nonce": access.nonce}
    if text:
        claims |= {"query_hash": query_hash(text), "query_hash_alg": "SHA512"}
    signed = f"{_part(HEADER)}.{_part(claims)}"
    digest = hmac.new(access.api_key.secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64(digest)}"


def bearer(access: Pass, text: str = "") -> Mapping[str, str]:
    """Return the header that carries the token."""
    return {"Authorization": f"Bearer {token(access, text)}"}


def _part(value: Mapping[str, str]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
