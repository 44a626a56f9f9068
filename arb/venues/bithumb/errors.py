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
from arb.venues.errors import Kind
from arb.venues.krw import errors
from arb.venues.request import Effect, HttpResponse

NAMES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "invalid_parameter": Kind.AMBIGUOUS,
        "validation_error": Kind.AMBIGUOUS,
        "cross_trading": Kind.AMBIGUOUS,  # the order was taken and cancelled, or not taken: its lookup tells
        "invalid_price": Kind.RULES,
        "invalid_price_ask": Kind.RULES,
        "invalid_price_bid": Kind.RULES,
        "under_price_limit_ask": Kind.RULES,
        "under_price_limit_bid": Kind.RULES,
        "under_min_total_ask": Kind.RULES,
        "under_min_total_bid": Kind.RULES,
        "market_offline": Kind.RULES,
        "insufficient_funds_ask": Kind.REJECTED,
        "insufficient_funds_bid": Kind.REJECTED,
        # Refused at the door, before the engine.
        "expired_jwt": Kind.CLOCK,
        "invalid_query_payload": Kind.FATAL,
        "jwt_verification": Kind.FATAL,
        "NotAllowIP": Kind.FATAL,
        "out_of_scope": Kind.FATAL,
        "blocked_member_id": Kind.FATAL,
        "bank_account_required": Kind.FATAL,
        "two_factor_auth_required": Kind.FATAL,
        "order_not_found": Kind.NOT_FOUND,
        "order_not_ready": Kind.UNKNOWN,  # ask again: it is no proof that there is no order
        "too_many_requests": Kind.RATE_LIMITED,
    }
)

STATUSES: Final[Mapping[int, Kind]] = MappingProxyType(
    {
        400: Kind.AMBIGUOUS,
        401: Kind.FATAL,
        403: Kind.FATAL,
        418: Kind.RATE_LIMITED,
        422: Kind.AMBIGUOUS,
        429: Kind.RATE_LIMITED,
        451: Kind.FATAL,  # not served from where we are
    }
)


def holds_error(response: HttpResponse) -> bool:
    """Tell whether a reply refuses what was asked, whatever its status."""
    if not response.body.lstrip().startswith(b'{"error"'):
        return False
    return bool(errors.name_and_message(response)[0])


def error_of(response: HttpResponse, effect: Effect) -> VenueError:
    """Return what a refusal means for a request of `effect`."""
    return errors.error_of(Venue.BITHUMB, _kind, response, effect)


def _kind(status: int, name: str) -> Kind:
    return NAMES.get(name) or STATUSES.get(status) or (Kind.AMBIGUOUS if name else Kind.FOREIGN)
