"""Quotes in, decisions out: open a pair that is worth it, close one whose time has come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Final

from arb.domain.errors import Conflict, DispatchError
from arb.domain.market.book import Book
from arb.domain.market.ids import RANDOM_BITS, Coin, SessionId, TradeId, trade_id
from arb.domain.market.opportunity import OPENED
from arb.domain.market.spread import Edge, Market, common_quantity
from arb.domain.risk.review import Admit, Approved, Denied, Limits, Mode, Proposal
from arb.domain.risk.sanity import rate_doubt, stale, untradable, with_hole
from arb.domain.strategy.port import Chance, Declined, Strategies
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
from arb.engine.trading.entry_memory import COOLDOWN, EntryMemory
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.exposure_ahead import ExposureAhead
from arb.engine.trading.guard import EntryGuard
from arb.engine.trading.hand_off import Deliver, HandOff, Reserve, nobody_sends, nobody_waits
from arb.engine.trading.journal import Journal, decision, unread
from arb.engine.trading.openings import Openings
from arb.engine.trading.proposals import (
    TOO_SMALL,
    Appetite,
    Identity,
    edge_at,
    edges_at,
    propose,
    smallest_edge,
)
from arb.engine.trading.signals import SIGNALS, Signals
from arb.engine.trading.stock import stock
from arb.ports.market import Clock, Entropy
from arb.ports.messaging import Counters, Dispatcher
from arb.ports.trading import KillSwitch, SessionView, TradeStore, TradeView

EXITS: Final = "exits"  # by reason
LEFT_MAX: Final = (
    8  # coins of a message that an entry waits for: looking at them takes less than handing it over
)


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
    openings: Openings = field(init=False)
    hand_off: HandOff = field(init=False)
    exposure: ExposureAhead = field(init=False)
    memory: EntryMemory = field(init=False)

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
        object.__setattr__(self, "hand_off", hand_off)
        object.__setattr__(self, "openings", Openings(self.beside))
        ahead = ExposureAhead(session_id=self.session_id, trades=self.trades, clock=self.clock)
        object.__setattr__(self, "exposure", ahead)
        object.__setattr__(self, "memory", EntryMemory(cooldown_ns=self.limits.entry_cooldown_ns))

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
        return begun + self.openings.take_up()

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
        self.exposure.note(seen.mark)
        try:
            return self._look(seen, markets)
        finally:  # whatever went wrong with another coin: later, they would be decided on old books
            self.openings.start()

    def _look(self, seen: SessionView, markets: Mapping[Coin, Market]) -> int:
        """Look at each coin; return how many trades were told to close."""
        closed, left = 0, len(markets)
        for coin, market in markets.items():
            left -= 1
            if not self.openings.has(coin):
                own = [view for view in seen.trades if view.trade.coin == coin]
                closed += self._coin(market, own, seen.mode)
            if left > LEFT_MAX:
                self.openings.start()
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
        self._open_if_worth(market, active, now_ns)
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
        self.openings.wait()  # what they set aside is not free
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
        edges = edges_at(market, self.appetite.notional_usdt)
        self.chances.look(market, edges, None, why, now_ns)
        return 0

    def _open_if_worth(self, market: Market, active: list[TradeView], now_ns: int) -> None:
        edges = edges_at(market, self.appetite.notional_usdt)
        if not edges:
            self.chances.look(market, (), None, "", now_ns)
            if not common_quantity(market, self.appetite.notional_usdt):
                self.chances.bar(market.coin, TOO_SMALL)
            return
        strategy = self.strategies.of(market.coin)
        free = partial(self.trades.free, self.session_id)
        there = stock(market, strategy, edges, free)
        found = strategy.entry(Chance(market=market, edges=edges, now_ns=now_ns, stock=there))
        if isinstance(found, Edge) and found.net_bps < self.limits.entry_edge_bps_min:
            found = None
        chosen = found if isinstance(found, Edge) else None
        wanted = found if chosen is None else self._wanted(market, chosen, active, now_ns)
        look = _Look(market, edges, found, chosen, now_ns)
        match wanted:
            case Proposal():
                self._open(look, wanted)
            case Denied(reason) | Declined(reason):
                self._note(look, reason)
            case _:
                self._note(look, "")

    def _open(self, look: "_Look", wanted: Proposal) -> None:
        way = (wanted.trade.coin, wanted.trade.direction)
        known = self.exposure.of(way, look.now_ns)

        def then(verdict: Approved | Denied) -> bool:
            if isinstance(verdict, Denied):
                self.memory.denied(way, verdict, look.now_ns)
                self._note(look, verdict.reason)
                return False
            self.memory.opened(way, look.now_ns)
            self.journal(decision("open", wanted.trade.trade_id, look.market, look.now_ns))
            self._note(look, OPENED, wanted.trade.trade_id)
            return True

        self.openings.add(look.market.coin, partial(self.hand_off.open, wanted, look.now_ns, known), then)

    def _note(self, look: "_Look", why: str, opened: TradeId | None = None) -> None:
        """Take note of what became of a chance."""
        for what in self.signals.note(look.market.coin, look.found, opened=opened is not None):
            self.counters.count(SIGNALS, what)
        self.chances.look(look.market, look.edges, look.chosen, why, look.now_ns, opened)

    def _wanted(
        self, market: Market, best: Edge, active: list[TradeView], now_ns: int
    ) -> Proposal | Denied | None:
        """Return the trade to propose, at the size that the venues' behaviour allows."""
        if market.rate.doubt:
            return Denied(market.rate.doubt)
        denied = with_hole(market, best.quantity, self.limits)
        denied = denied or self._crowded(market.coin, best, active, now_ns)
        if denied is not None:
            return denied
        trial = self.admit(market.coin, best.direction)
        if isinstance(trial, Denied):
            return trial
        share = self.guard.share(market, now_ns)
        if isinstance(share, Denied):
            return share
        sized = best if share == 1 else edge_at(market, best.direction, self.appetite.notional_usdt * share)
        if trial is not None:
            sized = smallest_edge(market, best)
        if sized is None:
            return Denied(TOO_SMALL)
        identity = Identity(
            trade_id=trade_id(now_ns // 1_000_000, self.entropy.bits(RANDOM_BITS)),
            session_id=self.session_id,
            now_ns=now_ns,
            kind=self.strategies.of(market.coin).kind,
        )
        wanted = propose(market, sized, identity, self.limits, self.appetite.slip_bps)
        return replace(wanted, trial=trial) if isinstance(wanted, Proposal) else wanted

    def _crowded(self, coin: Coin, best: Edge, active: list[TradeView], now_ns: int) -> Denied | None:
        """Return what the review would deny anyway, before its lock is taken for nothing."""
        if len(active) >= self.limits.trades_open_per_coin_max:
            return Denied("trades_open_per_coin")
        since_ns = now_ns - self.limits.entry_cooldown_ns
        newest = [view.trade for view in active if view.trade.opened_at_ns > since_ns]
        if any(trade.direction is best.direction for trade in newest):
            return Denied(COOLDOWN)
        return self.memory.why_not((coin, best.direction), now_ns)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen of a coin, and what its strategy found in it."""

    market: Market
    edges: Sequence[Edge]
    found: Edge | Declined | None
    chosen: Edge | None
    now_ns: int
