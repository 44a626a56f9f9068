"""*fixed*: opens at an edge that never changes, and takes it that premiums come back to even."""

from dataclasses import dataclass
from decimal import Decimal

from arb.domain.health.degradation import is_far
from arb.domain.market.money import ZERO
from arb.domain.market.spread import RATE_FORGOTTEN, Edge, Market, edge, reach_bps
from arb.domain.strategy.economics import Costs, Outlook, RoundTrip
from arb.domain.strategy.port import Chance, Held
from arb.domain.trading.conversion import converted_bps, other_currency
from arb.domain.trading.exits import CONVERGED, STOP_LOSS, earned_bps
from arb.domain.trading.reentry import Close


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """When an open pair is closed. Basis points of the entry's notional, nanoseconds."""

    converged_bps: Decimal  # what closing costs before fees: the premium is back within this of even
    take_profit_bps: Decimal
    stop_loss_bps: Decimal  # positive
    holding_ns_max: int
    rate_loss_bps_max: Decimal  # beyond the stop-loss, together with what the rate has cost
    holding_loss_bps_max: Decimal  # that a pair may lose by being closed by the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The better edge from a fixed one on; closed when even, at a profit, stopped out, or by the clock."""

    edge_bps_min: Decimal
    exits: ExitRules

    def is_far(self, market: Market) -> bool:
        """Tell whether the best prices are too near to each other."""
        return is_far(reach_bps(market), self.edge_bps_min)

    def entry(self, chance: Chance) -> Edge | None:
        """Return the better of both edges if it is enough."""
        best = max(chance.edges, key=lambda found: found.net_bps)
        return best if best.net_bps >= self.edge_bps_min else None

    def exit(self, held: Held) -> str | None:
        """Return why a pair is closed."""
        return exit_reason(held, self.exits)

    def is_late(self, held_ns: int) -> bool:
        """Tell whether its time is over."""
        return held_ns >= self.exits.holding_ns_max

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
            break_even_premium_bps=entry_bps + costs.side_bps - converged_bps,
            holding_ns_max=exits.holding_ns_max,
        )


def exit_reason(held: Held, rules: ExitRules) -> str | None:
    """Return why part of an open pair should be closed now, or None to go on holding it.

    By what closing it brings, at the least and at the most that the rate may be. A rate in doubt converges
    nothing; what is earned hardly depends on it, so that the last one that was known judges profits for a
    while and losses for as long as it takes.

    A pair is judged by what its premium earned. What the rate's move made of it (its orders opened it) is no
    reason to close it, for the rate may come back as well as go on, until all that was set aside is used up.
    """
    trade, market = held.trade, held.market
    way = trade.direction.opposite
    closing = edge(market.at_worst(way, market.rate.middles), way, held.quantity)
    if closing is None:
        return None
    earned = [earned_bps(trade, held.position, held.quantity, market.at(rate)) for rate in market.rate.sides]
    taken_in = other_currency(held.orders, market.pair)
    converted = [converted_bps(trade, taken_in, rate) for rate in market.rate.middles]
    if market.rate.doubt:
        converted.append(ZERO)  # it may not have moved at all
    least, most = min(earned) - max(converted), max(earned) - min(converted)  # by the premium
    if least >= rules.take_profit_bps and market.rate.doubt != RATE_FORGOTTEN:
        return Close.TAKE_PROFIT.value
    used_up = max(earned) <= -rules.stop_loss_bps - rules.rate_loss_bps_max
    if most <= -rules.stop_loss_bps or used_up:
        return STOP_LOSS
    is_over = held.held_ns >= rules.holding_ns_max
    if is_over and least >= -rules.holding_loss_bps_max:
        return Close.HOLDING_TIME.value
    is_even = not market.rate.doubt and -closing.gross_bps <= rules.converged_bps
    return CONVERGED if is_even else None
