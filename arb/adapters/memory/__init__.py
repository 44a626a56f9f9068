"""The stores in memory: same promises as in SQL, held by the same contract tests; nothing survives."""

from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.external import MemoryExternalOrderStore
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.snapshots import MemorySnapshotStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore
from arb.adapters.memory.venue_health import MemoryVenueHealth

__all__ = [
    "MemoryAlertStore",
    "MemoryExternalOrderStore",
    "MemorySessionStore",
    "MemorySnapshotStore",
    "MemoryTables",
    "MemoryTradeStore",
    "MemoryVenueHealth",
]
