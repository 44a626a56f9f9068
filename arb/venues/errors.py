"""From a venue's own error to what the caller must do next; shared by both error tables."""

from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from arb.domain.errors import (
    AgainstRules,
    Fatal,
    MarketBarred,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retryable,
    VenueError,
)
from arb.domain.market.ids import Venue
from arb.venues.request import Effect, HttpResponse

DETAIL_LENGTH_MAX: Final = 200
PAUSE_MS_MAX: Final = 3 * 24 * 3_600_000  # the longest ban Binance names
DIGITS_MAX: Final = 9


class OrderNotFound(Rejected):
    """The venue says that it does not know the order; whether that proves anything is its own rule."""


class AmbiguousRejection(OutcomeUnknown):
    """The venue rejected it, perhaps because an order with this id exists: look the id up."""


class ClockRejected(Retryable):
    """The request's timestamp was outside the venue's window: it never reached the engine."""


class ErrorKind(StrEnum):
    """What an error of a venue means, before it is known what was asked."""

    REJECTED = "rejected"
    BARRED = "barred"  # rejected for good in this market: the account may not trade in it
    RULES = "rules"  # rejected by a rule of the market, which may have changed
    RATE_LIMITED = "rate_limited"  # not placed
    RETRYABLE = "retryable"  # not placed
    CLOCK = "clock"  # not placed
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"  # a rejection that is not the venue's own, of something on the way
    FATAL = "fatal"  # rejected by the gateway or for the account, as every later request: not placed


def make_error(
    kind: ErrorKind,
    venue: Venue,
    effect: Effect,
    *,
    code: str,
    detail: str,
    retry_after_ms: int = 0,
    asked_ms: int = 0,
) -> VenueError:
    """Return the exception to raise; `asked_ms` is the pause that a venue in trouble asks for."""
    error = _error(kind, venue, effect, code, detail, retry_after_ms)
    if kind is ErrorKind.UNKNOWN:
        error.pause_ms = asked_ms
    return error


def _error(
    kind: ErrorKind, venue: Venue, effect: Effect, code: str, detail: str, retry_after_ms: int
) -> VenueError:
    """What is ambiguous about an order is harmless about a read."""
    text = f"{code} {detail}".strip()[:DETAIL_LENGTH_MAX]
    match kind:
        case ErrorKind.RATE_LIMITED:
            return RateLimited(venue, text, retry_after_ms)
        case ErrorKind.RETRYABLE:
            return Retryable(venue, text, retry_after_ms)
        case ErrorKind.CLOCK:
            return ClockRejected(venue, text)
        case ErrorKind.NOT_FOUND:
            return OrderNotFound(venue, text, code)
        case ErrorKind.BARRED:
            return MarketBarred(venue, text, code)
        case ErrorKind.RULES:
            return AgainstRules(venue, text, code)
        case ErrorKind.FATAL:
            return Fatal(venue, text)
        case ErrorKind.AMBIGUOUS if effect is not Effect.READ:
            return AmbiguousRejection(venue, text)
        case ErrorKind.UNKNOWN:
            return Retryable(venue, text) if effect is Effect.READ else OutcomeUnknown(venue, text)
        case ErrorKind.FOREIGN if effect is not Effect.READ:
            return OutcomeUnknown(venue, text)
        case _:
            return Rejected(venue, text, code)


def retry_after_ms(response: HttpResponse, default_ms: int) -> int:
    """Return the wait that `Retry-After` asks for (seconds, or a date), or `default_ms` without one."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        wait_ms = int(text[:DIGITS_MAX]) * 1_000
    else:
        wait_ms = _until_ms(text, response.headers.get("date", ""))
    return min(wait_ms, PAUSE_MS_MAX) if wait_ms > 0 or text == "0" else default_ms


def _until_ms(date: str, now: str) -> int:
    """Return how long a date is away by the venue's own clock; 0 where one of them is none, or past."""
    try:
        return int((parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds() * 1_000)
    except (ValueError, TypeError):
        return 0
