"""A trade: two legs that open a pair, two that close it, and repairs in between.

One whose kind is an exchange has no other two: it is done once both legs are filled. Its state follows from
its orders (`arb.domain.trading.settlement`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from arb.domain.market.ids import Coin, SessionId, TradeId, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Market, edge, protective_price
from arb.domain.trading.order import Purpose


class TradeState(StrEnum):
    """The states of a trade."""

    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    REPAIRING = "repairing"
    CLOSED = "closed"
    ABORTED = "aborted"  # nothing was filled
    ESCALATED = "handed_over"  # beyond its ceilings: an alarmed item for the operator


class TradeKind(StrEnum):
    """What a trade is once both of its legs are filled."""

    PAIR = "pair"  # held, and closed by two orders more
    EXCHANGE = "exchange"  # done: coins and cash lie elsewhere than before


MOVING: Final = (TradeState.OPENING, TradeState.CLOSING, TradeState.REPAIRING)  # towards a rest
ENDED: Final = frozenset({TradeState.CLOSED, TradeState.ABORTED, TradeState.ESCALATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One decided opportunity and the pair that came of it."""

    trade_id: TradeId
    session_id: SessionId
    coin: Coin
    direction: Direction
    state: TradeState
    quantity: Decimal  # base intended on each venue
    notional_krw: Decimal  # at the decision
    entry_edge_bps: Decimal  # at the decision
    entry_premium_bps: Decimal
    opened_at_ns: int
    updated_at_ns: int
    repair_since_ns: int = 0  # when the first repair of the current imbalance was decided
    closed_at_ns: int = 0
    pnl_krw: Decimal = ZERO  # valued when the trade ended,
    valued_krw_per_usdt: Decimal = ZERO  # at this rate; 0: it was not valued
    valued_base_krw: Decimal = ZERO  # and with what is left of the coin at this price
    reason: str = ""  # why it was closed, aborted or escalated
    loss_reserve_krw: Decimal = ZERO  # set aside in the day's budget before the first leg went out
    rate_reserve_krw: Decimal = ZERO  # of it, for the move of the rate: no repair may spend it
    entry_krw_per_usdt: Decimal = ZERO  # at the decision; 0: not known
    kind: TradeKind = TradeKind.PAIR
    residual: Decimal = ZERO  # base that one leg has more than the other: dust, or what was escalated
    version: int = 0  # grows with every change: compare-and-set

    @property
    def stands_alone(self) -> bool:
        """Tell whether it was escalated with a leg that nothing hedges: at risk until it is gone."""
        return self.state is TradeState.ESCALATED and self.residual != ZERO

    @property
    def moving_since_ns(self) -> int:
        """Return when what moves it began: its repair, or else the orders that open or close it."""
        return self.repair_since_ns or self.updated_at_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """An order to be: what `settle` and the exits ask for."""

    venue: Venue
    side: Side
    purpose: Purpose
    quantity: Decimal
    limit_price: Decimal
    tick_at_ns: int = 0  # when the newest book that it is wanted for was received; 0: for none


def pair_legs(
    market: Market, direction: Direction, purpose: Purpose, quantity: Decimal, slip_bps: Decimal
) -> tuple[Leg, Leg] | None:
    """Return both legs of a pair at their protective prices, or None where a book holds less."""
    found = edge(market, direction, quantity)
    if found is None:
        return None
    first, second = (
        Leg(
            venue=venue,
            side=direction.side(venue),
            purpose=purpose,
            quantity=quantity,
            limit_price=protective_price(
                market, venue, direction.side(venue), found.legs[venue].worst_price, slip_bps
            ),
            tick_at_ns=market.tick_at_ns,
        )
        for venue in market.pair.venues
    )
    return first, second


def are_taken(legs: Sequence[Leg], market: Market) -> bool:
    """Tell whether the venues' minimums hold at the prices that the legs are sent at."""
    return all(market.instrument(leg.venue).accepts(leg.quantity, leg.limit_price) for leg in legs)
