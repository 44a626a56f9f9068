"""Which rows a replay looks at while nothing is open: those in which something could be opened.

It never passes over one in which the engine would open. A strategy that learns from premiums learns from
every row, looked at or not, as an engine does that sees everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from arb.backtest.reading.series import Array, Series
from arb.backtest.replay.screen import BPS, MARGIN_BPS, Bounds, may_open
from arb.domain.market.ids import Coin, Venue
from arb.domain.strategy.inventory import InventoryStrategy
from arb.domain.strategy.levels import Levels
from arb.domain.strategy.pair import PairStrategy
from arb.domain.strategy.port import Strategy


@dataclass(slots=True)
class CoinLookout:
    """Finds the rows of one coin at which an edge may be worth a look."""

    coin: Coin
    there: Array  # rows in which it can be traded
    worth: Array  # of these, by edges alone
    premiums_bps: list[float]  # empty where nothing is learnt from them
    fees_bps: float  # of a round trip: nearer to its level no premium is worth one; 0: it need not be
    levels: Levels

    def learn(self, row: int, at_ns: int) -> None:
        """Have the strategy see a row."""
        if self.premiums_bps and self.there[row]:
            self.levels.note(self.coin, at_ns, self.premiums_bps[row])

    def is_worth(self, row: int, at_ns: int) -> bool:
        """Tell whether something could be opened in a row."""
        if not self.there[row]:
            return False
        level = self.levels.level(self.coin, at_ns) if self.premiums_bps and self.fees_bps else None
        if level is None:
            return bool(self.worth[row])
        return abs(self.premiums_bps[row] - level.bps) >= self.fees_bps - MARGIN_BPS


def lookout(
    series: Series,
    coin: Coin,
    strategy: Strategy,
    bounds: Bounds,
    fees_bps: Mapping[Venue, Decimal],
    levels: Levels,
) -> CoinLookout:
    """Return what watches a coin of a series."""
    there, fees = series.complete(coin), 2 * sum(fees_bps.values(), Decimal())
    learns = isinstance(strategy, PairStrategy | InventoryStrategy)
    first, second = (series.prices[venue, coin] for venue in fees_bps)
    premiums = ((first / (second * series.rate) - 1.0) * BPS).tolist() if learns else []
    least = (
        strategy.rules.min_profit_bps + fees / 2
        if isinstance(strategy, PairStrategy)
        else strategy.edge_bps_min
    )
    return CoinLookout(
        coin=coin,
        there=there,
        worth=there & may_open(bounds, least),
        premiums_bps=premiums,
        fees_bps=float(fees) if isinstance(strategy, PairStrategy) else 0.0,
        levels=strategy.levels if isinstance(strategy, PairStrategy | InventoryStrategy) else levels,
    )
