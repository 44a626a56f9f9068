"""JSON Web Tokens as Upbit takes them: HMAC, raw secret, HS256 or HS512.

Pure. Source: RFC 7519 and docs/protocols/upbit.md. There is no `exp`: an Upbit token does not age.
"""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, Final

DIGESTS: Final = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}
TOKEN_LENGTH_MAX: Final = 8_192  # characters; a longer header is not one of ours


class BadToken(Exception):
    """The text is not a token, or its signature is wrong."""


def read_claims(token: str) -> dict[str, Any]:
    """Return what the token claims, not yet believed.

    Raises: BadToken if it cannot be read.
    """
    return _object(_parts(token)[1])


def verify(token: str, secret: str) -> None:
    """Check the signature.

    Raises: BadToken if it is wrong or uses an algorithm Upbit does not take.
    """
    header, body, signature = _parts(token)
    algorithm = _object(header).get("alg")
    if not isinstance(algorithm, str) or algorithm not in DIGESTS:
        raise BadToken("algorithm")
    if not hmac.compare_digest(_signature(f"{header}.{body}", secret, algorithm), signature):
        raise BadToken("signature")


def _parts(token: str) -> tuple[str, str, str]:
    parts = token.split(".")
    if len(parts) != 3 or len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        raise BadToken("shape")
    return parts[0], parts[1], parts[2]


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadToken("encoding") from error
    if not isinstance(value, dict):
        raise BadToken("not an object")
    return value


def _signature(signed: str, secret: str, algorithm: str) -> str:
    return _encode_part(hmac.new(secret.encode(), signed.encode(), DIGESTS[algorithm]).digest())


def _encode_part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
