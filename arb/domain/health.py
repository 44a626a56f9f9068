"""Whether a process is well, from the age of its last sign of life. Thresholds are arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a process is."""

    OK = "ok"
    LATE = "late"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatRules:
    """Ages in nanoseconds."""

    late_ns: int
    dead_ns: int


def verdict(last_ns: int, now_ns: int, rules: HeartbeatRules) -> Verdict:
    """Return how a process is whose last sign of life was at `last_ns`."""
    age_ns = now_ns - last_ns
    if age_ns > rules.dead_ns:
        return Verdict.DEAD
    return Verdict.LATE if age_ns > rules.late_ns else Verdict.OK


def verdicts(beats: Mapping[str, int], now_ns: int, rules: HeartbeatRules) -> dict[str, Verdict]:
    """Return how each process is, by the time of its last sign of life."""
    return {process: verdict(last_ns, now_ns, rules) for process, last_ns in sorted(beats.items())}
