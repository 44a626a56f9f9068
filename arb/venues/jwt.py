"""JSON Web Tokens of requests: HS256, raw secret, parameters hashed as SHA-512, a nonce of its own."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

HEADER: Final = {"alg": "HS256", "typ": "JWT"}
Parameters = Iterable[tuple[str, str]]


def nonce_of(random_bits: int) -> str:
    """Return 128 random bits as a version 4 UUID."""
    return str(uuid.UUID(int=random_bits, version=4))


def hashed_text(parameters: Parameters) -> str:
    """Return the text whose hash a token carries: the query string before percent-encoding."""
    return "&".join(f"{name}={value}" for name, value in parameters)


def query_hash(text: str) -> str:
    """Return the SHA-512 of the parameters' text, in hex."""
    return hashlib.sha512(text.encode()).hexdigest()


def token(claims: Mapping[str, Any], secret: str, text: str) -> str:
    """Return the token of one request; `text` is its parameters, empty when it has none."""
    hashed = {"query_hash": query_hash(text), "query_hash_alg": "SHA512"} if text else {}
    signed = f"{_part(HEADER)}.{_part({**claims, **hashed})}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64(digest)}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
