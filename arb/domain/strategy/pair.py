"""*pair*: opens a pair whose way back pays for both ways, holds it, and closes it for what it earned.

Where a premium comes back to is estimated and not assumed to be even. An entry pays its own fees and depth,
the exit's, and what the level may be wrong by; what is left has to be worth it. While a level is not known,
or what leaves it does not stand or does not come back, nothing is opened.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.money import ZERO
from arb.domain.market.spread import Edge, Market, edge
from arb.domain.strategy.economics import Costs, Outlook, RoundTrip
from arb.domain.strategy.levels import Levels
from arb.domain.strategy.outcome import Ends, outcome
from arb.domain.strategy.port import Chance, Declined, OpenPair
from arb.domain.strategy.premium import PremiumLevel
from arb.domain.trading.exits import CONVERGED
from arb.domain.trading.reentry import Close
from arb.domain.trading.trade import TradeKind

UNKNOWN: Final = "premium_unknown"
BEYOND_SD: Final = Decimal(
    1
)  # past the level: noise brings it there within minutes, and waiting costs nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRules(Ends):
    """When a pair is worth opening, and when it is closed. Basis points, nanoseconds."""

    min_profit_bps: Decimal
    slippage_bps: Decimal  # of all four orders together, as is to be expected
    edge_bps_min: Decimal  # however much the way back is worth
    take_profit_bps: Decimal  # where the level is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class PairStrategy:
    """Enters where the way back to the level leaves a profit; closes behind the level."""

    rules: PairRules
    levels: Levels

    @property
    def kind(self) -> TradeKind:
        """Return that trades are pairs: opened, held, closed."""
        return TradeKind.PAIR

    @property
    def edge_bps_min(self) -> Decimal:
        """Return the least edge: an entry may cost something that its exit brings."""
        return self.rules.edge_bps_min

    def observe(self, market: Market, now_ns: int) -> None:
        """Learn where the premium is."""
        if self.levels.is_due(market.coin, now_ns):
            self.levels.note(market.coin, now_ns, float(market.premium_bps))

    def is_far(self, market: Market) -> bool:
        """Tell whether the level is not known, or too near to pay for the fees."""
        newest_ns = max(market.book(venue).ts_recv_ns for venue in market.venues)
        level = self.levels.level(market.coin, newest_ns)
        return level is None or abs(market.premium_bps - Decimal(level.bps)) < _fees_bps(market)

    def entry(self, chance: Chance) -> Edge | Declined | None:
        """Return the edge towards the level if it leaves a profit, or why it is not taken."""
        market, level = chance.market, self.levels.level(chance.market.coin, chance.now_ns)
        if level is None:
            best = max(chance.edges, key=lambda found: found.net_bps)
            is_worth = best.net_bps - _fees_bps(market) / 2 >= self.rules.min_profit_bps
            return Declined(UNKNOWN) if is_worth else None
        away_bps = market.premium_bps - Decimal(level.bps)
        if abs(away_bps) < _fees_bps(market):
            return None
        selling, buying = market.pair.directions
        way = selling if away_bps > ZERO else buying
        found = next((each for each in chance.edges if each.direction is way), None)
        if found is None or self._profit_bps(market, found, abs(away_bps), level) < self.rules.min_profit_bps:
            return None
        why = self.levels.why_not(market.coin, 1 if away_bps > ZERO else -1)
        return Declined(why) if why else found

    def exit(self, held: OpenPair) -> str | None:
        """Return why a pair is closed: behind its level, at a profit."""
        rules, found = self.rules, outcome(held)
        if found is None:
            return None
        if (ended := rules.reason(found, held.held_ns)) is not None:
            return ended
        level = self.levels.level(held.market.coin, held.now_ns)
        if level is None:
            is_enough = found.least_bps >= rules.take_profit_bps and not found.is_forgotten
            return Close.TAKE_PROFIT.value if is_enough else None
        is_back = not found.doubt and _is_behind(held, level)
        return CONVERGED if is_back and found.least_bps >= rules.min_profit_bps else None

    def is_late(self, held_ns: int) -> bool:
        """Tell whether it is held for longer than premiums take to come back."""
        return self.rules.is_late(held_ns)

    def outlook(self, costs: Costs) -> Outlook:
        """Return what a pair earns at each of the exits, opened for the least profit."""
        rules, expected_bps = self.rules, self.rules.min_profit_bps
        break_even_bps = costs.unmoved_bps + rules.slippage_bps
        earned = {
            Close.CONVERGED: expected_bps,
            Close.HOLDING_TIME: -min(costs.unmoved_bps, rules.holding_loss_bps_max),
            Close.STOP_LOSS: -rules.stop_loss_bps - costs.half_step_bps,
        }
        return Outlook(
            round_trips=tuple(RoundTrip.of(close, result, costs) for close, result in earned.items()),
            edge_bps_least=break_even_bps + expected_bps - costs.side_bps - costs.spread_bps / 2,
            break_even_premium_bps=break_even_bps,
            holding_ns_max=rules.holding_ns_max,
        )

    def _profit_bps(self, market: Market, entry: Edge, away_bps: Decimal, level: PremiumLevel) -> Decimal:
        """Return what is left of the way back: what closing costs at the depth of now is the same then."""
        closing = edge(market, entry.direction.opposite, entry.quantity)
        if closing is None:
            return -self.rules.stop_loss_bps
        both_bps = entry.net_bps + closing.net_bps
        return both_bps + away_bps - Decimal(level.margin_bps) - self.rules.slippage_bps


def _is_behind(held: OpenPair, level: PremiumLevel) -> bool:
    """Tell whether the premium is past its level by as much as noise soon takes it."""
    sign = 1 if held.trade.direction is held.market.pair.directions[0] else -1
    away_bps = sign * (held.market.premium_bps - Decimal(level.bps))
    return away_bps <= -BEYOND_SD * Decimal(level.sd_bps)


def _fees_bps(market: Market) -> Decimal:
    """Return the fees of a round trip."""
    return 2 * sum((market.instrument(venue).taker_fee_bps for venue in market.venues), ZERO)
