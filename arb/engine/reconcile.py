"""The ledger against what the venues say, to the last unit; and the opening of a session's books."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.alert import Alert, Severity
from arb.domain.errors import VenueError
from arb.domain.ids import SessionId, Venue
from arb.domain.ledger import opening_entry
from arb.domain.reconcile import Drift, drifts
from arb.ports import AlertSink, Clock, Counters, TradeStore, VenueClient

ATTEMPTS: Final = 20  # a busy engine is rarely at rest: look a few times
PAUSE_MS: Final = 100


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found. `conclusive` is False while orders were working all along."""

    conclusive: bool
    drifts: tuple[Drift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """The use case behind `arb.reconcile`."""

    session_id: SessionId
    trades: TradeStore
    venues: dict[Venue, VenueClient]
    counters: Counters
    alerts: AlertSink
    clock: Clock

    def open_books(self) -> None:
        """Book what each venue holds as this session's opening, once. Raises: VenueError."""
        for venue, client in self.venues.items():
            entry = opening_entry(self.session_id, venue, dict(client.balances()))
            self.trades.book_entry(self.session_id, entry, self.clock.now_ns())

    def run(self) -> Reconciled:
        """Compare at a moment when nothing moves; alarm on every drift, naming the asset."""
        for _ in range(ATTEMPTS):
            found = self._look()
            if found is not None:
                self._alarm(found)
                return Reconciled(conclusive=True, drifts=found)
            self.clock.sleep_ms(PAUSE_MS)
        self.counters.count("reconciled", "inconclusive")
        return Reconciled(conclusive=False, drifts=())

    def _look(self) -> tuple[Drift, ...] | None:
        """Return the drifts, or None if something moved while we looked."""
        if self.trades.working(self.session_id):
            return None
        before = self.trades.balances(self.session_id)
        try:
            held = {venue: client.balances() for venue, client in self.venues.items()}
        except VenueError:
            return None
        if self.trades.working(self.session_id) or self.trades.balances(self.session_id) != before:
            return None
        return tuple(drift for venue in held for drift in drifts(venue, _of(before, venue), held[venue]))

    def _alarm(self, found: tuple[Drift, ...]) -> None:
        self.counters.count("reconciled", "drift" if found else "ok")
        for drift in found:
            self.alerts.raise_alert(
                Alert(
                    kind="ledger_drift",
                    subject=f"{drift.venue}:{drift.asset}",
                    severity=Severity.CRITICAL,
                    at_ns=self.clock.now_ns(),
                    message=f"{drift.venue} holds {drift.balance:f} {drift.asset}, the ledger says "
                    f"{drift.ledger:f} (difference {drift.difference:f})",
                )
            )


def _of(balances: Mapping[tuple[Venue, str], Decimal], venue: Venue) -> dict[str, Decimal]:
    return {asset: amount for (holder, asset), amount in balances.items() if holder is venue}
