"""Bithumb behind the `VenueClient` port: orders, and the proof of what became of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from arb.adapters.venues.age import ClaimAge
from arb.adapters.venues.bithumb.markets import BithumbMarkets
from arb.adapters.venues.venue_client import Gateway, placed_as, require_key, sending_time_left_ms
from arb.domain.errors import Retryable
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
from arb.venues.bithumb import orders, replies
from arb.venues.bithumb.instruments import DEFAULT_TERMS
from arb.venues.bithumb.listed import page
from arb.venues.errors import ClockRejected, OrderNotFound
from arb.venues.jwt import nonce_of
from arb.venues.krw import requests
from arb.venues.krw.auth import StampedPass
from arb.venues.krw.replies import balances
from arb.venues.request import HttpRequest

SETTLED_MS: Final = 10_000  # from the gateway to the lists, and for gateways whose clocks differ
RETRY_MS: Final = 500
PAGES_MAX: Final = 50
HISTORY_MS_MAX: Final = 7 * 24 * 3_600_000
CLOCKS_MS: Final = 60_000  # how far before the claim, and after now, a created order is looked for
FEE_NAMED_MS: Final = 60_000  # after the claim: lists lag by seconds, and what is said then is the last word
FEE_RATE: Final = fraction(DEFAULT_TERMS.taker_fee_bps)
Pages = Callable[[str], HttpRequest]


class BithumbClient:
    """Orders, balances and reference data of Bithumb; public endpoints only without a key."""

    venue = Venue.BITHUMB

    def __init__(self, gateway: Gateway, clock: Clock, entropy: Entropy, *, api_key: ApiKey | None) -> None:
        self._gateway, self._clock, self._entropy = gateway, clock, entropy
        self._age, self._api_key = ClaimAge(clock), api_key
        self._markets = BithumbMarkets(gateway, clock, None if api_key is None else self._pass)

    def place(self, order: Order, before: Before = at_once) -> OrderReport:
        """Send one claimed order, signed with the moment of its claim; `query` says what came of it.

        The venue rejects the request (`expired_jwt`) once its token is too old. So a worker that was paused
        between its claim and the wire cannot place an order after somebody else concluded that there is none:
        this is the fence that `resolve` relies on. Signing with the present time would take it down.
        """
        left_ms = sending_time_left_ms(order, self._clock.now_ns())
        request = orders.place(order, self._pass(order.claimed_at_ns // NS_PER_MS))
        return self._gateway.ask(request, placed_as(order, replies.placed), left_ms, before)

    def ready(self, order: Order) -> Ready | None:
        """Sign one claimed order as `place` does."""
        sending_time_left_ms(order, self._clock.now_ns())
        request = orders.place(order, self._pass(order.claimed_at_ns // NS_PER_MS))
        return self._gateway.ready(request, placed_as(order, replies.placed))

    def query(self, order: Order) -> OrderReport | None:
        """Return the order with its fills, None if Bithumb does not know it (yet)."""
        is_old = self._age.ms(order) > FEE_NAMED_MS
        said = replies.settled_report if is_old else replies.order_report
        report = self._found(orders.query(order, self._pass()), said)
        return None if report is None else replace(report, client_order_id=order.client_order_id)

    def resolve(self, order: Order, *, may_trade: bool) -> Resolution:
        """Return the order, or the proof that it was never placed. Nothing is ever sent again.

        How long a token lives is not published; so the venue itself is asked whether that of the order is
        dead. A lookup that is signed as if it were 10 s younger than the order gets `expired_jwt`, while one
        signed now is answered: then the venue has rejected the order's own token for 10 s by its clock,
        whatever ours says. If after that no lookup and no list has the order, there is none. Where a venue
        never rejects an old token, silence never becomes a proof, and the order stays unknown.
        """
        if (report := self.query(order)) is not None:
            return report
        left_ms = SETTLED_MS - self._age.ms(order)
        if left_ms > 0:
            return NotFoundYet(min(left_ms, RETRY_MS))
        return self._search(order) if self._is_shut_out(order) else NotFoundYet(RETRY_MS)

    def cancel(self, order: Order | ListedOrder) -> None:
        """Ask to cancel; an order that is not open is no error."""
        try:
            self._gateway.ask(orders.cancel(order, self._pass()), _ignore)
        except OrderNotFound:
            return

    def open_orders(self) -> tuple[ListedOrder, ...]:
        """Return every open order of the account."""
        return tuple(self._open_rows(None))

    def recent_orders(self, symbol: Symbol, since_ns: int) -> tuple[ListedOrder, ...]:
        """Return the open orders of a market and those that ended, of the last 7 days at most."""
        end_ms = self._now_ms() + CLOCKS_MS
        start_ms = max(since_ns // NS_PER_MS, end_ms - HISTORY_MS_MAX)
        return (*self._open_rows(symbol), *self._ended_rows(symbol, start_ms, end_ms))

    def balances(self) -> Mapping[str, Decimal]:
        """Return free plus locked by asset."""
        return self._gateway.ask(requests.accounts(self._pass()), balances)

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""
        return self._markets.book(symbol)

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's KRW market and of USDT/KRW, those that Bithumb has."""
        return self._markets.instruments(coins)

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin that is listed, and what was traded of it in a day."""
        return self._markets.turnovers()

    def time_offset_ms(self) -> None:
        """Return None: Bithumb tells no time, and no proof here depends on ours."""

    def _is_shut_out(self, order: Order) -> bool:
        """Tell whether the venue rejects what was signed `SETTLED_MS` after the order, as too old.

        The lookup before, signed now, was answered: so a moment before now is rejected for its age only.
        """
        stamp_ms = order.claimed_at_ns // NS_PER_MS + SETTLED_MS
        if stamp_ms >= self._now_ms():  # our clock was set back since
            return False
        try:
            self._gateway.ask(orders.query(order, self._pass(stamp_ms)), _ignore)
        except ClockRejected:
            return True
        except OrderNotFound:
            return False
        return False

    def _search(self, order: Order) -> Resolution:
        """Look for the order in the lists, and once more by its id; only nothing at all is a proof."""
        start_ms = order.claimed_at_ns // NS_PER_MS - CLOCKS_MS
        end_ms = min(self._now_ms() + CLOCKS_MS, start_ms + HISTORY_MS_MAX)
        ended = self._ended_rows(order.symbol, start_ms, end_ms)
        for row in (*self._open_rows(order.symbol), *ended):
            if row.client_order_id == order.client_order_id:
                return self._found_by_uuid(row.venue_order_id) or NotFoundYet(RETRY_MS)
        return self.query(order) or NeverPlaced("its token is refused, it is unknown, and in no list")

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
        return self._rows(lambda key: orders.pending(symbol, key, self._pass()))

    def _ended_rows(self, symbol: Symbol, start_ms: int, end_ms: int) -> Iterator[ListedOrder]:
        return self._rows(lambda key: orders.history(symbol, start_ms, end_ms, key, self._pass()))

    def _rows(self, page_of: Pages) -> Iterator[ListedOrder]:
        """Yield the orders of every page. Raises: Retryable for too many, or keys that go in circles."""
        keys = [""]
        while len(keys) <= PAGES_MAX:
            rows, key = self._gateway.ask(page_of(keys[-1]), page)
            yield from rows
            if not key:
                return
            if key in keys:
                raise Retryable(self.venue, "a list that goes in circles")
            keys.append(key)
        raise Retryable(self.venue, f"more than {PAGES_MAX} pages of orders")

    def _now_ms(self) -> int:
        return self._clock.now_ns() // NS_PER_MS

    def _pass(self, stamp_ms: int | None = None) -> StampedPass:
        return StampedPass(
            require_key(self.venue, self._api_key),
            nonce_of(self._entropy.bits(128)),
            self._now_ms() if stamp_ms is None else stamp_ms,
        )


def _ignore(_body: Any) -> None:
    """Take any reply."""
