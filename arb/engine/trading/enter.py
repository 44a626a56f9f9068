"""Whether a pair is worth opening, and the opening of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from arb.domain.market.ids import RANDOM_BITS, Coin, SessionId, TradeId, trade_id
from arb.domain.market.opportunity import OPENED
from arb.domain.market.spread import Edge, Market, common_quantity
from arb.domain.risk.review import Admit, Approved, Denied, Limits, Proposal
from arb.domain.risk.sanity import stale, with_hole
from arb.domain.strategy.port import Chance, Declined, Strategies
from arb.engine.trading.beside import Beside
from arb.engine.trading.chances import Chances
from arb.engine.trading.entry_memory import COOLDOWN, EntryMemory
from arb.engine.trading.exposure_ahead import ExposureAhead
from arb.engine.trading.guard import EntryGuard
from arb.engine.trading.hand_off import HandOff, Reserve
from arb.engine.trading.journal import Journal, decision
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
from arb.ports.messaging import Counters
from arb.ports.trading import TradeStore, TradeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """Looks for entries, coin by coin, and has them written and sent."""

    session_id: SessionId
    trades: TradeStore
    counters: Counters
    clock: Clock
    entropy: Entropy
    guard: EntryGuard
    admit: Admit
    limits: Limits
    strategies: Strategies
    appetite: Appetite
    chances: Chances
    signals: Signals
    journal: Journal
    hand_off: HandOff
    beside: Reserve
    over: Callable[[Coin], object]
    exposure: ExposureAhead
    openings: Beside[Approved | Denied] = field(init=False)
    memory: EntryMemory = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "openings", Beside(self.beside, over=self.over))
        object.__setattr__(self, "memory", EntryMemory(cooldown_ns=self.limits.entry_cooldown_ns))

    def look(self, market: Market, active: Sequence[TradeView], now_ns: int) -> None:
        """Open a pair of this coin if that is worth it; what becomes of it is learnt from `openings`."""
        strategy = self.strategies.of(market.coin)
        is_dull = self.chances.is_below(market) and not active and strategy.is_far(market)
        if is_dull and common_quantity(market, self.appetite.notional_usdt):
            self._note(_Look(market, (), None, None, now_ns), "")
            return
        edges = edges_at(market, self.appetite.notional_usdt)
        if not edges:
            self.chances.look(market, (), None, "", now_ns)
            if not common_quantity(market, self.appetite.notional_usdt):
                self.chances.bar(market.coin, TOO_SMALL)
            return
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

        def then(verdict: Approved | Denied) -> bool:
            if isinstance(verdict, Denied):
                self.memory.denied(way, verdict, look.now_ns)
                self._note(look, verdict.reason)
                return False
            self.memory.opened(way, look.now_ns)
            self.journal(decision("open", wanted.trade.trade_id, look.market, look.now_ns))
            self._note(look, OPENED, wanted.trade.trade_id)
            return True

        def doubt() -> Denied | None:
            return stale(look.market, self.limits, self.clock.now_ns())

        self.openings.add(look.market.coin, partial(self.hand_off.open, wanted, look.now_ns, doubt), then)

    def _note(self, look: "_Look", why: str, opened: TradeId | None = None) -> None:
        """Take note of what became of a chance."""
        for what in self.signals.note(look.market.coin, look.found, opened=opened is not None):
            self.counters.count(SIGNALS, what)
        self.chances.look(look.market, look.edges, look.chosen, why, look.now_ns, opened)

    def _wanted(
        self, market: Market, best: Edge, active: Sequence[TradeView], now_ns: int
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

    def _crowded(self, coin: Coin, best: Edge, active: Sequence[TradeView], now_ns: int) -> Denied | None:
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
