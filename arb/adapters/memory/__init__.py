"""The stores in memory: same promises as in SQL, held by the same contract tests; nothing survives."""

from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.snapshots import MemorySnapshotStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore

__all__ = [
    "MemoryAlertStore",
    "MemorySessionStore",
    "MemorySnapshotStore",
    "MemoryTables",
    "MemoryTradeStore",
]
