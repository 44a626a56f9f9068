"""*inventory*: takes an edge that is worth it by itself, and is done; what moves is where coins and cash lie.

Each trade sells a coin on one venue and buys it on the other, and nothing is closed just to be closed. What
lies on one side is brought back by a trade in the other direction, once that pays for itself. So a trade that
tilts the coin further asks for its profit and for a part of what bringing it back costs, at the level that
the premium returns to: none of it while the coin lies even, all of it at the band. One that brings the coin
back asks for less profit the further it lies aside, and at the band for none. Beyond it nothing tilts.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.health.degradation import is_far
from arb.domain.market.money import ONE, ZERO
from arb.domain.market.spread import Edge, Market, edge, reach_bps
from arb.domain.strategy.economics import Costs, Outlook, RoundTrip
from arb.domain.strategy.levels import Levels
from arb.domain.strategy.pair import UNKNOWN, PairStrategy
from arb.domain.strategy.port import Chance, Declined, OpenPair
from arb.domain.strategy.premium import PremiumLevel
from arb.domain.trading.reentry import Close
from arb.domain.trading.trade import TradeKind

BEYOND_BAND: Final = "inventory_band"


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryRules:
    """When an edge is worth taking; basis points of a leg's notional."""

    min_profit_bps: Decimal  # of a trade while the coin lies even
    slippage_bps: Decimal  # of both orders of a trade together, as is to be expected
    band: Decimal  # how tilted a coin may be: the share of it that lies more on one venue than on the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Tilt:
    """How much more of a coin lies where a trade buys it, as a share of all: -1 none of it, 1 all of it."""

    before: Decimal
    after: Decimal

    @classmethod
    def of(cls, chance: Chance, found: Edge) -> "Tilt":
        """Return the tilt that an edge would make. Where nobody has any, balances deny it, and no band."""
        total = sum(chance.stock.values(), ZERO)
        if total <= ZERO:
            return cls(before=ZERO, after=ZERO)
        there, here = (
            chance.stock.get(each, ZERO) for each in (found.direction.buy_on, found.direction.sell_on)
        )
        before = (there - here) / total
        return cls(before=before, after=before + 2 * found.quantity / total)

    def of_band(self, band: Decimal) -> Decimal:
        """Return where in its band a trade is, from -1 to 1: in the middle of what it moves.

        So the same coins are priced alike on their way there and back.
        """
        return max(-ONE, min(ONE, (self.before + self.after) / 2 / band))


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryStrategy:
    """Takes edges that pay for themselves and for the tilt they leave."""

    rules: InventoryRules
    levels: Levels
    pairs: PairStrategy  # closes what another strategy has opened

    @property
    def kind(self) -> TradeKind:
        """Return that trades are exchanges: done once both legs are filled."""
        return TradeKind.EXCHANGE

    @property
    def edge_bps_min(self) -> Decimal:
        """Return the least edge: of what brings a coin back from its band."""
        return self.rules.slippage_bps

    def observe(self, market: Market, now_ns: int) -> None:
        """Learn where the premium is."""
        self.pairs.observe(market, now_ns)

    def is_far(self, market: Market) -> bool:
        """Tell whether the best prices are too near to each other."""
        return is_far(reach_bps(market), self.edge_bps_min)

    def entry(self, chance: Chance) -> Edge | Declined | None:
        """Return the better edge if it pays for its tilt, or why it is not taken."""
        best = max(chance.edges, key=lambda found: found.net_bps)
        if best.net_bps < self.edge_bps_min:
            return None
        market, level = chance.market, self.levels.level(chance.market.coin, chance.now_ns)
        if level is None:
            is_worth = best.net_bps >= self.rules.slippage_bps + self.rules.min_profit_bps
            return Declined(UNKNOWN) if is_worth else None
        tilt = Tilt.of(chance, best)
        asked = self._asked_bps(market, best, level, tilt.of_band(self.rules.band))
        if asked is None or best.net_bps < asked:
            return None
        if tilt.after > self.rules.band and tilt.after > -tilt.before:
            return Declined(BEYOND_BAND)
        why = self.levels.why_not(market.coin, _sign(market, best))
        return Declined(why) if why else best

    def exit(self, held: OpenPair) -> str | None:
        """Return why a pair is closed that another strategy opened."""
        return self.pairs.exit(held)

    def is_late(self, held_ns: int) -> bool:
        """Tell whether such a pair is held for too long."""
        return self.pairs.is_late(held_ns)

    def outlook(self, costs: Costs) -> Outlook:
        """Return what a trade earns that leaves the coin even, and one that brings it back from the band."""
        rules = self.rules
        return Outlook(
            round_trips=(RoundTrip.of(Close.EXCHANGED, rules.min_profit_bps, costs),),
            edge_bps_least=rules.slippage_bps + rules.min_profit_bps,
            break_even_premium_bps=costs.side_bps + costs.spread_bps / 2 + rules.slippage_bps,
            holding_ns_max=self.pairs.rules.holding_ns_max,
        )

    def _asked_bps(self, market: Market, found: Edge, level: PremiumLevel, share: Decimal) -> Decimal | None:
        """Return the net edge that is asked for, None where a book is too thin to ever bring it back."""
        rules = self.rules
        if share <= ZERO:
            return rules.slippage_bps + rules.min_profit_bps * (ONE + share)
        back = edge(market, found.direction.opposite, found.quantity)
        if back is None:
            return None
        to_level_bps = _sign(market, found) * (market.premium_bps - Decimal(level.bps))
        back_bps = max(ZERO, Decimal(level.margin_bps) - back.net_bps - to_level_bps)
        return rules.slippage_bps + rules.min_profit_bps + share * back_bps


def _sign(market: Market, found: Edge) -> int:
    """Return 1 if an edge is taken from a premium above its level, -1 from one below."""
    return 1 if found.direction is market.pair.directions[0] else -1
