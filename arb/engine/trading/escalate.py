"""Escalation of a trade that cannot be repaired: what is left of it is recorded, and the operator is alerted.

The row comes first. Whoever dies before the alarm is out leaves a trade that no alert tells of, and the
sweep finds it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.halves import Tradable, base_price_krw
from arb.domain.market.pair import Pair
from arb.domain.trading.order import Order
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.market.fresh_market import FreshMarkets
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink
from arb.ports.trading import TradeStore, TradeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """The one way in which a trade becomes the operator's."""

    trades: TradeStore
    markets: FreshMarkets
    alerts: AlertSink
    clock: Clock

    def run(self, view: TradeView, reason: str) -> Trade:
        """End a trade whose orders are all over. Raises: Conflict if somebody changed it meanwhile."""
        market, now_ns = self.markets.tradable(view.trade.coin), self.clock.now_ns()
        changed = self.trades.add_orders(
            replace(
                valued(_left_over(view, reason), view.orders, market, self.markets.markets.pair),
                state=TradeState.ESCALATED,
                repair_since_ns=0,
                updated_at_ns=now_ns,
                closed_at_ns=now_ns,
            ),
            (),
        )
        self.alerts.raise_alert(alarm_of(changed, now_ns))
        return changed

    def warn(self, view: TradeView, reason: str) -> None:
        """Alarm for a trade that goes on: it has an order of unknown fate, and may still be repaired."""
        self.alerts.raise_alert(alarm_of(_left_over(view, reason), self.clock.now_ns()))

    def warn_paused(self, trade: Trade, now_ns: int) -> None:
        """Alarm for a leg that stands alone until a pause is over that its venue asked for."""
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.REPAIR_HELD,
                subject=trade.trade_id,
                severity=Severity.CRITICAL,
                message=f"a leg of {trade.coin} trade {trade.trade_id} stands alone until the venue that "
                "could repair it ends the pause that it asked for; then that is done",
                at_ns=now_ns,
            )
        )


def alarm_of(trade: Trade, at_ns: int) -> Alert:
    """Return what the operator is told of a trade that is his now, or may become so."""
    return Alert(
        kind=AlertKind.TRADE_ESCALATED,
        subject=trade.trade_id,
        severity=Severity.CRITICAL,
        message=f"trade {trade.trade_id} {_left(trade)} ({trade.reason}); {_worth(trade)}",
        at_ns=at_ns,
    )


def valued(trade: Trade, orders: Iterable[Order], market: Tradable | None, pair: Pair) -> Trade:
    """Return a trade with what it has earned, and with the rate and the price that say so.

    Where a venue is gone the rate may be the last that was believed: it values here, and decides nothing.
    Without any market it is valued as it was the last time; a trade that never was has earned nothing yet.
    """
    if market is None:
        rate, base = trade.valued_krw_per_usdt, trade.valued_base_krw
    else:
        rate, base = market.rate.krw_per_usdt, base_price_krw(market)
    if not rate:
        return trade
    earned = trade_position(orders).pnl_krw(pair, rate, base)
    return replace(trade, pnl_krw=earned, valued_krw_per_usdt=rate, valued_base_krw=base)


def _left_over(view: TradeView, reason: str) -> Trade:
    return replace(view.trade, residual=trade_position(view.orders).imbalance, reason=reason)


def _left(trade: Trade) -> str:
    if not trade.residual:
        return f"was not settled, both of its {trade.coin} legs are even"
    return f"is not hedged: {trade.residual:+f} {trade.coin} left over both venues"


def _worth(trade: Trade) -> str:
    if trade.state is not TradeState.ESCALATED:
        return "an order of unknown fate may still change that"
    if not trade.pnl_krw:  # nothing that was bought or sold comes out at exactly 0
        return "what it earned or lost is not known: no market to value it by"
    return f"{trade.pnl_krw:+.0f} KRW with what is left at the market's price"
