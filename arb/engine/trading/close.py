"""Whether an open pair is due to be closed, and the closing of it.

What tells that it is due is at hand. What tells whether it can be tried now is asked for, in several round
trips: that, and writing it, is done beside the evaluation of other coins. A pair that could not be closed a
moment ago is tried by who evaluates, so that its coin is looked at for entries meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Final

from arb.domain.errors import Conflict
from arb.domain.market.ids import Coin
from arb.domain.market.spread import Market
from arb.domain.risk.review import Limits
from arb.domain.risk.sanity import stale, with_hole
from arb.domain.strategy.port import Strategies
from arb.domain.time import NS_PER_S, is_within
from arb.domain.trading.evidence import exit_facts
from arb.domain.trading.exits import exit_quantity, is_sendable_pair
from arb.domain.trading.order import Purpose
from arb.domain.trading.position import TradePosition, trade_position
from arb.domain.trading.settlement import is_over
from arb.domain.trading.trade import Leg, Trade, TradeState, are_taken, pair_legs
from arb.engine.trading.beside import Beside
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.exposure_ahead import ExposureAhead
from arb.engine.trading.guard import EntryGuard
from arb.engine.trading.hand_off import HandOff, Reserve, nobody_waits
from arb.engine.trading.journal import Journal, decision
from arb.ports.market import Clock
from arb.ports.messaging import Counters, Dispatcher
from arb.ports.trading import TradeView

EXITS: Final = "exits"  # by reason
HELD_BACK_NS: Final = NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A pair whose time has come, and the market in which it has."""

    view: TradeView
    active: Sequence[TradeView]  # of its coin
    position: TradePosition
    quantity: Decimal
    reason: str
    market: Market
    now_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePairs:
    """Looks for pairs to close, coin by coin, and has their exits written and sent."""

    dispatcher: Dispatcher
    counters: Counters
    clock: Clock
    exit_guard: ExitGuard
    guard: EntryGuard
    limits: Limits
    strategies: Strategies
    slip_bps: Decimal
    journal: Journal
    hand_off: HandOff
    exposure: ExposureAhead
    beside: Reserve
    over: Callable[[Coin], object]
    exits: Beside[int] = field(init=False)
    _held_back_ns: dict[Coin, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "exits", Beside(self.beside, in_turn=True, over=self.over))

    def look(self, market: Market, active: Sequence[TradeView], now_ns: int) -> int | None:
        """Close what is due of a coin; return how many trades were, None if that is under way."""
        due = [each for view in active if (each := self._due(view, active, market, now_ns)) is not None]
        if not due:
            return 0
        is_held_back = is_within(self._held_back_ns.get(market.coin, 0), now_ns, HELD_BACK_NS)
        if is_held_back or self.beside is nobody_waits:
            return self._close_all(due)
        work = partial(self._close_all, due)
        self.exits.add(market.coin, lambda _told: work(), partial(self._closed, market.coin, now_ns))
        return None

    def _closed(self, coin: Coin, now_ns: int, count: int) -> int:
        """Take note of whether any of a coin's pairs could be closed."""
        if count:
            self._held_back_ns.pop(coin, None)
        else:
            self._held_back_ns[coin] = now_ns
        return count

    def _due(self, view: TradeView, active: Sequence[TradeView], market: Market, now_ns: int) -> _Due | None:
        """Return what is to be closed of a pair by what is at hand, None if nothing is."""
        trade = view.trade
        if trade.state is not TradeState.OPEN:
            return None
        position = trade_position(view.orders)
        quantity = exit_quantity(trade, position, market)
        if quantity <= 0:
            if is_sendable_pair(position.hedged, market):
                self.exit_guard.waits("book_thin")  # whether it is due cannot be told
            elif not is_over(position.hedged, market):
                self.exit_guard.waits("below_minimum")  # which the venue has raised meanwhile
            else:
                self.dispatcher.send("arb.settle_trade", trade.trade_id)  # it became dust while it was held
            return None
        strategy = self.strategies.of(trade.coin)
        reason = self.exit_guard.reason(view, position, quantity, market, strategy, now_ns)
        if reason is None:
            return None
        hole = with_hole(market, quantity, self.limits)
        if hole is not None and not self.exit_guard.passes_hole(trade, reason, hole.reason, now_ns):
            return None
        return _Due(
            view=view,
            active=active,
            position=position,
            quantity=quantity,
            reason=reason,
            market=market,
            now_ns=now_ns,
        )

    def _close_all(self, due: Sequence[_Due]) -> int:
        return sum(self._close(each) for each in due)

    def _close(self, due: _Due) -> bool:
        pace = self.exit_guard.pace(due.view, due.reason, self.guard.stability, self.guard.rules, due.now_ns)
        if pace is None:
            return False
        quantity = self.exit_guard.size(
            due.view, due.position, due.quantity, due.market, due.reason, pace, due.now_ns
        )
        if quantity <= 0:
            return False
        with self.exposure.alone():  # what an entry sets aside is not free for it
            if stale(due.market, self.limits, self.clock.now_ns()) is not None:
                return False  # others came first
            legs = self._paid_legs(due, quantity)
            if legs is None or not self._write(due, legs):
                return False
        self.journal(decision("close", due.view.trade.trade_id, due.market, due.now_ns))
        return True

    def _paid_legs(self, due: _Due, quantity: Decimal) -> tuple[Leg, Leg] | None:
        """Return the legs of an exit of as much as balances pay for, or None to wait."""
        trade, market = due.view.trade, due.market
        legs = self._legs(trade, quantity, market)
        if legs is not None:
            part = self.exit_guard.part(due.view, due.active, legs, market, due.now_ns)
            legs = legs if part == quantity else self._legs(trade, part, market)
        if legs is None or not are_taken(legs, market):
            self.exit_guard.waits("book_thin")
            return None
        return legs if self.exit_guard.pays(trade, legs, due.now_ns) else None

    def _legs(self, trade: Trade, quantity: Decimal, market: Market) -> tuple[Leg, Leg] | None:
        return pair_legs(market, trade.direction.opposite, Purpose.EXIT, quantity, self.slip_bps)

    def _write(self, due: _Due, legs: tuple[Leg, Leg]) -> bool:
        facts = exit_facts(due.market, due.reason, legs[0].quantity, due.now_ns) | self.limits.beliefs
        closing = replace(
            due.view.trade, state=TradeState.CLOSING, reason=due.reason, updated_at_ns=due.now_ns
        )
        try:
            self.hand_off.close(closing, legs, due.view.orders, facts, due.now_ns)
        except Conflict:
            return False
        self.counters.count(EXITS, due.reason)
        return True
