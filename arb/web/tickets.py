"""Who has logged in: signed tickets in a cookie, and the token that each state-changing request repeats.

Nothing is kept of a ticket but its revocation, so that a restart of the process logs nobody out.
"""

import hashlib
import hmac
from typing import Final

from arb.ports.market import Clock, Entropy

NONCE_BITS: Final = 128
REVOKED_MAX: Final = 10_000


class Tickets:
    """Issues and checks tickets: `<expiry ns>.<nonce>.<signature>`."""

    def __init__(self, secret: str, clock: Clock, entropy: Entropy, lifetime_ns: int) -> None:
        self._secret = secret.encode()
        self._clock, self._entropy, self.lifetime_ns = clock, entropy, lifetime_ns
        self._revoked: dict[str, None] = {}  # by age

    def issue(self) -> str:
        """Return a signed ticket that ends after the session's hours."""
        body = f"{self._clock.now_ns() + self.lifetime_ns}.{self._entropy.bits(NONCE_BITS):032x}"
        return f"{body}.{self._sign('ticket', body)}"

    def valid(self, ticket: str) -> bool:
        """Tell whether we issued this ticket, its time is not over and it was not revoked."""
        body, _, signature = ticket.rpartition(".")
        if not equal(signature, self._sign("ticket", body)) or ticket in self._revoked:
            return False
        return int(body.partition(".")[0]) > self._clock.now_ns()

    def revoke(self, ticket: str) -> None:
        """Make a ticket useless from now on."""
        self._revoked[ticket] = None
        if len(self._revoked) > REVOKED_MAX:
            del self._revoked[next(iter(self._revoked))]

    def token(self, ticket: str) -> str:
        """Return the token that proves that a request was written by a page of ours."""
        return self._sign("token", ticket)

    def is_token(self, ticket: str, token: str) -> bool:
        """Tell whether `token` belongs to this ticket."""
        return equal(token, self.token(ticket))

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def equal(given: str, expected: str) -> bool:
    """Compare two secrets in a time that tells nothing, not even the length."""
    one, two = (hashlib.sha256(text.encode(errors="replace")).digest() for text in (given, expected))
    return hmac.compare_digest(one, two)
