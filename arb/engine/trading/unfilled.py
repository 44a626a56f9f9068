"""What rests because legs stay unfilled: read from the entries' own rows, told, and tried again small."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import Coin, SessionId, TradeId, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Denied, Trial
from arb.domain.risk.unfilled import (
    Circuit,
    Circuits,
    CircuitStanding,
    EntryOutcome,
    EntryPair,
    UnfilledRules,
    Way,
    admit,
    outcome,
)
from arb.domain.time import NS_PER_S
from arb.engine.trading.stability import FRESH_NS, VenueHealthStore
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink

# What was read is read again for so long: its transaction may have been committed after we looked. Hardly any
# takes longer than a moment, so that no more is read again each time, and all of it now and then.
MOMENT_NS: Final = 2 * NS_PER_S
OVERLAP_NS, OVERLAP_EVERY_NS = 30 * NS_PER_S, 5 * NS_PER_S
PRUNE_NS: Final = 60 * NS_PER_S


@dataclass(slots=True, kw_only=True)
class Unfilled:
    """One process's view of the session's entries, at most a second old; it is only a copy of their rows."""

    session_id: SessionId
    store: VenueHealthStore
    rules: UnfilledRules
    alerts: AlertSink
    clock: Clock
    _pairs: dict[TradeId, EntryPair] = field(default_factory=dict)
    _ended: dict[TradeId, EntryOutcome] = field(default_factory=dict)
    _newest_ns: dict[Way, int] = field(default_factory=dict)
    _circuits: Circuits | None = None
    _read_at_ns: int = 0
    _overlapped_at_ns: int = 0
    _pruned_at_ns: int = 0
    _told: dict[str, int] = field(default_factory=dict)  # the level, by subject
    _lock: Lock = field(default_factory=Lock)  # the fallback worker evaluates in several threads

    def admit(self, coin: Coin, direction: Direction) -> Trial | Denied | None:
        """Return as what an entry may be opened, why not, or None: as any other.

        Raises: StoreUnavailable.
        """
        now_ns = self.clock.now_ns()
        standing = self.standing(coin, direction)
        for venue, circuit in standing.of_venues.items():
            self._tell(venue.value, venue, circuit, now_ns)
        own = standing.of_coin
        self._tell(f"{coin} {direction}", own.leg.venue if own.leg else None, own, now_ns)
        return admit(standing, self.rules, now_ns)

    def standing(self, coin: Coin, direction: Direction) -> CircuitStanding:
        """Return how the circuits stand for a coin and direction. Raises: StoreUnavailable."""
        with self._lock:
            circuits = self._read(self.clock.now_ns(), FRESH_NS)
            under_way = self._pairs.keys() - self._ended.keys()
            return CircuitStanding(
                way=(coin, direction),
                of_coin=circuits.of_coin((coin, direction)),
                of_venues=circuits.of_venues(),
                newest_ns=dict(self._newest_ns),
                under_way=frozenset(self._pairs[name].way for name in under_way),
            )

    def look_ahead(self, fresh_ns: int) -> None:
        """Read what changed if what is known is that old. Raises: StoreUnavailable."""
        with self._lock:
            self._read(self.clock.now_ns(), fresh_ns)

    def _read(self, now_ns: int, fresh_ns: int) -> Circuits:
        """Read what changed; all of it at first, and after the clock was set back."""
        age_ns = now_ns - self._read_at_ns
        if self._circuits is not None and 0 <= age_ns < fresh_ns:
            return self._circuits
        if age_ns < 0:
            self._pairs, self._ended, self._newest_ns, self._circuits = {}, {}, {}, None
        since_ns = now_ns - self.rules.horizon_ns
        is_whole = not 0 <= now_ns - self._overlapped_at_ns < OVERLAP_EVERY_NS
        overlap_ns = OVERLAP_NS if is_whole else MOMENT_NS
        changed_ns = since_ns if self._circuits is None else max(since_ns, self._read_at_ns - overlap_ns)
        found = self.store.entries(self.session_id, since_ns, changed_ns)
        self._read_at_ns = now_ns
        if is_whole:
            self._overlapped_at_ns = now_ns
        self._circuits = self._following(found, now_ns)
        self._prune(since_ns, now_ns)
        return self._circuits

    def _following(self, found: Iterable[EntryPair], now_ns: int) -> Circuits:
        """Return the circuits after what was read; from the start if something has ended otherwise."""
        is_other = self._circuits is None
        for pair in found:
            if self._pairs.get(pair.trade_id) != pair:
                is_other = self._ended.pop(pair.trade_id, None) is not None or is_other
                self._pairs[pair.trade_id] = pair
            self._newest_ns[pair.way] = max(pair.opened_at_ns, self._newest_ns.get(pair.way, 0))
        under_way = self._pairs.keys() - self._ended.keys()
        known = {name: outcome(self._pairs[name], now_ns) for name in under_way}
        ended = {name: each for name, each in known.items() if each is not None}
        self._ended |= ended
        if is_other or self._circuits is None or not self._circuits.are_before(ended.values()):
            return Circuits(self.rules, self._ended.values())
        self._circuits.add_all(ended.values())
        return self._circuits

    def _prune(self, since_ns: int, now_ns: int) -> None:
        """Forget entries that are too old to matter."""
        if 0 <= now_ns - self._pruned_at_ns < PRUNE_NS:
            return
        self._pruned_at_ns = now_ns
        for name in [name for name, pair in self._pairs.items() if pair.opened_at_ns <= since_ns]:
            del self._pairs[name]
            self._ended.pop(name, None)

    def _tell(self, subject: str, venue: Venue | None, circuit: Circuit, now_ns: int) -> None:
        """Tell that a circuit opened, once; again when its trial failed, and when it closed."""
        told = self._told.get(subject, 0)
        if circuit.level > told and venue is not None:
            self._told[subject] = circuit.level
            self._raise(subject, Severity.WARNING, self._why(subject, venue, circuit), circuit.level, now_ns)
        elif told and not circuit.level:
            self._told.pop(subject, None)
            message = f"both legs of a small pair were filled: entries go on ({subject})"
            self._raise(subject, Severity.INFO, message, 0, now_ns)

    def _why(self, subject: str, venue: Venue, circuit: Circuit) -> str:
        leg, rest_s = circuit.leg, self.rules.rest(circuit.level) // NS_PER_S
        side = circuit.direction.side(venue) if circuit.direction else ""
        reason = f", the last one: {leg.state} {leg.reason}".rstrip() if leg else ""
        return (
            f"{circuit.unfilled} of {circuit.entries} entries of {', '.join(circuit.coins)} left the leg on "
            f"{venue} ({side}) unfilled{reason}; {subject} rests for {rest_s} s, then one small pair is tried"
        )

    def _raise(self, subject: str, severity: Severity, message: str, grade: int, now_ns: int) -> None:
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.ENTRIES_UNFILLED,
                subject=subject,
                severity=severity,
                message=message,
                grade=grade,
                at_ns=now_ns,
            )
        )
