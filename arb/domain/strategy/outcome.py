"""What closing a pair now would bring, whatever strategy asks.

It is reckoned at the lowest and at the highest rate that may hold: a profit has to stand at the worse of
both, a loss at the better. What a pair earned hardly depends on the rate. So where none can be believed, the
last one that was known serves: profits are taken by it until it is forgotten, losses are stopped without end.
"""

from dataclasses import dataclass
from decimal import Decimal

from arb.domain.market.money import ZERO
from arb.domain.market.spread import RATE_FORGOTTEN, Edge, edge
from arb.domain.strategy.port import OpenPair
from arb.domain.trading.conversion import converted_bps, other_currency
from arb.domain.trading.exits import STOP_LOSS, earned_bps
from arb.domain.trading.reentry import Close


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOutcome:
    """In basis points of the pair's notional.

    A pair is judged by what its premium earned. What the rate's move made of it (its orders opened it) is no
    reason to close it, for the rate may come back as well as go on, until all that was set aside is used up.
    """

    closing: Edge  # at that middle of the rate that makes less of it
    least_bps: Decimal  # that the premium earned
    most_bps: Decimal
    earned_bps: Decimal  # at the most, with what the rate made of it
    doubt: str  # about the rate

    @property
    def is_forgotten(self) -> bool:
        """Tell whether there was no rate for too long to judge a profit by."""
        return self.doubt == RATE_FORGOTTEN

    def is_stopped(self, stop_loss_bps: Decimal, rate_loss_bps_max: Decimal) -> bool:
        """Tell whether a pair has lost what it may: by its premium, or with the rate what was reserved."""
        return self.most_bps <= -stop_loss_bps or self.earned_bps <= -stop_loss_bps - rate_loss_bps_max


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What ends any pair, whatever it waits for. Basis points of the entry's notional, nanoseconds."""

    stop_loss_bps: Decimal  # positive
    holding_ns_max: int
    rate_loss_bps_max: Decimal  # beyond the stop-loss, together with what the rate has cost
    holding_loss_bps_max: Decimal  # that a pair may lose by being closed by the clock

    def is_late(self, held_ns: int) -> bool:
        """Tell whether its time is over."""
        return held_ns >= self.holding_ns_max

    def reason(self, found: PairOutcome, held_ns: int) -> str | None:
        """Return why a pair is not held any longer, or None."""
        if found.is_stopped(self.stop_loss_bps, self.rate_loss_bps_max):
            return STOP_LOSS
        is_over = self.is_late(held_ns) and found.least_bps >= -self.holding_loss_bps_max
        return Close.HOLDING_TIME.value if is_over else None


def outcome(held: OpenPair) -> PairOutcome | None:
    """Return what closing as much as could be closed brings, None where the books hold less."""
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
    return PairOutcome(
        closing=closing,
        least_bps=min(earned) - max(converted),
        most_bps=max(earned) - min(converted),
        earned_bps=max(earned),
        doubt=market.rate.doubt,
    )
