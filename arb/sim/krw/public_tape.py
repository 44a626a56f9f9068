"""Trades between others, and what tickers make of them.

Which trades a step brings is a pure function of (seed, step, books); the day's statistics start
with the process. Our own fills appear among the trades, as they do on the venue.
"""

from collections import deque
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import Final

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.sim.core.book import SimulatedBook
from arb.sim.core.candles import Candles
from arb.sim.core.events import OrderFilled
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import OrderSide
from arb.sim.krw.public_trades import KrwTrade
from arb.sim.krw.tickers import DayStatistics
from arb.sim.venues import KRW_LOT

TRADE_PROBABILITY: Final = 0.3  # per market and step
TRADES_KEPT: Final = 500  # the most /v1/trades/ticks returns
SEQUENCE_PER_MS: Final = 10_000


class PublicTape:
    """Recent trades and statistics of every market, by market code."""

    def __init__(self, seed: int, venue: Venue) -> None:
        self._seed, self._venue = seed, venue
        self._sequence = 0
        self._fresh: list[tuple[str, KrwTrade]] = []
        self.books: dict[str, SimulatedBook] = {}
        self.moved: frozenset[str] = frozenset()  # of which the last books are
        self.days: dict[str, DayStatistics] = {}
        self.recent: dict[str, deque[KrwTrade]] = {}
        self.candles: dict[str, Candles] = {}
        self._seconds: dict[str, Candles] = {}

    def advance(
        self, step: int, ts_ns: int, books: Mapping[str, SimulatedBook]
    ) -> list[tuple[str, KrwTrade]]:
        """Show new books of a step (by market) and return the trades since the last ones, oldest first."""
        first = next(iter(books), "")  # other markets of the step have dice of their own
        rng = Random(f"{self._seed}:{self._venue}:trades:{step}:{first}")
        self.moved = frozenset(books)
        for market, book in books.items():
            self.books[market] = book
            dice, side, share = rng.random(), rng.random(), rng.random()
            if dice < TRADE_PROBABILITY or market not in self.days:
                self._print(market, book, "ASK" if side < 0.5 else "BID", share, ts_ns)
        fresh, self._fresh = self._fresh, []
        return fresh

    def follow(self, recorded: Recorded) -> None:
        """Show one of our fills to everybody."""
        fill = recorded.event
        if isinstance(fill, OrderFilled) and fill.symbol in self.days:
            taker_sells = (fill.side is OrderSide.SELL) is not fill.maker
            trade = self._numbered(fill.price, fill.quantity, "ASK" if taker_sells else "BID", recorded.ts_ns)
            self._add(fill.symbol, trade)

    def made_of(self, market: str, span: int | str) -> Candles:
        """Return what candles of a span are made of: minutes, or seconds, of which the newest are kept.

        Seconds are counted once somebody asks for them; those before are of the trades that are kept.
        """
        if span != 1:
            return self.candles[market]
        if market not in self._seconds:
            self._seconds[market] = _seconds_of(self.recent[market])
        return self._seconds[market]

    def best_price(self, market: str) -> Decimal:
        """Return a market's best ask, or what there is in its place, KRW."""
        book = self.books[market]
        best = (*book.asks[:1], *book.bids[:1])
        return best[0].price if best else self.days[market].last.price

    def _print(self, market: str, book: SimulatedBook, ask_bid: str, share: float, ts_ns: int) -> None:
        level = book.touch(ask_bid == "ASK")
        if level is None:
            return
        volume = (level.quantity * Decimal(share)).quantize(KRW_LOT, ROUND_DOWN)
        self._add(market, self._numbered(level.price, max(volume, KRW_LOT), ask_bid, ts_ns))

    def _numbered(self, price: Decimal, volume: Decimal, ask_bid: str, ts_ns: int) -> KrwTrade:
        self._sequence = max(self._sequence + 1, ts_ns // 1_000_000 * SEQUENCE_PER_MS)
        return KrwTrade(price=price, volume=volume, ask_bid=ask_bid, ts_ns=ts_ns, sequence=self._sequence)

    def _add(self, market: str, trade: KrwTrade) -> None:
        if market not in self.days:
            price = trade.price
            self.days[market] = DayStatistics(opening=price, high=price, low=price, last=trade)
            self.recent[market] = deque(maxlen=TRADES_KEPT)
            self.candles[market] = Candles()
        self.days[market].count(trade)
        _count(self.candles[market], trade)
        if market in self._seconds:
            _count(self._seconds[market], trade)
        self.recent[market].append(trade)
        self._fresh.append((market, trade))


def _seconds_of(recent: deque[KrwTrade]) -> Candles:
    """Return the seconds of trades, without the first of several if it may have lost some of its trades."""
    first_s, last_s = recent[0].ts_ns // NS_PER_S, recent[-1].ts_ns // NS_PER_S
    begins_s = first_s + 1 if len(recent) == TRADES_KEPT and first_s < last_s else first_s
    candles = Candles(1)
    for trade in recent:
        if trade.ts_ns // NS_PER_S >= begins_s:
            _count(candles, trade)
    return candles


def _count(candles: Candles, trade: KrwTrade) -> None:
    candles.add(trade.ts_ns, trade.price, trade.volume, trade.ask_bid == "BID")
