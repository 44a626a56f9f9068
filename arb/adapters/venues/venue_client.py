"""The way to one venue and back: limits, breaker, transport, and every failure sorted by what it proves.

Nothing here retries: one call is at most one request. What a failure means depends on what was asked. An
order whose request cannot have left is `Retryable`; one whose reply is missing, cut or unreadable is
`OutcomeUnknown`; a read that failed is simply asked again by whoever needs it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from arb.adapters.venues.http import NoConnectionFree, NotSent, ReplyLost
from arb.adapters.venues.rate_limit import RateLimiter
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.domain.errors import (
    DataError,
    Fatal,
    InvariantError,
    OutcomeUnknown,
    RateLimited,
    Retryable,
    VenueError,
)
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import Order, OrderReport
from arb.ports.trading import Before, at_once
from arb.venues.api_key import ApiKey
from arb.venues.reply import read
from arb.venues.request import Effect, HttpRequest, HttpResponse, LimitUsage

READ_WAIT_MS_MAX: Final = 5_000  # how long a question may wait for room; an order has its own lifetime

Parsed = TypeVar("Parsed")


class _Transport(Protocol):
    """What carries requests."""

    def send(self, request: HttpRequest, before: Before = at_once) -> HttpResponse:
        """Send once. Raises: NotSent, ReplyLost, and what `before` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a venue speaks of errors and limits."""

    venue: Venue
    error_of: Callable[[HttpResponse, Effect], VenueError]
    pause_scope: Callable[[HttpRequest, HttpResponse], str | None]
    usage: Callable[[HttpResponse], tuple[LimitUsage, ...]]
    holds_error: Callable[[HttpResponse], bool] = lambda _response: False  # though its status says success


class Gateway:
    """Sends a venue's requests within its limits, while it can be reached."""

    def __init__(
        self, dialect: Dialect, transport: _Transport, limiter: RateLimiter, breaker: VenueBreaker
    ) -> None:
        self._dialect, self._transport = dialect, transport
        self._limiter, self._breaker = limiter, breaker

    def ask(
        self,
        request: HttpRequest,
        parser: Callable[[Any], Parsed],
        wait_ms_max: int = READ_WAIT_MS_MAX,
        before: Before = at_once,
    ) -> Parsed:
        """Send one request and return what `parser` makes of the reply. Raises: VenueError.

        `before` is called right before the first byte; what it raises keeps the request from being sent.
        """
        self._enter(request, wait_ms_max)
        return self._ask(request, parser, before)

    def ready(self, request: HttpRequest, parser: Callable[[Any], Parsed]) -> Callable[[Before], Parsed]:
        """Take room for one request without waiting, and return what sends it as `ask` does.

        Raises: VenueError where there is no room, or nothing gets through.
        """
        self._enter(request, 0)
        return partial(self._ask, request, parser)

    def _enter(self, request: HttpRequest, wait_ms_max: int) -> None:
        self._limiter.acquire(request.group, request.weight, wait_ms_max)
        self._breaker.enter()

    def _ask(self, request: HttpRequest, parser: Callable[[Any], Parsed], before: Before) -> Parsed:
        response = self._exchange(request, before)
        try:
            return read(response, parser)
        except DataError as error:
            raise self._lost(request, f"{request.path}: {error}") from error

    def _exchange(self, request: HttpRequest, before: Before) -> HttpResponse:
        waiting = () if before is at_once else (before,)
        try:
            response = self._transport.send(request, *waiting)
        except NoConnectionFree as error:
            raise Retryable(self._dialect.venue, f"{request.path}: not sent: {error}") from error
        except NotSent as error:
            self._breaker.failed()
            raise Retryable(self._dialect.venue, f"{request.path}: not sent: {error}") from error
        except ReplyLost as error:
            self._breaker.failed()
            raise self._lost(request, f"{request.path}: reply lost: {error}") from error
        self._breaker.succeeded()
        self._limiter.observe(self._dialect.usage(response))
        if response.is_success and not self._dialect.holds_error(response):
            self._limiter.calm(request.group)
            return response
        problem = self._dialect.error_of(response, request.effect)
        if isinstance(problem, RateLimited):
            self._limiter.pause(self._dialect.pause_scope(request, response), problem.retry_after_ms)
        elif problem.pause_ms:
            self._limiter.rest(self._dialect.pause_scope(request, response), problem.pause_ms)
        raise problem

    def _lost(self, request: HttpRequest, detail: str) -> VenueError:
        """Return what a missing answer means: nothing for a question, everything for an order."""
        if request.effect is Effect.READ:
            return Retryable(self._dialect.venue, detail)
        return OutcomeUnknown(self._dialect.venue, detail)


def require_key(venue: Venue, api_key: ApiKey | None) -> ApiKey:
    """Return the key. Raises: Fatal where a private endpoint is used without one."""
    if api_key is None:
        raise Fatal(venue, "credentials are missing")
    return api_key


def placed_as(order: Order, parser: Callable[[Any], OrderReport]) -> Callable[[Any], OrderReport]:
    """Return what reads the reply to an order, under our name of it."""
    return lambda body: replace(parser(body), client_order_id=order.client_order_id)


def sending_time_left_ms(order: Order, now_ns: int) -> int:
    """Return how long this claimed order may still wait to be sent.

    Raises: Retryable if its lifetime is over (nothing was sent), InvariantError if nobody claimed it.
    """
    if order.claimed_at_ns <= 0:
        raise InvariantError(f"order {order.client_order_id} is sent without a claim")
    until_ns = min(order.expires_at_ns - now_ns, order.expires_at_ns - order.claimed_at_ns)
    left_ms = until_ns // NS_PER_MS  # also where the clock was set back since the claim
    if left_ms <= 0:
        raise Retryable(order.venue, f"{order.client_order_id}: lifetime over before it was sent")
    return left_ms
