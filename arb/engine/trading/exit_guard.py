"""What keeps an exit back that would only leave a leg alone: unpaid for, or refused too often lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from arb.domain.health.alert import Alert, Severity
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.money import ZERO
from arb.domain.market.spread import Market
from arb.domain.trading.exits import Exits, cautious, exits_so_far, is_resting
from arb.domain.trading.position import TradePosition
from arb.domain.trading.reserve import hold_of
from arb.domain.trading.trade import Leg, Trade
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import TradeStore, TradeView

TOLD_FROM: Final = 3  # exits that left a leg alone
UNPAID_NS: Final = 1_000_000_000  # balances are not looked at again before

Asset = tuple[Venue, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitGuard:
    """One process's view of which exits can be tried now. The pair stays hedged meanwhile."""

    session_id: SessionId
    trades: TradeStore
    counters: Counters
    alerts: AlertSink
    _unpaid_at_ns: dict[Asset, int] = field(default_factory=dict)

    def size(
        self, view: TradeView, position: TradePosition, wanted: Decimal, market: Market, now_ns: int
    ) -> Decimal:
        """Return how much of the wanted exit to try now, 0 to wait."""
        exits = exits_so_far(view.orders)
        if is_resting(exits, now_ns):
            return ZERO
        if exits.lonely >= TOLD_FROM:
            self._tell_of_refusals(view.trade, exits, now_ns)
        return cautious(wanted, position, exits, market)

    def pays(self, trade: Trade, legs: Sequence[Leg], now_ns: int) -> bool:
        """Tell whether free balances pay for both legs. Raises: StoreUnavailable."""
        holds = [(leg.venue, *hold_of(leg, trade.coin)) for leg in legs]
        needs = {(venue, asset): amount for venue, asset, amount in holds}
        if any(0 <= now_ns - self._unpaid_at_ns.get(asset, 0) < UNPAID_NS for asset in needs):
            return False
        free = self.trades.free(self.session_id)
        lacking = {asset: need for asset, need in needs.items() if free.get(asset, ZERO) < need}
        for asset in lacking:
            self._unpaid_at_ns[asset] = now_ns
        if lacking:
            self.counters.count("exit_waits", "balance")
            self._tell_of_balances(trade.coin, lacking, free, now_ns)
        return not lacking

    def _tell_of_refusals(self, trade: Trade, exits: Exits, now_ns: int) -> None:
        message = (
            f"one leg of {trade.coin} trade {trade.trade_id} was not executed in {exits.lonely} exits; the "
            "pair stays hedged and is tried again with less, after growing pauses"
        )
        self._tell("exit_refused", trade.trade_id, message, now_ns)

    def _tell_of_balances(
        self, coin: Coin, lacking: Mapping[Asset, Decimal], free: Mapping[Asset, Decimal], now_ns: int
    ) -> None:
        for (venue, name), need in lacking.items():
            there = free.get((venue, name), ZERO)
            message = f"closing {coin} needs {need:f} {name} on {venue}, {there:f} is free: it stays open"
            self._tell("exit_unpaid", f"{venue} {name}", message, now_ns)

    def _tell(self, kind: str, subject: str, message: str, now_ns: int) -> None:
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=Severity.WARNING, message=message, at_ns=now_ns)
        )
