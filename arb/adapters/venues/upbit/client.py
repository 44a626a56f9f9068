"""Upbit KR behind the `VenueClient` port: orders, and the proof of what became of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from arb.adapters.venues.age import ClaimAge
from arb.adapters.venues.pages import upbit_closed_orders
from arb.adapters.venues.upbit.markets import UpbitMarkets
from arb.adapters.venues.venue_client import Gateway, placed_as, require_key, sending_time_left_ms
from arb.domain.errors import OutcomeUnknown, Rejected, Retryable
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue, VenueOrderId
from arb.domain.market.listing import Listing
from arb.domain.market.money import fraction
from arb.domain.time import NS_PER_MS
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Order, OrderReport
from arb.ports.market import Clock, Entropy
from arb.ports.trading import Before, NeverPlaced, NotFoundYet, Ready, Resolution, at_once
from arb.venues.api_key import ApiKey
from arb.venues.errors import AmbiguousRejection, OrderNotFound
from arb.venues.jwt import nonce_of
from arb.venues.krw import requests
from arb.venues.krw.auth import Pass
from arb.venues.krw.replies import balances
from arb.venues.request import HttpRequest
from arb.venues.upbit import errors, orders, replies
from arb.venues.upbit.instruments import DEFAULT_TERMS
from arb.venues.upbit.listed import listed

REDRIVE_AFTER_MS: Final = 1_000
REDRIVE_WAIT_MS_MAX: Final = 1_000  # for room within the limits
SETTLED_MS: Final = 10_000  # on top of our own timeout
RETRY_MS: Final = 500
PAGE_ROWS: Final = 100
PAGES_MAX: Final = 50
CLOSED_WINDOW_MS_MAX: Final = 7 * 24 * 3_600_000
CLOCKS_MS: Final = 60_000  # how far before the claim a created order is looked for
FEE_NAMED_MS: Final = 60_000  # after the claim: lists lag by seconds, and what is said then is the last word
FEE_RATE: Final = fraction(DEFAULT_TERMS.taker_fee_bps)


class _RedriveAnswer(Enum):
    """What a re-drive can say other than that the order now exists."""

    DUPLICATE = "duplicate"  # the identifier may be taken
    ON_MERIT = "on_merit"  # the order itself is not acceptable
    NONE = "none"  # no answer that says anything


class UpbitClient:
    """Orders, balances and reference data of Upbit; public endpoints only without a key."""

    venue = Venue.UPBIT

    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        entropy: Entropy,
        *,
        api_key: ApiKey | None,
        http_timeout_ms: int,
    ) -> None:
        self._gateway, self._clock, self._entropy = gateway, clock, entropy
        self._age = ClaimAge(clock)
        self._api_key, self._http_timeout_ms = api_key, http_timeout_ms
        self._markets = UpbitMarkets(gateway, clock, None if api_key is None else self._pass)

    def place(self, order: Order, before: Before = at_once) -> OrderReport:
        """Send one claimed order; the reply says accepted at best, `query` says what came of it."""
        return self._post(order, sending_time_left_ms(order, self._clock.now_ns()), before)

    def ready(self, order: Order) -> Ready | None:
        """Sign one claimed order as `place` does."""
        sending_time_left_ms(order, self._clock.now_ns())
        return self._gateway.ready(orders.place(order, self._pass()), placed_as(order, replies.placed))

    def query(self, order: Order) -> OrderReport | None:
        """Return the order with its fills, None if Upbit does not know it (yet)."""
        is_old = self._age.ms(order) > FEE_NAMED_MS
        said = replies.settled_report if is_old else replies.order_report
        report = self._found(orders.query(order, self._pass()), said)
        return None if report is None else replace(report, client_order_id=order.client_order_id)

    def resolve(self, order: Order, *, may_trade: bool) -> Resolution:
        """Return the order, or the proof that it was never placed.

        Upbit's requests do not expire, so that silence proves nothing, however long. But an identifier is
        taken once, for ever, also by an order that was rejected. So the same body is sent again under it:
        either it is accepted, and then exactly one order exists (IOC, at the limit price that bounds its
        loss), or it is rejected, and from then on a first one that comes late is, too. Rejected and
        found nowhere means that there is none.

        An order that may not trade any more is sent again at a price that nobody takes: that spends the
        identifier, the order ends with nothing executed, and a first one that comes late is the duplicate.
        """
        if (report := self.query(order)) is not None:
            return report
        if self._age.ms(order) < REDRIVE_AFTER_MS:
            return NotFoundYet(REDRIVE_AFTER_MS - self._age.ms(order))
        answer = self._redrive(order if may_trade else orders.unfillable(order))
        if isinstance(answer, OrderReport):
            return answer
        if answer is _RedriveAnswer.NONE:
            return NotFoundYet(RETRY_MS)
        if (report := self.query(order)) is not None:
            return report
        if self._age.ms(order) <= self._http_timeout_ms + SETTLED_MS:
            return NotFoundYet(RETRY_MS)
        return self._search(order, answer)

    def cancel(self, order: Order | ListedOrder) -> None:
        """Ask to cancel; an order that is not open is no error."""
        try:
            self._gateway.ask(orders.cancel(order, self._pass()), replies.order_row)
        except OrderNotFound:
            return

    def open_orders(self) -> tuple[ListedOrder, ...]:
        """Return every open order of the account."""
        return tuple(self._open_rows(None))

    def recent_orders(self, symbol: Symbol, since_ns: int) -> tuple[ListedOrder, ...]:
        """Return the open orders of a market and those that ended, of the last 7 days at most."""
        end_ms = self._clock.now_ns() // NS_PER_MS
        start_ms = max(since_ns // NS_PER_MS, end_ms - CLOSED_WINDOW_MS_MAX)
        closed = upbit_closed_orders(self._gateway, symbol, start_ms, end_ms, self._pass)
        return (*self._open_rows(symbol), *closed)

    def balances(self) -> Mapping[str, Decimal]:
        """Return free plus locked by asset."""
        return self._gateway.ask(requests.accounts(self._pass()), balances)

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""
        return self._markets.book(symbol)

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's KRW market and of USDT/KRW, those that Upbit has."""
        return self._markets.instruments(coins)

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin that is listed, and what was traded of it in a day."""
        return self._markets.turnovers()

    def time_offset_ms(self) -> None:
        """Return None: nothing at Upbit depends on a clock."""

    def _post(self, order: Order, wait_ms_max: int, before: Before = at_once) -> OrderReport:
        request = orders.place(order, self._pass())
        return self._gateway.ask(request, placed_as(order, replies.placed), wait_ms_max, before)

    def _redrive(self, order: Order) -> OrderReport | _RedriveAnswer:
        """Send the same order under the same identifier once more."""
        try:
            return self._post(order, REDRIVE_WAIT_MS_MAX)
        except AmbiguousRejection:
            return _RedriveAnswer.DUPLICATE
        except (Retryable, OutcomeUnknown):
            return _RedriveAnswer.NONE
        except Rejected as error:
            if errors.rejected_on_merit(error):
                return _RedriveAnswer.ON_MERIT
            raise

    def _search(self, order: Order, answer: _RedriveAnswer) -> Resolution:
        """Look for the order in the lists; only there being nothing at all is a proof."""
        start_ms = order.claimed_at_ns // NS_PER_MS - CLOCKS_MS
        end_ms = min(self._clock.now_ns() // NS_PER_MS, start_ms + CLOSED_WINDOW_MS_MAX)
        closed = upbit_closed_orders(self._gateway, order.symbol, start_ms, end_ms, self._pass)
        for row in (*self._open_rows(order.symbol), *closed):
            if row.client_order_id == order.client_order_id:
                return self._found_by_uuid(row.venue_order_id) or NotFoundYet(RETRY_MS)
        return NeverPlaced(f"sent again and refused ({answer.value}), unknown, and in no list")

    def _found_by_uuid(self, venue_order_id: VenueOrderId) -> OrderReport | None:
        return self._found(requests.query_uuid(venue_order_id, self._pass()))

    def _found(
        self, request: HttpRequest, said: Callable[[Any, Decimal], OrderReport] = replies.order_report
    ) -> OrderReport | None:
        try:
            return self._gateway.ask(request, lambda body: said(body, FEE_RATE))
        except OrderNotFound:
            return None

    def _open_rows(self, symbol: Symbol | None) -> Iterator[ListedOrder]:
        for page in range(1, PAGES_MAX + 1):
            rows = self._gateway.ask(orders.open_orders(symbol, page, self._pass()), listed)
            yield from rows
            if len(rows) < PAGE_ROWS:
                return
        raise Retryable(self.venue, f"more than {PAGES_MAX * PAGE_ROWS} open orders")

    def _pass(self) -> Pass:
        return Pass(require_key(self.venue, self._api_key), nonce_of(self._entropy.bits(128)))
