"""Going on with a session: the newest snapshot that verifies, the ledger after it, and what that proves.

Nothing is guessed: the state so rebuilt has to be the one that the rows tell, or trading stays halted. With
no good snapshot the ledger alone rebuilds it. Orders whose fate is open are asked about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from typing import Any, Final

from arb.domain.errors import DispatchError, HotStateUnavailable
from arb.domain.ledger.ledger import Entry
from arb.domain.market.ids import SessionId
from arb.domain.market.money import ZERO
from arb.domain.state.hot_state import StateStamp
from arb.domain.state.snapshot import Skipped, Snapshot
from arb.domain.trading.order import OrderState
from arb.engine.state.hot_state import KeepHotState
from arb.engine.trading.execute import FIRST_ASK
from arb.ports.market import Clock
from arb.ports.messaging import Dispatcher
from arb.ports.state import SnapshotStore
from arb.ports.trading import TradeStore

Balances = dict[tuple[str, str], Decimal]  # (account, asset)
EXACT: Final = Context(prec=400, traps=[Inexact])
READINGS: Final = 10  # of rows that move while they are read


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeReport:
    """What resuming a session found and did."""

    session_id: SessionId
    slot: str | None  # of the snapshot; None: the ledger alone
    snapshot_age_ns: int
    skipped: tuple[Skipped, ...]
    events_folded: int
    trades_active: int
    orders_asked: int
    differences: tuple[str, ...]
    hot_state: bool  # False while Redis is away

    def lines(self) -> tuple[str, ...]:
        """Return the account as a person reads it."""
        start = f"snapshot {self.slot}, {self.snapshot_age_ns // 10**9} s old" if self.slot else "no snapshot"
        counts = (
            f"{self.events_folded} ledger entries folded, {self.trades_active} trades going on, "
            f"{self.orders_asked} orders asked about"
        )
        return (
            f"session {self.session_id}: {start}",
            counts,
            *(f"snapshot {each.slot} skipped: {each.reason}" for each in self.skipped),
            *(f"difference: {line}" for line in self.differences),
            *(() if self.hot_state else ("Redis is away: going on with PostgreSQL alone",)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """The use case of every start that goes on with a session."""

    session_id: SessionId
    snapshots: SnapshotStore
    trades: TradeStore
    dispatcher: Dispatcher
    hot_state: KeepHotState
    clock: Clock

    def run(self) -> ResumeReport:
        """Rebuild, compare, ask. Raises: StoreUnavailable."""
        found = self.snapshots.find(self.session_id)
        folded, differences = self._compare(found.snapshot)
        snapshot = found.snapshot
        return ResumeReport(
            session_id=self.session_id,
            slot=snapshot.slot if snapshot else None,
            snapshot_age_ns=self.clock.now_ns() - snapshot.taken_at_ns if snapshot else 0,
            skipped=found.skipped,
            events_folded=folded,
            trades_active=len(self.snapshots.stamp(self.session_id).trades),
            orders_asked=self._ask(),
            differences=differences,
            hot_state=self._reload(),
        )

    def _compare(self, snapshot: Snapshot | None) -> tuple[int, tuple[str, ...]]:
        """Return how many entries were folded, and where the outcome is not what the rows say."""
        start = _balances_of(snapshot.parts) if snapshot else {}
        position = snapshot.ledger_position if snapshot else 0
        for _ in range(READINGS):
            now = self.snapshots.change(self.session_id, ())
            entries = self.snapshots.entries_after(self.session_id, position)
            stamp = self.snapshots.stamp(self.session_id)
            if stamp.ledger_position == now.ledger_position:
                break
        lines = _balance_lines(_plus(start, entries), _balances_of(now.parts))
        if snapshot:
            lines += _trade_lines(snapshot, stamp)
        if position > now.ledger_position:
            lines += (f"the snapshot is at ledger position {position}, the ledger at {now.ledger_position}",)
        return len(entries), lines

    def _ask(self) -> int:
        """Send or ask about every order that has not ended; what cannot be sent now a sweep sends."""
        asked = 0
        for order in self.trades.live(self.session_id):
            try:
                if order.state is OrderState.INTENT:
                    self.dispatcher.send("arb.place_order", order.client_order_id)
                else:
                    self.dispatcher.send("arb.resolve_order", order.client_order_id, FIRST_ASK)
            except DispatchError:
                break
            asked += 1
        return asked

    def _reload(self) -> bool:
        try:
            self.hot_state.reload_from_snapshot()
        except HotStateUnavailable:
            return False
        return True


def _balances_of(parts: Mapping[str, Any]) -> Balances:
    """Return the balances that a state holds."""
    return {
        (account, asset): Decimal(amount)
        for account, amounts in parts["positions"]["balances"].items()
        for asset, amount in amounts.items()
    }


def _plus(balances: Balances, entries: Iterable[Entry]) -> Balances:
    """Return the balances after these entries."""
    sums = dict(balances)
    for entry in entries:
        for posting in entry.postings:
            key = (posting.account, posting.asset)
            sums[key] = EXACT.add(sums.get(key, ZERO), posting.amount)
    return sums


def _balance_lines(rebuilt: Balances, stored: Balances) -> tuple[str, ...]:
    return tuple(
        f"{asset} in {account} is {stored.get((account, asset), ZERO):f}, "
        f"rebuilt {rebuilt.get((account, asset), ZERO):f}"
        for account, asset in sorted({*rebuilt, *stored})
        if rebuilt.get((account, asset), ZERO) != stored.get((account, asset), ZERO)
    )


def _trade_lines(snapshot: Snapshot, stamp: StateStamp) -> tuple[str, ...]:
    """Return which trades of the snapshot went back in time. Those that ended meanwhile are no news."""
    now = dict(stamp.trades)
    trades = [view["trade"] for view in snapshot.parts["positions"]["trades"]]
    kept = ((trade["trade_id"], trade["version"]) for trade in trades)
    return tuple(
        f"trade {trade_id} is at version {now[trade_id]}, the snapshot has {version}"
        for trade_id, version in kept
        if now.get(trade_id, version) < version
    )
