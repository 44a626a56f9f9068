"""Quotes in, decisions out: open a pair that is worth it, close one whose time has come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from arb.domain import ids
from arb.domain.book import Book
from arb.domain.errors import Conflict, StoreUnavailable
from arb.domain.ids import Coin, SessionId
from arb.domain.money import ZERO, floor_to
from arb.domain.order import Order, Purpose
from arb.domain.position import trade_position
from arb.domain.risk import Approved, Limits, Mode, Proposal, Refused, sane
from arb.domain.spread import Direction, Edge, Market, common_quantity, edge
from arb.domain.trade import ExitRules, Trade, TradeState, exit_reason, pair_legs
from arb.engine.intents import intents
from arb.engine.markets import Markets
from arb.ports import (
    Clock,
    Counters,
    Dispatcher,
    Entropy,
    QuoteStore,
    SessionStore,
    TradeStore,
    TradeView,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appetite:
    """How big a pair is and how it is sent."""

    notional_usdt: Decimal
    slip_bps: Decimal
    order_lifetime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """The use case behind `arb.evaluate`."""

    session_id: SessionId
    quotes: QuoteStore
    markets: Markets
    trades: TradeStore
    sessions: SessionStore
    dispatcher: Dispatcher
    counters: Counters
    clock: Clock
    entropy: Entropy
    limits: Limits
    exits: ExitRules
    appetite: Appetite

    def run(self, carried: Sequence[Book] = ()) -> int:
        """Evaluate every coin that changed; return how many trades were opened or told to close.

        `carried` are the books that came with the message: enough to go on while Redis is away.
        """
        coins = self._changed(carried)
        markets = self.markets.read(coins, carried)
        session = self.sessions.get(self.session_id)
        if not markets or session is None:
            return 0
        active = self.trades.active(self.session_id, tuple(markets))
        return sum(
            self._coin(market, [view for view in active if view.trade.coin == coin], session.mode)
            for coin, market in markets.items()
        )

    def _changed(self, carried: Sequence[Book]) -> tuple[Coin, ...]:
        from_message = {Coin(book.symbol.partition("/")[0]) for book in carried}
        try:
            changed = from_message | set(self.quotes.take_dirty())
        except StoreUnavailable:
            changed = from_message
        return tuple(sorted(changed - {"USDT"}))

    def _coin(self, market: Market, active: list[TradeView], mode: Mode) -> int:
        now_ns = self.clock.now_ns()
        refused = sane(market, self.limits, now_ns)
        if refused is not None:
            self.counters.count("refused", refused.reason)
            return 0
        if mode is Mode.HALTED:
            return 0
        closed = sum(self._close_if_due(view, market, now_ns) for view in active)
        if mode is not Mode.NORMAL or closed:
            return closed
        return self._open_if_worth(market, len(active), now_ns)

    def _close_if_due(self, view: TradeView, market: Market, now_ns: int) -> bool:
        trade = view.trade
        if trade.state is not TradeState.OPEN:
            return False
        position = trade_position(view.orders)
        step = max(market.upbit_instrument.lot_step, market.binance_instrument.lot_step)
        quantity = floor_to(position.hedged, step)
        if quantity <= ZERO:
            return False
        reason = exit_reason(trade, position, market, self.exits, now_ns)
        legs = reason and pair_legs(
            market, trade.direction.opposite, Purpose.EXIT, quantity, self.appetite.slip_bps
        )
        if not reason or not legs:
            return False
        orders = intents(
            legs, trade.trade_id, trade.coin, view.orders, now_ns, self.appetite.order_lifetime_ns
        )
        closing = replace(trade, state=TradeState.CLOSING, reason=reason, updated_at_ns=now_ns)
        try:
            self.trades.add_orders(closing, orders)
        except Conflict:
            return False
        self._send(orders)
        return True

    def _open_if_worth(self, market: Market, active: int, now_ns: int) -> bool:
        best = self._best_edge(market)
        if best is None or best.net_bps < self.limits.entry_edge_bps_min:
            return False
        if active >= self.limits.trades_open_per_coin_max:
            self.counters.count("refused", "trades_open_per_coin")
            return False
        proposal = self._proposal(market, best, now_ns)
        if proposal is None:
            return False
        orders = intents(
            proposal.legs, proposal.trade.trade_id, market.coin, (), now_ns, self.appetite.order_lifetime_ns
        )
        verdict = self.trades.open_trade(proposal, (orders[0], orders[1]), self.limits, now_ns)
        match verdict:
            case Refused(reason):
                self.counters.count("refused", reason)
                return False
            case Approved():
                self._send(orders)
                return True

    def _best_edge(self, market: Market) -> Edge | None:
        quantity = common_quantity(market, self.appetite.notional_usdt)
        if quantity <= ZERO:
            return None
        edges = [found for way in Direction if (found := edge(market, way, quantity))]
        return max(edges, key=lambda found: found.net_bps, default=None)

    def _proposal(self, market: Market, best: Edge, now_ns: int) -> Proposal | None:
        legs = pair_legs(market, best.direction, Purpose.ENTRY, best.quantity, self.appetite.slip_bps)
        if legs is None:
            return None
        trade = Trade(
            trade_id=ids.trade_id(now_ns // 1_000_000, self.entropy.bits(ids.RANDOM_BITS)),
            session_id=self.session_id,
            coin=market.coin,
            direction=best.direction,
            state=TradeState.OPENING,
            quantity=best.quantity,
            notional_krw=best.cost_krw,
            entry_edge_bps=best.net_bps,
            entry_premium_bps=market.premium_bps,
            opened_at_ns=now_ns,
            updated_at_ns=now_ns,
        )
        return Proposal(trade=trade, legs=legs, edge=best)

    def _send(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self.dispatcher.send("arb.place_order", order.client_order_id)
