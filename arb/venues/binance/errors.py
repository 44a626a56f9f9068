"""What Binance's errors mean, as one table. Source: docs/protocols/binance.md.

The code decides before the HTTP status, since -1008 ("not placed") arrives with 503 as -1007 ("status
unknown") does. Codes that no row names: 10xx are the venue's own troubles and count as unknown, the
rest are rejections. What -2010 means is in its words: of the account it is wrong for good, of a market there.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from arb.domain.errors import DataError, Rejected, VenueError
from arb.domain.market.ids import Venue
from arb.venues.errors import ErrorKind, make_error, retry_after_ms
from arb.venues.reply import read
from arb.venues.request import Effect, HttpRequest, HttpResponse

TOO_MANY_ORDERS: Final = -1015
REJECTIONS_IN_WORDS: Final = frozenset({-1013, -2010, -2011})
DUPLICATE: Final = "Duplicate order sent."  # an order with this id is open
MARKET_CLOSED: Final = "Market is closed."
NO_MARKET: Final = frozenset({"-1100", "-1121"})  # a name that cannot be one, or that nothing has
# Of the account, in the words of -2010 and -1013; what it may not do now it may not do with the next order.
ACCOUNT_WORDS: Final = (
    "disabled on this account",
    "trading is not enabled",
    "account is ",  # locked, frozen, suspended, not active, being liquidated
    "account has been ",
)
MARKET_WORDS: Final = ("symbol is not permitted for this account", "symbol is restricted for this account")
PAUSE_MS: Final = 1_000  # 429 without Retry-After
BAN_MS: Final = 120_000  # 418 lasts two minutes at least
FIREWALL_PAUSE_MS: Final = 300_000  # 403 comes from the firewall and has no body of Binance's

CODES: Final[Mapping[int, ErrorKind]] = MappingProxyType(
    {
        **dict.fromkeys((-1000, -1001, -1006, -1007), ErrorKind.UNKNOWN),
        **dict.fromkeys((-1003, -1008, TOO_MANY_ORDERS, -1034), ErrorKind.RATE_LIMITED),
        -1002: ErrorKind.FATAL,  # not authorised: rejected by the gateway
        -1013: ErrorKind.RULES,  # filter failure: stopped before the engine
        -1014: ErrorKind.REJECTED,  # a combination that it does not support
        -1020: ErrorKind.FATAL,  # an operation that it does not support
        -1021: ErrorKind.CLOCK,
        -1022: ErrorKind.FATAL,  # signature: the secret is not this key's
        -1099: ErrorKind.FATAL,  # not found, authenticated or authorised
        **dict.fromkeys(range(-1106, -1099), ErrorKind.REJECTED),  # malformed parameters
        -1111: ErrorKind.RULES,  # precision
        **dict.fromkeys(range(-1120, -1114), ErrorKind.REJECTED),  # type, side, empty id
        -1121: ErrorKind.RULES,  # no such symbol
        -1122: ErrorKind.RULES,  # of a status that it is not traded in
        -1145: ErrorKind.REJECTED,
        -2010: ErrorKind.REJECTED,  # by the engine; `DUPLICATE` and `MARKET_CLOSED` are the exceptions
        -2011: ErrorKind.NOT_FOUND,  # cancel of an order that is not open
        -2013: ErrorKind.NOT_FOUND,
        -2008: ErrorKind.FATAL,  # no such key
        -2014: ErrorKind.FATAL,  # key format
        -2015: ErrorKind.FATAL,  # key, address or permission
        -2021: ErrorKind.UNKNOWN,  # half of a cancel-replace
        -2016: ErrorKind.RULES,  # no trading window
        -2022: ErrorKind.REJECTED,
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
        asked_ms=retry_after_ms(response, 0),
    )


def pause_scope(request: HttpRequest, response: HttpResponse) -> str | None:
    """Return the group that a rate-limited reply pauses, or None for all: weight is counted by IP."""
    code, _ = _code_and_message(response)
    return request.group if code == TOO_MANY_ORDERS else None


def names_no_market(error: Rejected) -> bool:
    """Tell whether a question about markets was rejected since one of them does not exist."""
    return error.code in NO_MARKET


def _kind(status: int, code: int | None, message: str) -> ErrorKind:
    if message == DUPLICATE:
        return ErrorKind.AMBIGUOUS
    if message == MARKET_CLOSED:
        return ErrorKind.RULES
    if status == 451:  # not served from where we are, at the edge and whatever the body says
        return ErrorKind.FATAL
    if status in (418, 429):
        return ErrorKind.RATE_LIMITED
    if code in REJECTIONS_IN_WORDS and (kind := _kind_of_words(message)):
        return kind
    if code is not None and code in CODES:
        return CODES[code]
    if status == 403:
        return ErrorKind.RATE_LIMITED
    if status == 401:
        return ErrorKind.FATAL
    if status >= 500 or (code is not None and -1100 < code <= -1000):
        return ErrorKind.UNKNOWN
    if code is None or not status >= 400:
        return ErrorKind.FOREIGN
    return ErrorKind.REJECTED


def _kind_of_words(message: str) -> ErrorKind | None:
    words = message.lower()
    if any(each in words for each in ACCOUNT_WORDS):
        return ErrorKind.FATAL
    return ErrorKind.BARRED if any(each in words for each in MARKET_WORDS) else None


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
