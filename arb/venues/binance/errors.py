"""What Binance's errors mean, as one table. Source: exchange_protocols.md 1.9.

The code decides before the HTTP status, since -1008 ("not placed") arrives with 503 as -1007 ("status
unknown") does. Codes that no row names: 10xx are the venue's own troubles and count as unknown, the
rest are refusals.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from arb.domain.errors import DataError, Rejected, VenueError
from arb.domain.market.ids import Venue
from arb.venues.errors import Kind, make_error, retry_after_ms
from arb.venues.reply import read
from arb.venues.request import Effect, HttpRequest, HttpResponse

TOO_MANY_ORDERS: Final = -1015
DUPLICATE: Final = "Duplicate order sent."  # an order with this id is open
MARKET_CLOSED: Final = "Market is closed."
NO_MARKET: Final = frozenset({"-1100", "-1121"})  # a name that cannot be one, or that nothing has
PAUSE_MS: Final = 1_000  # 429 without Retry-After
BAN_MS: Final = 120_000  # 418 lasts two minutes at least
FIREWALL_PAUSE_MS: Final = 300_000  # 403 comes from the firewall and has no body of Binance's

CODES: Final[Mapping[int, Kind]] = MappingProxyType(
    {
        **dict.fromkeys((-1000, -1001, -1006, -1007), Kind.UNKNOWN),
        **dict.fromkeys((-1003, -1008, TOO_MANY_ORDERS, -1034), Kind.RATE_LIMITED),
        -1013: Kind.RULES,  # filter failure: stopped before the engine
        -1021: Kind.CLOCK,
        -1022: Kind.REJECTED,  # signature
        **dict.fromkeys(range(-1106, -1099), Kind.REJECTED),  # malformed parameters
        -1111: Kind.RULES,  # precision
        **dict.fromkeys(range(-1120, -1114), Kind.REJECTED),  # type, side, empty id
        -1121: Kind.RULES,  # no such symbol
        -1145: Kind.REJECTED,
        -2010: Kind.REJECTED,  # by the engine; `DUPLICATE` and `MARKET_CLOSED` are the exceptions
        -2011: Kind.NOT_FOUND,  # cancel of an order that is not open
        -2013: Kind.NOT_FOUND,
        -2014: Kind.FATAL,  # key format
        -2015: Kind.FATAL,  # key, address or permission
        -2021: Kind.UNKNOWN,  # half of a cancel-replace
        -2022: Kind.REJECTED,
    }
)


def error_of(response: HttpResponse, effect: Effect) -> VenueError:
    """Return what a reply other than success means for a request of `effect`."""
    code, message = _code_and_message(response)
    kind = _kind(response.status, code, message)
    return make_error(
        kind,
        Venue.BINANCE,
        effect,
        code="" if code is None else str(code),
        detail=f"HTTP {response.status} {message}",
        retry_after_ms=_pause_ms(response),
    )


def pause_scope(request: HttpRequest, response: HttpResponse) -> str | None:
    """Return the group that a rate-limited reply pauses, or None for all: weight is counted by IP."""
    code, _ = _code_and_message(response)
    return request.group if code == TOO_MANY_ORDERS else None


def names_no_market(error: Rejected) -> bool:
    """Tell whether a question about markets was refused since one of them does not exist."""
    return error.code in NO_MARKET


def _kind(status: int, code: int | None, message: str) -> Kind:
    if message == DUPLICATE:
        return Kind.AMBIGUOUS
    if message == MARKET_CLOSED:
        return Kind.RULES
    if status in (418, 429):
        return Kind.RATE_LIMITED
    if code is not None and code in CODES:
        return CODES[code]
    if status == 403:
        return Kind.RATE_LIMITED
    if status == 401:
        return Kind.FATAL
    if status >= 500 or (code is not None and -1100 < code <= -1000):
        return Kind.UNKNOWN
    if code is None or not status >= 400:
        return Kind.FOREIGN
    return Kind.REJECTED


def _pause_ms(response: HttpResponse) -> int:
    default_ms = {403: FIREWALL_PAUSE_MS, 418: BAN_MS}.get(response.status, PAUSE_MS)
    return retry_after_ms(response, default_ms)


def _code_and_message(response: HttpResponse) -> tuple[int | None, str]:
    try:
        return read(response, _envelope)
    except DataError:
        return None, "no error body"


def _envelope(body: Any) -> tuple[int, str]:
    return int(body["code"]), str(body["msg"])
