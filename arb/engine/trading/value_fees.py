"""Fees in a third asset get the worth that they had: when their trade is settled, or later, and that is said.

Without it they are in no profit, and whatever goes by profit is wrong: entries are denied meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import ClientOrderId, FillId, Venue
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Fill, Order
from arb.domain.trading.trade import ENDED, Trade
from arb.engine.market.fresh_market import FreshMarkets
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import TradeStore, TradeView

LATE_NS: Final = 5 * NS_PER_S  # after the fill: trades are settled within a second or two
Values = Mapping[ClientOrderId, Mapping[FillId, Decimal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFees:
    """Values what can be valued of one trade; running it twice changes nothing."""

    trades: TradeStore
    markets: FreshMarkets
    counters: Counters
    alerts: AlertSink
    clock: Clock

    def run(self, view: TradeView) -> TradeView:
        """Return the trade with its fees valued, as far as prices can be had. Raises: Conflict."""
        if not any(order.unvalued_fees for order in view.orders):
            return view
        values = {order.client_order_id: self._values(order) for order in view.orders if order.unvalued_fees}
        orders = tuple(_valued(order, values.get(order.client_order_id, {})) for order in view.orders)
        trade = self._corrected(view.trade, view.orders, values)
        if trade is None or not any(values.values()):
            return view
        changed = self.trades.value_fees(trade, values)
        self._tell(changed, view.orders, values)
        return TradeView(changed, orders)

    def _values(self, order: Order) -> dict[FillId, Decimal]:
        found: dict[FillId, Decimal] = {}
        for fill in order.unvalued_fees:
            price = self.markets.fee_prices.of(order.venue, fill.fee_asset)
            if price is not None:
                found[fill.fill_id] = fill.fee * price
            else:
                self._alarm(order.venue, fill)
        return found

    def _corrected(self, trade: Trade, orders: Sequence[Order], values: Values) -> Trade | None:
        """Return the trade, less what these fees cost where its profit is written already."""
        if trade.state not in ENDED:
            return trade
        rate = trade.valued_krw_per_usdt or self._rate(trade)
        if not rate:
            return None
        pair, fees = self.markets.markets.pair, _leg_fees(orders, values)
        costs = (pair.krw(venue, amount, rate) for venue, amount in fees.items())
        return replace(trade, pnl_krw=trade.pnl_krw - sum(costs, ZERO))

    def _rate(self, trade: Trade) -> Decimal:
        """Return the rate of now, where it is not known which one valued the trade; 0 is none."""
        market = self.markets.tradable(trade.coin)
        return ZERO if market is None else market.rate.krw_per_usdt

    def _alarm(self, venue: Venue, fill: Fill) -> None:
        self.counters.count(AlertKind.FEE_UNVALUED, f"{venue}_{fill.fee_asset.lower()}")
        message = (
            f"{venue} took a fee of {fill.fee:f} {fill.fee_asset}, and no price of that can be had: "
            "it is in no profit yet, and nothing is opened until it is"
        )
        self._raise(AlertKind.FEE_UNVALUED, f"{venue} {fill.fee_asset}", Severity.WARNING, message)

    def _tell(self, trade: Trade, orders: Sequence[Order], values: Values) -> None:
        """Say that fees were valued late: until now the trade's profit was without them."""
        late_ns = self.clock.now_ns() - LATE_NS
        fees = [
            fill
            for order in orders
            for fill in order.unvalued_fees
            if fill.fill_id in values.get(order.client_order_id, {}) and fill.ts_event_ns < late_ns
        ]
        self.counters.count("fees_valued", "late" if fees else "when_booked")
        if fees:
            paid = ", ".join(f"{fill.fee:f} {fill.fee_asset}" for fill in fees)
            message = (
                f"fees of trade {trade.trade_id} are valued at the price of now and in its profit: {paid}"
            )
            self._raise(AlertKind.FEE_VALUED_LATE, trade.trade_id, Severity.INFO, message)

    def _raise(self, kind: AlertKind, subject: str, severity: Severity, message: str) -> None:
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=severity, message=message, at_ns=self.clock.now_ns())
        )


def _leg_fees(orders: Sequence[Order], values: Values) -> dict[Venue, Decimal]:
    """Return what the fees of each venue's orders are worth there."""
    found = dict.fromkeys(Venue, ZERO)
    for order in orders:
        found[order.venue] += sum(values.get(order.client_order_id, {}).values(), ZERO)
    return found


def _valued(order: Order, values: Mapping[FillId, Decimal]) -> Order:
    fills = (replace(fill, fee_in_quote=values.get(fill.fill_id, fill.fee_in_quote)) for fill in order.fills)
    return replace(order, fills=tuple(fills))
