"""The system monitor: five conditions, each an alert of its own kind, and a notice when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arb.domain.alert import Alert, Severity
from arb.domain.errors import StoreUnavailable, VenueError
from arb.domain.ids import Coin, Venue
from arb.engine.markets import Markets, keys_of
from arb.engine.probes.books import VitalsStore
from arb.ports import AlertSink, Heartbeats, QuoteStore

SUBJECT: Final = "system"
HOLD_NS: Final = 4_000_000_000  # less than a sweep: what stands at the next one is told
WORKERS: Final = "worker-"  # how their heartbeats are named
MESSAGES: Final = {
    "all_feeds_unhealthy": "no venue has sent a quote lately",
    "redis_unreachable": "Redis does not answer",
    "postgres_unreachable": "PostgreSQL does not answer; no trade is opened",
    "no_tradable_market": "no coin has fresh quotes on both venues and a market that is open",
    "all_workers_gone": "no worker gives a sign of life",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A condition that is wrong: since when, and whether it was told."""

    since_ns: int
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMonitor:
    """Looks at the whole; each condition is a fact or unknown, and told when it lasts."""

    quotes: QuoteStore
    heartbeats: Heartbeats
    markets: Markets
    vitals: VitalsStore
    alerts: AlertSink
    coins: Sequence[Coin]
    quote_age_ns_max: int
    heartbeat_age_ns_max: int

    def run(self, before: Mapping[str, Standing], began_ns: int, now_ns: int) -> Mapping[str, Standing]:
        """Look once; alarm on what is still wrong and on what is right again. Returns what stands now.

        The sweep began at `began_ns`: a database that was waited for since then is away since then.
        """
        standing = dict(before)
        for kind, wrong in {"postgres_unreachable": self._is_away(), **self._by_redis(now_ns)}.items():
            known = standing.pop(kind, None)
            if wrong:
                standing[kind] = self._stands(kind, known or Standing(began_ns), now_ns)
            elif known is not None and known.told:
                self._raise(kind, Severity.INFO, f"recovered: {kind} is over", now_ns)
        return standing

    def _stands(self, kind: str, known: Standing, now_ns: int) -> Standing:
        if known.told or now_ns - known.since_ns < HOLD_NS:
            return known
        self._raise(kind, Severity.CRITICAL, MESSAGES[kind], now_ns)
        return Standing(known.since_ns, told=True)

    def _is_away(self) -> bool:
        try:
            self.vitals.read()
        except StoreUnavailable:
            return True
        return False

    def _by_redis(self, now_ns: int) -> Mapping[str, bool]:
        """Return what Redis tells; if it is away, only that."""
        try:
            fresh = self._fresh_venues(now_ns)
            beats = self.heartbeats.read()
            tradable = bool(fresh) and self._any_tradable(now_ns)
        except StoreUnavailable:
            return {"redis_unreachable": True}
        workers = [int(facts["at_ns"]) for name, facts in beats.items() if name.startswith(WORKERS)]
        gone = bool(workers) and now_ns - max(workers) > self.heartbeat_age_ns_max
        return {
            "redis_unreachable": False,
            "all_feeds_unhealthy": not fresh,
            "no_tradable_market": not tradable,
            "all_workers_gone": gone,
        }

    def _fresh_venues(self, now_ns: int) -> set[Venue]:
        books = self.quotes.get(keys_of(self.coins)).values()
        return {book.venue for book in books if now_ns - book.ts_recv_ns <= self.quote_age_ns_max}

    def _any_tradable(self, now_ns: int) -> bool:
        try:
            markets = self.markets.read(tuple(self.coins)).values()
        except VenueError:  # the rules cannot be read
            return False
        return any(
            now_ns - min(market.upbit.ts_recv_ns, market.binance.ts_recv_ns) <= self.quote_age_ns_max
            and market.upbit_instrument.tradable
            and market.binance_instrument.tradable
            for market in markets
        )

    def _raise(self, kind: str, severity: Severity, message: str, now_ns: int) -> None:
        self.alerts.raise_alert(
            Alert(kind=kind, subject=SUBJECT, severity=severity, message=message, at_ns=now_ns)
        )
