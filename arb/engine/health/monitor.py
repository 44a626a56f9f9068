"""The system monitor: what is wrong with the whole, an alert of its own kind, and a notice when it ends."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from arb.domain.errors import StoreUnavailable, VenueError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.durability import MEND, WORDS, DurabilityReport
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Venue
from arb.domain.time import is_current
from arb.engine.health.probes.books import VitalsStore
from arb.engine.market.markets import Markets, keys_of
from arb.ports.market import QuoteStore
from arb.ports.messaging import Heartbeats

SUBJECT: Final = "system"
HOLD_NS: Final = 4_000_000_000  # less than a sweep: what stands at the next one is told
SEPARATOR: Final = "|"
WORKERS: Final = "worker-"  # how their heartbeats are named
MESSAGES: Final[Mapping[str, str]] = {
    **{kind: f"{words}; {MEND[kind]}" for kind, words in WORDS.items()},
    AlertKind.ALL_FEEDS_UNHEALTHY: "no venue has sent a quote lately",
    AlertKind.REDIS_UNREACHABLE: "Redis does not answer",
    AlertKind.POSTGRES_UNREACHABLE: "PostgreSQL does not answer; no trade is opened",
    AlertKind.NO_TRADABLE_MARKET: "no coin has fresh quotes on both venues and a market that is open",
    AlertKind.ALL_WORKERS_GONE: "no worker gives a sign of life",
}


@dataclass(frozen=True, slots=True)
class StandingAlert:
    """A condition that is wrong: since when, and whether it was told."""

    since_ns: int
    told: bool = False


@dataclass(frozen=True, slots=True)
class Stood:
    """What stands after a look, and what is to be told of it."""

    conditions: Mapping[str, StandingAlert]
    alerts: tuple[Alert, ...] = ()


class _DurabilityProbe(Protocol):
    """Looks at how Redis is set."""

    def look(self) -> DurabilityReport:
        """Return what is wrong. Raises: StoreUnavailable."""


class _NothingSeen:
    """Sees nothing: where there is no Redis."""

    def look(self) -> DurabilityReport:
        """Return a report without findings: there is no Redis to look at."""
        return DurabilityReport({})


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMonitor:
    """Looks at the whole; each condition is a fact or unknown, and told when it lasts."""

    quotes: QuoteStore
    heartbeats: Heartbeats
    markets: Markets
    vitals: VitalsStore
    coins: Sequence[Coin]
    quote_age_ns_max: int
    heartbeat_age_ns_max: int
    durability: _DurabilityProbe = field(default_factory=_NothingSeen)

    def looks(self) -> Mapping[str, Callable[[int], Mapping[str, bool]]]:
        """Return what can be looked at by itself; a look tells what is wrong, condition by condition.

        A condition that cannot be told is left out. None waits for what another one looks at.
        """
        return {"redis": self._signs, "markets": self._markets, "redis settings": self._durability}

    def look(self, now_ns: int) -> Mapping[str, bool]:
        """Return what is wrong, by all looks one after the other."""
        return {**self.database(), **together(look(now_ns) for look in self.looks().values())}

    def database(self) -> Mapping[str, bool]:
        """Return whether the database was away when it was asked; it is not asked again."""
        try:
            self.vitals.read()
        except StoreUnavailable:
            return {AlertKind.POSTGRES_UNREACHABLE: True}
        return {AlertKind.POSTGRES_UNREACHABLE: False}

    def _durability(self, _now_ns: int) -> Mapping[str, bool]:
        """Return how Redis is set now: somebody may have changed it since the start."""
        try:
            return self.durability.look().troubles
        except StoreUnavailable:
            return {}

    def _markets(self, now_ns: int) -> Mapping[str, bool]:
        """Return whether nothing can be traded; nothing if Redis is away. May wait for a venue's rules."""
        try:
            tradable = bool(self._fresh_venues(now_ns)) and self._any_tradable(now_ns)
        except StoreUnavailable:
            return {}
        return {AlertKind.NO_TRADABLE_MARKET: not tradable}

    def _signs(self, now_ns: int) -> Mapping[str, bool]:
        """Return what Redis tells; if it is away, only that."""
        try:
            fresh = self._fresh_venues(now_ns)
            beats = self.heartbeats.read()
        except StoreUnavailable:
            return {AlertKind.REDIS_UNREACHABLE: True}
        workers = [int(facts["at_ns"]) for name, facts in beats.items() if name.startswith(WORKERS)]
        alive = any(abs(now_ns - at_ns) <= self.heartbeat_age_ns_max for at_ns in workers)
        return {
            AlertKind.REDIS_UNREACHABLE: False,
            AlertKind.ALL_FEEDS_UNHEALTHY: not fresh,
            AlertKind.ALL_WORKERS_GONE: bool(workers) and not alive,
        }

    def _fresh_venues(self, now_ns: int) -> set[Venue]:
        books = self.quotes.get(keys_of(self.markets.pair, self.coins)).values()
        return {book.venue for book in books if self._is_fresh(book, now_ns)}

    def _is_fresh(self, book: Book, now_ns: int) -> bool:
        return is_current(book.ts_recv_ns, now_ns, self.quote_age_ns_max)

    def _any_tradable(self, now_ns: int) -> bool:
        try:
            markets = self.markets.read(tuple(self.coins), now_ns).values()
        except VenueError:  # the rules cannot be read
            return False
        return any(
            all(self._is_fresh(leg.book, now_ns) and leg.instrument.tradable for leg in market.legs.values())
            for market in markets
        )


def together(looks: Iterable[Mapping[str, bool]]) -> Mapping[str, bool]:
    """Return what several looks found; while Redis is away, nothing that it would tell."""
    facts = {kind: wrong for look in looks for kind, wrong in look.items()}
    return {AlertKind.REDIS_UNREACHABLE: True} if facts.get(AlertKind.REDIS_UNREACHABLE) else facts


def stand(
    before: Mapping[str, StandingAlert], facts: Mapping[str, bool], began_ns: int, now_ns: int
) -> Stood:
    """Return what stands now, and alarms on what is still wrong and on what is right again.

    The sweep began at `began_ns`: a database that was waited for since then is away since then.
    """
    standing, alerts = dict(before), []
    for kind, wrong in facts.items():
        known = standing.pop(kind, None)
        if wrong:
            standing[kind] = known or StandingAlert(began_ns)
            if not standing[kind].told and not 0 <= now_ns - standing[kind].since_ns < HOLD_NS:
                standing[kind] = StandingAlert(standing[kind].since_ns, told=True)
                alerts.append(_alert(kind, now_ns))
        elif known is not None and known.told:
            alerts.append(_over(kind, now_ns))
    return Stood(standing, tuple(alerts))


def hanging(part: str) -> str:
    """Return the condition that a part of the watch waits for something that does not answer."""
    return f"{AlertKind.WATCH_HANGS}{SEPARATOR}{part}"


def _alert(condition: str, now_ns: int) -> Alert:
    name, _, part = condition.partition(SEPARATOR)
    kind = AlertKind(name)
    severity = Severity.WARNING if part or kind in WORDS else Severity.CRITICAL
    message = f"the watch goes on without {part}: it does not answer" if part else MESSAGES[kind]
    return Alert(kind=kind, subject=part or SUBJECT, severity=severity, message=message, at_ns=now_ns)


def _over(condition: str, now_ns: int) -> Alert:
    name, _, part = condition.partition(SEPARATOR)
    kind = AlertKind(name)
    return Alert(
        kind=kind,
        subject=part or SUBJECT,
        severity=Severity.INFO,
        message=f"recovered: {kind} is over",
        at_ns=now_ns,
    )
