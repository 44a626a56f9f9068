"""The trading chapter, wired: evaluate, execute, settle, sweep, and what guards them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from arb.adapters.local.journal import log_decision
from arb.app.delivery import Deliver
from arb.app.dependencies import TradingDependencies
from arb.app.rules import (
    appetite_of,
    chance_bps_of,
    hole_ns_of,
    limits_of,
    repairs_of,
    stability_of,
    strategies_of,
    unfilled_of,
)
from arb.domain.risk.review import Admit, Denied
from arb.domain.time import NS_PER_MS
from arb.domain.trading.by_hand import Decided
from arb.engine.market.bars import BarMarket
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.market.rules import RereadRules
from arb.engine.trading.at_end import Ended, SettleAtEnd, SettleByMessage
from arb.engine.trading.by_hand import ByHand
from arb.engine.trading.chances import Chances
from arb.engine.trading.coin_filter import CoinFilter
from arb.engine.trading.escalate import Escalate
from arb.engine.trading.evaluate import Evaluate
from arb.engine.trading.execute import Execute
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.fee_guard import FeeGuard
from arb.engine.trading.guard import EntryGuard, RateWatch
from arb.engine.trading.held_pairs import HeldPairs, Hold
from arb.engine.trading.kill_gate import KillGate
from arb.engine.trading.lone_legs import LoneLegs
from arb.engine.trading.look_ahead import Look, LookAhead
from arb.engine.trading.settle import Settle
from arb.engine.trading.stability import Pauses, Stability
from arb.engine.trading.sweep import OrderSweep
from arb.engine.trading.unfilled import Unfilled

WATCHING: Final = "watching"  # why a stack that only watches takes no chance


@dataclass(frozen=True, kw_only=True)
class TradingUseCases:
    """From a quote to a trade that has ended."""

    evaluate: Evaluate
    look_ahead: LookAhead
    execute: Execute
    settle: Settle
    at_end: SettleAtEnd
    escalate: Escalate
    sweep: OrderSweep


def wire_trading(shared: TradingDependencies) -> TradingUseCases:
    """Return the use cases that trade."""
    markets = _fresh_markets(shared)
    at_end = _at_end(shared, markets)
    execute = _execute(shared, at_end)
    escalate = Escalate(
        trades=shared.stores.trades, markets=markets, alerts=shared.alerts, clock=shared.clock
    )
    by_hand = ByHand(session_id=shared.session_id, store=shared.stores.by_hand, clock=shared.clock).read
    guard, (admit, looks) = _entry_guard(shared, by_hand), _admit(shared, markets)
    return TradingUseCases(
        evaluate=_evaluate(shared, guard, admit, by_hand, execute),
        look_ahead=LookAhead((by_hand, guard.stability.records, *looks)),
        execute=execute,
        settle=_settle(shared, markets, escalate, execute),
        at_end=at_end,
        escalate=escalate,
        sweep=_sweep(shared),
    )


def _fresh_markets(shared: TradingDependencies) -> FreshMarkets:
    """Return the newest books with the venues' rules, asked of the venues where they are stale or away."""
    return FreshMarkets(
        markets=shared.markets,
        venues=shared.venues,
        counters=shared.stores.counters,
        clock=shared.clock,
        limits=limits_of(shared.settings),
        degree=shared.stores.board.degree,
    )


def _evaluate(
    shared: TradingDependencies,
    guard: EntryGuard,
    admit: Admit,
    by_hand: Callable[[], Decided],
    execute: Execute,
) -> Evaluate:
    stores, settings = shared.stores, shared.settings
    deliver = Deliver(execute=execute, counters=stores.counters, clock=shared.clock, tell=shared.tell)
    return Evaluate(
        session_id=shared.session_id,
        markets=shared.markets,
        trades=stores.trades,
        dispatcher=shared.dispatcher,
        counters=stores.counters,
        clock=shared.clock,
        entropy=shared.entropy,
        kill_switch=shared.kill_switch,
        guard=guard,
        admit=admit,
        exit_guard=ExitGuard(
            session_id=shared.session_id,
            trades=stores.trades,
            counters=stores.counters,
            alerts=shared.alerts,
            hole_ns_max=hole_ns_of(settings),
            by_hand=by_hand,
        ),
        limits=limits_of(settings),
        strategies=strategies_of(settings, shared.levels),
        appetite=appetite_of(settings),
        chances=Chances(least_bps=chance_bps_of(settings), counters=stores.counters, log=stores.chances),
        journal=log_decision,
        coin_filter=CoinFilter(stores.board.degree),
        reserve=shared.reserve,
        beside=shared.reserve,
        deliver=deliver,
        get_ready=deliver.get_ready,
    )


