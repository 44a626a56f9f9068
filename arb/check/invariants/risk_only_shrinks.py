"""No trade is opened in a degraded mode."""

from bisect import bisect_right
from typing import Final

from arb.check.history import EngineHistory, Invariant, VenueHistory, Violation
from arb.domain.risk.review import Mode

# A trade that held the session's lock first may be stamped after a change that waited for the lock.
LOCK_NS_MAX: Final = 1_000_000_000


def risk_only_shrinks(engine: EngineHistory, _venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return the trades that were opened while the session was not normal."""
    changes = sorted(engine.mode_changes, key=lambda change: change.at_ns)
    times = [change.at_ns for change in changes]
    found = []
    for trade in engine.trades:
        position = bisect_right(times, trade.opened_at_ns) - 1
        change = changes[position] if position >= 0 else None
        if change is None or change.mode is Mode.NORMAL:
            continue
        age_ns = trade.opened_at_ns - change.at_ns
        if age_ns > LOCK_NS_MAX:
            message = f"was opened {age_ns // 10**6} ms after the mode became {change.mode} ({change.reason})"
            found.append(Violation(Invariant.RISK_ONLY_SHRINKS, f"trade {trade.trade_id}", message))
    return tuple(found)
