"""Quotes in, decisions out: open a pair that is worth it, close one whose time has come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from arb.domain.errors import Conflict, DispatchError
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, SessionId
from arb.domain.market.spread import Market
from arb.domain.risk.review import Admit, Limits, Mode
from arb.domain.risk.sanity import rate_doubt, stale, untradable, with_hole
from arb.domain.strategy.port import Strategies
from arb.domain.trading.evidence import Facts, exit_facts
from arb.domain.trading.exits import exit_quantity, is_sendable_pair
from arb.domain.trading.order import Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.settlement import is_over
from arb.domain.trading.trade import Leg, Trade, TradeState, are_taken, pair_legs
from arb.engine.market.feed import EVALUATE, EVALUATE_EXPIRES_MS
from arb.engine.market.markets import Markets
from arb.engine.trading.chances import CLOSING, HALTED, Chances
from arb.engine.trading.coin_filter import CoinFilter
from arb.engine.trading.enter import Enter
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.guard import EntryGuard
from arb.engine.trading.hand_off import Deliver, HandOff, Reserve, nobody_sends, nobody_waits
from arb.engine.trading.journal import Journal, decision, unread
from arb.engine.trading.proposals import Appetite, edges_at
from arb.engine.trading.signals import Signals
from arb.ports.market import Clock, Entropy
from arb.ports.messaging import Counters, Dispatcher
from arb.ports.trading import KillSwitch, SessionView, TradeStore, TradeView

EXITS: Final = "exits"  # by reason
# Coins of a message that an entry waits for: to look at them takes less than to hand it over.
LEFT_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """The use case behind `arb.evaluate`."""

    session_id: SessionId
    markets: Markets
    trades: TradeStore
    dispatcher: Dispatcher
    kill_switch: KillSwitch
    counters: Counters
    clock: Clock
    entropy: Entropy
    guard: EntryGuard
    admit: Admit
    exit_guard: ExitGuard
    limits: Limits
    strategies: Strategies
    appetite: Appetite
    chances: Chances
    coin_filter: CoinFilter = field(default_factory=CoinFilter)
    signals: Signals = field(default_factory=Signals)
    journal: Journal = unread
    reserve: Reserve = nobody_waits
    deliver: Deliver = nobody_sends
    beside: Reserve = nobody_waits  # for what is written while other coins are looked at
    hand_off: HandOff = field(init=False)
    enter: Enter = field(init=False)

    def __post_init__(self) -> None:
        hand_off = HandOff(
            trades=self.trades,
            dispatcher=self.dispatcher,
            counters=self.counters,
            clock=self.clock,
            limits=self.limits,
            lifetime_ns=self.appetite.order_lifetime_ns,
            reserve=self.reserve,
            deliver=self.deliver,
        )
        enter = Enter(
            session_id=self.session_id,
            trades=self.trades,
            counters=self.counters,
            clock=self.clock,
            entropy=self.entropy,
            guard=self.guard,
            admit=self.admit,
            limits=self.limits,
            strategies=self.strategies,
            appetite=self.appetite,
            chances=self.chances,
            signals=self.signals,
            journal=self.journal,
            hand_off=hand_off,
            beside=self.beside,
        )
        object.__setattr__(self, "hand_off", hand_off)
        object.__setattr__(self, "enter", enter)

    def run(self, carried: Sequence[Book] = ()) -> int:
        """Evaluate coins that changed; return how many trades were opened or told to close.

        `carried` are the books that came with the message: enough to go on while Redis is away. Where many
        coins changed, the next ones are another message's, or ours if no broker takes it.
        """
        begun, goes_on = 0, True
        while goes_on:
            changed = self.markets.take(self.clock.now_ns(), carried, self._worth_a_look)
            goes_on, carried = changed.more and not self._asked(), ()
            begun += self._evaluate(changed.coins, changed.markets)
        return begun + self.enter.openings.take_up()

    def _asked(self) -> bool:
        """Enqueue another evaluation; return whether it is on its way."""
        try:
            self.dispatcher.send(EVALUATE, [], expires_ms=EVALUATE_EXPIRES_MS)
        except DispatchError:
            return False
        return True

    def _evaluate(self, coins: Sequence[Coin], markets: Mapping[Coin, Market]) -> int:
        if fenced := self.markets.fences.take_fenced():
            self.counters.count("quotes_refused", "fenced", fenced)
        self._count_without_rules(coin for coin in coins if coin not in markets)
        seen = self.trades.session_view(self.session_id, tuple(markets)) if markets else None
        if seen is None:
            return 0
        self.enter.exposure.note(seen.mark)
        try:
            return self._look(seen, markets)
        finally:  # whatever went wrong with another coin: later, they would be decided on old books
            self.enter.openings.start()

    def _look(self, seen: SessionView, markets: Mapping[Coin, Market]) -> int:
        """Look at each coin; return how many trades were told to close."""
        closed, left = 0, len(markets)
        for coin, market in markets.items():
            left -= 1
            if not self.enter.openings.has(coin):
                own = [view for view in seen.trades if view.trade.coin == coin]
                closed += self._coin(market, own, seen.mode)
            if left > LEFT_MAX:
                self.enter.openings.start()
        return closed

    def _count_without_rules(self, coins: Iterable[Coin]) -> None:
        """Count what cannot be judged though it changed: nothing else would say why nothing happens."""
        for coin in coins:
            for venue in self.markets.without_rules(coin):
                self.chances.bar(coin, f"no_rules_{venue}")

    def _worth_a_look(self, coins: Sequence[Coin]) -> tuple[Coin, ...]:
        """Return the coins without those that are far, while there is not time for all."""
        wanted = self.coin_filter.worth(coins, self.clock.now_ns())
        if len(wanted) < len(coins):
            self.counters.count("degraded", "far_coins", len(coins) - len(wanted))
        return wanted

    def _coin(self, market: Market, active: list[TradeView], mode: Mode) -> int:
        now_ns = self.clock.now_ns()
        market = market.doubting(rate_doubt(market.rate, self.limits, now_ns))
        far = not active and self.strategies.of(market.coin).is_far(market)
        self.coin_filter.note(market.coin, now_ns, far=far)
        denied = stale(market, self.limits, now_ns) or untradable(market)
        if denied is not None:
            self.chances.bar(market.coin, denied.reason)
            return 0
        self.guard.watch(market.rate)
        if not market.rate.doubt:
            self.strategies.of(market.coin).observe(market, now_ns)
        if mode is Mode.HALTED or self.kill_switch.engaged() is not None:
            return self._pass_by(market, HALTED, now_ns)
        closed = sum(self._close_if_due(view, active, market, now_ns) for view in active)
        if mode is not Mode.NORMAL or closed:
            return closed + self._pass_by(market, CLOSING if closed else mode.value, now_ns)
        self.enter.look(market, active, now_ns)
        return 0

    def _close_if_due(self, view: TradeView, active: list[TradeView], market: Market, now_ns: int) -> bool:
        trade = view.trade
        if trade.state is not TradeState.OPEN:
            return False
        position = trade_position(view.orders)
        quantity = exit_quantity(trade, position, market)
        if quantity <= 0:
            if is_sendable_pair(position.hedged, market):
                self.exit_guard.waits("book_thin")  # whether it is due cannot be told
            elif not is_over(position.hedged, market):
                self.exit_guard.waits("below_minimum")  # which the venue has raised meanwhile
            else:
                self.dispatcher.send("arb.settle_trade", trade.trade_id)  # it became dust while it was held
            return False
        reason = self.exit_guard.reason(
            view, position, quantity, market, self.strategies.of(trade.coin), now_ns
        )
        if reason is None:
            return False
        hole = with_hole(market, quantity, self.limits)
        if hole is not None and not self.exit_guard.passes_hole(trade, reason, hole.reason, now_ns):
            return False
        pace = self.exit_guard.pace(view, reason, self.guard.stability, self.guard.rules, now_ns)
        if pace is None:
            return False
        quantity = self.exit_guard.size(view, position, quantity, market, reason, pace, now_ns)
        if quantity <= 0:
            return False
        self.enter.openings.wait()  # what they set aside is not free
        legs = self._paid_legs(view, active, quantity, market, now_ns)
        if legs is None:
            return False
        facts = exit_facts(market, reason, legs[0].quantity, now_ns) | self.limits.beliefs
        if not self._close(view, legs, facts, now_ns):
            return False
        self.journal(decision("close", trade.trade_id, market, now_ns))
        return True

    def _paid_legs(
        self, view: TradeView, active: list[TradeView], quantity: Decimal, market: Market, now_ns: int
    ) -> tuple[Leg, Leg] | None:
        """Return the legs of an exit of as much as balances pay for, or None to wait."""
        legs = self._exit_legs(view.trade, quantity, market)
        if legs is not None:
            part = self.exit_guard.part(view, active, legs, market, now_ns)
            legs = legs if part == quantity else self._exit_legs(view.trade, part, market)
        if legs is None or not are_taken(legs, market):
            self.exit_guard.waits("book_thin")
            return None
        return legs if self.exit_guard.pays(view.trade, legs, now_ns) else None

    def _exit_legs(self, trade: Trade, quantity: Decimal, market: Market) -> tuple[Leg, Leg] | None:
        return pair_legs(market, trade.direction.opposite, Purpose.EXIT, quantity, self.appetite.slip_bps)

    def _close(self, view: TradeView, legs: tuple[Leg, Leg], facts: Facts, now_ns: int) -> bool:
        closing = replace(view.trade, state=TradeState.CLOSING, reason=facts["reason"], updated_at_ns=now_ns)
        try:
            self.hand_off.close(closing, legs, view.orders, facts, now_ns)
        except Conflict:
            return False
        self.counters.count(EXITS, closing.reason)
        return True

    def _pass_by(self, market: Market, why: str, now_ns: int) -> int:
        """Take note of a chance that is not even judged; nothing is opened."""
        edges = () if self.chances.is_below(market) else edges_at(market, self.appetite.notional_usdt)
        self.chances.look(market, edges, None, why, now_ns)
        return 0
