"""Binance spot behind the `VenueClient` port: orders, and the proof of what became of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from arb.adapters.venues.age import ClaimAge
from arb.adapters.venues.binance.markets import BinanceMarkets, Fees, NoFees
from arb.adapters.venues.binance.session import BinanceSession
from arb.adapters.venues.pages import by_id
from arb.adapters.venues.venue_client import Gateway, placed_as, sending_time_left_ms
from arb.domain.errors import Retryable
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.listing import Listing
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_MS
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Fill, Order, OrderReport
from arb.ports.market import Clock
from arb.ports.trading import Before, NeverPlaced, NotFoundYet, Ready, Resolution, at_once
from arb.venues.api_key import ApiKey
from arb.venues.binance import orders, replies
from arb.venues.binance.listed import listed
from arb.venues.binance.replies import BinanceOrder
from arb.venues.errors import OrderNotFound

ENGINE_TIMEOUT_MS: Final = 10_000  # Binance answers -1007 after this long: nothing is still on its way
MARGIN_MS: Final = 2_000  # what two machines' clocks, both kept by NTP, may differ, and to spare
SPAN_MS_MAX: Final = 24 * 3_600_000  # that one list of all orders covers
TRANSIT_MS: Final = 250  # of the receive window, kept for the way to the venue
CONFIRM_MS: Final = 250
RETRY_MS: Final = 500
WINDOW_MS_MAX: Final = 24 * 3_600_000


class BinanceClient:
    """Orders, balances and reference data of Binance; public endpoints only without a key."""

    venue = Venue.BINANCE

    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        *,
        api_key: ApiKey | None,
        recv_window_ms: int,
        fees: Fees | None = None,
    ) -> None:
        self._clock, self._recv_window_ms = clock, recv_window_ms
        self._age = ClaimAge(clock)
        self._session = BinanceSession(gateway, clock, api_key, recv_window_ms)
        self._markets = BinanceMarkets(self._session, clock, fees or NoFees())

    def place(self, order: Order, before: Before = at_once) -> OrderReport:
        """Send one claimed order, signed with the moment of its claim.

        The venue rejects the request (-1021) once the receive window has passed since that moment. So a
        worker that was paused between its claim and the wire, and wakes up after somebody else concluded
        that the order does not exist, cannot place it any more: this is the fence that `resolve` relies on.
        Signing with the present time would take it down.
        """
        self._sending_time_left_ms(order)
        stamp = self._session.stamp(order.claimed_at_ns)
        left_ms = self._sending_time_left_ms(order)
        request = orders.place(order, stamp)
        return self._session.ask(request, placed_as(order, replies.placed), left_ms, before)

    def ready(self, order: Order) -> Ready | None:
        """Sign one claimed order as `place` does, unless the venue's clock has to be measured first."""
        if not self._session.has_offset():
            return None
        self._sending_time_left_ms(order)
        request = orders.place(order, self._session.stamp(order.claimed_at_ns))
        return self._session.ready(request, placed_as(order, replies.placed))

    def query(self, order: Order) -> OrderReport | None:
        """Return the order with its fills, None if Binance does not know it (yet)."""
        try:
            row = self._session.ask(orders.query(order, self._session.now()), replies.order_row)
        except OrderNotFound:
            return None
        return replace(self._with_fills(order.symbol, row), client_order_id=order.client_order_id)

    def resolve(self, order: Order, *, may_trade: bool) -> Resolution:
        """Return the order, or the proof that it was never placed.

        Signed at T with the window W, it cannot reach the engine after T + W, and the engine gives up after
        10 s. Until then "does not exist" proves nothing. Afterwards it does, if said twice and if no list of
        orders has it: queries are answered from copies that lag behind.
        """
        if (report := self.query(order)) is not None:
            return report
        left_ms = self._fence_ms() - self._age.ms(order)
        if left_ms >= 0:
            return NotFoundYet(min(left_ms + 1, RETRY_MS))
        self._clock.sleep_ms(CONFIRM_MS)
        if (report := self.query(order)) is not None:
            return report
        return self._search(order)

    def cancel(self, order: Order | ListedOrder) -> None:
        """Ask to cancel; an order that is not open is no error."""
        try:
            self._session.ask(orders.cancel(order, self._session.now()), _ignore)
        except OrderNotFound:
            return

    def open_orders(self) -> tuple[ListedOrder, ...]:
        """Return every open order of the account."""
        return self._session.ask(orders.open_orders(None, self._session.now()), listed)

    def recent_orders(self, symbol: Symbol, since_ns: int) -> tuple[ListedOrder, ...]:
        """Return the orders of a market created since then, of the last 24 hours at most.

        A few older ones may be among them: the venue's clock is known to within half a round trip only.
        """
        end_ms = self._clock.now_ns() // NS_PER_MS + self._session.offset_ms() + MARGIN_MS
        start_ms = max(since_ns // NS_PER_MS + self._session.offset_ms() - MARGIN_MS, end_ms - WINDOW_MS_MAX)
        return tuple(listed for listed, _ in self._created(symbol, start_ms, end_ms))

    def balances(self) -> Mapping[str, Decimal]:
        """Return free plus locked by asset."""
        return self._session.ask(orders.account(self._session.now()), replies.balances)

    def account(self) -> str:
        """Return whose the key is: the same for every key of an account, another one for a sub-account."""
        return self._session.ask(orders.account(self._session.now()), replies.account)

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""
        return self._markets.book(symbol)

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's USDT market, those that Binance has; fees are the account's."""
        return self._markets.instruments(coins)

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin that is listed, and what was traded of it in a day."""
        return self._markets.turnovers()

    def time_offset_ms(self) -> int:
        """Measure the venue's clock minus ours."""
        return self._session.measured_offset_ms()

    def _search(self, order: Order) -> Resolution:
        """Look for the order in the lists; only there being nothing at all is a proof."""
        start_ms, end_ms = self._came_between_ms(order)
        request = orders.open_orders(order.symbol, self._session.now())
        still_open = self._session.ask(request, replies.order_rows)
        created = (row for _, row in self._created(order.symbol, start_ms, end_ms))
        for row in (*still_open, *created):
            if row.client_order_id == order.client_order_id:
                return self._with_fills(order.symbol, row)
        return NeverPlaced(f"unknown after T+{self._recv_window_ms} ms, twice, and in no list since T")

    def _came_between_ms(self, order: Order) -> tuple[int, int]:
        """Return between which moments of the venue the order came to be, if it did."""
        offset_ms = self._session.offset_ms()
        if self._age.is_certain(order):
            claimed_ms = order.claimed_at_ns // NS_PER_MS + offset_ms
            return claimed_ms - MARGIN_MS, claimed_ms + self._fence_ms()
        now_ms = self._clock.now_ns() // NS_PER_MS + offset_ms  # our clock was set since
        return now_ms - SPAN_MS_MAX, now_ms

    def _sending_time_left_ms(self, order: Order) -> int:
        """Return how long this order may still wait: within its lifetime, and in time for its signature.

        Raises: Retryable once either is over (nothing was sent); the next claim signs anew.
        """
        now_ns = self._clock.now_ns()
        lifetime_ms = sending_time_left_ms(order, now_ns)
        signed_ms = min(0, order.claimed_at_ns - now_ns) // NS_PER_MS + self._recv_window_ms - TRANSIT_MS
        if signed_ms <= 0:
            raise Retryable(self.venue, f"{order.client_order_id}: signature too old before it was sent")
        return min(lifetime_ms, signed_ms)

    def _fence_ms(self) -> int:
        """Return how long after its claim an order can no longer come to be.

        The offset cancels out where sender and resolver share a clock; where they do not, the sender's may
        have been off by as much as ours is.
        """
        return self._recv_window_ms + ENGINE_TIMEOUT_MS + MARGIN_MS + abs(self._session.offset_ms())

    def _with_fills(self, symbol: Symbol, row: BinanceOrder) -> OrderReport:
        if row.executed == ZERO:
            return row.report(())

        def page(first: int | None) -> tuple[Fill, ...]:
            request = orders.trades_of(symbol, row.venue_order_id, first or 0, self._session.now())
            return self._session.ask(request, replies.fills)

        return row.report(tuple(by_id(page, lambda fill: fill.fill_id)))

    def _created(
        self, symbol: Symbol, start_ms: int, end_ms: int
    ) -> Iterator[tuple[ListedOrder, BinanceOrder]]:
        """Yield the orders of a market created from a time on; the end bounds the first page only."""

        def page(first: int | None) -> tuple[tuple[ListedOrder, BinanceOrder], ...]:
            now = self._session.now()
            if first is None:
                return self._session.ask(orders.all_orders(symbol, start_ms, end_ms, now), _both)
            return self._session.ask(orders.orders_from(symbol, first, now), _both)

        return by_id(page, lambda both: both[1].venue_order_id)


def _both(body: Any) -> tuple[tuple[ListedOrder, BinanceOrder], ...]:
    """Return orders as a list of anybody's, and as reports of ours are made from."""
    return tuple(zip(listed(body), replies.order_rows(body), strict=True))


def _ignore(body: Any) -> None:
    """Take any reply."""
