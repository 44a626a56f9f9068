"""What Upbit's errors mean, as one table. Source: docs/protocols/upbit.md.

The name decides before the HTTP status. The list is not closed, and the name of a duplicate identifier is
not published: a 400 that no row names may mean that the order exists.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from arb.domain.errors import Rejected, VenueError
from arb.domain.market.ids import Venue
from arb.venues.errors import ErrorKind
from arb.venues.krw import errors
from arb.venues.request import Effect, HttpResponse

# Rejected by the price unit or the minimum of the market: ours are old, or no order would have been made so.
AGAINST_RULES: Final = frozenset(
    f"{name}_{side}" for name in ("invalid_price", "under_min_total") for side in ("ask", "bid")
)
# Rejected for what the order is: the same body is rejected whenever it arrives, unless funds or rules change.
ON_MERIT: Final = AGAINST_RULES | {
    "insufficient_funds_ask",
    "insufficient_funds_bid",
    "create_ask_error",
    "create_bid_error",
}

NAMES: Final[Mapping[str, ErrorKind]] = MappingProxyType(
    {
        **dict.fromkeys(sorted(ON_MERIT - AGAINST_RULES), ErrorKind.REJECTED),
        **dict.fromkeys(sorted(AGAINST_RULES), ErrorKind.RULES),
        "validation_error": ErrorKind.AMBIGUOUS,
        "invalid_parameter": ErrorKind.AMBIGUOUS,
        "withdraw_address_not_registered": ErrorKind.FATAL,
        "thirdparty_agreement_required": ErrorKind.FATAL,
        # 401: rejected by the gateway, before the matching engine
        "nonce_used": ErrorKind.RETRYABLE,  # a new nonce, the same identifier
        # also by the gateway, but no later request will fare better: halt, instead of losing leg after leg
        "expired_access_key": ErrorKind.FATAL,
        "invalid_query_payload": ErrorKind.FATAL,
        "jwt_verification": ErrorKind.FATAL,
        "invalid_access_key": ErrorKind.FATAL,
        "no_authorization_ip": ErrorKind.FATAL,
        "no_authorization_i_p": ErrorKind.FATAL,
        "no_authorization_token": ErrorKind.FATAL,
        "out_of_scope": ErrorKind.FATAL,
        "market_offline": ErrorKind.RULES,  # 403, but of the market and not of the key: it is halted
        "order_not_found": ErrorKind.NOT_FOUND,
        "blocked": ErrorKind.RATE_LIMITED,
        "too_many_requests": ErrorKind.RATE_LIMITED,
    }
)


def error_of(response: HttpResponse, effect: Effect) -> VenueError:
    """Return what a reply other than success means for a request of `effect`."""
    return errors.error_of(Venue.UPBIT, _kind, response, effect)


def rejected_on_merit(error: Rejected) -> bool:
    """Tell whether the order itself was rejected, and not the request that carried it."""
    return error.code in ON_MERIT


def _kind(status: int, name: str) -> ErrorKind:
    return NAMES.get(name) or errors.STATUSES.get(status, ErrorKind.FOREIGN)
