"""Barred markets, in which an account may not trade: no process sends orders there, and an alert says so.

Another order would be rejected as the last one was, and leave its other leg alone each time. A day later it
is tried again: venues lift such restrictions, and nobody has to remember to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_S
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink

BARRED_NS: Final = 24 * 3_600 * NS_PER_S
Key = tuple[Venue, Symbol]


class Bars(Protocol):
    """What was barred, for every process of a stack. Never raises."""

    def add(self, venue: Venue, symbol: Symbol, reason: str, now_ns: int) -> None:
        """Bar a market: no order of this account is sent there for a while."""

    def read(self, now_ns: int) -> Mapping[Key, str]:
        """Return the markets that are barred now, and why."""


class NoBars:
    """Bars nothing: for who sends nothing."""

    def add(self, _venue: Venue, _symbol: Symbol, _reason: str, _now_ns: int) -> None:
        """Ignore the bar."""

    def read(self, _now_ns: int) -> Mapping[Key, str]:
        """Return no barred market."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BarMarket:
    """Keeps a market out of trading and tells of it."""

    bars: Bars
    here: Callable[[Venue, Symbol, str], None]  # has this process send nothing there from now on
    alerts: AlertSink
    clock: Clock

    def run(self, venue: Venue, symbol: Symbol, reason: str) -> None:
        """Bar one market; `reason` is what the venue said."""
        now_ns = self.clock.now_ns()
        self.bars.add(venue, symbol, reason, now_ns)
        self.here(venue, symbol, reason)
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.MARKET_BARRED,
                subject=f"{symbol} on {venue}",
                severity=Severity.CRITICAL,
                message=f"{reason}: nothing is sent there for a day; ask the venue what it wants of the "
                "account, or take the coin off the list; what is open stays hedged until it may be closed",
                at_ns=now_ns,
            )
        )


def is_barred(at_ns: int, now_ns: int) -> bool:
    """Tell whether what was barred at a time still is."""
    return abs(now_ns - at_ns) < BARRED_NS
