"""What SQL knows: age of the newest snapshot and of orders in doubt, and what is not hedged."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from arb.domain.errors import StoreUnavailable
from arb.domain.health.judge import Reading, age_ms
from arb.domain.market.ids import SessionId
from arb.domain.market.money import ZERO
from arb.domain.risk.review import Mode
from arb.ports.market import Errands

VITALS_MS_MAX: Final = 8_000  # a server that hangs is known after 5 s, by its not greeting
MOMENT_NS: Final = 5_000_000_000  # the legs of a pair that is opened, closed or repaired differ for less


@dataclass(frozen=True, slots=True, kw_only=True)
class Uneven:
    """A trade on its way of which one leg has more than the other."""

    since_ns: int
    krw: Decimal  # worth of the difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """A session in figures, read in one transaction."""

    session_id: SessionId
    mode: Mode
    mode_reason: str
    mode_changed_at_ns: int
    started_at_ns: int
    snapshot_at_ns: int  # 0: none yet
    unknown_since_ns: int  # claim of the oldest order whose outcome is not known; 0: there is none
    uneven: tuple[Uneven, ...]


class VitalsStore(Protocol):
    """Where the watchdog reads a session's figures."""

    def read(self) -> Vitals | None:
        """Return the newest session's figures, None before there is one. Raises: StoreUnavailable."""


@dataclass(slots=True)
class LastVitals:
    """What one question found out, for all who need it in a sweep.

    A database that hangs is asked once, and waited for no longer than a sweep can bear.
    """

    store: VitalsStore
    _known: Vitals | None = None
    _error: StoreUnavailable | None = None

    def ask(self, errands: Errands) -> None:
        """Ask the store; what it says, or that it is away, holds until the next time."""
        self._known, self._error = None, None
        try:
            self._known = errands.run("vitals", self.store.read, VITALS_MS_MAX)
        except StoreUnavailable as error:
            self._error = StoreUnavailable(f"vitals: {error}")  # also where it was late: who reads was not

    def read(self) -> Vitals | None:
        """Return what was found. Raises: StoreUnavailable."""
        if self._error is not None:
            raise self._error
        return self._known


@dataclass(frozen=True, slots=True)
class Books:
    """The ages of what must not get old, and the worth of what is not hedged."""

    store: VitalsStore

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return the readings of snapshots, unknown orders and unhedged legs. Raises: StoreUnavailable."""
        vitals = self.store.read()
        if vitals is None:
            return
        session = vitals.session_id
        unhedged = [each for each in vitals.uneven if now_ns - each.since_ns >= MOMENT_NS]
        for rule, since_ns in (
            ("snapshot_age_ms", vitals.snapshot_at_ns or vitals.started_at_ns),
            ("unknown_order_age_ms", vitals.unknown_since_ns or now_ns),
            ("unhedged_age_ms", min((each.since_ns for each in unhedged), default=now_ns)),
        ):
            yield Reading(rule, session, age_ms(since_ns, now_ns))
        yield Reading("unhedged_krw", session, sum((each.krw for each in unhedged), ZERO))
