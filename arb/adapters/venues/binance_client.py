"""Binance spot behind the `VenueClient` port."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

from arb.adapters.venues.http import HttpTransport
from arb.adapters.venues.rate_limit import Limit, RateLimiter
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.adapters.venues.venue_client import (
    READ_WAIT_MS_MAX,
    Dialect,
    Gateway,
    require_key,
    sending_time_left_ms,
)
from arb.domain.errors import Rejected, Retryable
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_MS
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Order, OrderReport
from arb.ports import Clock, Entropy, NeverPlaced, NotFoundYet, Resolution
from arb.venues import rest_books
from arb.venues.binance import errors as binance_errors
from arb.venues.binance import instruments as binance_instruments
from arb.venues.binance import orders as binance
from arb.venues.binance import replies as binance_replies
from arb.venues.binance.auth import Stamp
from arb.venues.binance.replies import OrderRow
from arb.venues.errors import ClockRefused, OrderNotFound
from arb.venues.listed import binance_listed
from arb.venues.registry import symbol_of
from arb.venues.request import ApiKey, HttpRequest

DIALECT: Final = Dialect(
    venue=Venue.BINANCE,
    error_of=binance_errors.error_of,
    pause_scope=binance_errors.pause_scope,
    usage=binance.usage,
)
OFFSET_AGE_NS_MAX: Final = 600 * 1_000_000_000
ENGINE_TIMEOUT_MS: Final = 10_000  # Binance answers -1007 after this long: nothing is still on its way
MARGIN_MS: Final = 2_000  # what two machines' clocks, both kept by NTP, may differ, and to spare
TRANSIT_MS: Final = 250  # of the receive window, kept for the way to the venue
CONFIRM_MS: Final = 250
RETRY_MS: Final = 500
ROWS_MAX: Final = 1_000
WINDOW_MS_MAX: Final = 24 * 3_600_000

Parsed = TypeVar("Parsed")


class Fees(Protocol):
    """Remembers what the venue said of an account's fees, for every process."""

    def known(self, symbols: Sequence[Symbol], now_ns: int) -> Mapping[Symbol, Decimal]:
        """Return the taker fees in basis points that need not be asked for."""

    def remember(self, fees_bps: Mapping[Symbol, Decimal], now_ns: int) -> None:
        """Keep what the venue said just now."""


