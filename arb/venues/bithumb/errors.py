"""What Bithumb's errors mean, as one table. Source: docs/protocols/bithumb.md.

The body decides before the HTTP status: a reply of 200 may hold an error, and its name may be a number. The
list is not closed, and what a used `client_order_id` is answered with is not published: a 400 that no row
names may mean that the order exists.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from arb.domain.errors import VenueError
from arb.domain.market.ids import Venue
from arb.venues.errors import ErrorKind
from arb.venues.krw import errors
from arb.venues.request import Effect, HttpResponse

NAMES: Final[Mapping[str, ErrorKind]] = MappingProxyType(
    {
        "invalid_parameter": ErrorKind.AMBIGUOUS,
        "validation_error": ErrorKind.AMBIGUOUS,
        "cross_trading": ErrorKind.AMBIGUOUS,  # taken and cancelled, or not taken: its lookup tells
        "invalid_price": ErrorKind.RULES,
        "invalid_price_ask": ErrorKind.RULES,
        "invalid_price_bid": ErrorKind.RULES,
        "under_price_limit_ask": ErrorKind.RULES,
        "under_price_limit_bid": ErrorKind.RULES,
        "under_min_total_ask": ErrorKind.RULES,
        "under_min_total_bid": ErrorKind.RULES,
        "market_offline": ErrorKind.RULES,
        "insufficient_funds_ask": ErrorKind.REJECTED,
        "insufficient_funds_bid": ErrorKind.REJECTED,
        # Rejected by the gateway, before the matching engine.
        "expired_jwt": ErrorKind.CLOCK,
        "invalid_query_payload": ErrorKind.FATAL,
        "jwt_verification": ErrorKind.FATAL,
        "NotAllowIP": ErrorKind.FATAL,
        "out_of_scope": ErrorKind.FATAL,
        "blocked_member_id": ErrorKind.FATAL,
        "bank_account_required": ErrorKind.FATAL,
        "two_factor_auth_required": ErrorKind.FATAL,
        "order_not_found": ErrorKind.NOT_FOUND,
        "order_not_ready": ErrorKind.UNKNOWN,  # ask again: it is no proof that there is no order
        "too_many_requests": ErrorKind.RATE_LIMITED,
    }
)

STATUSES: Final = MappingProxyType({**errors.STATUSES, 422: ErrorKind.AMBIGUOUS})


def holds_error(response: HttpResponse) -> bool:
    """Tell whether a reply rejects what was asked, whatever its status."""
    if not response.body.lstrip().startswith(b'{"error"'):
        return False
    return bool(errors.name_and_message(response)[0])


def error_of(response: HttpResponse, effect: Effect) -> VenueError:
    """Return what a rejection means for a request of `effect`."""
    return errors.error_of(Venue.BITHUMB, _kind, response, effect)


def _kind(status: int, name: str) -> ErrorKind:
    return NAMES.get(name) or STATUSES.get(status) or (ErrorKind.AMBIGUOUS if name else ErrorKind.FOREIGN)
