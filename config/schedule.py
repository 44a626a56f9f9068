"""The one table of what beat starts, and how often. Seconds.

Every entry expires before it is due again, so that an outage leaves no heap of stale work behind.
"""

from typing import Any, Final

from arb.domain.health.queues import HOUSEKEEPING
from config.addresses import settings


def _every(seconds: float, task: str, *args: Any) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": seconds,
        "args": args,
        "options": {"queue": HOUSEKEEPING, "expires": max(1.0, seconds * 0.9)},
    }


def _is_recording() -> bool:
    """Tell whether premiums are kept, each second where they are near; chances wait for a while."""
    return settings().record.enabled or settings().watch


SCHEDULE: Final = {
    # Twice a slot: a beat that drifts over a slot's edge would skip it. The second one finds it taken.
    "snapshot": _every(settings().snapshot.interval_s / 2, "arb.snapshot", "periodic"),
    "watchdog": _every(settings().watchdog.sweep_interval_sec, "arb.watchdog"),
    "sweep-orders": _every(2, "arb.sweep_orders"),
    "tell": _every(5, "arb.tell"),
    "record": _every(1 if _is_recording() else 5, "arb.record"),
    # A new listing is announced hours before; asking costs 120 of Binance's weight of 6,000 a minute.
    **({} if settings().coins else {"choose-coins": _every(60, "arb.choose_coins")}),
    "collect-dead": _every(5, "arb.collect_dead"),
    "check-stores": _every(30, "arb.check_stores"),
    "reconcile": _every(30, "arb.reconcile"),
    "metrics": _every(settings().sys_monitor.sample_interval_sec, "arb.metrics"),
    "cleanup": _every(21_600, "arb.cleanup"),  # counted from the start of beat, which remembers nothing
}
