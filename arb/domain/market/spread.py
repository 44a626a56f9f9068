"""Net edge of buying a coin on one venue and selling it on the other.

Pure: no clock, no I/O. Edges are basis points of what is paid, net of both taker fees and of the depth
actually needed. Everything is valued in the pair's accounting currency (KRW) at the rate given. A venue takes
its fee from what is received or in its quote currency; the formula is proceeds over cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from arb.domain.market.book import Book, BookSweep, sweep
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Instrument, Side
from arb.domain.market.money import ONE, ZERO, bps, floor_to, fraction
from arb.domain.market.pair import Direction, Pair

# Why a rate is in doubt.
RATE_WIDE: Final = "rate_wide"  # its book has a hole: this is what it was before
RATE_UNSETTLED: Final = "rate_unsettled"  # not known for long enough to tell whether it has just moved
RATE_STALE: Final = "rate_stale"
RATE_AHEAD: Final = "rate_ahead"  # stamped ahead of now
RATE_FORGOTTEN: Final = "rate_forgotten"  # there was none for too long

# Of the best bid, at which the minimums have to hold for a new pair. A repair asks for 1.1 % less at most;
# the rest is for the coin, which falls as far within a pair's hour in a crash only.
ENTRY_ROOM: Final = Decimal("0.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many KRW one USDT is worth; `ts_recv_ns` is when we learnt it.

    A trade converts no money: it is closed in the currencies it was opened in, so the middle of the rate's
    book values both sides without a bias, and what has converged is told by middles, too. What is opened, or
    closed for what it earned, has to be right on either side of that book.
    """

    krw_per_usdt: Decimal
    ts_recv_ns: int
    fence: int = 0  # of its book
    bid: Decimal = ZERO  # of its book; 0 where it came from none
    ask: Decimal = ZERO
    low: Decimal = ZERO  # the least and the most that the middle may be; 0: exactly `krw_per_usdt`
    high: Decimal = ZERO
    half_spread: Decimal = ZERO  # from the middle to either side
    doubt: str = ""  # why nothing is opened at it, and nothing has converged by it
    is_par: bool = False  # between venues that quote in one currency: 1, told by no book, and never old

    @property
    def middles(self) -> tuple[Decimal, Decimal]:
        """Return the least and the most that its middle may be."""
        return self.low or self.krw_per_usdt, self.high or self.krw_per_usdt

    @property
    def sides(self) -> tuple[Decimal, Decimal]:
        """Return the least that USDT may be sold for and the most that they may cost."""
        low, high = self.middles
        return low - self.half_spread, high + self.half_spread


def par(at_ns: int) -> Rate:
    """Return the rate between two venues that quote in one currency."""
    return Rate(krw_per_usdt=ONE, ts_recv_ns=at_ns, is_par=True)


@dataclass(frozen=True, slots=True)
class MarketLeg:
    """One venue's part of a market: its book and its rules."""

    book: Book
    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One coin on both venues of a pair, at one moment."""

    coin: Coin
    pair: Pair
    legs: Mapping[Venue, MarketLeg]
    rate: Rate

    def book(self, venue: Venue) -> Book:
        """Return the venue's book."""
        return self.legs[venue].book

    def instrument(self, venue: Venue) -> Instrument:
        """Return the venue's rules."""
        return self.legs[venue].instrument

    def rules_of(self, venue: Venue) -> Instrument | None:
        """Return the venue's rules, which are always known here."""
        return self.legs[venue].instrument

    def krw(self, venue: Venue, amount: Decimal) -> Decimal:
        """Return an amount of the venue's quote currency in KRW."""
        return self.pair.krw(venue, amount, self.rate.krw_per_usdt)

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Return where the coin can be traded: on both venues."""
        return self.pair.venues

    @property
    def whole(self) -> "Market":
        """Return this market: it has both venues."""
        return self

    def doubting(self, doubt: str) -> "Market":
        """Return this market with why its rate is in doubt, "" if it is not."""
        return self if doubt == self.rate.doubt else replace(self, rate=replace(self.rate, doubt=doubt))

    def at(self, krw_per_usdt: Decimal) -> "Market":
        """Return this market at another rate."""
        return replace(self, rate=replace(self.rate, krw_per_usdt=krw_per_usdt))

    def worst(self, direction: Direction, rates: tuple[Decimal, Decimal]) -> Decimal:
        """Return that one of two rates that makes less of a direction."""
        least, most = rates
        return least if direction.sell_on is self.pair.second else most

    def at_worst(self, direction: Direction, rates: tuple[Decimal, Decimal]) -> "Market":
        """Return this market at that one of two rates that makes less of a direction."""
        return self.at(self.worst(direction, rates))

    @property
    def tick_at_ns(self) -> int:
        """Return when the newest of its books was received: of its two, and of that which told the rate."""
        legs = max(leg.book.ts_recv_ns for leg in self.legs.values())
        return legs if self.rate.is_par else max(legs, self.rate.ts_recv_ns)

    @property
    def premium_bps(self) -> Decimal:
        """Return how much more the coin costs on the first venue, middle to middle: it is shown, no more."""
        first, second = self.pair.venues
        second_krw = self.krw(second, self.book(second).mid)
        return bps(self.krw(first, self.book(first).mid) - second_krw, second_krw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What opening (or closing) a pair of `quantity` in `direction` would bring, right now."""

    direction: Direction
    quantity: Decimal  # base, the same on both venues
    net_krw: Decimal  # proceeds minus cost, both fees paid
    cost_krw: Decimal  # what the bought leg costs
    net_bps: Decimal
    gross_bps: Decimal  # before both fees: how much more the sold leg brings than the bought one costs
    legs: Mapping[Venue, BookSweep]  # what each takes from its book


