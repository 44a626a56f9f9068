"""Net edge of buying a coin on one venue and selling it on the other.

Pure: no clock, no I/O. Edges are basis points of what is paid, net of both taker fees and of the depth
actually needed. Everything is valued in KRW at the USDT/KRW rate given. Sources: the venues' fee rules
(Binance takes its fee from what is received, Upbit in KRW); the formula is proceeds over cost.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from arb.domain.market.book import Book, Sweep, sweep
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Instrument, Side
from arb.domain.market.money import ONE, ZERO, bps, floor_to, fraction


class Direction(StrEnum):
    """Which way a pair is opened."""

    SELL_UPBIT = "sell_upbit"  # premium high: sell on Upbit, buy on Binance
    BUY_UPBIT = "buy_upbit"  # premium low: buy on Upbit, sell on Binance

    def side(self, venue: Venue) -> Side:
        """Return the side of the leg on `venue`."""
        sells_upbit = self is Direction.SELL_UPBIT
        return Side.SELL if (venue is Venue.UPBIT) == sells_upbit else Side.BUY

    @property
    def opposite(self) -> "Direction":
        """Return the way that closes what this one opened."""
        return Direction.BUY_UPBIT if self is Direction.SELL_UPBIT else Direction.SELL_UPBIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many KRW one USDT is worth; `ts_recv_ns` is when we learnt it."""

    krw_per_usdt: Decimal
    ts_recv_ns: int
    fence: int = 0  # of its book


def rate_from_book(book: Book) -> Rate:
    """Return the rate of the tradable USDT/KRW book's middle.

    A trade converts no money: it is closed in the currencies it was opened in, so the middle values
    both sides without a bias; the spread of the conversion is a cost of rebalancing, not of a trade.
    """
    return Rate(krw_per_usdt=book.mid, ts_recv_ns=book.ts_recv_ns, fence=book.fence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One coin on both venues, at one moment."""

    coin: Coin
    upbit: Book
    binance: Book
    upbit_instrument: Instrument
    binance_instrument: Instrument
    rate: Rate

    def book(self, venue: Venue) -> Book:
        """Return the venue's book."""
        return self.upbit if venue is Venue.UPBIT else self.binance

    def instrument(self, venue: Venue) -> Instrument:
        """Return the venue's rules."""
        return self.upbit_instrument if venue is Venue.UPBIT else self.binance_instrument

    def rules_of(self, venue: Venue) -> Instrument | None:
        """Return the venue's rules, which are always known here."""
        return self.instrument(venue)

    def krw(self, venue: Venue, amount: Decimal) -> Decimal:
        """Return an amount of the venue's quote currency in KRW."""
        return amount if venue is Venue.UPBIT else amount * self.rate.krw_per_usdt

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Return where the coin can be traded: on both venues."""
        return tuple(Venue)

    @property
    def whole(self) -> "Market":
        """Return this market: nothing of it is missing."""
        return self

    @property
    def premium_bps(self) -> Decimal:
        """Return how much more the coin costs on Upbit, middle to middle, before any cost."""
        binance_krw = self.binance.mid * self.rate.krw_per_usdt
        return bps(self.upbit.mid - binance_krw, binance_krw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What opening (or closing) a pair of `quantity` in `direction` would bring, right now."""

    direction: Direction
    quantity: Decimal  # base, the same on both venues
    net_krw: Decimal  # proceeds minus cost, both fees paid
    cost_krw: Decimal  # what the bought leg costs
    net_bps: Decimal
    upbit: Sweep
    binance: Sweep

    def sweep(self, venue: Venue) -> Sweep:
        """Return what the venue's leg takes from its book."""
        return self.upbit if venue is Venue.UPBIT else self.binance


def edge(market: Market, direction: Direction, quantity: Decimal) -> Edge | None:
    """Return the edge of taking `quantity` on both venues, or None if a book holds less."""
    sweeps = {venue: sweep(market.book(venue).against(direction.side(venue)), quantity) for venue in Venue}
    upbit, binance = sweeps[Venue.UPBIT], sweeps[Venue.BINANCE]
    if upbit is None or binance is None or quantity <= ZERO:
        return None
    flows = {
        venue: _flow_krw(market, venue, direction.side(venue), found)
        for venue, found in ((Venue.UPBIT, upbit), (Venue.BINANCE, binance))
    }
    net, cost = sum(flows.values(), ZERO), -min(flows.values())
    return Edge(
        direction=direction,
        quantity=quantity,
        net_krw=net,
        cost_krw=cost,
        net_bps=bps(net, cost),
        upbit=upbit,
        binance=binance,
    )


def _flow_krw(market: Market, venue: Venue, side: Side, found: Sweep) -> Decimal:
    """Return what one leg brings in, after its fee: negative for a buy.

    A fee in base is valued at the leg's own price, which makes it the same share of the notional.
    """
    rate = fraction(market.instrument(venue).taker_fee_bps)
    gross = found.notional * (ONE - rate if side is Side.SELL else ONE + rate)
    return -side.sign * market.krw(venue, gross)


def common_quantity(market: Market, notional_usdt: Decimal) -> Decimal:
    """Return the base quantity worth `notional_usdt` that both venues take, or 0 if none is.

    Floored to the coarser lot; both minimums must hold at the worse of the two best prices, so that
    the same quantity can also be unwound.
    """
    step = max(market.upbit_instrument.lot_step, market.binance_instrument.lot_step)
    quantity = floor_to(notional_usdt / market.binance.ask, step)
    fits = all(market.instrument(venue).accepts(quantity, market.book(venue).bid) for venue in Venue)
    return quantity if fits else ZERO


def protective_price(market: Market, venue: Venue, side: Side, worst: Decimal, slip_bps: Decimal) -> Decimal:
    """Return the limit of an IOC order: the worst price needed, and `slip_bps` beyond it at most."""
    return limit_price(market.instrument(venue), side, worst, slip_bps)


def limit_price(instrument: Instrument, side: Side, worst: Decimal, slip_bps: Decimal) -> Decimal:
    """Return the same by the rules of one venue alone."""
    slipped = worst * (ONE + side.sign * fraction(slip_bps))
    # Rounded towards the book: the limit is the loss bound, so it never exceeds the slip.
    tick = instrument.tick(slipped)
    inward = floor_to(slipped, tick) if side is Side.BUY else -floor_to(-slipped, tick)
    return instrument.round_price(max(inward, worst) if side is Side.BUY else min(inward, worst), side)
