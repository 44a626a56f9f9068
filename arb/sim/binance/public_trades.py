"""Trades between others at the simulated Binance, and the candles that they make.

One trade a coin and step at the touch, decided by the seed, the step and the coin's place in the list,
whether anybody listens or not. Our own fills appear among them. What was before the simulator began is
not known. A coin's trades are numbered without a gap, whichever steps had none: from a number that grows
with the time of the first one, so that those of a restarted process lie above those before.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.candles import MINUTE_S, Candles
from arb.sim.core.orders import ZERO

TRADES_KEPT: Final = 1_000
NUMBER_NS: Final = 5 * NS_PER_MS  # a number each: no coin trades as often
AVERAGED_S: Final = 300  # what avgPrice and the filters look back on, to the minute


@dataclass(frozen=True, slots=True, kw_only=True)
class BinanceTrade:
    """A trade as everybody sees it."""

    number: int
    level: SimulatedLevel
    ts_ns: int
    buyer_is_maker: bool


class PublicTrades:
    """Recent trades and candles of every coin."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.recent: dict[str, deque[BinanceTrade]] = {}
        self.candles: dict[str, Candles] = {}

    def advance(
        self, step: int, ts_ns: int, books: Mapping[str, SimulatedBook]
    ) -> Iterator[tuple[str, BinanceTrade]]:
        """Yield the trade of a step of each of these coins; one without a side to trade at has none."""
        first = next(iter(books), "")  # other coins of the step have dice of their own
        sides = Random(f"{self._seed}:trades:{step}:{first}").randbytes(len(books))
        for side, (coin, book) in zip(sides, books.items(), strict=True):
            buyer_is_maker = side < 128
            touch = book.touch(buyer_is_maker)
            if touch is not None:
                yield coin, self.add(coin, touch, ts_ns, buyer_is_maker)

    def average(self, coin: str, now_ns: int) -> Decimal | None:
        """Return the price of the last five minutes, weighted by quantity; None if nothing was traded."""
        if coin not in self.candles:
            return None
        minutes = list(self.candles[coin].since(now_ns // NS_PER_S - AVERAGED_S + MINUTE_S, MINUTE_S))
        volume = sum((each.volume for each in minutes), ZERO)
        return sum((each.funds for each in minutes), ZERO) / volume if volume else None

    def add(self, coin: str, level: SimulatedLevel, ts_ns: int, buyer_is_maker: bool) -> BinanceTrade:
        """Remember one trade under the coin's next number."""
        if coin not in self.recent:
            self.recent[coin], self.candles[coin] = deque(maxlen=TRADES_KEPT), Candles()
        recent = self.recent[coin]
        number = recent[-1].number + 1 if recent else ts_ns // NUMBER_NS
        recent.append(BinanceTrade(number=number, level=level, ts_ns=ts_ns, buyer_is_maker=buyer_is_maker))
        self.candles[coin].add(ts_ns, *level, not buyer_is_maker, number)
        return recent[-1]
