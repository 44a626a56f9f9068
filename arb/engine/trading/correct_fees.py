"""Fees that a venue had not named when its fills were booked become what was taken, once, in every sum."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from arb.domain.errors import Conflict, VenueError
from arb.domain.market.ids import FillId
from arb.domain.market.money import ZERO
from arb.domain.trading.order import Order
from arb.domain.trading.trade import ENDED, Trade
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from arb.ports.trading import TradeStore, VenueClient


def correct_fees(
    order: Order, venue: VenueClient, trades: TradeStore, counters: Counters, clock: Clock
) -> None:
    """Ask what an order that is over paid, and correct what was assumed of it; twice changes nothing."""
    view = trades.view(order.trade_id)
    if view is None or not any(fill.fee_is_assumed for fill in order.fills):
        return
    try:
        report = venue.query(order)
    except VenueError as error:
        counters.count("venue_errors", f"{error.venue}_{type(error).__name__.lower()}")
        return
    named = {} if report is None else {
        fill.fill_id: fill.fee for fill in report.fills if not fill.fee_is_assumed
    }  # fmt: skip
    if not named:
        return
    try:
        trades.correct_fees(
            _corrected(view.trade, order, named), order.client_order_id, named, clock.now_ns()
        )
    except Conflict:  # somebody changed the trade at the same moment: the next sweep asks again
        return
    counters.count("fees_corrected", order.venue)


def _corrected(trade: Trade, order: Order, named: Mapping[FillId, Decimal]) -> Trade:
    """Return the trade, less what its fees are above what was assumed where its profit is written already."""
    if trade.state not in ENDED:
        return trade
    rate = Decimal(1) if order.venue.quote == "KRW" else trade.valued_krw_per_usdt
    above = sum(
        (named[fill.fill_id] - fill.fee for fill in order.fills
         if fill.fee_is_assumed and fill.fill_id in named),
        ZERO,
    )  # fmt: skip
    return replace(trade, pnl_krw=trade.pnl_krw - above * rate)
