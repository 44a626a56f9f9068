"""*fixed*: opens at an edge that never changes, and takes it that premiums come back to even."""

from dataclasses import dataclass
from decimal import Decimal

from arb.domain.health.degradation import is_far
from arb.domain.market.spread import Edge, Market, reach_bps
from arb.domain.strategy.economics import Costs, Outlook, RoundTrip
from arb.domain.strategy.outcome import Ends, outcome
from arb.domain.strategy.port import Chance, OpenPair
from arb.domain.trading.exits import CONVERGED
from arb.domain.trading.reentry import Close
from arb.domain.trading.trade import TradeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules(Ends):
    """When an open pair is closed. Basis points of the entry's notional, nanoseconds."""

    converged_bps: Decimal  # what closing costs before fees: the premium is back within this of even
    take_profit_bps: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The better edge from a fixed one on; closed when even, at a profit, stopped out, or by the clock."""

    edge_bps_min: Decimal
    exits: ExitRules

    @property
    def kind(self) -> TradeKind:
        """Return that trades are pairs: opened, held, closed."""
        return TradeKind.PAIR

    def observe(self, _market: Market, _now_ns: int) -> None:
        """Ignore the market: the edge is fixed."""

    def is_far(self, market: Market) -> bool:
        """Tell whether the best prices are too near to each other."""
        return is_far(reach_bps(market), self.edge_bps_min)

    def entry(self, chance: Chance) -> Edge | None:
        """Return the better of both edges if it is enough."""
        best = max(chance.edges, key=lambda found: found.net_bps)
        return best if best.net_bps >= self.edge_bps_min else None

    def exit(self, held: OpenPair) -> str | None:
        """Return why a pair is closed. A rate in doubt converges nothing."""
        rules, found = self.exits, outcome(held)
        if found is None:
            return None
        if found.least_bps >= rules.take_profit_bps and not found.is_forgotten:
            return Close.TAKE_PROFIT.value
        if (ended := rules.reason(found, held.held_ns)) is not None:
            return ended
        is_even = not found.doubt and -found.closing.gross_bps <= rules.converged_bps
        return CONVERGED if is_even else None

    def is_late(self, held_ns: int) -> bool:
        """Tell whether its time is over."""
        return self.exits.is_late(held_ns)

    def outlook(self, costs: Costs) -> Outlook:
        """Return what a pair earns at each of the exits, opened at the least edge."""
        exits, entry_bps = self.exits, self.edge_bps_min
        converged_bps = entry_bps - exits.converged_bps - costs.side_bps
        # By the clock a pair is closed whose premium is where it was; never for more than may be lost by it.
        earned = {
            Close.CONVERGED: converged_bps,
            Close.TAKE_PROFIT: exits.take_profit_bps,
            Close.HOLDING_TIME: -min(costs.unmoved_bps, exits.holding_loss_bps_max),
            Close.STOP_LOSS: -exits.stop_loss_bps - costs.half_step_bps,
        }
        return Outlook(
            round_trips=tuple(RoundTrip.of(close, result, costs) for close, result in earned.items()),
            edge_bps_least=entry_bps,
            break_even_premium_bps=entry_bps + costs.side_bps - converged_bps,
            holding_ns_max=exits.holding_ns_max,
        )
