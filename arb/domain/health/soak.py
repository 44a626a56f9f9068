"""The verdict on a long run: does memory, Redis or a queue grow, and did anything go wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from arb.domain.health.growth import Growth, growth

MB: Final = 1_048_576
MEMORY_MB_PER_HOUR_MAX: Final = 1.0
QUEUE_PER_HOUR_MAX: Final = 60.0
WARM_UP_SHARE: Final = 1 / 3  # pools fill and caches warm

Process = tuple[str, int]  # its program's name, its id


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakSample:
    """Everything measured at one moment."""

    at_s: float
    memory_bytes: Mapping[Process, int]
    redis_bytes: int
    queues: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakReport:
    """What a soak measured: growth of memory, Redis and queues, and whether invariants held."""

    minutes: float
    samples: int
    memory_mb: Mapping[str, Growth]  # by program, of its process that grows fastest
    redis_mb: Growth | None
    queue_depth: Growth | None  # of all queues together
    queue_depth_max: int
    trades: int
    invariants_hold: bool
    rested: bool
    errors: Sequence[str] = field(default=())

    @property
    def growing(self) -> tuple[str, ...]:
        """Return what grows faster than it may; of the queues, which go up and down, what surely does."""
        parts = {**self.memory_mb, **({"inside redis": self.redis_mb} if self.redis_mb else {})}
        found = [name for name, part in parts.items() if part.exceeds(MEMORY_MB_PER_HOUR_MAX)]
        if self.queue_depth and self.queue_depth.surely_exceeds(QUEUE_PER_HOUR_MAX):
            found.append("queues")
        return tuple(found)

    @property
    def passed(self) -> bool:
        """Tell whether nothing grows, nothing went wrong, and it was measured at all."""
        measured = bool(self.memory_mb) and self.trades > 0
        return measured and self.rested and self.invariants_hold and not self.growing and not self.errors

    def as_json(self) -> dict[str, Any]:
        """Return what `arb soak --json` prints."""
        return {
            "verdict": self.passed,
            "minutes": round(self.minutes, 2),
            "samples": self.samples,
            "trades": self.trades,
            "memory_mb": {name: _growth(part) for name, part in self.memory_mb.items()},
            "redis_mb": self.redis_mb and _growth(self.redis_mb),
            "queue_depth": self.queue_depth and _growth(self.queue_depth),
            "queue_depth_max": self.queue_depth_max,
            "growing": list(self.growing),
            "errors": list(self.errors),
            "rested": self.rested,
            "invariants_hold": self.invariants_hold,
        }


def judge_soak(
    samples: Sequence[SoakSample],
    *,
    trades: int,
    invariants_hold: bool,
    rested: bool,
    errors: Sequence[str],
) -> SoakReport:
    """Return the report of a run; its first third is warm-up."""
    lasted_s = samples[-1].at_s - samples[0].at_s if samples else 0.0
    warm = [each for each in samples if each.at_s - samples[0].at_s >= lasted_s * WARM_UP_SHARE]
    return SoakReport(
        minutes=lasted_s / 60,
        samples=len(samples),
        memory_mb=_worst(warm),
        redis_mb=growth([(each.at_s, each.redis_bytes / MB) for each in warm]),
        queue_depth=growth([(each.at_s, float(sum(each.queues.values()))) for each in warm]),
        queue_depth_max=max((sum(each.queues.values()) for each in samples), default=0),
        trades=trades,
        invariants_hold=invariants_hold,
        rested=rested,
        errors=tuple(errors),
    )


def _worst(samples: Sequence[SoakSample]) -> dict[str, Growth]:
    """Return the growth of each program's process that grows fastest.

    Those that were there for less than half of the time, as connections that are given up, say nothing.
    """
    lines: dict[Process, list[tuple[float, float]]] = {}
    for each in samples:
        for process, held in each.memory_bytes.items():
            lines.setdefault(process, []).append((each.at_s, held / MB))
    worst: dict[str, Growth] = {}
    for (program, _), line in sorted(lines.items()):
        found = growth(line) if len(line) * 2 >= len(samples) else None
        if found and (program not in worst or found.per_hour > worst[program].per_hour):
            worst[program] = found
    return worst


def _growth(part: Growth) -> dict[str, float]:
    return {
        "per_hour": round(part.per_hour, 3),
        "low": round(part.low, 3),
        "high": round(part.high, 3),
        "first": round(part.first, 3),
        "last": round(part.last, 3),
    }
