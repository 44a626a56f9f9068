"""What closes pairs where the data ends."""

from dataclasses import dataclass, replace
from decimal import Decimal

from arb.domain.market.spread import Market
from arb.domain.strategy.economics import Costs, Outlook
from arb.domain.strategy.port import Chance, OpenPair, Strategies, Strategy
from arb.domain.trading.reentry import Close
from arb.domain.trading.trade import TradeKind
from arb.engine.trading.evaluate import Evaluate


@dataclass(frozen=True, slots=True)
class _Ending:
    """A strategy that opens nothing and closes every pair at what its books bring, whatever that is."""

    usual: Strategy

    @property
    def kind(self) -> TradeKind:
        return self.usual.kind

    @property
    def edge_bps_min(self) -> Decimal:
        return self.usual.edge_bps_min

    def observe(self, _market: Market, _now_ns: int) -> None:
        """Ignore the market: an ending replay learns no levels."""

    def is_far(self, market: Market) -> bool:
        return self.usual.is_far(market)

    def entry(self, _chance: Chance) -> None:
        return None

    def exit(self, held: OpenPair) -> str:
        found = self.usual.exit(held)
        return found if found in (Close.TAKE_PROFIT, Close.STOP_LOSS) else Close.HOLDING_TIME

    def is_late(self, _held_ns: int) -> bool:
        return True

    def outlook(self, costs: Costs) -> Outlook:
        return self.usual.outlook(costs)


def ending(evaluate: Evaluate) -> Evaluate:
    """Return what closes every open pair."""
    strategies = evaluate.strategies
    by_coin = {coin: _Ending(each) for coin, each in strategies.by_coin.items()}
    return replace(evaluate, strategies=Strategies(usual=_Ending(strategies.usual), by_coin=by_coin))
