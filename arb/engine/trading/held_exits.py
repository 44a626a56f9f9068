"""Exits that wait for their venues: how long each has waited, and when the operator is alerted."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import TradeId
from arb.domain.time import NS_PER_S
from arb.domain.trading.exits import STOP_LOSS
from arb.domain.trading.trade import Trade
from arb.ports.messaging import AlertSink

# Troubles of orders count for a minute: what is over by itself is over by then, and twice that is told.
TOLD_NS: Final = 120 * NS_PER_S
WORSE: Final = 4  # times as long is worse, and told again
SAME_NS: Final = 60 * NS_PER_S  # a pair that was not due for a moment goes on waiting
# A stop-loss waits this long for a circuit that others open again and again; then one a minute goes, small.
STOP_LOSS_NS: Final = 60 * NS_PER_S
HOLE_GAP_NS: Final = 5 * NS_PER_S  # a hole that was not seen for so long was closed meanwhile
NOT_TOLD: Final = (-1, -1)


@dataclass(frozen=True, slots=True)
class _Held:
    since_ns: int
    last_ns: int
    told: tuple[int, int] = NOT_TOLD  # severity and grade


@dataclass(slots=True)
class HeldExits:
    """What one process knows of the exits that wait. Safe between threads."""

    alerts: AlertSink
    _held: dict[TradeId, _Held] = field(default_factory=dict)
    _forced_at_ns: int = 0
    _holes: dict[TradeId, tuple[int, int]] = field(default_factory=dict)  # since when, and when seen last
    _lock: Lock = field(default_factory=Lock)

    def note(self, trade: Trade, reason: str, why: str, now_ns: int) -> None:
        """Take note that an exit waits, and tell if that is long; once, and again when it gets worse."""
        with self._lock:
            held = self._held.get(trade.trade_id)
            if held is None or not 0 <= now_ns - held.last_ns < SAME_NS:
                self._forget_old(now_ns)
                held = _Held(now_ns, now_ns)
            rank = _rank(reason, now_ns - held.since_ns)
            if rank > held.told:
                self.alerts.raise_alert(_alert(trade, reason, why, held.since_ns, now_ns))
            self._held[trade.trade_id] = _Held(held.since_ns, now_ns, max(rank, held.told))

    def forces(self, trade: Trade, reason: str, now_ns: int) -> bool:
        """Tell whether a stop-loss has waited long enough to be tried in spite of an open circuit."""
        with self._lock:
            return self._forces(trade, reason, now_ns)

    def _forces(self, trade: Trade, reason: str, now_ns: int) -> bool:
        held = self._held.get(trade.trade_id)
        if reason != STOP_LOSS or held is None or now_ns - held.since_ns < STOP_LOSS_NS:
            return False
        if 0 <= now_ns - self._forced_at_ns < STOP_LOSS_NS:
            return False
        self._forced_at_ns = now_ns
        return True

    def in_hole_ns(self, trade: Trade, now_ns: int) -> int:
        """Return for how long a stop-loss has been due in a book with a hole; it is at this moment."""
        since_ns, last_ns = self._holes.get(trade.trade_id, (now_ns, now_ns))
        if not 0 <= now_ns - last_ns < HOLE_GAP_NS:
            since_ns = now_ns
        self._holes = {
            key: seen for key, seen in self._holes.items() if 0 <= now_ns - seen[1] < HOLE_GAP_NS
        } | {trade.trade_id: (since_ns, now_ns)}
        return now_ns - since_ns

    def _forget_old(self, now_ns: int) -> None:
        old = [key for key, held in self._held.items() if not 0 <= now_ns - held.last_ns < SAME_NS]
        for key in old:
            del self._held[key]


def _rank(reason: str, waited_ns: int) -> tuple[int, int]:
    """Return how bad it is: a stop-loss is worse than all else, and waiting long than waiting."""
    grade = -1
    while waited_ns >= TOLD_NS:
        grade, waited_ns = grade + 1, waited_ns // WORSE
    return (int(reason == STOP_LOSS), grade) if grade >= 0 else NOT_TOLD


def _alert(trade: Trade, reason: str, why: str, since_ns: int, now_ns: int) -> Alert:
    waited_ns = now_ns - since_ns
    is_urgent, grade = _rank(reason, waited_ns)
    return Alert(
        kind=AlertKind.EXIT_HELD,
        subject=trade.trade_id,
        severity=Severity.CRITICAL if is_urgent else Severity.WARNING,
        grade=grade,
        message=f"{trade.coin} trade {trade.trade_id} should be closed ({reason}) and waits for "
        f"{waited_ns // NS_PER_S} s: {why}; it stays hedged, and goes on by itself when its venues are well",
        at_ns=now_ns,
    )
