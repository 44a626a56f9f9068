"""What the alert file says since a moment, and how long that took."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.ports.market import Clock

PAUSE_MS: Final = 100


@dataclass(frozen=True, slots=True)
class LoggedAlert:
    """An alert that came, and when after the beginning."""

    kind: str
    subject: str
    message: str
    after_s: float


class AlertLogReader:
    """Reads on from where it was opened."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._offset = 0

    def skip(self) -> None:
        """Read on from the present end of the file."""
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    def wait(self, kinds: Iterable[str], subject: str, recovery: bool, limit_s: float) -> LoggedAlert | None:
        """Wait for an alert of these kinds about a subject (for system conditions: about all)."""
        wanted, begin_ns = frozenset(kinds), self._clock.now_ns()
        while (waited_s := (self._clock.now_ns() - begin_ns) / NS_PER_S) <= limit_s:
            for alert in self._new():
                is_recovery = alert["severity"] == "info"
                about = alert["subject"] == "system" or _matches(alert["subject"], subject)
                if alert["kind"] in wanted and about and is_recovery == recovery:
                    return LoggedAlert(alert["kind"], alert["subject"], alert["message"], round(waited_s, 1))
            self._clock.sleep_ms(PAUSE_MS)
        return None

    def _new(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield orjson.loads(line)


def _matches(found: str, subject: str) -> bool:
    """Tell whether an alert is about what was broken: the process, its queue, or a venue it feeds."""
    return found in subject or subject in found or (subject == "feed" and found in tuple(Venue))
