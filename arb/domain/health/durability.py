"""What a Redis must be for work to be safe in it: it keeps what it took, and writes it down.

Queued work and the hot state live there. A server that evicts keys drops them without a word; one without an
append-only file loses them with its process; a replica takes no writes, and a cluster no scripts over several
keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from arb.domain.health.alert import AlertKind

NO_EVICTION: Final = "noeviction"
# Measured with 5 coins: 2 MB in all, 1 KB a book. Evaluations that wait, 200 at most, carry the books of what
# changed: 3 MB with 5 coins, 57 MB with 100.
MEMORY_MIN_MB: Final = 64
BYTES_PER_MB: Final = 1024 * 1024
EVICTS: Final = AlertKind.REDIS_EVICTS
FORGETS: Final = AlertKind.REDIS_FORGETS
TOO_SMALL: Final = AlertKind.REDIS_TOO_SMALL
REPLICA: Final = AlertKind.REDIS_IS_REPLICA
CLUSTER: Final = AlertKind.REDIS_IS_CLUSTER
MEND: Final[Mapping[str, str]] = {
    EVICTS: "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
    FORGETS: "CONFIG SET appendonly yes, and the same in redis.conf",
    TOO_SMALL: f"give it at least {MEMORY_MIN_MB} MB (maxmemory), or 0 for no bound",
    REPLICA: "set ARB_REDIS_URL to its master, or to sentinels (sentinel://...)",
    CLUSTER: "use a server that is no cluster, or sentinels",
}
WORDS: Final[Mapping[str, str]] = {
    EVICTS: "Redis evicts keys when it is full (maxmemory-policy): queued work would be lost without a word",
    FORGETS: "Redis has no append-only file: what it holds is lost with its process",
    TOO_SMALL: f"Redis may use less than {MEMORY_MIN_MB} MB: it will be full, and refuse work",
    REPLICA: "Redis is a replica: it takes no writes, or loses them",
    CLUSTER: "Redis is a cluster: scripts over several keys are refused there",
}


@dataclass(frozen=True, slots=True)
class DurabilityReport:
    """What could be seen of a server: whether each trouble is there; what cannot be told is left out."""

    troubles: Mapping[str, bool]
    unseen: tuple[str, ...] = ()

    @property
    def found(self) -> tuple[str, ...]:
        """Return the defects of this Redis."""
        return tuple(kind for kind, is_there in self.troubles.items() if is_there)


def judge(info: Mapping[str, Any]) -> DurabilityReport:
    """Return what the server's own INFO says; managed servers may leave parts of it out."""
    troubles: dict[str, bool] = {}
    if "maxmemory_policy" in info:
        troubles[EVICTS] = str(info["maxmemory_policy"]) != NO_EVICTION
    if "aof_enabled" in info:
        troubles[FORGETS] = not int(info["aof_enabled"])
    if "maxmemory" in info:
        troubles[TOO_SMALL] = 0 < int(info["maxmemory"]) < MEMORY_MIN_MB * BYTES_PER_MB
    if "role" in info:
        troubles[REPLICA] = str(info["role"]) != "master"
    if "cluster_enabled" in info:
        troubles[CLUSTER] = bool(int(info["cluster_enabled"]))
    return DurabilityReport(troubles, tuple(kind for kind in WORDS if kind not in troubles))
