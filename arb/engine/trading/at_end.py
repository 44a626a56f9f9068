"""Who sees an order end settles its trade there and then, where that takes no more than what is at hand.

That is so once the trade's last order has ended and its legs are even: it comes to rest. Whatever takes
longer (a leg that stands alone, a book that has to be asked for, a fee to be valued, somebody who was faster)
goes by `arb.settle_trade`. Who dies before either leaves a trade whose orders are over, and a sweep finds it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from arb.domain.errors import Conflict, DataError, StoreUnavailable
from arb.domain.market.halves import Tradable
from arb.domain.market.ids import SessionId, TradeId
from arb.domain.market.pair import Pair
from arb.domain.trading.order import Order
from arb.domain.trading.repair import Means, RepairRules, decided_rate
from arb.domain.trading.settlement import Become, is_stale, is_working, settle
from arb.domain.trading.trade import ENDED, MOVING, Trade, TradeState
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.trading.escalate import valued
from arb.ports.market import Clock
from arb.ports.messaging import Dispatcher
from arb.ports.trading import TradeStore, TradeView

SETTLE: Final = "arb.settle_trade"
FIRST_LOOK: Final = 0  # of who saw an order end: what is missing may be there in a moment
Ended = Callable[[Order], object]  # told of an order that has ended, after that is committed


@dataclass(frozen=True, slots=True)
class SettleByMessage:
    """Has `arb.settle_trade` do it."""

    dispatcher: Dispatcher

    def __call__(self, order: Order) -> None:
        self.dispatcher.send(SETTLE, order.trade_id, FIRST_LOOK)


def nobody_hears(_trade: Trade) -> None:
    """Tell nobody of a trade that was settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleAtEnd:
    """Settles what needs nothing that is not at hand; asks no venue and sends no order."""

    session_id: SessionId  # of this process: trades of other ones have rules of their own
    trades: TradeStore
    markets: FreshMarkets
    rules: RepairRules
    clock: Clock
    otherwise: Ended
    settled: Callable[[Trade], object] = nobody_hears

    def __call__(self, order: Order) -> None:
        try:
            is_seen_to = self._see_to(order.trade_id)
        except Conflict:  # mostly who saw the other leg end at the same moment
            is_seen_to = self._was_settled(order.trade_id)
        except (StoreUnavailable, DataError):
            is_seen_to = False
        if not is_seen_to:
            self.otherwise(order)

    def _see_to(self, trade_id: TradeId) -> bool:
        """Tell whether nothing more has to be done: it is settled, or another order of it is not over."""
        view = self.trades.view(trade_id)
        if view is None or is_working(view.orders):
            return True
        if view.trade.state not in MOVING:
            return _is_at_rest(view)
        if view.trade.session_id != self.session_id:
            return False
        if any(order.unvalued_fees for order in view.orders):
            return False
        pair = self.markets.markets.pair
        market = self.markets.at_hand(view.trade.coin, decided_rate(view.trade, view.orders, pair))
        return market is not None and self._come_to_rest(view, market)

    def _was_settled(self, trade_id: TradeId) -> bool:
        """Tell whether somebody has settled it by the fills that there are."""
        try:
            view = self.trades.view(trade_id)
        except StoreUnavailable:
            return False
        return view is None or _is_at_rest(view)

    def _come_to_rest(self, view: TradeView, market: Tradable) -> bool:
        pair, now_ns = self.markets.markets.pair, self.clock.now_ns()
        decision = settle(view.trade, view.orders, Means(market=market, free={}), self.rules, now_ns)
        if not isinstance(decision, Become) or decision.state is TradeState.ESCALATED:
            return False
        self.settled(self.trades.add_orders(rested(view, decision, market, pair, now_ns), ()))
        return True


def _is_at_rest(view: TradeView) -> bool:
    """Tell whether a trade is settled by the fills that there are."""
    return view.trade.state not in MOVING and not is_stale(view.trade, view.orders)


def rested(view: TradeView, become: Become, market: Tradable | None, pair: Pair, now_ns: int) -> Trade:
    """Return a trade as it comes to rest; one that has ended is valued."""
    ended = become.state in ENDED
    return replace(
        valued(view.trade, view.orders, market, pair) if ended else view.trade,
        state=become.state,
        reason=become.reason,
        residual=become.residual,
        updated_at_ns=now_ns,
        repair_since_ns=0,
        closed_at_ns=now_ns if ended else 0,
    )