def edge(market: Market, direction: Direction, quantity: Decimal) -> Edge | None:
    """Return the edge of taking `quantity` on both venues, or None if a book holds less."""
    return edge_at_rate(market, direction, quantity, market.rate.krw_per_usdt)


def edge_at_rate(
    market: Market, direction: Direction, quantity: Decimal, krw_per_usdt: Decimal
) -> Edge | None:
    """Return the same as if the rate were another."""
    bought = sweep(market.book(direction.buy_on).asks, quantity)
    sold = sweep(market.book(direction.sell_on).bids, quantity)
    if bought is None or sold is None or quantity <= ZERO:
        return None
    paid = market.pair.krw(direction.buy_on, bought.notional, krw_per_usdt)
    got = market.pair.krw(direction.sell_on, sold.notional, krw_per_usdt)
    cost = paid * (ONE + _fee(market, direction.buy_on))
    net = got * (ONE - _fee(market, direction.sell_on)) - cost
    return Edge(
        direction=direction,
        quantity=quantity,
        net_krw=net,
        cost_krw=cost,
        net_bps=bps(net, cost),
        gross_bps=bps(got - paid, paid),
        legs={direction.buy_on: bought, direction.sell_on: sold},
    )


def _fee(market: Market, venue: Venue) -> Decimal:
    """Return a taker fee as a share; one in base is valued at the leg's own price, and so the same share."""
    return fraction(market.instrument(venue).taker_fee_bps)


def reach_bps(market: Market) -> Decimal:
    """Return the most that the best prices bring in either direction before fees, if the rate is with us."""
    pair, (least, most) = market.pair, market.rate.middles
    first, second = (market.book(venue) for venue in pair.venues)
    dear, cheap = pair.krw(pair.second, second.bid, most), pair.krw(pair.second, second.ask, least)
    return max(bps(dear - first.ask, first.ask), bps(first.bid - cheap, cheap))


def best_case_bps(market: Market) -> Decimal:
    """Return the most that any size brings in either direction: what best prices alone bring, both fees paid.

    At that side of the rate that makes less of a direction, as edges are told for an entry.
    """
    pair, rates = market.pair, market.rate.sides

    def top_bps(way: Direction) -> Decimal:
        rate = market.worst(way, rates)
        paid = pair.krw(way.buy_on, market.book(way.buy_on).ask, rate) * (ONE + _fee(market, way.buy_on))
        got = pair.krw(way.sell_on, market.book(way.sell_on).bid, rate) * (ONE - _fee(market, way.sell_on))
        return bps(got - paid, paid)

    return max(map(top_bps, pair.directions))


def common_quantity(market: Market, notional_usdt: Decimal) -> Decimal:
    """Return the base quantity worth `notional_usdt` that both venues take, or 0 if none is.

    Floored to the coarser lot. Both minimums must hold with room: for the limits that the legs are sent at,
    for a repair of one of them, for a fee that is taken in the coin, and for a price that has fallen until
    the pair is closed.
    """
    step = max(leg.instrument.lot_step for leg in market.legs.values())
    quantity = floor_to(notional_usdt / market.book(market.pair.second).ask, step)
    fits = all(leg.instrument.accepts(quantity, leg.book.bid * ENTRY_ROOM) for leg in market.legs.values())
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
