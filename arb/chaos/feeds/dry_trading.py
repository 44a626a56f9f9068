"""The engine of a dry run: evaluation, execution and settlement, wired on what is in memory."""

from arb.adapters.memory.bars import MemoryBars
from arb.adapters.venues.instruments import LiveInstruments
from arb.app.rules import (
    appetite_of,
    belief_of,
    chance_bps_of,
    hole_ns_of,
    levels_of,
    limits_of,
    repairs_of,
    stability_of,
    strategies_of,
    unfilled_of,
)
from arb.chaos.feeds.dry_account import SESSION, DryAccount
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.pair import Pair
from arb.domain.time import NS_PER_MS
from arb.engine.market.bars import BarMarket
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.market.markets import Markets
from arb.engine.market.rules import RereadRules, WatchRules
from arb.engine.trading.at_end import SettleByMessage
from arb.engine.trading.chances import Chances
from arb.engine.trading.escalate import Escalate
from arb.engine.trading.evaluate import Evaluate
from arb.engine.trading.execute import Execute
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.guard import EntryGuard, RateWatch
from arb.engine.trading.kill_gate import KillGate
from arb.engine.trading.settle import Settle
from arb.engine.trading.stability import Stability
from arb.engine.trading.unfilled import Unfilled
from arb.ports.market import Clock, Entropy, QuoteStore
from arb.ports.messaging import Dispatcher
from config.settings import Settings


class DryTrading:
    """The use cases that decide and trade."""

    def __init__(
        self,
        settings: Settings,
        account: DryAccount,
        quotes: QuoteStore,
        dispatcher: Dispatcher,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._settings, self._account = settings, account
        self._dispatcher, self._clock, self._entropy = dispatcher, clock, entropy
        self._limits, coins = limits_of(settings), tuple(Coin(coin) for coin in settings.traded)
        watch_rules = WatchRules(coins=coins, alerts=account.alerts, counters=account.counters)
        self._instruments = LiveInstruments(account.venues, coins, clock, watch_rules)
        self._markets = Markets(
            pair=Pair(*settings.pair),
            quotes=quotes,
            instruments=self._instruments,
            belief=belief_of(settings),
        )
        self.evaluate = self._evaluate()
        self.execute = self._execute()
        self.settle = self._settle()

    def _evaluate(self) -> Evaluate:
        account, settings, stability = self._account, self._settings, stability_of(self._settings)
        return Evaluate(
            session_id=SESSION,
            markets=self._markets,
            trades=account.trades,
            dispatcher=self._dispatcher,
            kill_switch=account.kill_switch,
            counters=account.counters,
            clock=self._clock,
            entropy=self._entropy,
            guard=EntryGuard(
                limits=self._limits,
                rules=stability,
                stability=Stability(SESSION, account.health, self._clock, window_ns=stability.window_ns),
                rates=RateWatch(),
            ),
            admit=Unfilled(
                session_id=SESSION,
                store=account.health,
                rules=unfilled_of(settings),
                alerts=account.alerts,
                clock=self._clock,
            ).admit,
            exit_guard=ExitGuard(
                session_id=SESSION,
                trades=account.trades,
                counters=account.counters,
                alerts=account.alerts,
                hole_ns_max=hole_ns_of(settings),
            ),
            limits=self._limits,
            strategies=strategies_of(settings, levels_of(settings)),
            appetite=appetite_of(settings),
            chances=Chances(least_bps=chance_bps_of(settings), counters=account.counters),
            journal=account.decisions.append,
        )

    def _execute(self) -> Execute:
        account, clock = self._account, self._clock
        return Execute(
            session_id=SESSION,
            trades=account.trades,
            sessions=account.sessions,
            venues=dict(account.venues),
            dispatcher=self._dispatcher,
            counters=account.counters,
            alerts=account.alerts,
            clock=clock,
            entropy=self._entropy,
            gate=KillGate(
                switch=account.kill_switch, trades=account.trades, counters=account.counters, clock=clock
            ),
            overdue_ns=self._settings.orders.overdue_ms * NS_PER_MS,
            health=account.health,
            ended=SettleByMessage(self._dispatcher),
            bar_market=BarMarket(
                bars=MemoryBars(), here=self._instruments.bar, alerts=account.alerts, clock=clock
            ),
            reread_rules=RereadRules(
                expire=self._instruments.expire, announce=_nobody_else_trades, clock=clock
            ),
        )

    def _settle(self) -> Settle:
        account, clock = self._account, self._clock
        fresh = FreshMarkets(
            markets=self._markets,
            venues=dict(account.venues),
            counters=account.counters,
            clock=clock,
            limits=self._limits,
        )
        return Settle(
            trades=account.trades,
            markets=fresh,
            dispatcher=self._dispatcher,
            counters=account.counters,
            escalate=Escalate(trades=account.trades, markets=fresh, alerts=account.alerts, clock=clock),
            clock=clock,
            rules=repairs_of(self._settings),
            order_lifetime_ns=appetite_of(self._settings).order_lifetime_ns,
            place=self.execute.place,
        )


def _nobody_else_trades(_venue: Venue, _at_ns: int) -> None:
    """Tell nobody."""
