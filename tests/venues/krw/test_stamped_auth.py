"""Tokens that age: the hash against a published vector, and the claims that Bithumb asks for."""

import base64
import hashlib
import hmac
import json
from typing import Any

from arb.venues.api_key import ApiKey
from arb.venues.jwt import query_hash
from arb.venues.krw.auth import StampedPass, bearer, token

KEY = ApiKey("test-access", "test-secret")
ACCESS = StampedPass(KEY, "6f5570df-d8bc-4daf-85b4-976733feb624", 1_712_230_310_689)


def part(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_published_hash_of_a_query():
    assert query_hash("market=KRW-BTC&limit=10") == (
        "d8214a07d0b7181ac91485f885d4349e9de6733bbd0806fec3102519a0ba1479"
        "b9be54245055706da413a6e916a8a978c1fc1a79e8e459d54c4de8fbe2bc70cd"
    )


def test_the_claims_are_those_that_are_documented():
    header, claims, _ = token(ACCESS, "market=KRW-BTC&limit=10").split(".")
    assert part(header) == {"alg": "HS256", "typ": "JWT"}
    assert part(claims) == {
        "access_key": "test-access",
        "nonce": ACCESS.nonce,
        "timestamp": 1_712_230_310_689,
        "query_hash": query_hash("market=KRW-BTC&limit=10"),
        "query_hash_alg": "SHA512",
    }


def test_a_request_without_parameters_hashes_none():
    assert set(part(token(ACCESS).split(".")[1])) == {"access_key", "nonce", "timestamp"}


def test_the_signature_is_that_of_the_secret():
    scheme, _, whole = bearer(ACCESS)["Authorization"].partition(" ")
    signed, _, signature = whole.rpartition(".")
    digest = hmac.new(b"test-secret", signed.encode(), hashlib.sha256).digest()
    assert (scheme, signature) == ("Bearer", base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def test_no_secret_shows():
    assert "test-secret" not in repr(ACCESS)
    assert ACCESS.nonce not in repr(ACCESS)
