"""Open pairs, whatever became of their coin: fed while open, alerted when nothing can close them.

A coin that was taken off the list opens nothing; what is open of it is fed and closed like any other pair. A
pair whose market is gone, halted or without rules cannot be closed: it stays hedged, and it is told again and
again, with its worth, until it can be.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from arb.domain.errors import StoreUnavailable
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import Coin, SessionId, TradeId
from arb.domain.market.money import ZERO
from arb.domain.market.spread import Market
from arb.domain.risk.review import Limits
from arb.domain.risk.sanity import stale, untradable
from arb.domain.strategy.port import Strategies
from arb.domain.time import NS_PER_S
from arb.domain.trading.exits import exit_quantity, is_sendable_pair
from arb.domain.trading.position import trade_position
from arb.domain.trading.reentry import Close
from arb.domain.trading.settlement import is_over
from arb.domain.trading.trade import TradeState
from arb.engine.market.markets import Markets, symbol_on
from arb.engine.trading.exit_guard import held_of
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink
from arb.ports.trading import TradeStore, TradeView

STUCK_NS: Final = 60 * NS_PER_S  # a reconnect with its backoff, or rules that are read anew, take less
REPEAT_NS: Final = 300 * NS_PER_S
LOOK_NS: Final = (
    10 * NS_PER_S
)  # looking may wait for the rules of a venue that is away, and a sweep comes every 2 s
Hold = Callable[[Sequence[Coin]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPairs:
    """Looks in each sweep, and when trading begins."""

    session_id: SessionId
    coins: Sequence[Coin]  # that are traded
    trades: TradeStore
    markets: Markets
    hold: Hold  # has the feeds feed these besides. Raises: StoreUnavailable
    limits: Limits
    strategies: Strategies
    alerts: AlertSink
    clock: Clock
    # By the steady clock: since when a pair cannot be closed, and when what was told last.
    _looked_ns: list[int] = field(default_factory=list)
    _since_ns: dict[TradeId, int] = field(default_factory=dict)
    _told_ns: dict[tuple[str, str], int] = field(default_factory=dict)

    def run(self) -> tuple[str, ...]:
        """Have every coin fed of which something is open; return a line for each that is off the list."""
        now_ns = self.clock.now_ns()
        views = self.trades.active(self.session_id)
        lines = self._off_list(views, now_ns)
        steady_ns = self.clock.steady_ns()
        if not self._looked_ns or steady_ns - self._looked_ns[0] >= LOOK_NS:
            self._looked_ns[:] = [steady_ns]
            self._look_at_stuck([view for view in views if view.trade.state is TradeState.OPEN], now_ns)
        return lines

    def _off_list(self, views: Iterable[TradeView], now_ns: int) -> tuple[str, ...]:
        trades = [view.trade for view in views] + [leg.trade for leg in self.trades.alone(self.session_id)]
        held = sorted({trade.coin for trade in trades} - set(self.coins))
        with suppress(StoreUnavailable):  # the feeds go on with what they have, the next sweep says it again
            self.hold(held)
        lines = []
        for coin in held:
            of_coin = {trade.trade_id: trade for trade in trades if trade.coin == coin}.values()
            worth_krw = sum((trade.notional_krw for trade in of_coin), ZERO)
            line = (
                f"{coin} is not in the list of coins and {len(of_coin)} trades of it are open "
                f"({worth_krw:,.0f} KRW a leg): it is fed and they are closed, nothing new is opened"
            )
            self._tell(AlertKind.COIN_OFF_LIST, coin, Severity.WARNING, line, now_ns)
            lines.append(line)
        self._recover(AlertKind.COIN_OFF_LIST, set(held), "nothing of it is open any more", now_ns)
        return tuple(lines)

    def _look_at_stuck(self, views: Sequence[TradeView], now_ns: int) -> None:
        """Tell of pairs that could not be closed for a while, were it time to."""
        coins = tuple(sorted({view.trade.coin for view in views}))
        found = self.markets.read(coins, now_ns) if coins else {}
        stuck: set[str] = set()
        steady_ns = self.clock.steady_ns()
        for view in views:
            trade, market = view.trade, found.get(view.trade.coin)
            reason = self._reason(view, market, now_ns)
            if not reason:
                self._since_ns.pop(trade.trade_id, None)
                continue
            stuck_ns = steady_ns - self._since_ns.setdefault(trade.trade_id, steady_ns)
            if stuck_ns >= STUCK_NS:
                stuck.add(trade.trade_id)
                self._tell_stuck(view, market, reason, stuck_ns, now_ns)
        for gone in self._since_ns.keys() - {view.trade.trade_id for view in views}:
            del self._since_ns[gone]
        self._recover(AlertKind.PAIR_STUCK, stuck, "it can be closed again, or is closed", now_ns)

    def _reason(self, view: TradeView, market: Market | None, now_ns: int) -> str:
        """Return why a pair cannot be closed now; empty if it can."""
        coin, hedged = view.trade.coin, trade_position(view.orders).hedged
        if without := self.markets.without_rules(coin):
            return f"no rules of {' and '.join(symbol_on(venue, coin) for venue in without)} are known"
        if market is None:
            return "books of it are missing"
        denied = untradable(market) or stale(market, self.limits, now_ns)
        if denied is not None:
            return denied.reason
        if is_sendable_pair(hedged, market) or is_over(hedged, market):
            return ""
        return "it is below what a venue takes now: its minimum or its lot has grown"

    def _tell_stuck(
        self, view: TradeView, market: Market | None, reason: str, stuck_ns: int, now_ns: int
    ) -> None:
        trade, position = view.trade, trade_position(view.orders)
        due = self._due(view, market, now_ns)
        worth = _worth(position.hedged, trade.coin, trade.notional_krw)
        message = (
            f"trade {trade.trade_id} cannot be closed for {stuck_ns // NS_PER_S} s ({reason}): "
            f"{worth} stay hedged{f', though it is time: {due}' if due else ''}; look at both venues' "
            "notices, it is closed when it can be"
        )
        severity = Severity.CRITICAL if due else Severity.WARNING
        self._tell(AlertKind.PAIR_STUCK, trade.trade_id, severity, message, now_ns)

    def _due(self, view: TradeView, market: Market | None, now_ns: int) -> str:
        """Return why the pair should have been closed by now, as far as that can be told."""
        trade, strategy = view.trade, self.strategies.of(view.trade.coin)
        if strategy.is_late(now_ns - trade.opened_at_ns):
            return Close.HOLDING_TIME
        if market is None:
            return ""
        position = trade_position(view.orders)
        quantity = exit_quantity(trade, position, market)
        if not quantity:
            return ""
        return strategy.exit(held_of(view, position, quantity, market, now_ns)) or ""

    def _tell(self, kind: AlertKind, subject: str, severity: Severity, message: str, now_ns: int) -> None:
        key = (kind, f"{subject} {severity}")
        steady_ns = self.clock.steady_ns()
        if steady_ns - self._told_ns.get(key, steady_ns - REPEAT_NS) < REPEAT_NS:
            return
        self._told_ns[key] = steady_ns
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=severity, message=message, at_ns=now_ns)
        )

    def _recover(self, kind: AlertKind, still: set[str], message: str, now_ns: int) -> None:
        for told in [key for key in self._told_ns if key[0] == kind]:
            subject, _, _severity = told[1].rpartition(" ")
            if subject in still:
                continue
            del self._told_ns[told]
            self.alerts.raise_alert(
                Alert(
                    kind=kind,
                    subject=subject,
                    severity=Severity.INFO,
                    message=f"recovered: {message}",
                    at_ns=now_ns,
                )
            )


def _worth(quantity: Decimal, coin: Coin, notional_krw: Decimal) -> str:
    return f"{quantity.normalize():f} {coin} ({notional_krw:,.0f} KRW a leg)"
