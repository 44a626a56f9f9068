"""What processes tell each other and the operator: work, alerts, dead letters, counts, signs of life."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from arb.domain.health.alert import Alert
from arb.domain.health.dead_letter import DeadLetter
from arb.domain.market.ids import SessionId


class AlertStore(Protocol):
    """Alerts that somebody must see."""

    def add(self, session_id: SessionId | None, alert: Alert) -> None:
        """Write one alert."""


class DeadLetterStore(Protocol):
    """Messages that were given up, in SQL."""

    def add(self, letter: DeadLetter) -> None:
        """Write a letter, or count one more failure of the same work. Raises: StoreUnavailable."""


class ParkingLot(Protocol):
    """Where letters wait while SQL is away, beside the messages that no consumer could read.

    Raises, everywhere: StoreUnavailable.
    """

    def park(self, letter: DeadLetter) -> None:
        """Keep a letter until somebody collects it."""

    def parked(
        self, queues: Sequence[str], now_ns: int, limit: int
    ) -> Sequence[tuple[tuple[str, bytes], DeadLetter]]:
        """Return what waits, the oldest first, with what `remove` needs to know."""

    def remove(self, token: tuple[str, bytes]) -> None:
        """Forget one that was collected."""


class AlertSink(Protocol):
    """Where alerts go."""

    def raise_alert(self, alert: Alert) -> None:
        """Deliver one alert; never raises."""


class Counters(Protocol):
    """Counts by reason, best effort: a lost count never disturbs trading."""

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a counter."""

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters by name and reason."""


class Heartbeats(Protocol):
    """Signs of life of long-lived processes."""

    def beat(self, process: str, facts: Mapping[str, str], now_ns: int) -> None:
        """Write a heartbeat; never raises."""

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Return the newest heartbeat of each process, with `at_ns` among its facts."""


class Dispatcher(Protocol):
    """Hands work to other processes; ids travel, not objects."""

    def send(self, task: str, *args: Any, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        """Enqueue one task on the queue of its purpose. Raises: DispatchError."""
