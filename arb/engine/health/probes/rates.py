"""How often something was counted in the last minute: errors, denials that mean trouble, drifts."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from arb.domain.health.judge import Reading
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MINUTE
from arb.ports.messaging import Counters

# rule -> (counter, its reasons; none: all of them)
COUNTED: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "live_errors_per_minute": ("errors", ()),
    # Denials for want of room or of fresh quotes are everyday, and a spent loss budget is a state in which
    # pairs must still be closed; these say that the engine itself does what it should not.
    "safety_rejections_per_minute": (
        "refused_looks",
        ("orders_per_minute", *(f"price_band_{venue}" for venue in Venue)),
    ),
    "drifts_per_minute": ("reconciled", ("drift",)),
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Differences of counters; after a reset of a counter, or a clock set back, they begin again."""

    counters: Counters
    _samples: dict[str, deque[tuple[int, int]]] = field(default_factory=dict)

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return the counts of the last minute. Raises: StoreUnavailable."""
        counts = self.counters.read()
        for rule, (name, reasons) in COUNTED.items():
            by_reason = counts.get(name, {})
            total = sum(count for reason, count in by_reason.items() if not reasons or reason in reasons)
            yield Reading(rule, name, Decimal(self._grown(rule, total, now_ns)))

    def _grown(self, rule: str, total: int, now_ns: int) -> int:
        samples = self._samples.setdefault(rule, deque())
        if samples and (samples[-1][1] > total or samples[-1][0] > now_ns):
            samples.clear()
        samples.append((now_ns, total))
        while now_ns - samples[0][0] > NS_PER_MINUTE:
            samples.popleft()
        return total - samples[0][1]
