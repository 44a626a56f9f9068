"""The pair that a market is worth, if any. Pure: time and identity come in."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.ids import SessionId, TradeId
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Edge, Market, common_quantity, edge_at_rate
from arb.domain.risk.review import Denied, Limits, Proposal
from arb.domain.risk.sanity import out_of_band
from arb.domain.trading.conversion import kept_rate
from arb.domain.trading.evidence import entry_facts
from arb.domain.trading.exits import smallest_pair
from arb.domain.trading.order import Purpose
from arb.domain.trading.reserve import loss_reserve_krw, rate_reserve_krw
from arb.domain.trading.trade import Trade, TradeKind, TradeState, are_taken, pair_legs

TOO_SMALL: Final = "size_too_small"  # for a venue's minimum, with the room that an entry needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Appetite:
    """How big a pair is and how it is sent."""

    notional_usdt: Decimal
    slip_bps: Decimal
    order_lifetime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which trade it would be."""

    trade_id: TradeId
    session_id: SessionId
    now_ns: int
    kind: TradeKind = TradeKind.PAIR


def edges_at(market: Market, notional_usdt: Decimal) -> tuple[Edge, ...]:
    """Return the edge of each direction that can be taken at this size.

    On that side of the rate that makes less of it.
    """
    quantity = common_quantity(market, notional_usdt)
    if not quantity:
        return ()
    found = (_edge(market, way, quantity) for way in market.pair.directions)
    return tuple(each for each in found if each is not None)


def edge_at(market: Market, way: Direction, notional_usdt: Decimal) -> Edge | None:
    """Return the edge of one direction at this size, or None where it cannot be taken."""
    quantity = common_quantity(market, notional_usdt)
    return _edge(market, way, quantity) if quantity else None


def smallest_edge(market: Market, best: Edge) -> Edge | None:
    """Return the same edge at the least size that both venues take, or None where a book holds less."""
    quantity = min(best.quantity, smallest_pair(market))
    return _edge(market, best.direction, quantity)


def _edge(market: Market, way: Direction, quantity: Decimal) -> Edge | None:
    return edge_at_rate(market, way, quantity, market.worst(way, market.rate.sides))


def propose(
    market: Market, best: Edge, identity: Identity, limits: Limits, slip_bps: Decimal
) -> Proposal | Denied | None:
    """Return the trade that takes this edge, why it is not sent, or None if the edge is gone."""
    legs = pair_legs(market, best.direction, Purpose.ENTRY, best.quantity, slip_bps)
    if legs is None:
        return None
    if not are_taken(legs, market):
        return Denied(TOO_SMALL)
    denied = out_of_band(legs, market, limits)
    if denied is not None:
        return denied
    rate_krw = rate_reserve_krw(best.cost_krw, best.direction, limits.rate_reserve_bps)
    trade = Trade(
        trade_id=identity.trade_id,
        session_id=identity.session_id,
        coin=market.coin,
        direction=best.direction,
        state=TradeState.OPENING,
        kind=identity.kind,
        quantity=best.quantity,
        notional_krw=best.cost_krw,
        entry_edge_bps=best.net_bps,
        entry_premium_bps=market.premium_bps,
        opened_at_ns=identity.now_ns,
        updated_at_ns=identity.now_ns,
        loss_reserve_krw=loss_reserve_krw(best.cost_krw, market, limits.loss_reserve_bps) + rate_krw,
        rate_reserve_krw=rate_krw,
        entry_krw_per_usdt=kept_rate(market.rate),
    )
    facts = entry_facts(market, best, identity.now_ns) | limits.beliefs
    return Proposal(trade=trade, legs=legs, edge=best, decided_on=facts)
