"""Quotes in, decisions out: open a pair that is worth it, close one whose time has come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from arb.domain.errors import DispatchError
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, SessionId
from arb.domain.market.spread import Market
from arb.domain.risk.review import Admit, Limits, Mode
from arb.domain.risk.sanity import rate_doubt, stale, untradable
from arb.domain.strategy.port import Strategies
from arb.engine.market.feed import EVALUATE, EVALUATE_EXPIRES_MS
from arb.engine.market.markets import ChangedMarkets, Markets
from arb.engine.trading.chances import CLOSING, HALTED, Chances
from arb.engine.trading.close import ClosePairs
from arb.engine.trading.coin_filter import CoinFilter
from arb.engine.trading.enter import Enter
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.exposure_ahead import ExposureAhead
from arb.engine.trading.guard import EntryGuard
from arb.engine.trading.hand_off import (
    Deliver,
    GetReady,
    HandOff,
    Reserve,
    nobody_sends,
    nobody_waits,
    nothing_ready,
)
from arb.engine.trading.journal import Journal, unread
from arb.engine.trading.proposals import Appetite, edges_at
from arb.engine.trading.session_reading import SessionReading
from arb.engine.trading.signals import Signals
from arb.ports.market import Clock, Entropy
from arb.ports.messaging import Counters, Dispatcher
from arb.ports.trading import KillSwitch, SessionView, TradeStore, TradeView

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
    get_ready: GetReady = nothing_ready
    beside: Reserve = nobody_waits  # for what is written while other coins are looked at
    hand_off: HandOff = field(init=False)
    enter: Enter = field(init=False)
    close: ClosePairs = field(init=False)
    session: SessionReading = field(init=False)
    _passed: set[Coin] = field(default_factory=set)  # looked at again once what is written of them is

    def __post_init__(self) -> None:
        exposure = ExposureAhead(session_id=self.session_id, trades=self.trades, clock=self.clock)
        hand_off = HandOff(
            exposure=exposure,
            trades=self.trades,
            dispatcher=self.dispatcher,
            counters=self.counters,
            clock=self.clock,
            limits=self.limits,
            lifetime_ns=self.appetite.order_lifetime_ns,
            reserve=self.reserve,
            deliver=self.deliver,
            get_ready=self.get_ready,
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
            over=self._over,
            exposure=exposure,
        )
        close = ClosePairs(
            dispatcher=self.dispatcher,
            counters=self.counters,
            clock=self.clock,
            exit_guard=self.exit_guard,
            guard=self.guard,
            limits=self.limits,
            strategies=self.strategies,
            slip_bps=self.appetite.slip_bps,
            journal=self.journal,
            hand_off=hand_off,
            exposure=exposure,
            beside=self.beside,
            over=self._over,
        )
        object.__setattr__(self, "hand_off", hand_off)
        object.__setattr__(self, "enter", enter)
        object.__setattr__(self, "close", close)
        reading = SessionReading(session_id=self.session_id, trades=self.trades, clock=self.clock)
        object.__setattr__(self, "session", reading)

    def run(self, carried: Sequence[Book] = ()) -> int:
        """Evaluate coins that changed; return how many trades were opened or told to close.

        `carried` are the books that came with the message: enough to go on while Redis is away. Where many
        coins changed, the next ones are another message's, or ours if no broker takes it.
        """
        before = 0
        try:
            before = self._take_up()
        finally:  # what went wrong with something of before costs no coin its look
            begun = self._run(carried)
        return before + begun

    def _run(self, carried: Sequence[Book]) -> int:
        begun, goes_on = 0, True
        while goes_on:
            now_ns, again = self.clock.now_ns(), self._free_again()
            take = partial(self.markets.take, now_ns, carried, self._worth_a_look, again)
            changed, seen = self.session.with_coins(take)
            self._passed.difference_update(again)  # not before they are read: a store may be away
            goes_on, carried = changed.more and not self._asked(), ()
            begun += self._evaluate(changed, seen)
        begun += self._take_up()
        if any(not self._is_busy(coin) for coin in self._passed):
            self._asked()
        return begun

    def _take_up(self) -> int:
        return self.enter.openings.take_up() + self.close.exits.take_up()

    def _is_busy(self, coin: Coin) -> bool:
        """Tell whether something of a coin is being written."""
        return self.enter.openings.has(coin) or self.close.exits.has(coin)

    def _free_again(self) -> list[Coin]:
        """Return coins that changed while something of them was written, and now is."""
        return [coin for coin in tuple(self._passed) if not self._is_busy(coin)]

    def _over(self, coin: Coin) -> None:
        """Have a coin be looked at that has changed while something of it was written."""
        if coin in self._passed:
            self._asked()

    def _asked(self) -> bool:
        """Enqueue another evaluation; return whether it is on its way."""
        try:
            self.dispatcher.send(EVALUATE, [], expires_ms=EVALUATE_EXPIRES_MS)
        except DispatchError:
            return False
        return True

    def _evaluate(self, changed: ChangedMarkets, seen: SessionView | None) -> int:
        if fenced := self.markets.fences.take_fenced():
            self.counters.count("quotes_refused", "fenced", fenced)
        self._count_without_rules(coin for coin in changed.coins if coin not in changed.markets)
        if seen is None:
            return 0
        self.enter.exposure.note(seen.mark)
        try:
            return self._look(seen, changed.markets)
        finally:  # whatever went wrong with another coin: later, they would be decided on old books
            self.enter.openings.start()
            self.enter.openings.wait_a_moment()
            self.close.exits.start()  # last: a moment costs an entry more

    def _look(self, seen: SessionView, markets: Mapping[Coin, Market]) -> int:
        """Look at each coin of which nothing is being written; return how many trades were told to close."""
        closed, left = 0, len(markets)
        for coin, market in markets.items():
            left -= 1
            if self._is_busy(coin):
                self._passed.add(coin)
            else:
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
            self._pass_by(market, HALTED, now_ns)
            return 0
        closed = self.close.look(market, active, now_ns)
        if mode is not Mode.NORMAL or closed != 0:
            self._pass_by(market, mode.value if closed == 0 else CLOSING, now_ns)
            return closed or 0
        self.enter.look(market, active, now_ns)
        return 0

    def _pass_by(self, market: Market, why: str, now_ns: int) -> None:
        """Take note of a chance that is not even judged; nothing is opened."""
        edges = () if self.chances.is_below(market) else edges_at(market, self.appetite.notional_usdt)
        self.chances.look(market, edges, None, why, now_ns)
