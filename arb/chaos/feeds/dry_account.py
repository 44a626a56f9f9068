"""The books of a dry run, in memory: its session, what its venues hold, its orders, alerts and decisions."""

from collections.abc import Mapping
from typing import Final

from arb.adapters.local.kill_switch import MemoryKillSwitch
from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore
from arb.adapters.memory.venue import MemoryVenue
from arb.adapters.memory.venue_health import MemoryVenueHealth
from arb.domain.health.alert import Alert
from arb.domain.ledger.ledger import opening_entry
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.review import Mode
from arb.engine.trading.journal import Decision
from arb.ports.trading import Session

SESSION: Final = SessionId("dry-run")


class _NoCounters:
    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Ignore the count."""

    def read(self) -> dict[str, dict[str, int]]:
        """Return no counters."""
        return {}


class _KeptAlerts:
    def __init__(self, store: MemoryAlertStore) -> None:
        self._store = store

    def raise_alert(self, alert: Alert) -> None:
        """Keep an alert of the dry run's session."""
        self._store.add(SESSION, alert)


class DryAccount:
    """What the engine of a dry run writes down."""

    def __init__(self, venues: Mapping[Venue, MemoryVenue], now_ns: int) -> None:
        tables = MemoryTables()
        self.venues = dict(venues)
        self.trades, self.sessions = MemoryTradeStore(tables), MemorySessionStore(tables)
        self.health, self.kill_switch = MemoryVenueHealth(tables), MemoryKillSwitch()
        self.alerts, self.counters = _KeptAlerts(MemoryAlertStore(tables)), _NoCounters()
        self.decisions: list[Decision] = []
        self._open_session(now_ns)

    def _open_session(self, now_ns: int) -> None:
        self.sessions.create(
            Session(
                session_id=SESSION,
                environment="mock",
                started_at_ns=now_ns,
                mode=Mode.NORMAL,
                mode_reason="dry run",
                mode_changed_at_ns=now_ns,
            )
        )
        for venue, client in self.venues.items():
            self.trades.book_entry(SESSION, opening_entry(SESSION, venue, client.held), now_ns)