class NoFees:
    """Remembers nothing: every fee is asked for."""

    def known(self, _symbols: Sequence[Symbol], _now_ns: int) -> Mapping[Symbol, Decimal]:
        """Return nothing."""
        return {}

    def remember(self, _fees_bps: Mapping[Symbol, Decimal], _now_ns: int) -> None:
        """Forget it."""


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
        self._gateway, self._clock, self._fees = gateway, clock, fees or NoFees()
        self._api_key, self._recv_window_ms = api_key, recv_window_ms
        self._offset_ms, self._offset_at_ns = 0, -OFFSET_AGE_NS_MAX
        self._unlisted: frozenset[Symbol] = frozenset()

    def place(self, order: Order) -> OrderReport:
        """Send one claimed order, signed with the moment of its claim.

        The venue refuses the request (-1021) once the receive window has passed since that moment. So a
        worker that was paused between its claim and the wire, and wakes up after somebody else concluded
        that the order does not exist, cannot place it any more: this is the fence that `resolve` relies on.
        Signing with the present time would take it down.
        """
        self._sending_time_left_ms(order)
        stamp = self._stamp(order.claimed_at_ns)
        left_ms = self._sending_time_left_ms(order)
        report = self._ask(binance.place(order, stamp), binance_replies.placed, left_ms)
        return replace(report, client_order_id=order.client_order_id)

    def query(self, order: Order) -> OrderReport | None:
        """Return the order with its fills, None if Binance does not know it (yet)."""
        try:
            row = self._ask(binance.query(order, self._now()), binance_replies.order_row)
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
        left_ms = self._fence_ms(order) - self._clock.now_ns() // NS_PER_MS
        if left_ms >= 0:
            return NotFoundYet(min(left_ms + 1, RETRY_MS))
        self._clock.sleep_ms(CONFIRM_MS)
        if (report := self.query(order)) is not None:
            return report
        return self._search(order)

    def cancel(self, order: Order | ListedOrder) -> None:
        """Ask to cancel; an order that is not open is no error."""
        try:
            self._ask(binance.cancel(order, self._now()), _ignore)
        except OrderNotFound:
            return

    def open_orders(self) -> tuple[ListedOrder, ...]:
        """Return every open order of the account."""
        return self._ask(binance.open_orders(None, self._now()), binance_listed)

    def recent_orders(self, symbol: Symbol, since_ns: int) -> tuple[ListedOrder, ...]:
        """Return the orders of a market created since then, of the last 24 hours at most.

        A few older ones may be among them: the venue's clock is known to within half a round trip only.
        """
        end_ms = self._clock.now_ns() // NS_PER_MS + self._offset() + MARGIN_MS
        start_ms = max(since_ns // NS_PER_MS + self._offset() - MARGIN_MS, end_ms - WINDOW_MS_MAX)
        return self._ask(binance.all_orders(symbol, start_ms, end_ms, self._now()), binance_listed)

    def balances(self) -> Mapping[str, Decimal]:
        """Return free plus locked by asset."""
        return self._ask(binance.account(self._now()), binance_replies.balances)

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""
        return self._ask(
            rest_books.binance_request(symbol),
            lambda body: rest_books.binance_book(symbol, body, self._clock.now_ns()),
            rest_books.WAIT_MS_MAX,
        )

    def instruments(self, coins: Sequence[Coin]) -> tuple[Instrument, ...]:
        """Return the rules of each coin's USDT market, those that Binance has; fees are the account's."""
        symbols = [symbol_of(self.venue, coin) for coin in coins]
        rules = self._rules(symbols)
        if self._api_key is None:
            return rules
        fees = self._fees_bps([rule.symbol for rule in rules])
        return tuple(replace(rule, taker_fee_bps=fees[rule.symbol]) for rule in rules)

    def time_offset_ms(self) -> int:
        """Measure the venue's clock minus ours, taking the reply for half a round trip old."""
        start_ns = self._clock.now_ns()
        server_ms = self._gateway.ask(binance.server_time(), binance_replies.server_time_ms)
        end_ns = self._clock.now_ns()
        self._offset_ms = server_ms - (start_ns + end_ns) // (2 * NS_PER_MS)
        self._offset_at_ns = end_ns
        return self._offset_ms

    def _search(self, order: Order) -> Resolution:
        """Look for the order in the lists; only there being nothing at all is a proof."""
        offset_ms = self._offset()
        start_ms = order.claimed_at_ns // NS_PER_MS + offset_ms - MARGIN_MS
        end_ms = self._fence_ms(order) + offset_ms
        still_open = self._ask(binance.open_orders(order.symbol, self._now()), binance_replies.order_rows)
        request = binance.all_orders(order.symbol, start_ms, end_ms, self._now())
        listed = self._ask(request, binance_replies.order_rows)
        for row in (*still_open, *listed):
            if row.client_order_id == order.client_order_id:
                return self._with_fills(order.symbol, row)
        if len(listed) >= ROWS_MAX:
            return NotFoundYet(RETRY_MS)
        return NeverPlaced(f"unknown after T+{self._recv_window_ms} ms, twice, and in no list since T")

    def _sending_time_left_ms(self, order: Order) -> int:
        """Return how long this order may still wait: within its lifetime, and in time for its signature.

        Raises: Retryable once either is over (nothing was sent); the next claim signs anew.
        """
        now_ns = self._clock.now_ns()
        lifetime_ms = sending_time_left_ms(order, now_ns)
        signed_ms = (order.claimed_at_ns - now_ns) // NS_PER_MS + self._recv_window_ms - TRANSIT_MS
        if signed_ms <= 0:
            raise Retryable(self.venue, f"{order.client_order_id}: signature too old before it was sent")
        return min(lifetime_ms, signed_ms)

    def _fence_ms(self, order: Order) -> int:
        """Return when, by our clock, the order can no longer come to be.

        The offset cancels out where sender and resolver share a clock; where they do not, the sender's may
        have been off by as much as ours is.
        """
        claimed_ms = order.claimed_at_ns // NS_PER_MS
        return claimed_ms + self._recv_window_ms + ENGINE_TIMEOUT_MS + MARGIN_MS + abs(self._offset())

    def _with_fills(self, symbol: Symbol, row: OrderRow) -> OrderReport:
        if row.executed == ZERO:
            return row.report(())
        request = binance.trades_of(symbol, row.venue_order_id, self._now())
        return row.report(self._ask(request, binance_replies.fills))

    def _rules(self, symbols: Sequence[Symbol]) -> tuple[Instrument, ...]:
        """Return the rules of the markets that are listed.

        What was not the last time is asked for by itself: it costs one question more, not a search each time.
        """
        before = self._unlisted
        known = self._listed([symbol for symbol in symbols if symbol not in before])
        rules = (*known, *self._listed([symbol for symbol in symbols if symbol in before]))
        self._unlisted = (before | {*symbols}) - {rule.symbol for rule in rules}
        return rules

    def _listed(self, symbols: Sequence[Symbol]) -> tuple[Instrument, ...]:
        """Ask for all at once; one name that Binance does not have spoils that, then for either half."""
        if not symbols:
            return ()
        try:
            return self._ask(binance.exchange_info(symbols), binance_instruments.instruments)
        except Rejected as error:
            if not binance_errors.names_no_market(error):
                raise
        if len(symbols) == 1:
            return ()
        middle = len(symbols) // 2
        return (*self._listed(symbols[:middle]), *self._listed(symbols[middle:]))

    def _fees_bps(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Decimal]:
        """Return the account's fees; each is asked for at 20 of weight, so what is known is not."""
        now_ns = self._clock.now_ns()
        known = self._fees.known(symbols, now_ns)
        asked = {symbol: self._fee_bps(symbol) for symbol in symbols if symbol not in known}
        self._fees.remember(asked, now_ns)
        return {**known, **asked}

    def _fee_bps(self, symbol: Symbol) -> Decimal:
        return self._ask(binance.commission(symbol, self._now()), binance_instruments.taker_fee_bps)

    def _ask(
        self, request: HttpRequest, parser: Callable[[Any], Parsed], wait_ms_max: int = READ_WAIT_MS_MAX
    ) -> Parsed:
        try:
            return self._gateway.ask(request, parser, wait_ms_max)
        except ClockRefused:
            self._offset_at_ns = -OFFSET_AGE_NS_MAX  # measured again before the next signature
            raise

    def _now(self) -> Stamp:
        return self._stamp(self._clock.now_ns())

    def _stamp(self, at_ns: int) -> Stamp:
        return Stamp(
            api_key=require_key(self.venue, self._api_key),
            timestamp_ms=at_ns // NS_PER_MS + self._offset(),
            recv_window_ms=self._recv_window_ms,
        )

    def _offset(self) -> int:
        if abs(self._clock.now_ns() - self._offset_at_ns) >= OFFSET_AGE_NS_MAX:
            return self.time_offset_ms()
        return self._offset_ms


def connect_binance(
    rest_url: str,
    clock: Clock,
    entropy: Entropy,
    *,
    api_key: ApiKey | None,
    http_timeout_ms: int,
    recv_window_ms: int,
    weight_per_minute: int,
    orders_per_10s: int,
    fees: Fees | None = None,
) -> BinanceClient:
    """Return a client with its own connections and limits; call it after a fork."""
    transport = HttpTransport(rest_url, connect_timeout_ms=http_timeout_ms, read_timeout_ms=http_timeout_ms)
    limits = {
        binance.WEIGHT_GROUP: Limit(count=weight_per_minute, period_ms=60_000),
        binance.ORDER_GROUP: Limit(count=orders_per_10s, period_ms=10_000),
    }
    limiter = RateLimiter(Venue.BINANCE, limits, clock, pool=binance.WEIGHT_GROUP)
    gateway = Gateway(DIALECT, transport, limiter, VenueBreaker(Venue.BINANCE, clock, entropy))
    return BinanceClient(gateway, clock, api_key=api_key, recv_window_ms=recv_window_ms, fees=fees)


def _ignore(body: Any) -> None:
    """Take any reply."""
