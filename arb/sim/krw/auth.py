"""Who is asking: access key, signature, nonce, parameters, address, permission - in that order.

Pure: who remembers used nonces is an argument. Source: docs/protocols/upbit.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arb.sim.krw.errors import rejection
from arb.sim.krw.jwt import BadToken, read_claims, verify
from arb.sim.krw.parameters import Parameters, query_hash

VIEW_ASSETS: Final = "view_assets"
VIEW_ORDERS: Final = "view_orders"
MAKE_ORDERS: Final = "make_orders"
VIEW_DEPOSITS: Final = "view_deposits"
VIEW_WITHDRAWALS: Final = "view_withdrawals"
DEPOSIT_MONEY: Final = "deposit"  # no key here has this or the next
WITHDRAW_MONEY: Final = "withdraw"
ANY_KEY: Final = ""  # a key, whatever it permits
PERMISSIONS: Final = frozenset({VIEW_ASSETS, VIEW_ORDERS, MAKE_ORDERS, VIEW_DEPOSITS, VIEW_WITHDRAWALS})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """An API key as the venue keeps it."""

    key: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicy:
    """What an API key may do, from where, and until when."""

    permissions: frozenset[str] = PERMISSIONS
    addresses: frozenset[str] = frozenset()  # allowed client IPs; empty allows all
    expires_ns: int | None = None  # Unix epoch


@dataclass(slots=True)
class Authenticator:
    """Checks requests against one access key."""

    access_key: AccessKey
    spend: Callable[[str], bool]  # False for a nonce that was used before
    token_life_ms: int | None = None  # None: tokens do not age, and carry no time

    def check(self, header: str | None, parameters: Parameters, now_ms: int = 0) -> None:
        """Accept a request as coming from the owner of the key, or say why not.

        Raises: KrwRejection (401). A correctly signed token spends its nonce
        even if the request is rejected afterwards.
        """
        claims = self._signed_claims(header)
        self._check_age(claims.get("timestamp"), now_ms)
        self._spend(claims.get("nonce"))
        _check_hash(claims, parameters.hashed_text)

    def _signed_claims(self, header: str | None) -> dict[str, object]:
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise rejection("no_authorization_token")
        try:
            claims = read_claims(token.strip())
            if claims.get("access_key") != self.access_key.key:
                raise rejection("invalid_access_key")
            verify(token.strip(), self.access_key.secret)
        except BadToken as error:
            raise rejection("jwt_verification") from error
        return claims

    def _check_age(self, stamp_ms: object, now_ms: int) -> None:
        if self.token_life_ms is None:
            return
        if not isinstance(stamp_ms, int):
            raise rejection("jwt_verification", "timestamp is missing")
        if now_ms - stamp_ms > self.token_life_ms:
            raise rejection("expired_jwt")

    def _spend(self, nonce: object) -> None:
        if not isinstance(nonce, str) or not nonce:
            raise rejection("jwt_verification", "nonce is missing")
        if not self.spend(nonce):
            raise rejection("nonce_used")


def _check_hash(claims: dict[str, object], hashed_text: str) -> None:
    if not hashed_text:
        return
    if claims.get("query_hash_alg", "SHA512") != "SHA512":
        raise rejection("invalid_query_payload")
    if claims.get("query_hash") != query_hash(hashed_text):
        raise rejection("invalid_query_payload")


def check_policy(policy: KeyPolicy, permission: str, address: str, now_ns: int) -> None:
    """Accept a use of the key or say why not.

    Raises: KrwRejection (expired_access_key, no_authorization_ip, out_of_scope).
    """
    if policy.expires_ns is not None and now_ns >= policy.expires_ns:
        raise rejection("expired_access_key")
    if policy.addresses and address not in policy.addresses:
        raise rejection("no_authorization_ip")
    if permission != ANY_KEY and permission not in policy.permissions:
        raise rejection("out_of_scope")