def _admit(shared: TradingDependencies, markets: FreshMarkets) -> tuple[Admit, Sequence[Look]]:
    """Return what admits entries of a coin, and what of it can be read ahead.

    It does if fees can be valued, and legs are not left unfilled. A stack that watches admits none.
    """
    if shared.settings.watch:
        return lambda _coin, _direction: Denied(WATCHING), ()
    unfilled = Unfilled(
        session_id=shared.session_id,
        store=shared.stores.health,
        rules=unfilled_of(shared.settings),
        alerts=shared.alerts,
        clock=shared.clock,
    )
    guard = FeeGuard(
        session_id=shared.session_id,
        trades=shared.stores.trades,
        prices=markets.fee_prices,
        clock=shared.clock,
        otherwise=unfilled.admit,
    )
    return guard.admit, (guard.assets, unfilled.look_ahead)


def _entry_guard(shared: TradingDependencies, by_hand: Callable[[], Decided]) -> EntryGuard:
    """Return what stops new pairs before their exposure is looked at."""
    rules, health = stability_of(shared.settings), shared.stores.health
    return EntryGuard(
        limits=limits_of(shared.settings),
        rules=rules,
        stability=Stability(
            shared.session_id,
            health,
            shared.clock,
            window_ns=rules.window_ns,
            lags_ns=shared.stores.lags_ns,
        ),
        rates=RateWatch(),
        by_hand=by_hand,
    )


def _at_end(shared: TradingDependencies, markets: FreshMarkets) -> SettleAtEnd:
    return SettleAtEnd(
        session_id=shared.session_id,
        trades=shared.stores.trades,
        markets=markets,
        rules=repairs_of(shared.settings),
        clock=shared.clock,
        otherwise=SettleByMessage(shared.dispatcher),
        settled=shared.settled,
    )


def _execute(shared: TradingDependencies, ended: Ended) -> Execute:
    stores = shared.stores
    return Execute(
        session_id=shared.session_id,
        trades=stores.trades,
        sessions=stores.sessions,
        venues=shared.venues,
        dispatcher=shared.dispatcher,
        counters=stores.counters,
        alerts=shared.alerts,
        clock=shared.clock,
        entropy=shared.entropy,
        gate=KillGate(
            switch=shared.kill_switch, trades=stores.trades, counters=stores.counters, clock=shared.clock
        ),
        overdue_ns=_overdue_ns(shared),
        health=stores.health,
        ended=ended,
        bar_market=BarMarket(
            bars=shared.bars, here=shared.instruments.bar, alerts=shared.alerts, clock=shared.clock
        ),
        reread_rules=RereadRules(
            expire=shared.instruments.expire,
            announce=shared.announce,
            clock=shared.clock,
        ),
    )


def _settle(
    shared: TradingDependencies, markets: FreshMarkets, escalate: Escalate, execute: Execute
) -> Settle:
    return Settle(
        trades=shared.stores.trades,
        markets=markets,
        dispatcher=shared.dispatcher,
        counters=shared.stores.counters,
        escalate=escalate,
        clock=shared.clock,
        rules=repairs_of(shared.settings),
        order_lifetime_ns=appetite_of(shared.settings).order_lifetime_ns,
        place=execute.place,
        paused=Pauses(shared.stores.health, shared.clock).of,
    )


def _hold(shared: TradingDependencies) -> Hold:
    """Return what has coins fed besides those that the settings name: where they name none, all."""
    hold = shared.stores.feeds.hold
    if shared.settings.coins:
        return hold
    return lambda held: hold((*shared.coins, *held)) if shared.coins else None


def _sweep(shared: TradingDependencies) -> OrderSweep:
    return OrderSweep(
        session_id=shared.session_id,
        trades=shared.stores.trades,
        dispatcher=shared.dispatcher,
        counters=shared.stores.counters,
        alerts=shared.alerts,
        clock=shared.clock,
        overdue_ns=_overdue_ns(shared),
        lone_legs=_lone_legs_of(shared),
        held_pairs=HeldPairs(
            session_id=shared.session_id,
            coins=shared.coins,
            trades=shared.stores.trades,
            markets=shared.markets,
            hold=_hold(shared),
            limits=limits_of(shared.settings),
            strategies=strategies_of(shared.settings, shared.levels),
            alerts=shared.alerts,
            clock=shared.clock,
        ),
    )


def _lone_legs_of(shared: TradingDependencies) -> LoneLegs:
    """Return what keeps a session from opening pairs while a leg stands alone."""
    return LoneLegs(
        session_id=shared.session_id,
        trades=shared.stores.trades,
        sessions=shared.stores.sessions,
        clock=shared.clock,
    )


def _overdue_ns(shared: TradingDependencies) -> int:
    """Return how long an order may stand still."""
    return shared.settings.orders.overdue_ms * NS_PER_MS
